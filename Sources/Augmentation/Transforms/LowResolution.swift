internal import Kernels
internal import Preprocessing
internal import Volumes

/// Makes channels as coarse as if they had been taken at a lower resolution: nearest voxels on a coarser grid, and back by cubic splines
/// (batchgenerators: augment_linear_downsampling_scipy with orders 0 and 3).
public struct LowResolution: Hashable, Sendable {
  /// By channel: the coarse grid's share of the patch's voxels along an axis; `nil` leaves the channel.
  public var zooms: [Double?]
  /// Whether slices stay as many as they are.
  public var keepsSlices: Bool

  public init(zooms: [Double?], keepsSlices: Bool) {
    self.zooms = zooms
    self.keepsSlices = keepsSlices
  }

  /// - Parameter pool: of one thread.
  /// - Throws: `PreprocessingError` for infinite values.
  public func apply(to sample: Sample) throws {
    let pool = ComputePool(threads: 1)
    for (channel, zoom) in zooms.enumerated() {
      guard let zoom else { continue }
      let values = sample.image.channel(channel)
      let extent = sample.extent
      let coarse = Extent(
        (0..<3).map { axis in
          keepsSlices && axis == 0
            ? extent[axis] : max(1, Int((Double(extent[axis]) * zoom).rounded(.toNearestOrEven)))
        })
      let few = try VolumeResampler(order: 0, policy: .isotropic)
        .resize(UnsafeBufferPointer(values), extent: extent, to: coarse, pool: pool)
      let many = try VolumeResampler(order: 3, policy: .isotropic)
        .resize(UnsafeBufferPointer(few.elements), extent: coarse, to: extent, pool: pool)
      _ = values.update(fromContentsOf: many.elements)
    }
  }
}
