internal import Volumes

/// A box of a channel in memory that another owns, its axes in any order: how cropping and transposing cost no copy.
struct VolumeView: @unchecked Sendable {  // reads only; whoever makes a view keeps its memory alive
  /// The voxel at index 0 of all axes.
  let origin: UnsafePointer<Float>
  let extent: Extent
  /// Elements from one index to the next, along each axis.
  let strides: [Int]

  /// The box `box` of the array `[z, y, x]` at `elements`, with its axes permuted: view axis `i` is array axis `order[i]`.
  init(_ elements: UnsafePointer<Float>, extent: Extent, box: VoxelBox, order: AxisOrder) {
    let strides = [extent.y * extent.x, extent.x, 1]
    origin = elements + box.lower.z * strides[0] + box.lower.y * strides[1] + box.lower.x
    self.extent = order.apply(box.extent)
    self.strides = order.order.map { strides[$0] }
  }

  /// All of a contiguous array `[z, y, x]`.
  init(_ elements: UnsafePointer<Float>, extent: Extent) {
    self.init(
      elements, extent: extent, box: VoxelBox(lower: Extent(z: 0, y: 0, x: 0), upper: extent), order: .identity)
  }
}
