internal import ArgumentParser
internal import Foundation
internal import Gradients
internal import Inference
internal import ModelPlans
internal import ModelStore
internal import Planning

extension Recomputation {
  /// What it is called before people.
  fileprivate var words: String {
    switch self {
    case .none: "nothing"
    case .encoder: "the encoder's inner blocks"
    case .coarseLevels: "the encoder's inner blocks and the coarser levels"
    }
  }
}

/// `tessera bench train`
struct BenchTrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Times training steps of a network on made-up batches.",
    discussion: """
      The network is that of a model's plans, or nnU-Net's for a patch and a number of features. A step is the way there and back of a
      batch, clipping and SGD. The peer is nnU-Net's own network, loss and optimiser in PyTorch, on as many threads; its memory is
      that of its process.

        tessera bench train --patch 64x64x64 --features 32 --threads 2 --peer python3
        tessera bench train --model MODEL_DIR --max-memory 500
      """)

  @Option(help: ArgumentHelp("A trained model's folder, for its plans.", valueName: "dir"))
  var model: String?

  @Option(help: ArgumentHelp("Without a model: the patch, voxels.", valueName: "ZxYxX"))
  var patch: ExtentArgument?

  @Option(help: "Without a model: features of the first level.")
  var features = 32

  @Option(help: "Without a model: classes, background included.")
  var classes = 3

  @Option(help: "Samples of a batch.")
  var batch = 2

  @Option(
    help: ArgumentHelp(
      "Limit of the network's memory in MiB: kept by fewer samples at a time, and by computing activations again.",
      valueName: "MiB"))
  var maxMemory: Int?

  @Option(help: "Timed steps, after one that isn't; the median counts.")
  var runs = 5

  @OptionGroup var options: BenchOptions

  /// What the peer prints.
  private struct PeerAnswer: Codable {
    var seconds: Double
    var peakMemoryBytes: Int
    var version: String
  }

  private struct Answer: Encodable {
    var tessera: TrainingBenchmark.Report
    var peer: PeerAnswer?
    /// The peer's seconds by ours.
    var ratio: Double?
    /// Our peak memory by the peer's.
    var memoryRatio: Double?
  }

  func validate() throws {
    guard (model == nil) != (patch == nil) else { throw ValidationError("Give either --model or --patch.") }
    guard runs >= 1, features >= 1, features <= 320, (2...256).contains(classes), batch >= 1, maxMemory ?? 1 >= 1
    else {
      throw ValidationError(
        "--runs, --batch, --max-memory must be at least 1, --features 1 to 320, --classes 2 to 256.")
    }
  }

  func run() async throws {
    try await Failures.reported {
      let network = try network()
      let settings = TrainingSettings(batchSize: batch, batchDice: true)
      var report = try TrainingBenchmark.run(
        description: network, settings: settings, threads: options.threads, runs: runs,
        maxMemory: maxMemory.map { $0 << 20 })
      report.peakMemoryBytes = PeakMemory.bytes
      var answer = Answer(tessera: report)
      if let python = options.peer {
        let peer = try Peer.withFolder { folder in
          let file = folder.appending(path: "config.json")
          var config = PeerTraining(network, settings)
          (config.steps, config.threads) = (runs, options.threads)
          try config.write(to: file)
          return try Peer(script: "training_steps", python: python).run(["speed", file.path], as: PeerAnswer.self)
        }
        answer.peer = peer
        answer.ratio = peer.seconds / report.seconds
        answer.memoryRatio = report.peakMemoryBytes.map { Double($0) / Double(peer.peakMemoryBytes) }
      }
      try show(answer)
    }
  }

  private func network() throws -> NetworkDescription {
    if let model { return try TrainedModel.open(folder: URL(filePath: model)).network }
    let extent = patch?.extent.lengths ?? []
    let schedule = PoolingSchedule(spacing: [1, 1, 1], patch: extent)
    guard schedule.patch == extent, !schedule.poolKernels.isEmpty else {
      throw InputError(
        "--patch must have an axis of at least 8 voxels, and be a multiple of what it is halved to; the next one is "
          + schedule.patch.map(String.init).joined(separator: "x") + ".")
    }
    return NetworkDescription(
      patch: extent, inputChannels: 1, outputChannels: classes,
      features: (0...schedule.poolKernels.count).map { min(features << $0, 320) },
      kernels: schedule.convolutionKernels, strides: schedule.poolKernels)
  }

  private func show(_ answer: Answer) throws {
    if options.json { return try Output.json(answer) }
    let report = answer.tessera
    Output.line(
      "\(report.patch.map(String.init).joined(separator: "x")), batch \(report.batchSize), \(report.parameters) parameters, "
        + "\(report.instructionSet), \(report.threads) thread(s): \(Formats.number(report.seconds, digits: 3)) s a step, "
        + "\(Formats.number(report.iterationsPerSecond, digits: 2)) a second, \(Formats.number(report.gflops, digits: 1)) GFLOP/s"
    )
    Output.line(
      "memory: planned \(Formats.bytes(report.plannedBytes)), \(report.groupSize) sample(s) together, "
        + "computed again: \(report.recomputation.words), peak of the process "
        + Formats.bytes(report.peakMemoryBytes ?? 0))
    if let peer = answer.peer, let ratio = answer.ratio, let memory = answer.memoryRatio {
      Output.line(
        "\(peer.version): \(Formats.number(peer.seconds, digits: 3)) s, \(Formats.number(ratio, digits: 2)) times ours; peak "
          + "\(Formats.bytes(peer.peakMemoryBytes)), ours is \(Formats.number(memory, digits: 2)) of it")
    }
  }
}
