internal import Preprocessing
public import Volumes

/// Labels at a coarser resolution: of each block the voxel behind the middle (nnunet: downsample_seg_for_ds_transform2, order 0), 2i + 1 of
/// two, 4i + 2 of four.
public enum TargetPyramid {
  /// - Returns: which voxel of `from` each of `to` is, along an axis.
  /// - Throws: `PreprocessingError` for an axis without voxels.
  public static func indices(from length: Int, to target: Int) throws -> [Int] {
    try AxisTaps.make(order: 0, from: length, to: target).indices
  }

  /// Labels `[z, y, x]` at `target`'s resolution.
  public static func resize(_ labels: [UInt8], extent: Extent, to target: Extent) throws -> [UInt8] {
    if extent == target { return labels }
    let indices = try (0..<3).map { try Self.indices(from: extent[$0], to: target[$0]) }
    return indices[0].flatMap { z in
      indices[1].flatMap { y in indices[2].map { x in labels[(z * extent.y + y) * extent.x + x] } }
    }
  }
}
