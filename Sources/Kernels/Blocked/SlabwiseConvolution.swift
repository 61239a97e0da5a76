/// A transposed convolution and the convolution that reads what it makes beside a skip connection, one slab of planes after the other: of
/// the upsampled tensor, the largest there is, only the planes exist that a slab sees, and they are read while they are in the caches.
///
/// The operations are those of both layers, each done once, so the bits are those of both layers too.
public struct SlabwiseConvolution: Sendable {
  public let upsampling: BlockedUpsampling
  public let convolution: WinogradConvolution
  /// Of the upsampled tensor.
  let heldPlanes: Int

  /// `nil` where the convolution has no slabs, or so few that most of the upsampled tensor would be held anyway.
  /// - Parameter convolution: of the upsampled tensor and then of those of the skip connection.
  public init?(upsampling: BlockedUpsampling, convolution: WinogradConvolution) {
    guard let slab = convolution.slab else { return nil }
    let factor = upsampling.factor[0]
    self.upsampling = upsampling
    self.convolution = convolution
    // Planes are made by whole planes of the input: up to factor - 1 more on either side.
    heldPlanes = slab.planes + 2 * (slab.beyond + factor - 1)
    guard 2 * heldPlanes <= upsampling.output[0] else { return nil }
  }

  /// Floats of the packed weights: the transposed convolution's, then the convolution's.
  public var packedWeights: Int { upsampling.packedWeights + convolution.packedWeights }
  public var parts: Int { convolution.parts }

  /// The held planes are shared.
  public var scratch: ScratchNeed {
    ScratchNeed(
      shared: heldFloats, perWorker: max(upsampling.scratch.perWorker, convolution.scratch.perWorker))
  }

  private var heldFloats: Int {
    let output = upsampling.output
    return BlockedTensor.floats(
      channels: upsampling.outputChannels, extent: SIMD3(heldPlanes, output[1], output[2]))
  }

  /// Computes both without biases, and the statistics of the convolution.
  /// - Parameters:
  ///   - source: the transposed convolution's input.
  ///   - skips: the tensors of the skip connection; the output may take the place of one of them, in that order.
  ///   - weights: `packedWeights` floats.
  ///   - output: overwritten; its `pending` doesn't matter.
  ///   - moments: made for `parts`.
  ///   - order: of the slabs; `any` is taken as `forward`. Bits don't depend on it.
  public func run(
    _ source: BlockedTensor, _ skips: [BlockedTensor], weights: UnsafePointer<Float>, output: BlockedTensor,
    moments: PartMoments, order: SlabOrder = .any, scratch: LayerScratch, pool: ComputePool,
    kernels: BlockedKernels = .best
  ) {
    let upsampled = BlockedTensor(
      base: scratch.shared, channels: upsampling.outputChannels, extent: upsampling.output, heldPlanes: heldPlanes)
    let factor = upsampling.factor[0]
    let order = order == .any ? .forward : order
    // The first plane of the source whose outputs haven't been made; backward, the plane behind it.
    var next = order == .forward ? 0 : upsampling.input[0]
    convolution.run(
      [upsampled] + skips, weights: weights + upsampling.packedWeights, output: output, moments: moments, order: order,
      scratch: scratch, pool: pool, kernels: kernels
    ) { planes in
      let seen = planes.lowerBound / factor..<(planes.upperBound + factor - 1) / factor
      let missing =
        order == .forward
        ? max(seen.lowerBound, next)..<seen.upperBound : seen.lowerBound..<min(seen.upperBound, next)
      upsampling.run(
        source, weights: weights, target: upsampled, planes: missing, scratch: scratch, pool: pool,
        kernels: kernels)
      next = order == .forward ? missing.upperBound : missing.lowerBound
    }
  }
}
