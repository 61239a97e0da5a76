import Kernels
import ModelPlans
import Testing
import UNet

@Suite struct BlasExecutorTests {
  @Test(arguments: TestNetworks.all)
  func logitsAgreeWithThePlainNetwork(description: NetworkDescription) throws {
    let weights = DictionaryWeights(random: description, seed: 1)
    let patch = TestNetworks.patch(of: description)
    let fast = try BlasExecutor(description, weights).logits(patch)
    let slow = try ReferenceExecutor(description: description, weights: weights).logits(patch)
    // Logits of order 1 after up to a dozen normalised float32 layers; the twin computes in double.
    #expect(largestDifference(fast, slow) < 1e-4)
    #expect((slow.map(abs).max() ?? 0) > 0.1)
  }

  @Test(arguments: TestNetworks.all)
  func probabilitiesOfAllMirroringsAgreeWithThePlainNetwork(description: NetworkDescription) throws {
    let weights = DictionaryWeights(random: description, seed: 2)
    let patch = TestNetworks.patch(of: description)
    let axes = Array(0..<description.spatialAxes)
    let mirrorings = MirroredAxes.passes(axes: axes, spatialAxes: description.spatialAxes)
    let fast = try BlasExecutor(description, weights).probabilities(patch, mirrorings: mirrorings)
    let slow = try ReferenceExecutor(description: description, weights: weights)
      .probabilities(patch, mirrorings: mirrorings)
    #expect(largestDifference(fast, slow) < 2e-5)
  }

  @Test(arguments: TestNetworks.all)
  func anyNumberOfThreadsGivesTheSameBits(description: NetworkDescription) throws {
    let weights = DictionaryWeights(random: description, seed: 3)
    let patch = TestNetworks.patch(of: description)
    let mirrorings = MirroredAxes.passes(axes: [0, 1], spatialAxes: description.spatialAxes)
    let one = try BlasExecutor(description, weights).probabilities(patch, mirrorings: mirrorings)
    for threads in [2, 3, 8] {
      let executor = try BlasExecutor(description, weights, threads: threads)
      for _ in 0..<2 {
        let many = try executor.probabilities(patch, mirrorings: mirrorings)
        #expect(many.map(\.bitPattern) == one.map(\.bitPattern), "\(threads) threads")
      }
    }
  }

  @Test func mirroringEqualsFlippingByHand() throws {
    let description = TestNetworks.flat
    let executor = try BlasExecutor(description, DictionaryWeights(random: description, seed: 4))
    let patch = TestNetworks.patch(of: description)
    let (height, width) = (description.patch[0], description.patch[1])
    func flipped(_ values: [Float], y: Bool, x: Bool) -> [Float] {
      values.indices.map { index in
        let (plane, row, column) = (index / (height * width), index / width % height, index % width)
        return values[(plane * height + (y ? height - 1 - row : row)) * width + (x ? width - 1 - column : column)]
      }
    }
    for mirrored in MirroredAxes.passes(axes: [0, 1], spatialAxes: 2) {
      let plain = try executor.probabilities(flipped(patch, y: mirrored.y, x: mirrored.x), mirrorings: [.none])
      let direct = try executor.probabilities(patch, mirrorings: [mirrored])
      #expect(direct.map(\.bitPattern) == flipped(plain, y: mirrored.y, x: mirrored.x).map(\.bitPattern))
    }
  }

  @Test func foldsThatShareAWorkspaceGiveTheirMean() throws {
    let description = TestNetworks.anisotropic
    let pool = ComputePool(threads: 2)
    let workspace = try Workspace(description: description, threads: 2)
    let folds = try (0..<3).map { fold in
      try BlasExecutor(
        description: description, weights: DictionaryWeights(random: description, seed: UInt64(fold)), pool: pool,
        workspace: workspace)
    }
    let patch = TestNetworks.patch(of: description)
    let mirrorings = MirroredAxes.passes(axes: [2], spatialAxes: 3)
    var mean = [Float](repeating: .nan, count: folds[0].outputCount)
    try patch.withUnsafeBufferPointer { patch in
      try mean.withUnsafeMutableBufferPointer {
        try FoldMean.predict(folds: folds, patch: patch, mirrorings: mirrorings, into: $0)
      }
    }
    let each = try folds.map { try $0.probabilities(patch, mirrorings: mirrorings) }
    let expected = mean.indices.map { (each[0][$0] + each[1][$0] + each[2][$0]) / 3 }
    #expect(largestDifference(mean, expected) < 1e-6)

    let voxels = description.patch.reduce(1, *)
    for voxel in stride(from: 0, to: voxels, by: 7) {
      let sum = (0..<description.outputChannels).reduce(Float(0)) { $0 + mean[$1 * voxels + voxel] }
      #expect(abs(sum - 1) < 1e-6)
    }
  }

  @Test func theMemoryIsWhatWasPredicted() throws {
    for description in TestNetworks.all {
      let predicted = try Workspace.predictedBytes(description: description, threads: 3)
      let bytes = try Workspace(description: description, threads: 3).bytes
      #expect(bytes >= predicted && bytes - predicted < 2 << 20)
    }
  }

  @Test func identityNamesEngineAndInstructionSet() throws {
    let description = TestNetworks.oneBlock
    let executor = try BlasExecutor(description, DictionaryWeights(random: description, seed: 0))
    #expect(executor.identity.engine == "blas")
    #expect(executor.identity.features == .current)
  }
}
