internal import FleetContracts

/// Who waits for which messages: a publication is answered when the last of its messages is confirmed.
struct Publications<Answer> {
  private struct Publication {
    var messages: ClosedRange<UInt64>
    var unconfirmed: Int
    var answer: Answer
  }

  private var publications: [Ticket: Publication] = [:]
  /// The publication of each message that isn't confirmed yet.
  private var owners: [Ticket: Ticket] = [:]

  /// The tickets that a publication of so many messages takes: its own and one for each message.
  static func tickets(messages: Int) -> UInt64 { UInt64(messages) + 1 }

  /// - Parameter messages: at least one; their tickets follow `ticket` without gaps.
  mutating func add(
    _ ticket: Ticket, _ messages: [OutgoingMessage], _ answer: Answer, to confirms: inout PendingConfirms
  ) {
    let numbers = (ticket.number + 1)...(ticket.number + UInt64(messages.count))
    publications[ticket] = Publication(messages: numbers, unconfirmed: messages.count, answer: answer)
    for (number, message) in zip(numbers, messages) {
      owners[Ticket(number: number)] = ticket
      confirms.add(Ticket(number: number), message)
    }
  }

  /// The broker has taken responsibility for a message.
  /// - Returns: The one to answer, if that was the last message waited for.
  mutating func confirmed(_ message: Ticket) -> Answer? {
    guard let owner = owners.removeValue(forKey: message), var publication = publications[owner] else { return nil }
    publication.unconfirmed -= 1
    publications[owner] = publication.unconfirmed == 0 ? nil : publication
    return publication.unconfirmed == 0 ? publication.answer : nil
  }

  /// Nobody waits for the publication any more; its messages that weren't sent yet won't be.
  mutating func withdraw(_ ticket: Ticket, from confirms: inout PendingConfirms) -> Answer? {
    guard let publication = publications.removeValue(forKey: ticket) else { return nil }
    for number in publication.messages {
      owners[Ticket(number: number)] = nil
      confirms.withdraw(Ticket(number: number))
    }
    return publication.answer
  }

  /// Forgets everything.
  /// - Returns: Those who waited, oldest first.
  mutating func removeAll() -> [Answer] {
    let waiting = publications.sorted { $0.key < $1.key }.map(\.value.answer)
    self = Publications()
    return waiting
  }
}
