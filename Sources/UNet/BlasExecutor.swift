public import Kernels
public import ModelPlans

/// The executor that runs on any processor: im2col in tiles and OpenBLAS's matrix product, in the slot's own threads.
public final class BlasExecutor: NetworkExecutor {
  public let description: NetworkDescription
  public let identity = EngineIdentity(engine: "blas")
  /// Called after each layer of a pass, for time tables.
  public var afterLayer: ((NetworkLayer) -> Void)?

  private let program: NetworkProgram
  private let layout: WorkspaceLayout
  private let weights: PackedWeights
  private let workspace: Workspace
  private let pool: ComputePool

  /// Lays the weights out; nothing of `weights` is needed afterwards.
  /// - Parameters:
  ///   - pool: the slot's threads.
  ///   - workspace: made for the same description and threads; executors that share it run one at a time.
  /// - Throws: `NetworkExecutionError` when the description can't be run, a parameter has the wrong size, the workspace is
  ///   too small, or there is no memory; and what `weights` throws for a missing parameter.
  public convenience init(
    description: NetworkDescription, weights: some NetworkWeights, pool: ComputePool, workspace: Workspace
  ) throws {
    try self.init(
      description: description,
      packed: PackedWeights(try NetworkProgram(description), weights: weights, pool: pool), pool: pool,
      workspace: workspace)
  }

  /// - Parameter packed: for the same description; executors of several slots may share them.
  init(description: NetworkDescription, packed: PackedWeights, pool: ComputePool, workspace: Workspace) throws {
    self.description = description
    program = try NetworkProgram(description)
    layout = WorkspaceLayout(program, threads: pool.threads)
    try workspace.check(holds: layout.bytes, threads: pool.threads)
    self.workspace = workspace
    self.pool = pool
    weights = packed
  }

  /// What the weights of one fold take, in bytes, beside the workspace.
  public static func predictedWeightBytes(description: NetworkDescription) throws -> Int {
    try PackedWeights.bytes(NetworkProgram(description))
  }

  func cost(of layer: NetworkLayer) -> LayerCost? { program.steps.first { $0.layer == layer }.map(program.cost) }

  public func run(
    _ patch: UnsafePointer<Float>, mirrored: MirroredAxes, use: SegmentationHead.Use,
    into output: UnsafeMutablePointer<Float>
  ) {
    let scratch = WorkerScratch(
      base: workspace.memory.base + layout.scratch, bytesPerWorker: layout.scratchPerWorker)
    let workplace = ConvolutionBlock.Workplace(
      scratch: scratch,
      statistics: (workspace.memory.base + layout.statistics).assumingMemoryBound(to: Double.self),
      scales: (workspace.memory.base + layout.scales).assumingMemoryBound(to: Float.self))

    PatchInput(extent: program.extent, channels: description.inputChannels)
      .interleave(patch, mirrored: mirrored, into: tensor(program.input), pool: pool)
    for (index, step) in program.steps.enumerated() {
      let parameters = UnsafePointer(weights.floats(ofStep: index))
      let inputs = step.inputs.map { UnsafePointer(tensor($0)) }
      switch step.operation {
      case .block(let block, let residual, let output):
        let tail = BlockVectors(weights.floats(ofStep: index) + block.packedWeights, channels: block.outputChannels)
          .tail(step.layer, description.block)
        block.run(
          inputs: inputs, weights: parameters, tail: tail, residual: residual.map { UnsafePointer(tensor($0)) },
          output: tensor(output), workplace: workplace, pool: pool)
      case .upsampling(let upsampling, let output):
        upsampling.run(
          source: inputs[0], weights: parameters, target: tensor(output), scratch: scratch, pool: pool)
      case .head(let head):
        head.run(
          source: inputs[0], weights: parameters,
          bias: description.headHasBias ? parameters + head.classes * head.inputChannels : nil, use: use,
          mirrored: mirrored, output: output, scratch: scratch, pool: pool)
      }
      afterLayer?(step.layer)
    }
  }

  private func tensor(_ index: NetworkProgram.TensorIndex) -> UnsafeMutablePointer<Float> {
    workspace.memory.floats(at: program.arena.offsets[index])
  }
}
