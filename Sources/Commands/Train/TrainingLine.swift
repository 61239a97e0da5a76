internal import Foundation
internal import Training

#if canImport(Glibc)
  internal import Glibc
#endif

/// Shows how far a training is, on standard error: a line for each epoch, and on a terminal below it a bar with loss and expected rest, which
/// includes the validation and predictions for a cascade.
final class TrainingLine {
  private let title: String
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var isDrawn = false

  private static let width = 24

  init(title: String) { self.title = title }

  func show(_ progress: TrainingProgress) {
    guard isTerminal else { return }
    let filled = Self.width * progress.iteration / max(1, progress.iterations)
    var text = "\(title)  "
    if progress.phase != .predicting { text += "epoch \(progress.epoch + 1)/\(progress.epochs) " }
    text += progress.phase == .predicting ? "predicting tiles" : progress.phase.rawValue
    text +=
      "  [\(String(repeating: "#", count: filled))\(String(repeating: ".", count: Self.width - filled))] \(progress.iteration)/\(progress.iterations)"
    if let loss = progress.loss { text += "  loss \(Formats.number(loss, digits: 4))" }
    if let rest = progress.secondsLeft, rest > 0 { text += "  about \(Formats.seconds(rest)) left" }
    draw(text)
  }

  func show(_ result: EpochResult) {
    let dice = result.dice.map { Formats.number($0, digits: 3) }.joined(separator: " ")
    note(
      "epoch \(result.epoch + 1): loss \(Formats.number(result.trainingLoss, digits: 4)), validation "
        + "\(Formats.number(result.validationLoss, digits: 4)), online Dice \(dice.isEmpty ? "-" : dice), "
        + Formats.seconds(result.seconds))
  }

  func note(_ text: String) {
    finish()
    Output.note("\(title): \(text)")
  }

  private func draw(_ text: String) {
    FileHandle.standardError.write(Data("\r\u{1B}[2K\(text)".utf8))
    isDrawn = true
  }

  /// Removes the bar.
  func finish() {
    if isDrawn { FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8)) }
    isDrawn = false
  }
}
