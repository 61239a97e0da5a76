public import Kernels
public import ModelPlans

/// The fast executor: Winograd's convolution with kernels of its own, for plain U-Nets with instance normalisation and (leaky) ReLU.
///
/// A layer writes its convolution and the moments of its channels; normalisation and activation happen while the next layers load
/// it. Concatenations are lists of blocks. So each tensor is written once and read once or twice, and there is no other pass.
public final class WinogradExecutor: NetworkExecutor {
  public let description: NetworkDescription
  public let identity: EngineIdentity
  /// Called after each layer of a pass, for time tables.
  public var afterLayer: ((NetworkLayer) -> Void)?

  private let program: WinogradProgram
  private let layout: WinogradLayout
  private let weights: WinogradWeights
  private let workspace: Workspace
  private let pool: ComputePool
  private let kernels: BlockedKernels

  /// Transforms the weights; nothing of `weights` is needed afterwards.
  /// - Parameters:
  ///   - pool: the slot's threads.
  ///   - workspace: made for the same description, engine and threads; executors that share it run one at a time.
  ///   - kernels: of the instruction set to compute with.
  /// - Throws: `NetworkExecutionError` when the description can't be run, or not by this engine, a parameter has the wrong size, the
  ///   workspace is too small, or there is no memory; and what `weights` throws for a missing parameter.
  public convenience init(
    description: NetworkDescription, weights: some NetworkWeights, pool: ComputePool, workspace: Workspace,
    kernels: BlockedKernels = .best, plan: WinogradPlan = .fast
  ) throws {
    try self.init(
      description: description,
      transformed: WinogradWeights(
        try WinogradProgram(description, plan: plan), weights: weights, pool: pool, kernels: kernels), pool: pool,
      workspace: workspace, kernels: kernels, plan: plan)
  }

  /// - Parameter transformed: for the same description; executors of several slots may share them.
  init(
    description: NetworkDescription, transformed: WinogradWeights, pool: ComputePool, workspace: Workspace,
    kernels: BlockedKernels, plan: WinogradPlan
  ) throws {
    self.description = description
    program = try WinogradProgram(description, plan: plan)
    layout = WinogradLayout(program, threads: pool.threads)
    guard workspace.bytes >= layout.bytes else {
      throw NetworkExecutionError.wrongSize(
        what: "the workspace of \(pool.threads) threads", expected: layout.bytes / 4, found: workspace.bytes / 4)
    }
    self.workspace = workspace
    self.pool = pool
    self.kernels = kernels
    weights = transformed
    identity = EngineIdentity(winograd: kernels, plan)
  }

  func method(of layer: NetworkLayer) -> String {
    program.steps.first { $0.layer == layer }?.operation.method ?? ""
  }

  func layers(in layer: NetworkLayer) -> [NetworkLayer] {
    [program.steps.first { $0.layer == layer }?.upsampling, layer].compactMap { $0 }
  }

  func cost(of layer: NetworkLayer) -> LayerCost? { program.steps.first { $0.layer == layer }.map(program.cost) }

  public func forward(_ patch: UnsafeBufferPointer<Float>, into logits: UnsafeMutableBufferPointer<Float>) throws {
    try run(patch, mirrored: .none, use: .logits, output: logits)
  }

  public func accumulate(
    _ patch: UnsafeBufferPointer<Float>, mirrored: MirroredAxes, weight: Float,
    into sum: UnsafeMutableBufferPointer<Float>
  ) throws {
    let activation = SegmentationHead.Activation(description.finalActivation)
    try run(patch, mirrored: mirrored, use: .probabilities(activation, weight: weight), output: sum)
  }

  private func run(
    _ patch: UnsafeBufferPointer<Float>, mirrored: MirroredAxes, use: SegmentationHead.Use,
    output: UnsafeMutableBufferPointer<Float>
  ) throws {
    try checkSizes(patch, output)
    guard let source = patch.baseAddress, let target = output.baseAddress else { return }
    let scratch = (workspace.memory.base + layout.scratch).assumingMemoryBound(to: Float.self)
    for (index, step) in program.steps.enumerated() {
      let parameters = weights.floats(ofStep: index)
      let inputs = step.inputs.map(tensor)
      switch step.operation {
      case .first(let convolution):
        block(step, parameters) { output, moments in
          convolution.run(
            patch: source, mirrored: mirrored, weights: parameters, output: output, moments: moments, scratch: scratch,
            pool: pool, kernels: kernels)
        }
      case .direct(let convolution):
        block(step, parameters) { output, moments in
          convolution.run(
            inputs, weights: parameters, output: output, moments: moments, scratch: scratch, pool: pool,
            kernels: kernels)
        }
      case .winograd(let convolution):
        block(step, parameters) { output, moments in
          convolution.run(
            inputs, weights: parameters, output: output, moments: moments, order: program.placement.orders[index],
            scratch: scratch, pool: pool, kernels: kernels)
        }
      case .upsampling(let upsampling):
        guard let output = step.output else { continue }
        upsampling.run(
          inputs[0], weights: parameters, target: tensor(output), scratch: scratch, pool: pool, kernels: kernels)
      case .head(let head):
        head.run(
          inputs[0], weights: parameters, bias: description.headHasBias ? parameters + head.packedWeights : nil,
          use: use, mirrored: mirrored, output: target, scratch: scratch, pool: pool, kernels: kernels)
      }
      afterLayer?(step.layer)
    }
  }

  /// Runs a convolution and prepares what its readers apply.
  private func block(
    _ step: WinogradProgram.Step, _ parameters: UnsafePointer<Float>,
    _ convolve: (_ output: BlockedTensor, _ moments: PartMoments) -> Void
  ) {
    guard let output = step.output else { return }
    let shape = program.tensors[output]
    let moments = PartMoments(
      base: (workspace.memory.base + layout.moments).assumingMemoryBound(to: Double.self), parts: step.operation.parts,
      channels: shape.channels)
    convolve(tensor(output), moments)
    let gamma = parameters + step.operation.packedWeights
    let scale = vectors(shape)
    moments.normalization(
      gamma: gamma, beta: gamma + shape.paddedChannels, epsilon: description.block.epsilon, scale: scale,
      shift: scale + shape.paddedChannels, pool: pool)
  }

  private func vectors(_ tensor: WinogradProgram.Tensor) -> UnsafeMutablePointer<Float> {
    (workspace.memory.base + layout.vectors).assumingMemoryBound(to: Float.self) + tensor.vectors
  }

  private func tensor(_ index: Int) -> BlockedTensor {
    let shape = program.tensors[index]
    let scale = vectors(shape)
    let place = program.placement.places[index]
    return BlockedTensor(
      base: workspace.memory.floats(at: place.offset), channels: shape.channels, extent: shape.extent,
      blockFloats: place.blockFloats,
      pending: shape.isPending
        ? .init(scale: scale, shift: scale + shape.paddedChannels, slope: program.slope) : nil)
  }
}
