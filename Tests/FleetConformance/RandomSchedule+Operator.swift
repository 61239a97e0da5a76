internal import FleetContracts
internal import Testing

/// What an operator does in the middle of it all.
extension RandomSchedule {
  /// Any letter may be tried: what was replayed before changes nothing, and what can't be replayed says so.
  mutating func replay() async throws {
    guard let letter = try await anyLetter() else { return }
    do {
      let changed = try await ledger().replay(letter, by: "operator")
      promises.replayed(letter, changed: changed)
    } catch DeadLetterError.notReplayable {
      promises.refusedReplay(of: letter)
    }
  }

  mutating func drop() async throws {
    guard let letter = try await anyLetter() else { return }
    do {
      #expect(try await ledger().drop(letter.id, by: "operator") == (letter.state == .open))
    } catch DeadLetterError.notDroppable {
      #expect(letter.state == .replayed)
    }
  }

  private mutating func anyLetter() async throws -> DeadLetter? {
    let letters = try await ledger().deadLetters(onlyOpen: false, run: nil, limit: 100)
    return pick(letters).map { letters[$0] }
  }
}
