public import Kernels
public import Volumes

/// Exact Euclidean distances in mm from the voxels of one surface to the nearest voxel of another, between voxel centres.
///
/// The distance transform of the other surface, axis after axis: along z the nearest of a column's voxels, along y and x the lower
/// envelope of parabolas (Felzenszwalb & Huttenlocher, Distance transforms of sampled functions, Theory of Computing 8, 2012). It is
/// made plane by plane and only for planes and rows where distances are wanted, so memory is 8 bytes a voxel of one plane for each
/// thread, and 12 bytes a surface voxel. Sums are float64, in the order in which `scipy.ndimage.distance_transform_edt` forms them.
/// Bits don't depend on threads.
public struct SurfaceDistances {
  private let box: VoxelBox
  private let columns: SurfaceColumns
  private let spacing: Spacing
  private let pool: ComputePool

  /// - Parameters:
  ///   - surface: to which distances are measured; not empty.
  ///   - spacing: in mm.
  public init(to surface: LabelSurface, spacing: Spacing, pool: ComputePool) {
    precondition(surface.count > 0, "distances need a surface")
    box = surface.box
    columns = SurfaceColumns(surface)
    self.spacing = spacing
    self.pool = pool
  }

  /// The distances in mm of the voxels of `other`, whose box is that of the surface, in the order of the image.
  public func distances(of other: LabelSurface) -> [Double] {
    precondition(other.box == box, "surfaces in different boxes")
    let extent = box.extent
    let scratch = (0..<pool.threads).map { _ in DistancePlane(height: extent.y, width: extent.x) }
    return [Double](unsafeUninitializedCapacity: other.count) { distances, count in
      let result = distances.baseAddress
      pool.forEach(extent.z) { z, worker in
        let range = other.planes[z]..<other.planes[z + 1]
        guard !range.isEmpty, let result else { return }
        scratch[worker].measure(
          UnsafeMutableBufferPointer(start: result + range.lowerBound, count: range.count), of: other.places[range],
          z: z,
          columns: columns, spacing: spacing)
      }
      count = other.count
    }
  }
}

/// The z of a surface's voxels, column by column: a column is a place `x * height + y` in the box's plane.
struct SurfaceColumns {
  /// Where each column begins in `depths`, and where the last one ends.
  private let starts: [Int]
  /// Ascending inside a column.
  private let depths: [Int32]

  init(_ surface: LabelSurface) {
    let (height, width) = (surface.box.extent.y, surface.box.extent.x)
    func column(_ place: UInt32) -> Int { Int(place) % width * height + Int(place) / width }
    var starts = [Int](repeating: 0, count: height * width + 1)
    for place in surface.places { starts[column(place) + 1] += 1 }
    for index in starts.indices.dropFirst() { starts[index] += starts[index - 1] }
    var next = starts
    var depths = [Int32](repeating: 0, count: surface.count)
    for z in 0..<surface.box.extent.z {
      for place in surface.places[surface.planes[z]..<surface.planes[z + 1]] {
        depths[next[column(place)]] = Int32(truncatingIfNeeded: z)
        next[column(place)] += 1
      }
    }
    self.starts = starts
    self.depths = depths
  }

  /// Sets the squared distance along z, in mm², from plane `z` to each column's nearest voxel; infinite for an empty column.
  func squaredDistances(from z: Int, spacing: Double, into result: UnsafeMutablePointer<Double>) {
    depths.withUnsafeBufferPointer { depths in
      starts.withUnsafeBufferPointer { starts in
        for column in 0..<starts.count - 1 {
          var (low, high) = (starts[column], starts[column + 1])
          guard low < high else {
            result[column] = .infinity
            continue
          }
          let (first, end) = (low, high)
          while low < high {
            let middle = (low + high) / 2
            if Int(depths[middle]) < z { low = middle + 1 } else { high = middle }
          }
          var nearest = Int.max
          if low < end { nearest = Int(depths[low]) - z }
          if low > first { nearest = min(nearest, z - Int(depths[low - 1])) }
          let distance = Double(nearest) * spacing
          result[column] = distance * distance
        }
      }
    }
  }
}

/// A thread's memory for the distances of one plane.
private final class DistancePlane {
  private let height: Int
  private let width: Int
  /// `[x, y]`, y fastest.
  private let plane: VoxelStorage<Double>
  private let row: VoxelStorage<Double>
  private let envelope: LowerEnvelope

  init(height: Int, width: Int) {
    self.height = height
    self.width = width
    plane = VoxelStorage(uninitialized: height * width)
    row = VoxelStorage(uninitialized: width)
    envelope = LowerEnvelope(capacity: max(height, width))
  }

  /// Sets the distances of `places`, voxels of plane `z`.
  func measure(
    _ result: UnsafeMutableBufferPointer<Double>, of places: ArraySlice<UInt32>, z: Int, columns: SurfaceColumns,
    spacing: Spacing
  ) {
    let squares = plane.elements.baseAddress!
    columns.squaredDistances(from: z, spacing: spacing.z, into: squares)
    for x in 0..<width {
      envelope.build(squares + x * height, stride: 1, count: height, spacing: spacing.y)
      envelope.evaluate(into: squares + x * height, count: height)
    }
    var index = places.startIndex
    while index < places.endIndex {
      let y = Int(places[index]) / width
      envelope.build(squares + y, stride: height, count: width, spacing: spacing.x)
      envelope.begin()
      while index < places.endIndex, Int(places[index]) / width == y {
        result[index - places.startIndex] = envelope.next(Int(places[index]) % width).squareRoot()
        index += 1
      }
    }
  }
}
