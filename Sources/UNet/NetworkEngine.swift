public import Kernels
public import ModelPlans

/// Which executor computes, as a user names it.
public enum EngineChoice: String, CaseIterable, Hashable, Sendable, Codable {
  /// im2col and OpenBLAS: any network, any processor.
  case blas
  /// Winograd's convolution: plain U-Nets, several times faster.
  case winograd
  /// The same with about four fifths of the memory, in a little more time.
  case winogradSmall = "winograd-small"
  /// The fastest that computes the network and fits the memory limit.
  case automatic

  /// Of the winograd engine; `nil` where that wasn't asked for, or the choice is open.
  var plan: WinogradPlan? {
    switch self {
    case .winograd: .fast
    case .winogradSmall: .small
    case .blas, .automatic: nil
    }
  }
}

/// The engine of one network: what makes the workspace of a slot and the executors of its folds.
public struct NetworkEngine: Sendable {
  public let description: NetworkDescription
  /// Why it was chosen, as half a sentence.
  public let reason: String
  /// Whether a faster engine was passed over that a user may have expected.
  public let isFallback: Bool
  let kind: Kind

  enum Kind: Sendable {
    case blas
    case winograd(BlockedKernels, WinogradPlan)
  }

  /// The first of the candidates.
  /// - Parameter instructionSet: which kernels `winograd` takes; the processor's best when `nil`. `blas` leaves the choice to OpenBLAS.
  /// - Throws: as `candidates`.
  public init(
    _ choice: EngineChoice = .automatic, description: NetworkDescription, instructionSet: InstructionSet? = nil
  ) throws {
    self = try Self.candidates(EngineRequest(choice, instructionSet: instructionSet), description: description)[0]
  }

  private init(_ kind: Kind, _ description: NetworkDescription, reason: String, isFallback: Bool = false) {
    self.description = description
    self.reason = reason
    self.isFallback = isFallback
    self.kind = kind
  }

  /// The engines that a request allows for a network: the fastest first, the last one with the least memory. Never empty.
  /// - Throws: `EngineRequestError`; `NetworkExecutionError.notThisEngine` when `winograd` was asked for and doesn't compute this
  ///   network, `unsupportedDescription` for a network that can't be run.
  public static func candidates(
    _ request: EngineRequest, description: NetworkDescription
  ) throws -> [NetworkEngine] {
    try request.check()
    func blas(_ reason: String, isFallback: Bool) -> NetworkEngine {
      let unbound = request.instructionSet.map { "; the instruction set \($0) doesn't bind OpenBLAS" } ?? ""
      return NetworkEngine(.blas, description, reason: reason + unbound, isFallback: isFallback)
    }
    guard request.choice != .blas else {
      try description.checkExecutable()
      return [blas("it was asked for", isFallback: false)]
    }
    do {
      _ = try WinogradProgram(description, plan: .fast)
    } catch NetworkExecutionError.notThisEngine(let engine, let reason) where request.choice == .automatic {
      return [blas("\(engine) can't run the network: \(reason)", isFallback: true)]
    }
    let kernels = request.instructionSet.flatMap { BlockedKernels($0) } ?? .best
    if let plan = request.choice.plan {
      return [NetworkEngine(.winograd(kernels, plan), description, reason: "it was asked for")]
    }
    let winograd = WinogradPlan.allCases.map { plan in
      NetworkEngine(
        .winograd(kernels, plan), description,
        reason: plan == .fast
          ? "it is the fastest that can run the network" : "faster plans are beyond the memory limit")
    }
    return try decreasing(winograd + [blas("winograd's memory is beyond the limit", isFallback: true)])
  }

  /// Those that need less memory than each one before.
  private static func decreasing(_ engines: [NetworkEngine]) throws -> [NetworkEngine] {
    var kept: [NetworkEngine] = []
    var least = Int.max
    for engine in engines {
      let bytes = try engine.bytes(folds: 1, threads: 1)
      guard bytes < least else { continue }
      kept.append(engine)
      least = bytes
    }
    return kept
  }

  /// What its executors will record with their results.
  public var identity: EngineIdentity {
    switch kind {
    case .blas: EngineIdentity(engine: "blas")
    case .winograd(let kernels, let plan): EngineIdentity(winograd: kernels, plan)
    }
  }

  /// What a slot's workspace takes, in bytes.
  public func workspaceBytes(threads: Int) throws -> Int {
    switch kind {
    case .blas: try Workspace.predictedBytes(description: description, threads: threads)
    case .winograd(_, let plan): try WinogradLayout(WinogradProgram(description, plan: plan), threads: threads).bytes
    }
  }

  /// What the weights of one fold take, in bytes.
  public func weightBytes() throws -> Int {
    switch kind {
    case .blas: try BlasExecutor.predictedWeightBytes(description: description)
    case .winograd(_, let plan): try WinogradWeights.bytes(WinogradProgram(description, plan: plan))
    }
  }

  /// What the weights of several folds and the workspace that they share take together, in bytes.
  public func bytes(folds: Int, threads: Int) throws -> Int {
    try folds * weightBytes() + workspaceBytes(threads: threads)
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
    try makeObserved(prepare(weights, pool: pool), pool: pool, workspace: workspace)
  }
}
