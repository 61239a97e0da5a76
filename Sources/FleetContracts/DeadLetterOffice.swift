/// The part of the ledger that keeps dead letters. A dead tile's is written in the very transaction that makes it dead; unreadable messages
/// are moved here from the broker's dead letters.
public protocol DeadLetterOffice: Sendable {
  /// Keeps a message that nobody could read. The same message again is the same letter: while it is open only its time is new,
  /// and it is opened again when it had been replayed.
  /// - Parameter queue: where it was rejected; `nil` where the broker doesn't tell.
  func keep(_ message: QueueMessage, from queue: QueueName?, reason: String) async throws
  /// The newest first.
  /// - Parameters:
  ///   - onlyOpen: leaves out those that were replayed or dropped.
  ///   - run: only dead tiles of this run.
  func deadLetters(onlyOpen: Bool, run: RunID?, limit: Int) async throws -> [DeadLetter]
  func deadLetter(_ id: Int) async throws -> DeadLetter?

  /// Sends a dead tile on its way again: it and all dead tiles of its run go back into the backlog with new budgets, and the run, which has
  /// failed for them, is `predicting` again. For a message it only notes that the caller has published it; not when the message has died
  /// again since `letter` was read, as it waits for an operator then.
  ///
  /// Harmless when it was replayed before.
  /// - Returns: Whether anything has changed.
  /// - Throws: `DeadLetterError`.
  func replay(_ letter: DeadLetter, by operator: String) async throws -> Bool
  /// Puts a letter aside for good: a dead tile's run stays failed. Harmless when it was dropped before.
  /// - Returns: Whether anything has changed.
  /// - Throws: `DeadLetterError`.
  func drop(_ id: Int, by operator: String) async throws -> Bool
}

extension DeadLetterOffice {
  /// Sends a dead letter on its way again, as it is now.
  /// - Throws: `DeadLetterError`.
  public func replay(_ id: Int, by operator: String) async throws -> Bool {
    guard let letter = try await deadLetter(id) else { throw DeadLetterError.unknown(id) }
    return try await replay(letter, by: `operator`)
  }
}
