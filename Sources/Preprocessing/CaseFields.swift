public import Pickles
public import Volumes

/// The entries of a case's pickle, checked: lengths and shapes from a file never become a trap.
public struct CaseFields: Sendable {
  /// An axis that is longer is a mistake, and products of three must fit an integer.
  public static let longestAxis = 1 << 20

  public let value: PickleValue

  public init(_ value: PickleValue) {
    self.value = value
  }

  /// An entry that is there and isn't None.
  public subscript(key: String) -> PickleValue? {
    value[key].flatMap { $0.isNone ? nil : $0 }
  }

  public func numbers(_ key: String, count: Int) throws(CaseFieldsError) -> [Double] {
    guard let numbers = try optionalNumbers(key, count: count) else { throw CaseFieldsError("it has no '\(key)'") }
    return numbers
  }

  public func optionalNumbers(_ key: String, count: Int) throws(CaseFieldsError) -> [Double]? {
    guard let entry = self[key] else { return nil }
    let numbers = entry.elements?.compactMap(\.number) ?? []
    guard numbers.count == count, entry.elements?.count == count, numbers.allSatisfy(\.isFinite) else {
      throw CaseFieldsError("'\(key)' isn't \(count) finite numbers")
    }
    return numbers
  }

  /// Three lengths in voxels.
  public func lengths(_ key: String) throws(CaseFieldsError) -> [Int] {
    guard let lengths = try optionalLengths(key) else { throw CaseFieldsError("it has no '\(key)'") }
    return lengths
  }

  public func optionalLengths(_ key: String) throws(CaseFieldsError) -> [Int]? {
    guard let numbers = try optionalNumbers(key, count: 3) else { return nil }
    let lengths = numbers.compactMap { Int(exactly: $0) }.filter { (1...Self.longestAxis).contains($0) }
    guard lengths.count == 3 else {
      throw CaseFieldsError("'\(key)' is \(numbers), expected voxels from 1 to \(Self.longestAxis)")
    }
    return lengths
  }

  /// `crop_bbox`, whose upper bounds nnU-Net takes from `size_after_cropping`; the whole image where there is none.
  public func box(in original: Extent) throws(CaseFieldsError) -> VoxelBox {
    var box = VoxelBox(lower: Extent(z: 0, y: 0, x: 0), upper: original)
    if let entry = self["crop_bbox"] {
      let bounds = entry.elements?.compactMap { $0.elements?.compactMap(\.int) } ?? []
      guard bounds.count == 3, bounds.allSatisfy({ $0.count == 2 }) else {
        throw CaseFieldsError("'crop_bbox' isn't three pairs of integers")
      }
      box = VoxelBox(lower: Extent(bounds.map { $0[0] }), upper: Extent(bounds.map { $0[1] }))
    }
    guard (0..<3).allSatisfy({ 0 <= box.lower[$0] && box.lower[$0] < box.upper[$0] && box.upper[$0] <= original[$0] })
    else {
      throw CaseFieldsError("'crop_bbox' is \(box.lower) to \(box.upper), outside the image of \(original) voxels")
    }
    if let cropped = try optionalLengths("size_after_cropping"), cropped != box.extent.lengths {
      throw CaseFieldsError("'size_after_cropping' is \(Extent(cropped)), but 'crop_bbox' has \(box.extent) voxels")
    }
    return box
  }
}

/// What is wrong with an entry, as the rest of a sentence.
public struct CaseFieldsError: Error, Hashable, Sendable {
  public var reason: String

  public init(_ reason: String) {
    self.reason = reason
  }
}
