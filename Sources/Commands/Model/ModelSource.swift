internal import ArgumentParser
internal import Fleet
internal import Foundation
internal import ModelStore

/// A model that the user points at: the folder that nnU-Net wrote, or a zip file that was exported.
enum ModelSource {
  /// Calls `body` with the model's folder, which `TrainedModel.open` takes; that of a zip file is temporary and gone afterwards.
  /// - Parameter configuration: which model of a zip file with several; `nil` where there is only one.
  /// - Throws: `ModelStoreError` for a zip file that can't be unpacked, or in which the model isn't certain; what `body` throws.
  static func withFolder<Result>(
    of path: String, configuration: ModelConfiguration?, _ body: (URL) async throws -> Result
  ) async throws -> Result {
    let url = URL(filePath: path)
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    guard exists, !isFolder.boolValue else { return try await body(url) }
    let archive = try ModelArchive(url)
    let models = archive.units.filter { unit in
      !unit.isEnsemble && configuration.map { unit.path.hasPrefix("\($0.rawValue)/") } ?? true
    }
    guard let model = models.first, models.count == 1 else {
      let there = archive.units.filter { !$0.isEnsemble }.map(\.path).joined(separator: ", ")
      throw ModelStoreError(
        .ambiguous,
        "\(url.lastPathComponent) holds \(there); name one by -m and its configuration, or import it and name its folder."
      )
    }
    let folder = try ScratchFolder()
    let scratch = folder.url
    defer { withExtendedLifetime(folder) {} }
    try archive.unpack(model, into: scratch)
    // A cascade's first stage is looked for beside it.
    if model.path.hasPrefix("\(ModelConfiguration.cascade.rawValue)/") {
      for stage in archive.units
      where stage.task == model.task && stage.path.hasPrefix("\(ModelConfiguration.lowResolution.rawValue)/") {
        try archive.unpack(stage, into: scratch)
      }
    }
    return try await body(scratch.appending(path: model.path))
  }
}

/// The model of a zip file that holds several.
struct ModelSourceOptions: ParsableArguments {
  @Option(
    name: [.customShort("m"), .customLong("model")],
    help: ArgumentHelp("Of a zip file with several models: the configuration.", valueName: "configuration"),
    completion: .list(ModelConfiguration.allCases.map(\.rawValue)))
  var configuration: String?

  func validate() throws { _ = try wanted() }

  /// - Throws: `ValidationError` for a configuration that nnU-Net doesn't have.
  func wanted() throws -> ModelConfiguration? {
    try configuration.map { name in
      guard let configuration = ModelConfiguration(named: name) else {
        throw ValidationError("-m takes 2d, 3d_lowres, 3d_fullres (or 3d) or 3d_cascade_fullres; it is \(name).")
      }
      return configuration
    }
  }
}
