/// A number of voxels along each axis, `[z, y, x]`, x fastest in memory.
///
/// nnU-Net's arrays are in the order of the file read backwards (numpy's order of SimpleITK's arrays); so is everything here.
public struct Extent: Hashable, Sendable, Codable, CustomStringConvertible {
  public var z: Int
  public var y: Int
  public var x: Int

  public init(z: Int, y: Int, x: Int) {
    self.z = z
    self.y = y
    self.x = x
  }

  /// An extent from three values `[z, y, x]`.
  public init(_ zyx: [Int]) {
    precondition(zyx.count == 3, "an extent has three axes")
    self.init(z: zyx[0], y: zyx[1], x: zyx[2])
  }

  /// The number of voxels.
  public var count: Int { z * y * x }

  /// The lengths `[z, y, x]`.
  public var lengths: [Int] { [z, y, x] }

  /// The length along axis 0 (z), 1 (y) or 2 (x).
  public subscript(axis: Int) -> Int {
    get { axis == 0 ? z : axis == 1 ? y : x }
    set { if axis == 0 { z = newValue } else if axis == 1 { y = newValue } else { x = newValue } }
  }

  public var description: String { "\(z)x\(y)x\(x)" }
}

/// The distance of neighbouring voxels in mm along each axis, `[z, y, x]`.
public struct Spacing: Hashable, Sendable, Codable, CustomStringConvertible {
  public var z: Double
  public var y: Double
  public var x: Double

  public init(z: Double, y: Double, x: Double) {
    self.z = z
    self.y = y
    self.x = x
  }

  /// A spacing from three values `[z, y, x]` in mm.
  public init(_ zyx: [Double]) {
    precondition(zyx.count == 3, "a spacing has three axes")
    self.init(z: zyx[0], y: zyx[1], x: zyx[2])
  }

  /// The distances `[z, y, x]` in mm.
  public var millimetres: [Double] { [z, y, x] }

  /// The distance along axis 0 (z), 1 (y) or 2 (x), in mm.
  public subscript(axis: Int) -> Double {
    get { axis == 0 ? z : axis == 1 ? y : x }
    set { if axis == 0 { z = newValue } else if axis == 1 { y = newValue } else { x = newValue } }
  }

  /// The volume of one voxel in millilitres (1 mL is 1000 mm³).
  public var voxelMillilitres: Double { z * y * x / 1000 }

  public var description: String { "\(z)x\(y)x\(x) mm" }
}

/// A box of voxels: along each axis from `lower` up to, and without, `upper`.
public struct VoxelBox: Hashable, Sendable, Codable {
  public var lower: Extent
  public var upper: Extent

  public init(lower: Extent, upper: Extent) {
    self.lower = lower
    self.upper = upper
  }

  public var extent: Extent { Extent(z: upper.z - lower.z, y: upper.y - lower.y, x: upper.x - lower.x) }
}

/// A permutation of the three spatial axes: new axis `i` is old axis `order[i]` (numpy's `transpose`).
public struct AxisOrder: Hashable, Sendable, Codable {
  public let order: [Int]

  public static let identity = AxisOrder(order: [0, 1, 2])!

  /// `nil` unless `order` is a permutation of 0, 1, 2.
  public init?(order: [Int]) {
    guard order.sorted() == [0, 1, 2] else { return nil }
    self.order = order
  }

  /// Refuses what is no permutation.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let order = try container.decode([Int].self, forKey: .order)
    guard let valid = AxisOrder(order: order) else {
      throw DecodingError.dataCorruptedError(
        forKey: .order, in: container,
        debugDescription: "an axis order must be a permutation of 0, 1, 2, found \(order)")
    }
    self = valid
  }

  public var isIdentity: Bool { order == [0, 1, 2] }

  /// The permutation that undoes this one.
  public var inverse: AxisOrder { AxisOrder(order: (0..<3).map { order.firstIndex(of: $0)! })! }

  public func apply(_ extent: Extent) -> Extent { Extent(order.map { extent[$0] }) }
  public func apply(_ spacing: Spacing) -> Spacing { Spacing(order.map { spacing[$0] }) }
}
