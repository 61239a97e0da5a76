import Digests
import FleetContracts
import Foundation
import Testing

@Suite struct MerkleTreeTests {
  private func leaves(_ count: Int) -> [Digest] { (0..<count).map { MerkleTree.leaf("leaf \($0)", "value") } }

  @Test func everyLeafAndItsPlaceChangesTheRoot() {
    for count in 1...9 {
      let root = MerkleTree.root(of: leaves(count))
      for index in 0..<count {
        var changed = leaves(count)
        changed[index] = MerkleTree.leaf("leaf \(index)", "another value")
        #expect(MerkleTree.root(of: changed) != root)
      }
      var swapped = leaves(count)
      swapped.swapAt(0, count - 1)
      #expect((MerkleTree.root(of: swapped) == root) == (count == 1))
      #expect(MerkleTree.root(of: leaves(count + 1)) != root)
    }
  }

  /// Three leaves: the first two under one node, as RFC 6962 builds it; nodes can't be passed off as leaves.
  @Test func theTreeIsBuiltAsTheStandardSays() {
    let leaves = leaves(3)
    let node = { (left: Digest, right: Digest) in
      Digest(of: [1] + Array(left.hexadecimal.utf8) + Array(right.hexadecimal.utf8))
    }
    #expect(MerkleTree.root(of: leaves) == node(node(leaves[0], leaves[1]), leaves[2]))
    #expect(MerkleTree.root(of: leaves) != MerkleTree.root(of: [node(leaves[0], leaves[1]), leaves[2]].reversed()))
    #expect(MerkleTree.root(of: [leaves[0]]) == leaves[0])
    #expect(MerkleTree.root(of: []) == Digest(of: [UInt8]()))
    #expect(MerkleTree.leaf("ab", "c") != MerkleTree.leaf("a", "bc"))
  }
}
