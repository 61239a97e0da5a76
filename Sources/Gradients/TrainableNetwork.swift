public import Kernels
public import ModelPlans

/// A network that is trained: nnU-Net's plain U-Net with its loss and its optimiser, on the description that the inference engine takes too.
///
///     let network = try TrainableNetwork(
///       description: description, settings: TrainingSettings(batchSize: 2, batchDice: false), seed: 1, pool: pool)
///     for epoch in 0..<epochs { loss = try network.step(images: images, targets: targets, learningRate: rate) }
///
/// Results have the same bits for any number of threads and any limit of memory, on one instruction set. One call at a time.
public final class TrainableNetwork {
  public let description: NetworkDescription
  public let supervision: DeepSupervision
  /// The batch size stays as it was; what the optimiser uses may change between steps.
  public var settings: TrainingSettings
  let state: ParameterMemory
  private let passes: TrainingPasses
  private let losses: [DiceCrossEntropy]
  private let pool: ComputePool

  /// With He's initial weights.
  /// - Parameters:
  ///   - seed: of the weights.
  ///   - pool: the threads that compute.
  ///   - maxMemory: what parameters, gradients, momentum and activations may take together, in bytes; `nil` for no limit.
  ///   - instructionSet: which kernels; the processor's best when `nil`.
  /// - Throws: `GradientsError`, and `NetworkExecutionError` for a description that is none or when there is no memory.
  public init(
    description: NetworkDescription, settings: TrainingSettings, seed: UInt64, pool: ComputePool,
    maxMemory: Int? = nil, instructionSet: InstructionSet? = nil
  ) throws {
    let (program, plan) = try TrainingMemory.fitting(
      description, settings: settings, threads: pool.threads, limit: maxMemory)
    self.description = description
    self.settings = settings
    self.pool = pool
    supervision = DeepSupervision(description)
    state = try ParameterMemory(description)
    passes = try TrainingPasses(
      program, plan: plan, state: state, pool: pool, kernels: instructionSet.flatMap { GradientKernels($0) } ?? .best)
    losses = supervision.extents.map { extent in
      DiceCrossEntropy(
        classes: description.outputChannels, voxels: extent.reduce(1, *), batch: settings.batchSize,
        batchDice: settings.batchDice)
    }
    initialize(seed: seed)
  }

  /// What `init` takes from the system, in bytes, predicted from shapes.
  public static func plannedBytes(
    description: NetworkDescription, settings: TrainingSettings, threads: Int, maxMemory: Int? = nil
  ) throws -> Int {
    let memory = try TrainingMemory.fitting(description, settings: settings, threads: threads, limit: maxMemory).memory
    return ParameterMemory.bytes(description) + memory.bytes
  }

  /// As the static one, of this network.
  public var plannedBytes: Int { ParameterMemory.bytes(description) + passes.plan.bytes }

  /// Samples that are worked on together, which the limit of memory decides.
  public var groupSize: Int { passes.plan.group }

  /// Which activations are computed again on the way back, which the limit of memory decides too.
  public var recomputation: Recomputation { passes.program.recomputation }

  // MARK: Training

  /// One step of the optimiser.
  /// - Parameters:
  ///   - images: `[sample, channel, z, y, x]`; z is 1 in 2D.
  ///   - targets: of each scale of `supervision`, classes `[sample, z, y, x]`.
  /// - Returns: the loss before the step.
  /// - Throws: `GradientsError.wrongSize`, `.wrongClass`; nothing has changed then.
  @discardableResult
  public func step(images: [Float], targets: [[UInt8]], learningRate: Float) throws -> Double {
    let loss = try computeGradients(images: images, targets: targets)
    let norm = state.gradientNorm(pool)
    state.descend(
      scale: Float(min(1, settings.clipNorm / (norm + 1e-6))), settings: settings, learningRate: learningRate, pool)
    return loss
  }

  /// The loss, and the gradients of all parameters for `gradient(of:)`; no parameter changes.
  public func computeGradients(images: [Float], targets: [[UInt8]]) throws -> Double {
    try check(images, targets)
    state.clearGradients()
    return withPointers(images, targets) { images, targets in
      var sums = emptySums
      // Samples meet in the batch's Dice: its sums need all logits before any way back.
      let isTwice = settings.batchDice && groups.count > 1
      if isTwice {
        for group in groups { forward(group, images, targets, into: &sums) }
      }
      for group in groups {
        if isTwice {
          var again = emptySums
          forward(group, images, targets, into: &again)
        } else {
          forward(group, images, targets, into: &sums)
        }
        for (scale, loss) in losses.enumerated() {
          let value = loss.value(sums[scale])
          passes.forEachSample(group.count) { slot, pool in
            let sample = group.lowerBound + slot
            loss.gradient(
              passes.logits(scale: scale, slot: slot), targets: targets[scale] + sample * loss.voxels, value: value,
              sample: sample, weight: supervision.weights[scale], pool: pool)
          }
        }
        passes.backward(count: group.count) { images + (group.lowerBound + $0) * imageFloats }
      }
      return total(sums)
    }
  }

  /// Loss and hits of a batch; no parameter changes. Arguments as for `step`.
  public func evaluate(images: [Float], targets: [[UInt8]]) throws -> BatchEvaluation {
    try check(images, targets)
    return withPointers(images, targets) { images, targets in
      var sums = emptySums
      let zeros = [Int](repeating: 0, count: description.outputChannels - 1)
      var result = BatchEvaluation(loss: 0, truePositives: zeros, falsePositives: zeros, falseNegatives: zeros)
      for group in groups {
        forward(group, images, targets, into: &sums)
        for (slot, sample) in group.enumerated() {
          count(passes.logits(scale: 0, slot: slot), targets[0] + sample * losses[0].voxels, into: &result)
        }
      }
      result.loss = total(sums)
      return result
    }
  }

  /// Logits at full resolution, `[sample, class, z, y, x]`.
  /// - Throws: `GradientsError.wrongSize`.
  public func logits(images: [Float]) throws -> [Float] {
    try check(images, nil)
    var result: [Float] = []
    let count = description.outputChannels * losses[0].voxels
    images.withUnsafeBufferPointer { images in
      guard let base = images.baseAddress else { return }
      for group in groups {
        passes.forward(count: group.count) { base + (group.lowerBound + $0) * imageFloats }
        for slot in group.indices.indices {
          result += UnsafeBufferPointer(start: passes.logits(scale: 0, slot: slot), count: count)
        }
      }
    }
    return result
  }

  // MARK: Parts of it

  private var imageFloats: Int { description.inputChannels * losses[0].voxels }

  private var groups: [Range<Int>] {
    let batch = losses[0].batch
    return stride(from: 0, to: batch, by: groupSize).map { $0..<min($0 + groupSize, batch) }
  }

  /// Per scale, then sample.
  private var emptySums: [[DiceCrossEntropy.Sums]] {
    losses.map { [DiceCrossEntropy.Sums](repeating: .init(classes: $0.classes), count: $0.batch) }
  }

  private func total(_ sums: [[DiceCrossEntropy.Sums]]) -> Double {
    zip(losses, sums).enumerated().reduce(0) {
      $0 + supervision.weights[$1.offset] * $1.element.0.value($1.element.1).loss
    }
  }

  /// The network and its probabilities for some samples.
  private func forward(
    _ group: Range<Int>, _ images: UnsafePointer<Float>, _ targets: [UnsafePointer<UInt8>],
    into sums: inout [[DiceCrossEntropy.Sums]]
  ) {
    passes.forward(count: group.count) { images + (group.lowerBound + $0) * imageFloats }
    for (scale, loss) in losses.enumerated() {
      sums[scale].withUnsafeMutableBufferPointer { sums in
        // Each sample has an element of its own.
        nonisolated(unsafe) let elements = sums
        passes.forEachSample(group.count) { slot, pool in
          let sample = group.lowerBound + slot
          elements[sample] = loss.sums(
            passes.logits(scale: scale, slot: slot), targets: targets[scale] + sample * loss.voxels, pool: pool)
        }
      }
    }
  }

  private func count(
    _ probabilities: UnsafePointer<Float>, _ targets: UnsafePointer<UInt8>, into result: inout BatchEvaluation
  ) {
    let voxels = losses[0].voxels
    for voxel in 0..<voxels {
      var best = 0
      for label in 1..<description.outputChannels
      where probabilities[label * voxels + voxel] > probabilities[best * voxels + voxel] { best = label }
      let target = Int(targets[voxel])
      if best == target {
        if best > 0 { result.truePositives[best - 1] += 1 }
      } else {
        if best > 0 { result.falsePositives[best - 1] += 1 }
        if target > 0 { result.falseNegatives[target - 1] += 1 }
      }
    }
  }

  private func check(_ images: [Float], _ targets: [[UInt8]]?) throws {
    func require(_ what: String, _ expected: Int, _ found: Int) throws {
      guard found == expected else { throw GradientsError.wrongSize(what: what, expected: expected, found: found) }
    }
    try require("the images", losses[0].batch * imageFloats, images.count)
    guard let targets else { return }
    try require("the scales of the targets", losses.count, targets.count)
    for (scale, loss) in losses.enumerated() {
      try require("the targets of scale \(scale)", loss.batch * loss.voxels, targets[scale].count)
      let highest = targets[scale].max() ?? 0
      guard Int(highest) < loss.classes else {
        throw GradientsError.wrongClass(found: Int(highest), classes: loss.classes)
      }
    }
  }

  /// Arguments have been checked, so none is empty.
  private func withPointers<Result>(
    _ images: [Float], _ targets: [[UInt8]], _ body: (UnsafePointer<Float>, [UnsafePointer<UInt8>]) -> Result
  ) -> Result {
    func open(
      _ rest: ArraySlice<[UInt8]>, _ pointers: [UnsafePointer<UInt8>], _ images: UnsafePointer<Float>
    ) -> Result {
      guard let first = rest.first else { return body(images, pointers) }
      return first.withUnsafeBufferPointer { open(rest.dropFirst(), pointers + [$0.baseAddress!], images) }
    }
    return images.withUnsafeBufferPointer { open(targets[...], [], $0.baseAddress!) }
  }
}
