internal import Augmentation
internal import Foundation
internal import Gradients

/// What a fold's training began with and saw, written down, so that another implementation can be trained on the very same:
/// `Tests/Peers/training_steps.py replay FOLDER` does it with nnU-Net's own network, loss and optimiser.
///
/// | file | what |
/// |---|---|
/// | `config.json` | the network's shape, the batch and the schedule |
/// | `start.f32` | first weights, float32, every tensor of the state dict in its order |
/// | `images.f32` | of each iteration, `[item, channel, z, y, x]`, float32 |
/// | `targets.u8` | of each iteration, by resolution, the patch's own first, labels `[item, z, y, x]` |
final class TrainingRecord {
  private let folder: URL
  private let config: PeerTraining
  private var files: (images: FileHandle, targets: FileHandle)?

  /// - Parameter folder: made with the first batch, and replaced where it is there.
  init(in folder: URL, _ setup: TrainingSetup, _ schedule: TrainingSchedule) {
    self.folder = folder
    var config = PeerTraining(
      setup.network, TrainingSettings(batchSize: setup.batchSize, batchDice: setup.batchDice))
    (config.epochs, config.iterations) = (schedule.epochs, schedule.iterations)
    self.config = config
  }

  /// Writes a batch that the network is about to be trained on; before the first one, its weights.
  /// - Throws: what writing files throws.
  func add(_ batch: TrainingBatch, to network: TrainableNetwork) throws {
    let files = try files ?? begin(network)
    self.files = files
    try batch.images.withUnsafeBytes { try files.images.write(contentsOf: Data($0)) }
    for target in batch.targets { try files.targets.write(contentsOf: Data(target)) }
  }

  private func begin(_ network: TrainableNetwork) throws -> (images: FileHandle, targets: FileHandle) {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try config.write(to: folder.appending(path: "config.json"))
    func empty(_ name: String) throws -> FileHandle {
      let file = folder.appending(path: name)
      try Data().write(to: file)
      return try FileHandle(forWritingTo: file)
    }
    let start = try empty("start.f32")
    for parameter in network.parameters {
      try network.values(of: parameter.name).withUnsafeBytes { try start.write(contentsOf: Data($0)) }
    }
    try start.close()
    return (try empty("images.f32"), try empty("targets.u8"))
  }
}
