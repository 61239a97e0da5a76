internal import Kernels
internal import ModelPlans
internal import UNet

/// The way there and back through a network for a group of samples, layer by layer: the memory and the loops, without loss and
/// optimiser.
final class TrainingPasses {
  let program: TrainingProgram
  let plan: TrainingMemory
  private let memory: AlignedMemory
  private let state: ParameterMemory
  private let pool: ComputePool
  /// Of one thread: what runs in it runs where it is called, so several threads may use it at a time.
  private let serial = ComputePool(threads: 1)
  private let kernels: GradientKernels
  /// Of each step: the numbers of its parameters in the state.
  private let parameters: [[Int]]

  init(
    _ program: TrainingProgram, plan: TrainingMemory, state: ParameterMemory, pool: ComputePool,
    kernels: GradientKernels
  ) throws {
    self.program = program
    self.plan = plan
    self.state = state
    self.pool = pool
    self.kernels = kernels
    parameters = try program.steps.map { step in
      try program.description.parameters(of: step.layer).map { try state.number(of: $0.name) }
    }
    memory = try AlignedMemory(bytes: plan.bytes, for: "activations and their gradients")
  }

  private var packed: UnsafeMutablePointer<Float> { memory.floats(at: plan.packed / 4) }

  private func floats(_ index: TrainingProgram.TensorIndex, slot: Int) -> UnsafeMutablePointer<Float> {
    memory.floats(at: slot * plan.sampleFloats + program.arena.offsets[index])
  }

  private func normalized(_ index: TrainingProgram.TensorIndex, slot: Int) -> NormalizedChannels {
    let tensor = program.tensors[index]
    let base = memory.floats(at: plan.vectors / 4 + slot * program.vectorFloats + tensor.vectors)
    return NormalizedChannels(base: base, channels: tensor.channels)
  }

  private func tensor(_ index: TrainingProgram.TensorIndex, slot: Int) -> BlockedTensor {
    let shape = program.tensors[index]
    var pending: BlockedTensor.Pending?
    if shape.isPending {
      let vectors = normalized(index, slot: slot)
      pending = .init(scale: vectors.scale, shift: vectors.shift, slope: program.slope)
    }
    return BlockedTensor(
      base: floats(index, slot: slot), channels: shape.channels, extent: shape.extent, pending: pending)
  }

  /// A gradient's blocks from its place on.
  private func gradient(_ place: TrainingProgram.GradientPlace, channels: Int, slot: Int) -> BlockedTensor {
    let shape = program.tensors[place.tensor]
    let block = voxels(shape.extent) * BlockedTensor.lanes
    return BlockedTensor(
      base: floats(place.tensor, slot: slot) + place.firstBlock * block, channels: channels, extent: shape.extent)
  }

  /// Logits of a scale, `[class][voxel]`, between the way there and the way back: probabilities and gradients take their place.
  func logits(scale: Int, slot: Int) -> UnsafeMutablePointer<Float> {
    for step in program.steps {
      if case .head(_, _, scale) = step.operation { return floats(step.output, slot: slot) }
    }
    preconditionFailure("no head of scale \(scale)")
  }

  // MARK: Samples

  /// Where a sample of a layer is computed.
  private struct Lane {
    let pool: ComputePool
    let scratch: UnsafeMutablePointer<Float>
    let moments: UnsafeMutablePointer<Double>

    func room(for need: ScratchNeed) -> LayerScratch {
      LayerScratch(base: scratch, need: need, threads: pool.threads)
    }
  }

  /// All threads together.
  private var wholeLane: Lane {
    Lane(
      pool: pool, scratch: memory.floats(at: plan.scratch / 4),
      moments: (memory.base + plan.moments).assumingMemoryBound(to: Double.self))
  }

  /// One thread alone.
  private func lane(worker: Int) -> Lane {
    let whole = wholeLane
    return Lane(
      pool: serial, scratch: whole.scratch + worker * plan.laneFloats,
      moments: whole.moments + worker * plan.momentDoubles)
  }

  /// Calls `body` for each sample: each thread works on samples of its own, and the last ones, too few for that, are worked on by all
  /// threads together. Either way gives the same bits.
  private func forEach(_ count: Int, _ body: (_ slot: Int, _ lane: Lane) -> Void) {
    let apart = plan.sampleGradientCount == 0 ? 0 : count / pool.threads * pool.threads
    if apart > 0 { pool.forEach(apart) { slot, worker in body(slot, lane(worker: worker)) } }
    for slot in apart..<count { body(slot, wholeLane) }
  }

  /// As `forEach`, with a place for the gradients of the layer's parameters to be added to: the gradients of each sample are made apart
  /// and added in the order of the samples.
  private func forEachAdding(
    _ number: Int, _ count: Int,
    _ body: (_ slot: Int, _ lane: Lane, _ gradients: [UnsafeMutablePointer<Float>]) -> Void
  ) {
    let totals = parameters[number].map(state.gradient)
    let counts = parameters[number].map { state.entries[$0].parameter.count }
    let wave = plan.sampleGradientCount
    var first = 0
    while wave > 0, count - first >= pool.threads {
      let size = min(wave, (count - first) / pool.threads * pool.threads)
      pool.forEach(size) { [first] item, worker in
        let gradients = sampleGradients(item, counts)
        for (gradient, count) in zip(gradients, counts) { gradient.update(repeating: 0, count: count) }
        body(first + item, lane(worker: worker), gradients)
      }
      add(size, counts, to: totals)
      first += size
    }
    for slot in first..<count { body(slot, wholeLane, totals) }
  }

  private func sampleGradients(_ item: Int, _ counts: [Int]) -> [UnsafeMutablePointer<Float>] {
    var place = memory.floats(at: plan.sampleGradients / 4 + item * plan.sampleGradientFloats)
    return counts.map { count in
      defer { place += ArenaPlan.aligned(count) }
      return place
    }
  }

  private static let pieceFloats = 1 << 14

  private func add(_ samples: Int, _ counts: [Int], to totals: [UnsafeMutablePointer<Float>]) {
    for (index, total) in totals.enumerated() {
      let pieces = (counts[index] + Self.pieceFloats - 1) / Self.pieceFloats
      pool.forEach(pieces) { piece, _ in
        let range = piece * Self.pieceFloats..<min((piece + 1) * Self.pieceFloats, counts[index])
        for sample in 0..<samples {
          let gradient = sampleGradients(sample, counts)[index]
          for place in range { total[place] += gradient[place] }
        }
      }
    }
  }

  /// Calls `body` for each sample, on all threads: for what isn't a layer.
  func forEachSample(_ count: Int, _ body: (_ slot: Int, _ pool: ComputePool) -> Void) {
    forEach(count) { slot, lane in body(slot, lane.pool) }
  }

  // MARK: There

  /// - Parameters:
  ///   - count: samples, at most the plan's group.
  ///   - images: of each, `[channel][z][y][x]`.
  func forward(count: Int, images: (_ slot: Int) -> UnsafePointer<Float>) {
    for number in program.steps.indices { forward(number, in: \.self, count: count, images: images) }
  }

  /// A step of the way there.
  /// - Parameter place: where each of its tensors lies.
  private func forward(
    _ number: Int, in place: (TrainingProgram.TensorIndex) -> TrainingProgram.TensorIndex, count: Int,
    images: (_ slot: Int) -> UnsafePointer<Float>
  ) {
    let step = program.steps[number]
    let (inputs, output) = (step.inputs.map(place), place(step.output))
    let parameters = parameters[number].map(state.values)
    switch step.operation {
    case .block(let block):
      forward(block, inputs: inputs, output: output, parameters, count: count, images: images)
    case .upsampling(let upsampling, _, _):
      upsampling.pack(parameters[0], into: packed, pool: pool)
      forEach(count) { slot, lane in
        upsampling.run(
          tensor(inputs[0], slot: slot), weights: packed, target: tensor(output, slot: slot),
          scratch: lane.room(for: upsampling.scratch), pool: lane.pool, kernels: kernels.blocked)
      }
    case .head(let head, _, _):
      head.pack(parameters[0], into: packed)
      forEach(count) { slot, lane in
        head.run(
          tensor(inputs[0], slot: slot), weights: packed, bias: nil, use: .logits, mirrored: .none,
          output: floats(output, slot: slot), scratch: lane.room(for: head.scratch), pool: lane.pool,
          kernels: kernels.blocked)
      }
    }
  }

  /// Parameters of a block are weight, bias, gamma, beta. The bias isn't computed with: the mean of each channel is subtracted.
  private func forward(
    _ block: TrainingProgram.Block, inputs: [TrainingProgram.TensorIndex], output: TrainingProgram.TensorIndex,
    _ parameters: [UnsafeMutablePointer<Float>], count: Int, images: (_ slot: Int) -> UnsafePointer<Float>
  ) {
    switch block.forward {
    case .first(let convolution), .direct(let convolution): convolution.pack(parameters[0], into: packed, pool: pool)
    case .winograd(let convolution):
      convolution.pack(parameters[0], into: packed, pool: pool, kernels: kernels.blocked)
    }
    let channels = program.tensors[output].channels
    let vectors = output
    forEach(count) { slot, lane in
      let moments = PartMoments(base: lane.moments, parts: block.forward.parts, channels: channels)
      let output = tensor(output, slot: slot)
      let inputs = inputs.map { tensor($0, slot: slot) }
      switch block.forward {
      case .first(let convolution):
        convolution.run(
          patch: images(slot), mirrored: .none, weights: packed, output: output, moments: moments,
          scratch: lane.room(for: convolution.scratch), pool: lane.pool, kernels: kernels.blocked)
      case .direct(let convolution):
        convolution.run(
          inputs, weights: packed, output: output, moments: moments, scratch: lane.room(for: convolution.scratch),
          pool: lane.pool, kernels: kernels.blocked)
      case .winograd(let convolution):
        convolution.run(
          inputs, weights: packed, output: output, moments: moments, scratch: lane.room(for: convolution.scratch),
          pool: lane.pool, kernels: kernels.blocked)
      }
      moments.normalization(
        gamma: parameters[2], beta: parameters[3], count: channels, epsilon: program.description.block.epsilon,
        into: normalized(vectors, slot: slot), pool: lane.pool)
    }
  }

  // MARK: Back

  /// Adds the gradients of all parameters, sample by sample; the logits hold their own gradients.
  func backward(count: Int, images: (_ slot: Int) -> UnsafePointer<Float>) {
    for event in program.wayBack {
      switch event {
      case .again(let number): forward(number, in: { program.kept[$0] }, count: count, images: images)
      case .back(let number): backward(number, count: count, images: images)
      }
    }
  }

  /// A tensor of the way there, on the way back.
  private func kept(_ index: TrainingProgram.TensorIndex, slot: Int) -> BlockedTensor {
    tensor(program.kept[index], slot: slot)
  }

  private func backward(_ number: Int, count: Int, images: (_ slot: Int) -> UnsafePointer<Float>) {
    let step = program.steps[number]
    let values = parameters[number].map(state.values)
    switch step.operation {
    case .block(let block): backward(block, number, step, values, count: count, images: images)
    case .upsampling(_, let inputGradient, let weightGradient):
      guard let from = step.outputGradient, let to = step.inputGradient else { return }
      inputGradient.pack(values[0], into: packed, pool: pool)
      forEachAdding(number, count) { slot, lane, gradients in
        let output = gradient(from, channels: program.tensors[step.output].channels, slot: slot)
        let input = kept(step.inputs[0], slot: slot)
        weightGradient.add(
          [input], outputGradient: output, to: gradients[0], scratch: lane.scratch, pool: lane.pool, kernels: kernels)
        inputGradient.run(
          output, weights: packed, inputGradient: gradient(to, channels: input.channels, slot: slot), pool: lane.pool,
          kernels: kernels)
      }
    case .head(_, let headGradient, _):
      guard let to = step.inputGradient else { return }
      forEachAdding(number, count) { slot, lane, gradients in
        let input = kept(step.inputs[0], slot: slot)
        headGradient.run(
          input, logitGradient: floats(step.output, slot: slot), weights: values[0], gradient: gradients[0],
          sourceGradient: gradient(to, channels: input.channels, slot: slot), adding: step.isAdding,
          scratch: lane.scratch, pool: lane.pool, kernels: kernels)
      }
    }
  }

  private func backward(
    _ block: TrainingProgram.Block, _ number: Int, _ step: TrainingProgram.Step,
    _ values: [UnsafeMutablePointer<Float>], count: Int, images: (_ slot: Int) -> UnsafePointer<Float>
  ) {
    guard let from = step.outputGradient else { return }
    switch block.backward {
    case .none: break
    case .plain(let gradient):
      gradient.pack(values[0], into: packed, scratch: wholeLane.scratch, pool: pool, kernels: kernels)
    case .strided(let gradient): gradient.pack(values[0], into: packed, pool: pool)
    }
    forEachAdding(number, count) { slot, lane, gradients in
      let output = kept(step.output, slot: slot)
      let outputGradient = gradient(from, channels: output.channels, slot: slot)
      block.normalization.run(
        output, gradient: outputGradient, normalized: normalized(program.kept[step.output], slot: slot),
        gamma: values[2],
        gammaGradient: gradients[2], betaGradient: gradients[3], scratch: lane.scratch, pool: lane.pool,
        kernels: kernels)
      if step.inputs.isEmpty {
        block.weights.add(
          patch: images(slot), outputGradient: outputGradient, to: gradients[0], scratch: lane.scratch, pool: lane.pool,
          kernels: kernels)
      } else {
        block.weights.add(
          step.inputs.map { kept($0, slot: slot) }, outputGradient: outputGradient, to: gradients[0],
          scratch: lane.scratch, pool: lane.pool, kernels: kernels)
      }
      guard let to = step.inputGradient else { return }
      let channels = step.inputs.reduce(0) { $0 + program.tensors[$1].paddedChannels }
      let inputGradient = gradient(to, channels: channels, slot: slot)
      switch block.backward {
      case .none: break
      case .plain(let back):
        back.run(
          outputGradient, weights: packed, inputGradient: inputGradient, moments: lane.moments, scratch: lane.scratch,
          pool: lane.pool, kernels: kernels)
      case .strided(let back):
        back.add(
          outputGradient, weights: packed, to: inputGradient, scratch: lane.scratch, pool: lane.pool, kernels: kernels)
      }
    }
  }
}
