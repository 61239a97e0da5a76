import Kernels
import ModelPlans
import Testing
import UNet

@Suite struct WinogradExecutorTests {
  static let levels = InstructionSet.available.compactMap(BlockedKernels.init)

  @Test(arguments: TestNetworks.winograd)
  func logitsAgreeWithThePlainNetworkAtEveryInstructionSet(description: NetworkDescription) throws {
    let weights = DictionaryWeights(random: description, seed: 1)
    let patch = TestNetworks.patch(of: description)
    let slow = try ReferenceExecutor(description: description, weights: weights).logits(patch)
    for kernels in Self.levels {
      let fast = try WinogradExecutor(description, weights, kernels: kernels).logits(patch)
      // The goal for full-size networks; small ones, whose statistics are over few voxels, are no worse.
      #expect(relativeError(fast, slow) < 2e-5, "\(kernels.instructionSet)")
    }
    #expect((slow.map(abs).max() ?? 0) > 0.1)
  }

  @Test(arguments: TestNetworks.winograd)
  func probabilitiesOfAllMirroringsAgreeWithThePlainNetwork(description: NetworkDescription) throws {
    let weights = DictionaryWeights(random: description, seed: 2)
    let patch = TestNetworks.patch(of: description)
    let mirrorings = MirroredAxes.passes(
      axes: Array(0..<description.spatialAxes), spatialAxes: description.spatialAxes)
    let fast = try WinogradExecutor(description, weights).probabilities(patch, mirrorings: mirrorings)
    let slow = try ReferenceExecutor(description: description, weights: weights)
      .probabilities(patch, mirrorings: mirrorings)
    #expect(largestDifference(fast, slow) < 2e-5)
  }

  @Test(arguments: TestNetworks.winograd)
  func anyNumberOfThreadsGivesTheSameBits(description: NetworkDescription) throws {
    let weights = DictionaryWeights(random: description, seed: 3)
    let patch = TestNetworks.patch(of: description)
    let mirrorings = MirroredAxes.passes(axes: [0, 1], spatialAxes: description.spatialAxes)
    let one = try WinogradExecutor(description, weights).probabilities(patch, mirrorings: mirrorings)
    for threads in 2...8 {
      let executor = try WinogradExecutor(description, weights, threads: threads)
      for _ in 0..<2 {
        let many = try executor.probabilities(patch, mirrorings: mirrorings)
        #expect(many.map(\.bitPattern) == one.map(\.bitPattern), "\(threads) threads")
      }
    }
  }

  /// A raw CT image: values around 1000, whose tissue differs by a few tens.
  @Test(arguments: [TestNetworks.isotropic, TestNetworks.wide])
  func inputsFarFromZeroKeepTheirDigits(description: NetworkDescription) throws {
    let weights = DictionaryWeights(random: description, seed: 4)
    let patch = TestNetworks.patch(of: description).map { 1000 + 20 * $0 }
    let slow = try ReferenceExecutor(description: description, weights: weights).logits(patch)
    let blas = try BlasExecutor(description, weights).logits(patch)
    for kernels in Self.levels {
      let fast = try WinogradExecutor(description, weights, kernels: kernels).logits(patch)
      // The first convolution rounds sums of 1000s: that is what float32 costs, whatever the engine.
      #expect(relativeError(fast, slow) < max(2e-5, 2 * relativeError(blas, slow)), "\(kernels.instructionSet)")
    }
  }

  @Test func foldsThatShareAWorkspaceDontDisturbEachOther() throws {
    let description = TestNetworks.anisotropic
    let engine = try NetworkEngine(.winograd, description: description)
    let pool = ComputePool(threads: 2)
    let workspace = try engine.makeWorkspace(threads: 2)
    let patch = TestNetworks.patch(of: description)
    let folds = try (0..<3).map { fold in
      try engine.makeExecutor(
        weights: DictionaryWeights(random: description, seed: UInt64(fold)), pool: pool, workspace: workspace)
    }
    for _ in 0..<2 {
      for (fold, executor) in folds.enumerated() {
        let alone = try WinogradExecutor(description, DictionaryWeights(random: description, seed: UInt64(fold)))
        #expect(try executor.logits(patch).map(\.bitPattern) == alone.logits(patch).map(\.bitPattern))
      }
    }
  }

  @Test func theMemoryIsWhatWasPredicted() throws {
    for description in TestNetworks.winograd {
      let engine = try NetworkEngine(.winograd, description: description)
      let predicted = try engine.workspaceBytes(threads: 3)
      let bytes = try engine.makeWorkspace(threads: 3).bytes
      #expect(bytes >= predicted && bytes - predicted < 2 << 20)
    }
  }

  @Test func identityNamesTheInstructionSetAndNoOpenBLAS() throws {
    let description = TestNetworks.oneBlock
    for kernels in Self.levels {
      let executor = try WinogradExecutor(
        description, DictionaryWeights(random: description, seed: 0), kernels: kernels)
      #expect(executor.identity.description == "winograd/\(kernels.instructionSet)")
    }
  }

  @Test func networksOfOtherBlocksAreLeftToBlas() throws {
    for description in [TestNetworks.batch, TestNetworks.gelu, TestNetworks.residual(.instance)] {
      #expect {
        try NetworkEngine(.winograd, description: description)
      } throws: { error in
        guard case NetworkExecutionError.notThisEngine(engine: "winograd", reason: _) = error else { return false }
        return "\(error)".contains("Use the engine blas")
      }
      let engine = try NetworkEngine(.automatic, description: description)
      let executor = try engine.makeExecutor(
        weights: DictionaryWeights(random: description, seed: 0), pool: ComputePool(threads: 1),
        workspace: engine.makeWorkspace(threads: 1))
      #expect(executor.identity.engine == "blas")
    }
    let standard = try NetworkEngine(.automatic, description: TestNetworks.flat)
    let executor = try standard.makeExecutor(
      weights: DictionaryWeights(random: TestNetworks.flat, seed: 0), pool: ComputePool(threads: 1),
      workspace: standard.makeWorkspace(threads: 1))
    #expect(executor.identity.engine == "winograd")
  }

  @Test func aWorkspaceThatIsTooSmallIsRefused() throws {
    let small = try NetworkEngine(.winograd, description: TestNetworks.oneBlock).makeWorkspace(threads: 1)
    let description = TestNetworks.wide
    #expect(throws: NetworkExecutionError.self) {
      try WinogradExecutor(
        description: description, weights: DictionaryWeights(random: description, seed: 0),
        pool: ComputePool(threads: 1), workspace: small)
    }
  }
}

extension WinogradExecutor {
  /// With a pool and a workspace of its own.
  convenience init(
    _ description: NetworkDescription, _ weights: some NetworkWeights, threads: Int = 1,
    kernels: BlockedKernels = .best
  ) throws {
    try self.init(
      description: description, weights: weights, pool: ComputePool(threads: threads),
      workspace: NetworkEngine(.winograd, description: description).makeWorkspace(threads: threads), kernels: kernels)
  }
}

/// Root mean square of the difference over that of the expected values.
func relativeError(_ values: [Float], _ expected: [Float]) -> Double {
  guard values.count == expected.count, !values.contains(where: \.isNaN) else { return .infinity }
  let difference = zip(values, expected).reduce(0.0) {
    $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
  }
  let size = expected.reduce(0.0) { $0 + Double($1) * Double($1) }
  return (difference / size).squareRoot()
}
