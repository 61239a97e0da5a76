extension LabelVolume {
  /// The labels of a box, as a volume of their own.
  public func cropped(to box: VoxelBox) -> LabelVolume {
    let result = LabelVolume(extent: box.extent, storage: VoxelStorage(uninitialized: box.extent.count))
    guard box.extent.count > 0 else { return result }
    for z in 0..<box.extent.z {
      for y in 0..<box.extent.y {
        let source = ((z + box.lower.z) * extent.y + y + box.lower.y) * extent.x + box.lower.x
        (result.elements.baseAddress! + (z * box.extent.y + y) * box.extent.x)
          .update(from: elements.baseAddress! + source, count: box.extent.x)
      }
    }
    return result
  }

  /// The volume with its axes permuted: new axis `i` is old axis `order[i]`.
  public func transposed(by order: AxisOrder) -> LabelVolume {
    if order.isIdentity { return self }
    let result = LabelVolume(extent: order.apply(extent), storage: VoxelStorage(uninitialized: extent.count))
    let old = [extent.y * extent.x, extent.x, 1]
    let strides = order.order.map { old[$0] }
    var index = 0
    for z in 0..<result.extent.z {
      for y in 0..<result.extent.y {
        let row = z * strides[0] + y * strides[1]
        for x in 0..<result.extent.x {
          result.elements[index] = elements[row + x * strides[2]]
          index += 1
        }
      }
    }
    return result
  }
}
