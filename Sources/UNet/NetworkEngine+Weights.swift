public import Kernels
public import ModelPlans

extension NetworkEngine {
  /// Lays a fold's weights out; nothing of `weights` is needed afterwards.
  /// - Parameter pool: threads to do it with; the bytes don't depend on their number.
  /// - Throws: `NetworkExecutionError` when a parameter has the wrong size or there is no memory; and what `weights` throws for a
  ///   missing parameter.
  public func prepare(_ weights: some NetworkWeights, pool: ComputePool) throws -> PreparedWeights {
    switch kind {
    case .blas:
      PreparedWeights(
        description, .blas(try PackedWeights(NetworkProgram(description), weights: weights, pool: pool)))
    case .winograd(let kernels, let plan):
      PreparedWeights(
        description,
        .winograd(
          try WinogradWeights(WinogradProgram(description, plan: plan), weights: weights, pool: pool, kernels: kernels))
      )
    }
  }

  /// - Parameters:
  ///   - weights: prepared by an engine of the same kind for the same network.
  ///   - pool: the slot's threads.
  ///   - workspace: from `makeWorkspace`, for as many threads; the executors that share it run one at a time.
  /// - Throws: `NetworkExecutionError`.
  public func makeExecutor(
    _ weights: PreparedWeights, pool: ComputePool, workspace: Workspace
  ) throws -> any NetworkExecutor {
    try makeObserved(weights, pool: pool, workspace: workspace)
  }

  func makeObserved(
    _ weights: PreparedWeights, pool: ComputePool, workspace: Workspace
  ) throws -> any ObservedExecutor {
    guard weights.description == description else {
      throw NetworkExecutionError.unsupportedDescription("the weights were prepared for another network")
    }
    switch (kind, weights.kind) {
    case (.blas, .blas(let packed)):
      return try BlasExecutor(description: description, packed: packed, pool: pool, workspace: workspace)
    case (.winograd(let kernels, let plan), .winograd(let transformed)) where transformed.program.plan == plan:
      return try WinogradExecutor(transformed, pool: pool, workspace: workspace, kernels: kernels)
    default:
      throw NetworkExecutionError.notThisEngine(
        engine: identity.engine, reason: "the weights were prepared for another engine")
    }
  }

  /// What decides about the bytes of prepared weights beside the trained ones, where preparing them is work that is worth keeping
  /// on disk: the layout's version and the packing of each step, as text. `nil` for an engine that only copies them.
  ///
  /// It doesn't name the instruction set, on which the bytes don't depend.
  public func weightsLayout() throws -> String? {
    switch kind {
    case .blas: nil
    case .winograd(_, let plan): try WinogradWeights.layout(WinogradProgram(description, plan: plan))
    }
  }

  /// Takes weights over that were prepared before, by this version or another one with the same `weightsLayout`.
  /// - Parameter memory: at least `weightBytes()` bytes of what `PreparedWeights.memory` held then.
  /// - Throws: `NetworkExecutionError`, also for an engine that has no `weightsLayout`.
  public func adopt(_ memory: any WeightMemory) throws -> PreparedWeights {
    guard case .winograd(_, let plan) = kind else {
      throw NetworkExecutionError.notThisEngine(engine: "blas", reason: "it takes no weights that were kept")
    }
    return PreparedWeights(
      description, .winograd(try WinogradWeights(WinogradProgram(description, plan: plan), memory: memory)))
  }
}
