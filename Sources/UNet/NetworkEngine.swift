public import Kernels
public import ModelPlans

/// Which executor computes, as a user names it.
public enum EngineChoice: String, CaseIterable, Hashable, Sendable, Codable {
  /// im2col and OpenBLAS: any network, any processor.
  case blas
  /// Winograd's convolution: plain U-Nets, several times faster.
  case winograd
  /// `winograd` where it computes the network, else `blas`.
  case automatic
}

/// The engine of one network: what makes the workspace of a slot and the executors of its folds.
public struct NetworkEngine: Sendable {
  public let description: NetworkDescription
  private let kind: Kind

  private enum Kind: Sendable {
    case blas
    case winograd(BlockedKernels)
  }

  /// - Parameter instructionSet: which kernels `winograd` takes; the processor's best when `nil`. `blas` leaves the choice to OpenBLAS.
  /// - Throws: `NetworkExecutionError.notThisEngine` when `winograd` was asked for and doesn't compute this network, or not on this
  ///   processor; `unsupportedDescription` for a network that can't be run.
  public init(
    _ choice: EngineChoice, description: NetworkDescription, instructionSet: InstructionSet? = nil
  ) throws {
    self.description = description
    switch choice {
    case .blas:
      kind = .blas
    case .winograd:
      kind = .winograd(try Self.kernels(description, instructionSet))
    case .automatic:
      do {
        kind = .winograd(try Self.kernels(description, instructionSet))
      } catch NetworkExecutionError.notThisEngine {
        kind = .blas
      }
    }
  }

  private static func kernels(
    _ description: NetworkDescription, _ instructionSet: InstructionSet?
  ) throws -> BlockedKernels {
    _ = try WinogradProgram(description)
    guard let instructionSet else { return .best }
    guard let kernels = BlockedKernels(instructionSet) else {
      throw NetworkExecutionError.notThisEngine(
        engine: "winograd", reason: "this processor lacks the instruction set \(instructionSet)")
    }
    return kernels
  }

  /// What a slot's workspace takes, in bytes.
  public func workspaceBytes(threads: Int) throws -> Int {
    switch kind {
    case .blas: try Workspace.predictedBytes(description: description, threads: threads)
    case .winograd: try WinogradLayout(WinogradProgram(description), threads: threads).bytes
    }
  }

  /// What the weights of one fold take, in bytes.
  public func weightBytes() throws -> Int {
    switch kind {
    case .blas: try BlasExecutor.predictedWeightBytes(description: description)
    case .winograd: try WinogradExecutor.predictedWeightBytes(description: description)
    }
  }

  /// - Throws: `NetworkExecutionError.outOfMemory`.
  public func makeWorkspace(threads: Int) throws -> Workspace {
    try Workspace(bytes: workspaceBytes(threads: threads))
  }

  /// - Parameters:
  ///   - pool: the slot's threads.
  ///   - workspace: from `makeWorkspace`, for as many threads; the executors that share it run one at a time.
  /// - Throws: `NetworkExecutionError`, and what `weights` throws for a missing parameter.
  public func makeExecutor(
    weights: some NetworkWeights, pool: ComputePool, workspace: Workspace
  ) throws -> any NetworkExecutor {
    try makeObserved(weights: weights, pool: pool, workspace: workspace)
  }

  func makeObserved(
    weights: some NetworkWeights, pool: ComputePool, workspace: Workspace
  ) throws -> any ObservedExecutor {
    switch kind {
    case .blas:
      try BlasExecutor(description: description, weights: weights, pool: pool, workspace: workspace)
    case .winograd(let kernels):
      try WinogradExecutor(
        description: description, weights: weights, pool: pool, workspace: workspace, kernels: kernels)
    }
  }
}
