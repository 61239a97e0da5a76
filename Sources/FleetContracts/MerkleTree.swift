public import Digests

/// One digest over many: a binary tree of SHA-256, built as in RFC 6962, section 2.1, so that no set of leaves can be passed off as another.
///
/// A leaf is hashed with a byte 0 in front, an inner node with a byte 1; the left half of n leaves is the greatest power of two below n.
public enum MerkleTree {
  /// A leaf that says what it is about, so that two equal digests in different places are different leaves.
  public static func leaf(_ name: String, _ value: String) -> Digest {
    Digest(of: [0] + Array(name.utf8) + [0] + Array(value.utf8))
  }

  /// The digest over all leaves, in their order; that of nothing where there are none.
  public static func root(of leaves: some RandomAccessCollection<Digest>) -> Digest {
    guard let first = leaves.first else { return Digest(of: [UInt8]()) }
    guard leaves.count > 1 else { return first }
    let left = 1 << (Int.bitWidth - 1 - (leaves.count - 1).leadingZeroBitCount)
    return Digest(
      of: [1] + Array(root(of: leaves.prefix(left)).hexadecimal.utf8)
        + Array(root(of: leaves.dropFirst(left)).hexadecimal.utf8))
  }
}
