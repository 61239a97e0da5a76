import Foundation
import LabelFolders
import ModelSelection
import ModelStore
import PythonJSON
import Testing
import Testkit

/// Validations, and what nnU-Net's `nnUNet_find_best_configuration -m 3d_fullres 3d_lowres` made of them.
struct SelectionAnswers {
  /// RESULTS_FOLDER.
  var results: URL
  var expected: URL
  var task: String
  var folds: [Int]

  /// `Tests/Fixtures/selection`.
  static func tiny() -> SelectionAnswers {
    let folder = Fixtures.directory.appending(path: "selection")
    return SelectionAnswers(
      results: folder.appending(path: "results"), expected: folder.appending(path: "expected"), task: "Task007_Tiny",
      folds: [0, 1])
  }

  func models(outputRoot: URL?) throws -> [CrossValidatedModel] {
    try [ModelConfiguration.fullResolution, .lowResolution].map {
      CrossValidatedModel(
        configuration: $0,
        folder: try ModelLocation.find(results: results, task: task, configuration: $0.rawValue),
        outputRoot: outputRoot, folds: folds)
    }
  }

  func text(_ file: URL) throws -> String { try String(contentsOf: file, encoding: .utf8) }

  /// Holds what was found, and the files below `root`, against nnU-Net's.
  func check(_ result: SelectionResult, root: URL) throws {
    let folder = root.appending(path: "ensembles/\(task)")
    #expect(
      try text(folder.appending(path: "summary.csv")) == text(expected.appending(path: "summary.csv")))
    let commands = try text(folder.appending(path: "prediction_commands.txt"))
    #expect(
      try commands.replacingOccurrences(of: root.path + "/", with: "nnUNet/")
        == text(expected.appending(path: "prediction_commands.txt")))
    #expect(result.winners.count == 1)
    #expect(result.best.name.hasPrefix("ensemble_3d_fullres"))
    let rules = try result.candidates.map { try #require($0.rulesFile) }
    for (name, ours) in zip(["3d_fullres", "3d_lowres", "ensemble"], rules) {
      #expect(
        try text(ours) == text(expected.appending(path: "\(name)-postprocessing.json")),
        "the bytes of nnU-Net's postprocessing.json")
    }
  }
}

extension Summary {
  /// Without what differs from one occasion to the next: paths, time, id. A missing value equals a missing value.
  var withoutOccasion: JSONValue { Self.withoutOccasion(json) }

  private static func withoutOccasion(_ value: JSONValue) -> JSONValue {
    switch value {
    case .object(let entries):
      .object(
        entries.filter { !["test", "reference", "timestamp", "id"].contains($0.key) }.mapValues(withoutOccasion))
    case .array(let values): .array(values.map(withoutOccasion))
    case .float(let value) where value.isNaN: .string("NaN")
    default: value
    }
  }
}
