public import Foundation
internal import ModelPlans
public import ModelStore

/// The checkpoints of a fold's folder, by nnU-Net's names.
public struct CheckpointKeeper: Sendable {
  public enum Kind: String, CaseIterable, Sendable {
    /// Of a training that is done.
    case final = "model_final_checkpoint"
    /// From which a training goes on.
    case latest = "model_latest"
    /// With the best moving average of the online Dice.
    case best = "model_best"
  }

  public let folder: URL
  /// Written beside each checkpoint.
  let description: TrainerFile

  public init(folder: URL, description: TrainerFile) {
    self.folder = folder
    self.description = description
  }

  func file(_ kind: Kind) -> URL { folder.appending(path: "\(kind.rawValue).model") }

  /// Writes a checkpoint: whenever the process ends, a whole one is there, the old or the new.
  /// - Throws: `ModelStoreError.Code.unwritable`.
  func save(_ state: TrainingState, as kind: Kind) throws {
    // Of one run they are all alike, so this one may come first.
    try description.write(to: folder.appending(path: "\(kind.rawValue).model.pkl"))
    try state.write(to: file(kind))
  }

  func remove(_ kind: Kind) {
    for suffix in ["", ".pkl"] { try? FileManager.default.removeItem(atPath: file(kind).path + suffix) }
  }

  /// The checkpoint that is farthest on; `nil` where there is none. nnU-Net takes the final one wherever there is one, which would lose
  /// what a longer training has added since.
  /// - Throws: `ModelStoreError` for a file that isn't a checkpoint.
  public func farthest() throws -> (kind: Kind, epochs: Int, iterations: Int)? {
    var found: (kind: Kind, epochs: Int, iterations: Int)?
    for kind in Kind.allCases where FileManager.default.fileExists(atPath: file(kind).path) {
      let progress = try TrainingState.progress(of: file(kind))
      if let best = found, (best.epochs, best.iterations) >= (progress.epochs, progress.iterations) { continue }
      found = (kind, progress.epochs, progress.iterations)
    }
    return found
  }

  func read(_ kind: Kind, network: NetworkDescription) throws -> TrainingState {
    try TrainingState(reading: file(kind), network: network)
  }
}
