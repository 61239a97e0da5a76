internal import Kernels
internal import ModelPlans
internal import UNet

/// What lies where in the memory in which a network is trained, in bytes from its start: tensors and normalisations of the samples that
/// are worked on together, then scratch of all threads, one layer's packed weights, and moments.
///
/// Samples meet in two places only, the batch's Dice and the sums of gradients. So a batch may be worked on in groups of samples: for
/// less memory, at the price of transforming each layer's weights for each group, and with batch Dice of a forward pass more. Within a sample,
/// activations may be computed again instead of being kept (`Recomputation`). The bits are the same.
struct TrainingMemory {
  /// Samples that are worked on together.
  let group: Int
  let sampleFloats: Int
  let vectors: Int
  let scratch: Int
  let packed: Int
  let moments: Int
  /// Of one set of moments, in doubles.
  let momentDoubles: Int
  /// Scratch of one thread that works on a sample of its own, in floats.
  let laneFloats: Int
  /// Begin of the gradients of single samples, their number, and the floats of one.
  let sampleGradients: Int
  let sampleGradientCount: Int
  let sampleGradientFloats: Int
  let bytes: Int

  /// Bytes of the gradients of single samples that few large layers don't exceed.
  private static let sampleGradientBytes = 4 << 20

  init(_ program: TrainingProgram, group: Int, threads: Int) {
    self.group = group
    var scratchFloats = 0
    var packedFloats = 0
    var doubles = 0
    var laneFloats = 0
    var gradientFloats = 0
    for step in program.steps {
      for need in step.operation.scratches {
        scratchFloats = max(scratchFloats, need.floats(threads: threads))
        laneFloats = max(laneFloats, need.floats(threads: 1))
      }
      gradientFloats = max(
        gradientFloats,
        program.description.parameters(of: step.layer).reduce(0) { $0 + ArenaPlan.aligned($1.count) })
      packedFloats = max(packedFloats, step.operation.packedWeights)
      doubles = max(doubles, step.operation.momentDoubles(channels: program.tensors[step.output].channels))
    }
    // Threads work on samples of their own where there are enough of them.
    let lanes = threads > 1 && group >= threads ? threads : 1
    if lanes > 1 {
      let most = Self.sampleGradientBytes / (4 * gradientFloats)
      sampleGradientCount = min(group, max(most, lanes)) / lanes * lanes
    } else {
      sampleGradientCount = 0
    }
    scratchFloats = max(scratchFloats, lanes * laneFloats)
    momentDoubles = doubles
    sampleGradientFloats = gradientFloats
    self.laneFloats = laneFloats
    func wholePages(_ bytes: Int) -> Int { (bytes + 4095) / 4096 * 4096 }
    sampleFloats = wholePages(program.arena.floats * 4) / 4
    vectors = group * sampleFloats * 4
    scratch = vectors + wholePages(group * program.vectorFloats * 4)
    packed = scratch + wholePages(scratchFloats * 4)
    moments = packed + wholePages(packedFloats * 4)
    sampleGradients = moments + wholePages(lanes * doubles * 8)
    bytes = sampleGradients + wholePages(sampleGradientCount * gradientFloats * 4)
  }

  /// The way of training that costs the least time and fits a limit together with parameters, gradients and momentum.
  ///
  /// Smaller groups come before recomputation where all they cost is transforming weights more often; with batch Dice, where they cost a
  /// forward pass as well, each recomputation comes first, which costs less than that.
  /// - Throws: `GradientsError.overMemoryLimit` where even the least memory is too much; what `TrainingProgram` throws.
  static func fitting(
    _ description: NetworkDescription, settings: TrainingSettings, threads: Int, limit: Int?
  ) throws -> (program: TrainingProgram, memory: TrainingMemory) {
    let batch = settings.batchSize
    let programs = try (limit == nil ? [.none] : Recomputation.allCases).map { recomputation in
      try TrainingProgram(description, batch: batch, recomputation: recomputation)
    }
    let state = ParameterMemory.bytes(description)
    let groups = Set((1...batch).map { (batch + $0 - 1) / $0 }).sorted(by: >)
    let ways =
      settings.batchDice
      ? groups.flatMap { group in programs.map { (program: $0, group: group) } }
      : programs.flatMap { program in groups.map { (program: program, group: $0) } }
    var least = Int.max
    for way in ways {
      let memory = TrainingMemory(way.program, group: way.group, threads: threads)
      guard let limit, memory.bytes + state > limit else { return (way.program, memory) }
      least = min(least, memory.bytes + state)
    }
    throw GradientsError.overMemoryLimit(needed: least, limit: limit ?? 0)
  }
}

extension TrainingProgram.Operation {
  /// Of all that happens in a step, one after the other.
  fileprivate var scratches: [ScratchNeed] {
    switch self {
    case .block(let block):
      let forward =
        switch block.forward {
        case .first(let convolution), .direct(let convolution): convolution.scratch
        case .winograd(let convolution): convolution.scratch
        }
      let backward =
        switch block.backward {
        case .none: ScratchNeed()
        case .plain(let gradient): gradient.scratch
        case .strided(let gradient): gradient.scratch
        }
      return [forward, backward, block.weights.scratch, block.normalization.scratch]
    case .upsampling(let upsampling, _, let weights): return [upsampling.scratch, weights.scratch]
    case .head(let head, let gradient, _): return [head.scratch, gradient.scratch]
    }
  }

  /// Room for those of the way there or back.
  fileprivate var packedWeights: Int {
    switch self {
    case .block(let block):
      let forward =
        switch block.forward {
        case .first(let convolution), .direct(let convolution): convolution.packedWeights
        case .winograd(let convolution): convolution.packedWeights
        }
      return switch block.backward {
      case .none: forward
      case .plain(let gradient): max(forward, gradient.packedWeights)
      case .strided(let gradient): max(forward, gradient.packedWeights)
      }
    case .upsampling(let upsampling, let gradient, _): return max(upsampling.packedWeights, gradient.packedWeights)
    case .head(let head, _, _): return head.packedWeights
    }
  }

  fileprivate func momentDoubles(channels: Int) -> Int {
    guard case .block(let block) = self else { return 0 }
    let forward = PartMoments.doubles(parts: block.forward.parts, channels: channels)
    if case .plain(let gradient) = block.backward { return max(forward, gradient.momentDoubles) }
    return forward
  }
}

extension TrainingProgram.Forward {
  /// Of the statistics.
  var parts: Int {
    switch self {
    case .first(let convolution), .direct(let convolution): convolution.parts
    case .winograd(let convolution): convolution.parts
    }
  }
}
