internal import Foundation

/// Which settings a fleet's process would find here, without their values where these may be secret.
struct DoctorSettings: Encodable {
  /// Whether the broker's, the database's and the store's URL are set.
  var broker: Bool
  var database: Bool
  var store: Bool
  var cacheFolder: String?
  var workerSlots: Int?
  var maxMemory: Int?
  /// nnU-Net's folder of trained models.
  var resultsFolder: String?
  /// What is wrong, each a sentence.
  var problems: [String] = []

  /// - Parameters:
  ///   - settings: as a role would read them, or the error of that.
  ///   - environment: of this process.
  init(_ settings: Result<FleetSettings, any Error>, environment: [String: String]) {
    resultsFolder = environment["RESULTS_FOLDER"]
    switch settings {
    case .failure(let error):
      (broker, database, store) = (false, false, false)
      problems.append("\(error)")
    case .success(let settings):
      broker = (try? settings.brokerURL()) != nil
      database = (try? settings.databaseURL()) != nil
      let storeURL = try? settings.storeURL()
      store = storeURL != nil
      cacheFolder = settings.cacheFolder
      workerSlots = settings.slots
      maxMemory = settings.maxMemory
      if let path = storeURL.flatMap({ URL(string: $0) }), path.isFileURL {
        problem("the blob store (store.url)", path.path(percentEncoded: false))
      }
      problem("the cache of fetched models (cache.folder)", settings.cacheFolder)
    }
    if let resultsFolder, !FileManager.default.fileExists(atPath: resultsFolder) {
      problems.append("RESULTS_FOLDER names \(resultsFolder), which isn't there; correct it or unset it.")
    }
  }

  /// A folder must be writable, or be one that can be made.
  private mutating func problem(_ what: String, _ path: String) {
    var place = URL(filePath: path)
    while place.path.count > 1, !FileManager.default.fileExists(atPath: place.path) { place.deleteLastPathComponent() }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder), isFolder.boolValue,
      FileManager.default.isWritableFile(atPath: place.path)
    else {
      problems.append("The folder of \(what), \(path), can't be written to; change its permissions or the setting.")
      return
    }
  }

  var lines: [(title: String, text: String)] {
    func word(_ isSet: Bool) -> String { isSet ? "set" : "not set" }
    var parts = [
      "TESSERA_AMQP_URL \(word(broker))", "TESSERA_DATABASE_URL \(word(database))", "TESSERA_STORE_URL \(word(store))",
    ]
    if let maxMemory { parts.append("max.memory \(Formats.bytes(maxMemory))") }
    if let workerSlots { parts.append("worker.slots \(workerSlots)") }
    return [("settings", parts.joined(separator: ", "))]
      + (cacheFolder.map { [("settings", "fetched models in \($0)")] } ?? [])
      + (resultsFolder.map { [("settings", "RESULTS_FOLDER \($0)")] } ?? [])
  }
}
