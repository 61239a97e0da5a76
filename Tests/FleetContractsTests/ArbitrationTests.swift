import Digests
import FleetContracts
import Testing

@Suite struct ArbitrationTests {
  /// Votes written as `worker:engine:digest`.
  private func verdict(_ votes: String...) -> Arbitration.Verdict {
    Arbitration(
      votes: votes.map { vote in
        let parts = vote.split(separator: ":").map(String.init)
        return Arbitration.Vote(worker: parts[0], engine: parts[1], probabilities: Digest(of: parts[2].utf8))
      }
    ).verdict
  }

  @Test func oneVoteDecidesNothingAndTwoThatAgreeDo() {
    #expect(verdict() == .undecided)
    #expect(verdict("a:w:1") == .undecided)
    #expect(verdict("a:w:1", "b:w:1") == .decided(0, wrong: []))
  }

  @Test func theMajorityIsRightWhoeverCameFirst() {
    #expect(verdict("a:w:1", "b:w:2") == .undecided)
    #expect(verdict("a:w:1", "b:w:2", "c:w:2") == .decided(1, wrong: ["a"]))
    #expect(verdict("a:w:1", "b:w:2", "c:w:1") == .decided(0, wrong: ["b"]))
    #expect(verdict("a:w:1", "b:w:2", "c:w:3") == .undecided)
    #expect(verdict("a:w:1", "b:w:2", "c:w:3", "d:w:3") == .decided(2, wrong: ["a", "b"]))
    #expect(verdict("a:w:1", "b:w:1", "c:w:2", "d:w:2") == .undecided)
    #expect(verdict("a:w:1", "b:w:2", "c:w:3", "d:w:4", "e:w:5") == .hopeless)
  }

  @Test func enginesSayNothingOfEachOther() {
    #expect(verdict("a:w:1", "b:blas:2") == .decided(0, wrong: []))
    #expect(verdict("a:w:1", "b:w:2", "c:blas:2") == .undecided)
    #expect(verdict("a:w:1", "b:w:2", "c:blas:3", "d:w:2") == .decided(1, wrong: ["a"]))
  }
}
