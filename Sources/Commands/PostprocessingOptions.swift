internal import ArgumentParser
internal import FleetContracts
internal import Foundation
internal import Postprocessing

/// Which components of a label map are removed.
struct PostprocessingOptions: ParsableArguments {
  @Option(
    name: [
      .customLong("pp", withSingleDash: true), .customLong("postprocessing_file"), .customLong("postprocessing-file"),
    ],
    help: ArgumentHelp(
      "A postprocessing.json of nnU-Net's, instead of the model's own; an ensemble has none of its own.",
      valueName: "file"), completion: .file())
  var file: String?

  @Flag(
    name: [.customLong("disable_postprocessing"), .customLong("disable-postprocessing")],
    help: "Remove nothing from the finished label map.")
  var isDisabled = false

  func validate() throws {
    guard file == nil || !isDisabled else {
      throw ValidationError("-pp and --disable_postprocessing contradict each other; leave one away.")
    }
  }

  /// The rules' file, read and checked; `nil` where none was named.
  /// - Throws: `InputError`, `PostprocessingError`.
  func rules() throws -> Blob? {
    guard let file else { return nil }
    let data: Data
    do {
      data = try Data(contentsOf: URL(filePath: file))
    } catch {
      throw InputError(
        "The rules \(file) can't be read: \(error.localizedDescription) -pp takes nnU-Net's postprocessing.json.")
    }
    _ = try PostprocessingRules(json: data)
    return Blob(copying: data)
  }
}
