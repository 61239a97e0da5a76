internal import Pickles

/// Where a tensor of a checkpoint has its numbers; all counts are elements. A value of this type has been checked: every element
/// lies inside its storage.
struct TorchTensor: Hashable, Sendable {
  /// The part of a storage that a legacy checkpoint calls a view, or the whole storage.
  struct Storage: Hashable, Sendable {
    var key: String
    var type: TorchDataType
    /// Elements of the storage in the file.
    var count: Int
    /// First element of the view.
    var viewOffset: Int
    /// Elements of the view.
    var viewCount: Int
  }

  var storage: Storage
  /// First element, counted from the storage's begin in the file.
  var offset: Int
  var shape: [Int]
  /// Elements from one index of an axis to the next.
  var strides: [Int]

  var count: Int { shape.reduce(1, *) }

  /// Whether the elements stand one after the other in C order.
  var isContiguous: Bool {
    var expected = 1
    for (extent, stride) in zip(shape, strides).reversed() where extent != 1 {
      guard stride == expected else { return false }
      expected *= extent
    }
    return true
  }

  /// Whether the tensor is its whole storage in C order.
  var isWholeStorage: Bool { isContiguous && offset == 0 && count == storage.count }
}

/// What makes a tensor impossible, in words that continue "the tensor … ".
struct TorchTensorError: Error, Hashable, Sendable {
  var reason: String
}

extension TorchTensor {
  /// Axes of any tensor of nnU-Net's; convolutions have five.
  private static let maximumAxes = 8

  /// Reads `_rebuild_tensor_v2(storage, offset, size, stride, …)`, perhaps inside `_rebuild_parameter`.
  /// - Returns: `nil` when the value isn't a tensor.
  /// - Throws: when it is one that can't be right.
  init?(_ value: PickleValue) throws(TorchTensorError) {
    guard case .call(let function, let arguments) = value else { return nil }
    if function.name == "_rebuild_parameter" {
      guard let inner = arguments.first, case .call(let innerFunction, _) = inner, innerFunction != function else {
        throw TorchTensorError(reason: "is a parameter without a tensor")
      }
      try self.init(inner)
      return
    }
    guard arguments.count >= 4, case .persistent(let identifier) = arguments[0],
      let offset = arguments[1].int, let shape = TorchTensor.integers(arguments[2]),
      let strides = TorchTensor.integers(arguments[3])
    else { throw TorchTensorError(reason: "is described in an unknown way") }
    let storage = try Storage(identifier)
    guard shape.count == strides.count, shape.count <= TorchTensor.maximumAxes else {
      throw TorchTensorError(reason: "has \(shape.count) extents and \(strides.count) strides")
    }
    try TorchTensor.check(offset: offset, shape: shape, strides: strides, within: storage.viewCount)
    self.init(storage: storage, offset: storage.viewOffset + offset, shape: shape, strides: strides)
  }

  /// Throws unless every element lies in `0..<count`.
  private static func check(offset: Int, shape: [Int], strides: [Int], within count: Int) throws(TorchTensorError) {
    guard offset >= 0, shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 }) else {
      throw TorchTensorError(reason: "has a negative offset, extent or stride")
    }
    var elements = 1
    var last = offset
    for (extent, stride) in zip(shape, strides) {
      let product = elements.multipliedReportingOverflow(by: extent)
      let step = max(extent - 1, 0).multipliedReportingOverflow(by: stride)
      let sum = last.addingReportingOverflow(step.partialValue)
      guard !product.overflow, !step.overflow, !sum.overflow else {
        throw TorchTensorError(reason: "has the impossible shape \(shape) with strides \(strides)")
      }
      elements = product.partialValue
      last = sum.partialValue
    }
    guard elements == 0 || last < count else {
      throw TorchTensorError(reason: "reaches element \(last) of a storage that has \(count)")
    }
    // Extents along which the stride is 0 repeat elements; none of nnU-Net's tensors do, and they would cost memory for nothing.
    guard elements <= count else {
      throw TorchTensorError(reason: "has \(elements) elements in a storage of \(count)")
    }
  }

  private static func integers(_ value: PickleValue) -> [Int]? {
    guard case .tuple(let members) = value else { return nil }
    let integers = members.compactMap(\.int)
    return integers.count == members.count ? integers : nil
  }
}

extension TorchTensor.Storage {
  /// Reads `('storage', class, key, location, count[, view])`.
  init(_ identifier: PickleValue) throws(TorchTensorError) {
    guard case .tuple(let fields) = identifier, (5...6).contains(fields.count), fields[0].text == "storage",
      case .symbol(let symbol) = fields[1], let type = TorchDataType(symbol), let key = fields[2].text,
      let count = fields[4].int
    else { throw TorchTensorError(reason: "refers to its storage in an unknown way") }
    guard count >= 0, !count.multipliedReportingOverflow(by: type.size).overflow else {
      throw TorchTensorError(reason: "has a storage of \(count) elements")
    }
    guard fields.count == 6, !fields[5].isNone else {
      self.init(key: key, type: type, count: count, viewOffset: 0, viewCount: count)
      return
    }
    guard case .tuple(let view) = fields[5], view.count == 3, let offset = view[1].int, let viewCount = view[2].int,
      offset >= 0, viewCount >= 0, offset <= count, viewCount <= count - offset
    else { throw TorchTensorError(reason: "is a view beyond its storage") }
    self.init(key: key, type: type, count: count, viewOffset: offset, viewCount: viewCount)
  }
}
