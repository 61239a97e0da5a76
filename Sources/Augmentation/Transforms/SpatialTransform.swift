internal import Glibc
internal import Kernels
public import Volumes

/// Rotates and scales a patch about its middle and cuts the network's patch out of it (batchgenerators:
/// spatial_transformations.augment_spatial, order 3 for images, 1 for labels, constant border).
///
/// Images: cubic B-splines whose prefilter mirrors the patch at its end voxels; exactly 0 outside it. Labels: linear interpolation of each
/// label's indicator, the largest wins (the nearest voxel's on exact ties, else the lowest label), -1 outside.
public struct SpatialTransform: Hashable, Sendable {
  public enum Rotation: Hashable, Sendable {
    /// About the axes x, y, z as batchgenerators names them: z, y, x of an array, one after the other; radians.
    case volume(x: Double, y: Double, z: Double)
    /// Of each slice in itself, radians.
    case slices(Double)
  }

  /// `nil` leaves the grid's direction.
  public var rotation: Rotation?
  /// Above 1 shows more of the image; `nil` leaves the size.
  public var scale: Double?
  /// Whether slices stay slices: 2D networks, and 3D networks that are augmented in the plane.
  public var movesInPlane: Bool
  /// The network's patch.
  public var patch: Extent

  public init(rotation: Rotation?, scale: Double?, movesInPlane: Bool, patch: Extent) {
    self.rotation = rotation
    self.scale = scale
    self.movesInPlane = movesInPlane
    self.patch = patch
  }

  /// Where the patch is cut when nothing moves: half a voxel beside the rotated patch's middle where the difference is odd.
  public static func centre(of extent: Extent, patch: Extent) -> [Int] {
    (0..<3).map { (extent[$0] - patch[$0]) >> 1 }
  }

  /// - Returns: a sample of the network's patch.
  public func apply(to sample: Sample) -> Sample {
    let extent = sample.extent
    let placement = placement(in: extent)
    let image = ChannelVolume(
      channels: sample.image.channels, extent: patch,
      storage: VoxelStorage(uninitialized: sample.image.channels * patch.count))
    let spline = MirroredSpline(extent: extent, isFlat: movesInPlane)
    for channel in 0..<image.channels {
      spline.fill(sample.image.channel(channel))
      let output = image.channel(channel).baseAddress!
      forEachRow { z, y, row in
        GridSampling.cubic(
          placement, spline.origin, extent: extent.lengths, strides: spline.strides, z: z, y: y, count: patch.x,
          into: output + row)
      }
    }
    let labels = sample.labels.map { source in
      let result = LabelVolume(extent: patch, storage: VoxelStorage(uninitialized: patch.count))
      forEachRow { z, y, row in
        GridSampling.labels(
          placement, source.elements.baseAddress!, extent: extent.lengths, outside: 0, z: z, y: y, count: patch.x,
          into: result.elements.baseAddress! + row)
      }
      return result
    }
    return Sample(image: image, labels: labels)
  }

  private func forEachRow(_ body: (_ z: Int, _ y: Int, _ offset: Int) -> Void) {
    for z in 0..<patch.z { for y in 0..<patch.y { body(z, y, (z * patch.y + y) * patch.x) } }
  }

  private func placement(in extent: Extent) -> GridPlacement {
    GridPlacement(
      matrix: matrix, scale: scale ?? 1, middle: patch.lengths.map { (Double($0) - 1) / 2 },
      centre: extent.lengths.map { Double($0) / 2 - 0.5 })
  }

  /// By which a row vector `[z, y, x]` (or `[y, x]`) is multiplied.
  private var matrix: [[Double]] {
    switch rotation {
    case nil: return movesInPlane ? [[1, 0], [0, 1]] : [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    case .slices(let angle): return [[cos(angle), -sin(angle)], [sin(angle), cos(angle)]]
    case .volume(let x, let y, let z):
      let first = [[1, 0, 0], [0, cos(x), -sin(x)], [0, sin(x), cos(x)]]
      let second = [[cos(y), 0, sin(y)], [0, 1, 0], [-sin(y), 0, cos(y)]]
      let third = [[cos(z), -sin(z), 0], [sin(z), cos(z), 0], [0, 0, 1]]
      return Self.product(Self.product(first, second), third)
    }
  }

  private static func product(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
    a.map { row in
      (0..<3).map { column in
        row[0] * b[0][column] + row[1] * b[1][column] + row[2] * b[2][column]
      }
    }
  }
}
