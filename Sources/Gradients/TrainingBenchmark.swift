internal import Dispatch
public import Kernels
public import ModelPlans
internal import UNet

/// Times training steps of a network on made-up batches.
public enum TrainingBenchmark {
  public struct Report: Hashable, Sendable, Codable {
    /// Of Tessera's kernels, such as `avx512`.
    public var instructionSet: String
    public var threads: Int
    public var patch: [Int]
    public var batchSize: Int
    /// Samples that are worked on together; less than a batch where memory is limited.
    public var groupSize: Int
    /// What isn't kept for the way back, where memory is limited.
    public var recomputation: Recomputation
    /// Trained numbers.
    public var parameters: Int
    /// Of each timed step.
    public var steps: [Double]
    /// Median of the steps.
    public var seconds: Double
    public var iterationsPerSecond: Double
    /// 1e9 floating-point operations of a step, counted as direct convolutions: three times those of the forward pass.
    public var gflop: Double
    /// `gflop` per second.
    public var gflops: Double
    /// Predicted: parameters, gradients, momentum and activations.
    public var plannedBytes: Int
    /// The most memory that the process ever had in use; whoever runs the benchmark in a process of its own fills it in.
    public var peakMemoryBytes: Int?
  }

  /// - Parameter runs: timed steps, after one that isn't.
  /// - Throws: as `TrainableNetwork.init`.
  public static func run(
    description: NetworkDescription, settings: TrainingSettings, threads: Int, runs: Int, maxMemory: Int? = nil,
    instructionSet: InstructionSet? = nil
  ) throws -> Report {
    let network = try TrainableNetwork(
      description: description, settings: settings, seed: 1, pool: ComputePool(threads: threads), maxMemory: maxMemory,
      instructionSet: instructionSet)
    let voxels = description.patch.reduce(1, *)
    let images = numbers(settings.batchSize * description.inputChannels * voxels).map { 4 * ($0 - 0.5) }
    let targets = network.supervision.extents.map { extent in
      numbers(settings.batchSize * extent.reduce(1, *)).map { UInt8($0 * Float(description.outputChannels)) }
    }
    var steps: [Double] = []
    for number in 0...runs {
      let begin = DispatchTime.now().uptimeNanoseconds
      try network.step(images: images, targets: targets, learningRate: 0.01)
      if number > 0 { steps.append(Double(DispatchTime.now().uptimeNanoseconds - begin) / 1e9) }
    }
    let seconds = steps.sorted()[steps.count / 2]
    let gflop = 3 * Double(settings.batchSize) * description.forwardOperations / 1e9
    return Report(
      instructionSet: (instructionSet ?? .best).description, threads: threads, patch: description.patch,
      batchSize: settings.batchSize, groupSize: network.groupSize, recomputation: network.recomputation,
      parameters: description.parameterCount, steps: steps,
      seconds: seconds, iterationsPerSecond: 1 / seconds, gflop: gflop, gflops: gflop / seconds,
      plannedBytes: network.plannedBytes)
  }

  /// From 0 to below 1.
  private static func numbers(_ count: Int) -> [Float] {
    var state: UInt32 = 1
    return (0..<count).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223  // good enough for data that nobody learns from
      return Float(state >> 8) * 0x1p-24
    }
  }
}
