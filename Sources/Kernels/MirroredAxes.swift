/// The axes along which a patch is flipped for one pass of test-time mirroring. A 2D network's axes are y and x.
public struct MirroredAxes: Hashable, Sendable {
  public var z: Bool
  public var y: Bool
  public var x: Bool

  public init(z: Bool = false, y: Bool = false, x: Bool = false) {
    self.z = z
    self.y = y
    self.x = x
  }

  public static let none = MirroredAxes()
}
