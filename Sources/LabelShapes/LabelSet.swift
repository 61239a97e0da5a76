/// Labels that together make a mask. A label map has 8 bits a voxel, so labels beyond 255, which no voxel can have, are left out.
public struct LabelSet: Hashable, Sendable {
  /// 256 flags, one for each label.
  let flags: [Bool]

  public init(_ labels: some Sequence<Int>) {
    var flags = [Bool](repeating: false, count: 256)
    for label in labels where flags.indices.contains(label) { flags[label] = true }
    self.flags = flags
  }

  public func contains(_ label: UInt8) -> Bool { flags[Int(label)] }

  /// Ascending.
  public var labels: [UInt8] { flags.indices.filter { flags[$0] }.map { UInt8($0) } }
}
