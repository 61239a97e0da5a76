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
    let transformed = try WinogradWeights(
      WinogradProgram(description, plan: plan), weights: weights, pool: pool, kernels: kernels)
    try self.init(transformed, pool: pool, workspace: workspace, kernels: kernels)
  }

  /// - Parameter transformed: executors of several slots may share them.
  init(_ transformed: WinogradWeights, pool: ComputePool, workspace: Workspace, kernels: BlockedKernels) throws {
    program = transformed.program
    description = program.description
    layout = WinogradLayout(program, threads: pool.threads)
    try workspace.check(holds: layout.bytes, threads: pool.threads)
    self.workspace = workspace
    self.pool = pool
    self.kernels = kernels
    weights = transformed
    identity = EngineIdentity(winograd: kernels, program.plan)
  }

  private func step(of layer: NetworkLayer) -> WinogradProgram.Step? { program.steps.first { $0.layer == layer } }

  func method(of layer: NetworkLayer) -> String { step(of: layer)?.operation.method ?? "" }

  func layers(in layer: NetworkLayer) -> [NetworkLayer] { [step(of: layer)?.upsampling, layer].compactMap { $0 } }

  func cost(of layer: NetworkLayer) -> LayerCost? { step(of: layer).map(program.cost) }

  public func run(
    _ patch: UnsafePointer<Float>, mirrored: MirroredAxes, use: SegmentationHead.Use,
    into output: UnsafeMutablePointer<Float>
  ) {
    for (index, step) in program.steps.enumerated() {
      let scratch = scratch(ofStep: index)
      let parameters = weights.floats(ofStep: index)
      let inputs = step.inputs.map(tensor)
      switch step.operation {
      case .first(let convolution):
        block(step, parameters) { output, moments in
          convolution.run(
            patch: patch, mirrored: mirrored, weights: parameters, output: output, moments: moments, scratch: scratch,
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
            inputs, weights: parameters, output: output, moments: moments, order: layout.placement.orders[index],
            scratch: scratch, pool: pool, kernels: kernels)
        }
      case .slabwise(let both):
        block(step, parameters) { output, moments in
          both.run(
            inputs[0], Array(inputs.dropFirst()), weights: parameters, output: output, moments: moments,
            order: layout.placement.orders[index], scratch: scratch, pool: pool, kernels: kernels)
        }
      case .upsampling(let upsampling):
        guard let output = step.output else { continue }
        upsampling.run(
          inputs[0], weights: parameters, target: tensor(output), scratch: scratch, pool: pool, kernels: kernels)
      case .head(let head):
        head.run(
          inputs[0], weights: parameters, bias: description.headHasBias ? parameters + head.packedWeights : nil,
          use: use, mirrored: mirrored, output: output, scratch: scratch, pool: pool, kernels: kernels)
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

  private func scratch(ofStep index: Int) -> LayerScratch {
    let place = layout.placement.scratch[index]
    return LayerScratch(
      shared: workspace.memory.floats(at: place.shared), workers: place.workers.map(workspace.memory.floats))
  }

  private func vectors(_ tensor: WinogradProgram.Tensor) -> UnsafeMutablePointer<Float> {
    (workspace.memory.base + layout.vectors).assumingMemoryBound(to: Float.self) + tensor.vectors
  }

  private func tensor(_ index: Int) -> BlockedTensor {
    let shape = program.tensors[index]
    let scale = vectors(shape)
    let place = layout.placement.places[index]
    return BlockedTensor(
      base: workspace.memory.floats(at: place.offset), channels: shape.channels, extent: shape.extent,
      blockFloats: place.blockFloats,
      pending: shape.isPending
        ? .init(scale: scale, shift: scale + shape.paddedChannels, slope: program.slope) : nil)
  }
}
