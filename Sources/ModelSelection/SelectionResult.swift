internal import Foundation
internal import LabelFolders

/// What cross-validation says of a task's configurations.
public struct SelectionResult: Sendable {
  public let task: String
  /// Configurations, then pairs, in the order in which they were compared.
  public let candidates: [Candidate]
  /// Those with the highest score: mostly one.
  public let winners: [Candidate]

  /// The last of equals, as in nnU-Net.
  public var best: Candidate { winners[winners.count - 1] }

  public static let tableFile = "summary.csv"
  public static let commandsFile = "prediction_commands.txt"

  /// - Throws: `ModelSelectionError` when a candidate has no score.
  init(task: String, candidates: [Candidate]) throws {
    for candidate in candidates where candidate.score.isNaN {
      let labels = candidate.summary.labels.filter { $0 != 0 && candidate.summary.dice(of: $0).isNaN }
      throw ModelSelectionError(
        "Comparing \(candidate.name) needs a mean Dice of each label, but \(labels.map(String.init).joined(separator: ", ")) is in no "
          + "case's prediction or reference; take the label out of the task, or add cases that have it.")
    }
    let highest = candidates.map(\.score).max()
    self.task = task
    self.candidates = candidates
    winners = candidates.filter { $0.score == highest }
    guard !winners.isEmpty else { throw ModelSelectionError("Comparing needs at least one configuration.") }
  }

  /// Labels of the task, ascending, without background.
  public var labels: [Int] { best.summary.labels.filter { $0 != 0 }.sorted() }

  /// nnU-Net's `summary.csv`: a row for each candidate, its Dice by label and their mean, four decimals.
  var table: String {
    func number(_ value: Double) -> String { value.isNaN ? "nan" : String(format: "%.4f", value) }
    let head = (["model"] + labels.map { "class\($0)" } + ["average"]).joined(separator: ",")
    let rows = candidates.map { candidate in
      ([candidate.name] + labels.map { number(candidate.summary.dice(of: $0)) } + [number(candidate.summary.meanDice)])
        .joined(separator: ",")
    }
    return ([head] + rows).joined(separator: "\n") + "\n"
  }

  /// Writes nnU-Net's two files.
  func write(to folder: URL) throws {
    try FileWriting.makeFolder(folder)
    let commands = winners.map { PredictionCommands(for: $0).nnunet }.joined()
    try FileWriting.write(Array(commands.utf8), to: folder.appending(path: Self.commandsFile))
    try FileWriting.write(Array(table.utf8), to: folder.appending(path: Self.tableFile))
  }
}
