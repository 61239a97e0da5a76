/// What reading one pickle may cost. The defaults hold the largest pickles of nnU-Net many times over (plans of a data set with
/// a thousand cases: about 300 000 instructions) and keep a hostile one well under a second.
public struct PickleLimits: Hashable, Sendable {
  /// Instructions that are carried out.
  public var instructions: Int
  /// Elements of the value when it is written out as a tree, so that shared parts count as often as they are met.
  public var elements: Int
  /// Containers within containers.
  public var depth: Int
  /// Bytes that reading may produce beside the pickle's own, as a multiple of the pickle's size: text that is encoded to bytes,
  /// arrays that are brought to C order.
  public var expansion: Int

  public init(
    instructions: Int = 2_000_000, elements: Int = 4_000_000, depth: Int = 200, expansion: Int = 4
  ) {
    self.instructions = instructions
    self.elements = elements
    self.depth = depth
    self.expansion = expansion
  }

  public static let standard = PickleLimits()
}
