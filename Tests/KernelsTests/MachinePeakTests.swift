import Kernels
import Testing

@Suite struct MachinePeakTests {
  @Test(arguments: InstructionSet.available)
  func everyInstructionSetIsMeasured(instructionSet: InstructionSet) throws {
    let peak = try #require(MachinePeak.measure(instructionSet, pool: ComputePool(threads: 2)))
    #expect(peak.instructionSet == instructionSet.description && peak.threads == 2)
    // Orders of magnitude: the slowest 64-bit core does more than 0.1 GFLOP/s, no two threads reach 10 TFLOP/s or 10 TB/s.
    #expect((0.1...1e4).contains(peak.gflops) && (0.01...1e4).contains(peak.gigabytesPerSecond))
    #expect(peak.lastLevelCacheBytes > 0)
  }

  @Test func noKernelIsFasterThanThePeak() throws {
    // The product kernels do nothing but multiply-adds, and read them from caches. Either may be disturbed by other programs, hence
    // the best of several tries.
    let pool = ComputePool(threads: 1)
    let head = BlockedHead(extent: [16, 16, 16], inputChannels: 256, classes: 32)
    let bench = LayerBench(threads: 1, weights: head.packedWeights, scratch: head.scratch, moments: 1)
    let input = BlockedBench(channels: 256, extent: [16, 16, 16])
    let output = UnsafeMutablePointer<Float>.allocate(capacity: 32 * 16 * 16 * 16)
    defer { output.deallocate() }
    let times = (0..<5).map { _ in
      ContinuousClock().measure {
        head.run(
          input.tensor, weights: bench.weights, bias: nil, use: .logits, mirrored: .none, output: output,
          scratch: bench.scratch, pool: pool)
      } / .seconds(1)
    }
    let reached = head.arithmetic / (times.min() ?? 1) / 1e9
    let peak = try #require(MachinePeak.measure(BlockedKernels.best.instructionSet, pool: pool))
    #expect(reached < 1.1 * peak.gflops)
  }
}

@Suite struct ArithmeticCountsTests {
  private func window(_ extent: SIMD3<Int>, kernel: SIMD3<Int> = [3, 3, 3], stride: SIMD3<Int> = [1, 1, 1])
    -> ConvolutionWindow
  {
    ConvolutionWindow(input: extent, kernel: kernel, stride: stride)
  }

  @Test func winogradCountsProductsAndTransforms() {
    let layer = WinogradConvolution(
      window: window([8, 8, 8]), sources: [20, 3], outputChannels: 40, transform: .init(z: .four, y: .four, x: .four))
    // 8 tiles of 216 points; 23 channels in two tensors are padded to 32 + 16, 40 to 48.
    let products = 2 * 8 * 216 * 48 * 48
    // Twenty-two operations for six points from six inputs. Two tiles lie behind each other along z and share ten planes, of whose
    // lines x and y are transformed. Back it is sixteen for four outputs, whose lines become fewer from axis to axis.
    let input = 10 / 2 * (6 + 6) * 22 + 36 * 22
    let output = (36 + 4 * 6 + 16) * 16
    #expect(layer.arithmetic == Double(products + 8 * 48 * (input + output)))
  }

  @Test func anAxisThatIsLeftAloneCostsNothing() {
    let layer = WinogradConvolution(
      window: window([5, 4, 4], kernel: [1, 3, 3]), sources: [16], outputChannels: 16,
      transform: .init(z: .single, y: .two, x: .two))
    // 20 tiles of 16 points; four operations a line: four lines of inputs on each axis, four and two of outputs.
    #expect(layer.arithmetic == Double(2 * 20 * 16 * 16 * 16 + 20 * 16 * ((4 + 4) * 4 + (4 + 2) * 4)))
  }

  @Test func directLayersCountPaddedChannels() {
    let direct = DirectConvolution(
      window: window([4, 4, 4], stride: [2, 2, 2]), source: .tensors([20]), outputChannels: 3)
    #expect(direct.arithmetic == 2 * 8 * 27 * 32 * 16)
    let first = DirectConvolution(window: window([4, 4, 4]), source: .planes(2), outputChannels: 32)
    #expect(first.arithmetic == 2 * 64 * 27 * 2 * 32)
    let upsampling = BlockedUpsampling(input: [2, 2, 2], factor: [1, 2, 2], inputChannels: 8, outputChannels: 24)
    #expect(upsampling.arithmetic == 2 * 32 * 16 * 32)
    #expect(BlockedHead(extent: [1, 3, 5], inputChannels: 32, classes: 3).arithmetic == 2 * 15 * 32 * 16)
  }
}
