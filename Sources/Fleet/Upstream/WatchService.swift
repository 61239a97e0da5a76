internal import Digests
public import FleetContracts
public import Foundation
public import Logging
public import ServiceLifecycle

/// Submits cases that are put into a folder, moves them to `done` or `failed`, and may bring their label maps into another folder.
public struct WatchService: Service, CustomStringConvertible {
  public struct Options: Hashable, Sendable {
    public var folder: URL
    /// Where label maps are written, as `CASE.nii.gz`; `nil` for nowhere.
    public var results: URL?
    /// How long the files of a case without a manifest must have been unchanged.
    public var quiet: Duration
    /// What holds for cases whose manifest doesn't say otherwise.
    public var defaults: StudyRequest

    public init(folder: URL, results: URL? = nil, quiet: Duration, defaults: StudyRequest) {
      self.folder = folder
      self.results = results
      self.quiet = quiet
      self.defaults = defaults
    }
  }

  /// The service's name in logs.
  public var description: String { "watch" }

  /// Between two looks at the folder.
  private static let interval = Duration.milliseconds(500)

  private let options: Options
  private let intake: StudyIntake
  private let settings: ServiceSettings
  private let logger: Logger
  private let folder: WatchedFolder

  public init(options: Options, intake: StudyIntake, settings: ServiceSettings, logger: Logger) {
    self.options = options
    self.intake = intake
    self.settings = settings
    self.logger = logger
    folder = WatchedFolder(url: options.folder)
  }

  public func run() async throws {
    try folder.prepare()
    if let results = options.results {
      try FileManager.default.createDirectory(at: results, withIntermediateDirectories: true)
    }
    logger.info("watch started")
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        var quiet = QuietTime(options.quiet)
        await loop("watch").run {
          try folder.finishMoves()
          let cases = WatchedCase.cases(among: try folder.files())
          for found in quiet.finished(cases, now: .now) where Pausing.goesOn { try await take(found) }
          return false
        }
      }
      if options.results != nil {
        group.addTask {
          var position: Int?
          await loop("bring results").run {
            position = try await bringResults(since: position)
            return false
          }
        }
      }
    }
    logger.info("watch stopped")
  }

  private func loop(_ step: String) -> ServiceLoop {
    ServiceLoop(step: step, interval: Self.interval, logger: logger, vitals: settings.vitals)
  }

  // MARK: In

  /// Names of cases are the user's and may be a patient's, so no log has them.
  private func take(_ found: WatchedCase) async throws {
    do {
      let request = try request(for: found)
      guard try await isComplete(found, for: request) else { return }
      var images: [Digest] = []
      for file in found.images { images.append(try await intake.put(options.folder.appending(path: file.name))) }
      let receipt = try await intake.submit(request, images: images, trace: nil) { "watch-\(try $0.contentDigest)" }
      logger.info("study submitted", metadata: ["run": "\(receipt.run)", "new": "\(receipt.isNew)", "by": "folder"])
      try await FaultPoint.submitCommitted.passed()
      // The run before the move: whoever finds the case moved finds its run too.
      if options.results != nil { try folder.remember(receipt.run, of: found.name) }
      try folder.move(found.name, to: .done)
    } catch let error where !StudyIntake.mayPass(error) && !(error is CocoaError) {
      logger.error("a case in the folder can't be taken; its .error.txt tells why")
      try folder.move(found.name, to: .failed, error: "\(error)")
    }
  }

  private func request(for found: WatchedCase) throws -> StudyRequest {
    guard let manifest = found.manifest else { return options.defaults }
    let data = try Data(contentsOf: options.folder.appending(path: manifest.name))
    var request = try StudyRequest(json: Array(data))
    guard request.images.isEmpty else { throw StudyRefusal("A case's images are those beside it; leave images out.") }
    if request.models.isEmpty { request.models = options.defaults.models }
    if request.runClass == nil { request.runClass = options.defaults.runClass }
    if request.tenant == nil { request.tenant = options.defaults.tenant }
    if request.mirroring == nil { request.mirroring = options.defaults.mirroring }
    return request
  }

  /// Whether all channels are there; what is missing may be on its way.
  private func isComplete(_ found: WatchedCase, for request: StudyRequest) async throws -> Bool {
    guard let name = request.models.first else { throw StudyRefusal("Neither the manifest nor --model names a model.") }
    guard let model = try await intake.ledger.model(named: name) else { throw LedgerError.unknownModel(name) }
    return found.images.count >= model.channels
  }

  // MARK: Out

  /// - Parameter position: up to where the ledger's events were looked at; `nil` for the first time, when every run is looked for.
  /// - Returns: up to where they are looked at now.
  private func bringResults(since position: Int?) async throws -> Int {
    let ledger = intake.ledger
    guard let position else {
      let last = try await ledger.lastEventPosition()
      for (run, name) in try folder.runs() {
        if let record = try await ledger.run(run), record.state.isFinal { try await bring(record, name) }
      }
      return last
    }
    let events = try await ledger.events(after: position, limit: 1000)
    let ended = events.filter(\.state.isFinal).map(\.run)
    if !ended.isEmpty {
      let waiting = try folder.runs()
      for run in ended {
        if let name = waiting[run], let record = try await ledger.run(run) { try await bring(record, name) }
      }
    }
    // Runs that were over before they were remembered: a key that had made its run earlier.
    for (run, name) in try folder.runs() where events.isEmpty {
      if let record = try await ledger.run(run), record.state.isFinal { try await bring(record, name) }
    }
    return events.last?.position ?? position
  }

  private func bring(_ run: RunRecord, _ name: String) async throws {
    guard let results = options.results else { return }
    if let outcome = run.outcome {
      let blob = try await intake.store.get(outcome.labelMap)
      try Data(blob.copy).write(to: results.appending(path: "\(name).nii.gz"), options: .atomic)
    } else {
      let reason = run.failure?.reason ?? "The run was cancelled."
      try Data("\(reason)\nRun \(run.id).\n".utf8).write(
        to: results.appending(path: "\(name).error.txt"), options: .atomic)
    }
    folder.forgetRun(of: name)
    logger.info("result brought", metadata: ["run": "\(run.id)", "state": "\(run.state.rawValue)"])
  }
}
