import Testing

@testable import Kernels

/// Packed weights are kept on disk, so they outlive a version of the program.
@Suite struct PackedLayoutTests {
  /// Sums of what is packed, by the packing, for `PackedLayout.version`. Who changes a packing raises the version and puts the new
  /// sums here; a new packing only needs a line.
  private static let version = 1
  private static let sums: [String: UInt64] = [
    "F(1,2,2)": 0x9A9CD9AD6A03272D,
    "F(1,4,4)": 0xC3F54DBF8984CA75,
    "F(2,2,2)": 0x5482A8F53E4F6796,
    "F(2,4,4)": 0xD2816767995E9E38,
    "F(4,2,2)": 0xAFA3C28FBB626925,
    "F(4,4,4)": 0x71E4F57C126B3F2B,
    "F(1,2,2) stride 1,2,2": 0x96B2374A332448AC,
    "F(1,4,4) stride 1,2,2": 0x284386448C23228C,
    "F(2,2,2) stride 1,2,2": 0x3C75E1BF87F33E5D,
    "F(2,2,2) stride 2,2,2": 0x712B075B0365CC83,
    "F(2,4,4) stride 1,2,2": 0x2F5C63C0AAFEC521,
    "F(2,4,4) stride 2,2,2": 0x7C4414182EC9B593,
    "F(4,2,2) stride 1,2,2": 0xC60593FA787D740E,
    "F(4,2,2) stride 2,2,2": 0x7EE3D5776ED9B462,
    "F(4,4,4) stride 1,2,2": 0xAFC079DF28BEBE02,
    "F(4,4,4) stride 2,2,2": 0x4699C5F9AA540F5D,
    "F(1,8,8) upsampled": 0x1F01239576845A54,
    "F(2,8,8) upsampled": 0xB0B4BAA3F8ECC4C8,
    "F(4,8,8) upsampled": 0x04C49A78E6542C2E,
    "F(8,8,8) upsampled": 0xDFC9E17F0061A3BC,
    "direct": 0x9A3BA869436390F9,
    "first": 0x7CECFB30531384FD,
    "head": 0xB5F96DC64B29C141,
    "upsampling": 0x105F8EE025085824,
  ]

  @Test func packedBytesChangeWithTheVersionOnly() {
    #expect(PackedLayout.version == Self.version)
    #expect(Self.found == Self.sums, "raise PackedLayout.version")
  }

  @Test func packedBytesDoNotDependOnTheInstructionSetOrThreads() {
    for set in InstructionSet.available {
      guard let kernels = BlockedKernels(set) else { continue }
      for transform in WinogradTransform.all {
        #expect(Self.winograd(transform, kernels, threads: 3) == Self.found["\(transform)"], "\(set), \(transform)")
      }
      for transform in WinogradTransform.doubled {
        #expect(Self.upsampled(transform, kernels, threads: 3) == Self.found["\(transform)"], "\(set), \(transform)")
      }
    }
  }

  private static let sources = [5, 20]
  private static let outputs = 19

  private static let found: [String: UInt64] = {
    var sums = Dictionary(
      uniqueKeysWithValues: WinogradTransform.all.map { ("\($0)", winograd($0, .best, threads: 1)) })
    for transform in WinogradTransform.doubled { sums["\(transform)"] = upsampled(transform, .best, threads: 1) }
    let pool = ComputePool(threads: 1)
    let window = ConvolutionWindow(input: [4, 6, 8], kernel: [3, 1, 3], stride: [1, 1, 2])
    let direct = DirectConvolution(window: window, source: .tensors(sources), outputChannels: outputs)
    sums["direct"] = sum(direct.packedWeights, weights: outputs * 25 * 9) { direct.pack($0, into: $1, pool: pool) }
    let first = DirectConvolution(window: window, source: .planes(3), outputChannels: outputs)
    sums["first"] = sum(first.packedWeights, weights: outputs * 3 * 9) { first.pack($0, into: $1, pool: pool) }
    let upsampling = BlockedUpsampling(
      input: [2, 3, 4], factor: [1, 2, 2], inputChannels: 20, outputChannels: outputs)
    sums["upsampling"] = sum(upsampling.packedWeights, weights: 20 * outputs * 4) {
      upsampling.pack($0, into: $1, pool: pool)
    }
    let head = BlockedHead(extent: [2, 3, 4], inputChannels: 20, classes: outputs)
    sums["head"] = sum(head.packedWeights, weights: 20 * outputs) { head.pack($0, into: $1) }
    return sums
  }()

  private static func winograd(_ transform: WinogradTransform, _ kernels: BlockedKernels, threads: Int) -> UInt64 {
    let window = ConvolutionWindow(input: [8, 8, 8], kernel: transform.kernel, stride: transform.stride)
    let convolution = WinogradConvolution(
      window: window, sources: sources, outputChannels: outputs, transform: transform)
    let taps = transform.kernel[0] * transform.kernel[1] * transform.kernel[2]
    return sum(convolution.packedWeights, weights: outputs * 25 * taps) {
      convolution.pack($0, into: $1, pool: ComputePool(threads: threads), kernels: kernels)
    }
  }

  /// Joined with the transposed convolution before it, whose weights are a part of those that are summed.
  private static func upsampled(_ transform: WinogradTransform, _ kernels: BlockedKernels, threads: Int) -> UInt64 {
    let kernel = SIMD3(transform.outputs[0] == 1 ? 1 : 3, 3, 3)
    let factor = SIMD3(transform.outputs[0] == 8 ? 2 : 1, 2, 2)
    let window = ConvolutionWindow(input: [8, 8, 8], kernel: kernel, stride: [1, 1, 1])
    guard let skip = WinogradTransform.all.first(where: { $0.fits(window) && $0.dividesTiles(of: transform) }) else {
      return 0
    }
    let (made, skipped) = (7, 20)
    let convolution = WinogradConvolution(
      window: window, factor: factor, upsampledFrom: 25, upsampledTransform: transform, sources: [skipped],
      outputChannels: outputs, transform: skip)
    let upsampling = 25 * made * factor[0] * factor[1] * factor[2]
    let taps = kernel[0] * kernel[1] * kernel[2]
    return sum(convolution.packedWeights, weights: upsampling + outputs * (made + skipped) * taps) {
      convolution.pack(
        $0 + upsampling, upsampling: $0, upsampledChannels: made, into: $1, pool: ComputePool(threads: threads),
        kernels: kernels)
    }
  }

  /// A sum (FNV-1a over words) of what `pack` makes of weights that are neither few nor simple.
  private static func sum(
    _ packed: Int, weights count: Int, _ pack: (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) -> UInt64 {
    let weights = (0..<count).map { Float(UInt32($0) &* 2_654_435_761 >> 9) / Float(1 << 23) - 0.5 }
    return withUnsafeTemporaryAllocation(byteCount: packed * 4, alignment: 64) { memory in
      let target = memory.bindMemory(to: Float.self)
      target.initialize(repeating: .nan)
      guard let base = target.baseAddress else { return 0 }
      weights.withUnsafeBufferPointer { if let weights = $0.baseAddress { pack(weights, base) } }
      return target.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01b3 }
    }
  }
}
