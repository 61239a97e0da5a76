internal import Volumes

/// Where voxels of a box, given in transposed order, lie in an array in the image's order.
struct Placement: Sendable {
  /// Distance of neighbours along transposed axes 0 and 1.
  let planeStride: Int
  let rowStride: Int
  /// Distance of neighbours along transposed axis 2.
  let columnStride: Int
  private let origin: Int

  /// - Parameters:
  ///   - axes: transposed axis `i` is array axis `axes.order[i]`.
  ///   - extent: of the array.
  ///   - lower: the box's first voxel in the array.
  init(axes: AxisOrder, in extent: Extent, at lower: Extent) {
    let strides = [extent.y * extent.x, extent.x, 1]
    planeStride = strides[axes.order[0]]
    rowStride = strides[axes.order[1]]
    columnStride = strides[axes.order[2]]
    origin = (lower.z * extent.y + lower.y) * extent.x + lower.x
  }

  /// The array index of the first voxel of a row of the box.
  func offset(plane: Int, row: Int) -> Int { origin + plane * planeStride + row * rowStride }
}
