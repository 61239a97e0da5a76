extension NumpyArray {
  /// numpy's own limit of axes.
  static let maximumAxes = 64

  /// The same array in C order, where `data` is in Fortran order: there the first axis is the fastest.
  func fromColumnMajor() -> NumpyArray {
    let size = type.size
    var result = [UInt8]()
    result.reserveCapacity(data.count)
    var index = [Int](repeating: 0, count: shape.count)
    var strides: [Int] = []
    var stride = size
    for extent in shape {
      strides.append(stride)
      stride *= extent
    }
    var source = 0
    for _ in 0..<count {
      result.append(contentsOf: data[source..<source + size])
      var axis = shape.count - 1
      while axis >= 0 {
        index[axis] += 1
        source += strides[axis]
        if index[axis] < shape[axis] { break }
        source -= strides[axis] * shape[axis]
        index[axis] = 0
        axis -= 1
      }
    }
    return NumpyArray(type: type, shape: shape, data: result) ?? self
  }
}
