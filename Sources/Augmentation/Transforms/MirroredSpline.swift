internal import Kernels
internal import Volumes

/// A volume's cubic B-spline coefficients, mirrored at its end voxels, with a margin of mirror images so that every tap is there.
struct MirroredSpline {
  /// Mirror images before the first voxel, and behind the last.
  private static let margin = (before: 1, behind: 2)

  private let extent: Extent
  private let isFlat: Bool
  private let padded: Extent
  private let storage: VoxelStorage<Float>
  private let scratch: VoxelStorage<Double>

  /// - Parameter isFlat: whether slices are splines of their own.
  init(extent: Extent, isFlat: Bool) {
    self.extent = extent
    self.isFlat = isFlat
    let more = Self.margin.before + Self.margin.behind
    padded = Extent(z: extent.z + (isFlat ? 0 : more), y: extent.y + more, x: extent.x + more)
    storage = VoxelStorage(uninitialized: padded.count)
    scratch = VoxelStorage(uninitialized: extent.lengths.max()! * VolumeKernels.lineLanes)
  }

  var strides: (plane: Int, row: Int) { (padded.y * padded.x, padded.x) }
  private var margin: Int { Self.margin.before }
  private var firstPlane: Int { isFlat ? 0 : margin }

  /// The first voxel's coefficient.
  var origin: UnsafeMutablePointer<Float> {
    storage.elements.baseAddress! + firstPlane * strides.plane + margin * strides.row + margin
  }

  /// Takes the coefficients of a contiguous channel.
  func fill(_ values: UnsafeMutableBufferPointer<Float>) {
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        (origin + z * strides.plane + y * strides.row)
          .update(from: values.baseAddress! + (z * extent.y + y) * extent.x, count: extent.x)
      }
    }
    let lines = scratch.elements.baseAddress!
    for z in 0..<extent.z {
      let plane = origin + z * strides.plane
      GridSampling.filterMirrored(
        StridedLines(plane, sampleStride: 1, laneStride: strides.row), samples: extent.x, lines: extent.y,
        scratch: lines)
      GridSampling.filterMirrored(
        StridedLines(plane, sampleStride: strides.row, laneStride: 1), samples: extent.y, lines: extent.x,
        scratch: lines)
    }
    if !isFlat {
      for y in 0..<extent.y {
        GridSampling.filterMirrored(
          StridedLines(origin + y * strides.row, sampleStride: strides.plane, laneStride: 1), samples: extent.z,
          lines: extent.x, scratch: lines)
      }
    }
    mirror()
  }

  private func mirror() {
    for z in 0..<extent.z {
      let plane = origin + z * strides.plane
      for y in 0..<extent.y {
        let row = plane + y * strides.row
        for x in outside(extent.x) { row[x] = row[image(x, extent.x)] }
      }
      for y in outside(extent.y) {
        (plane + y * strides.row - margin)
          .update(from: plane + image(y, extent.y) * strides.row - margin, count: padded.x)
      }
    }
    if !isFlat {
      for z in outside(extent.z) {
        (origin + z * strides.plane - margin * strides.row - margin)
          .update(
            from: origin + image(z, extent.z) * strides.plane - margin * strides.row - margin, count: strides.plane)
      }
    }
  }

  private func outside(_ length: Int) -> [Int] {
    (-Self.margin.before..<0).map { $0 } + (length..<length + Self.margin.behind).map { $0 }
  }

  /// The voxel whose image lies at `index`.
  private func image(_ index: Int, _ length: Int) -> Int {
    guard length > 1 else { return 0 }
    let period = 2 * (length - 1)
    let place = (index % period + period) % period
    return min(place, period - place)
  }
}
