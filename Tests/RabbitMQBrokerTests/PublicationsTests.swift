import FleetContracts
import Testing

@testable import RabbitMQBroker

@Suite struct PublicationsTests {
  private var publications = Publications<String>()
  private var confirms = PendingConfirms()

  private func ticket(_ number: UInt64) -> Ticket { Ticket(number: number) }

  private mutating func add(_ first: UInt64, messages: Int, _ answer: String) {
    let message = OutgoingMessage(message: QueueMessage(id: "1", type: "t", body: []), queue: .tiles)
    publications.add(ticket(first), Array(repeating: message, count: messages), answer, to: &confirms)
  }

  @Test mutating func theLastConfirmOfAPublicationAnswersIt() {
    add(1, messages: 3, "a")
    add(5, messages: 1, "b")
    #expect(publications.confirmed(ticket(4)) == nil)
    #expect(publications.confirmed(ticket(2)) == nil)
    #expect(publications.confirmed(ticket(6)) == "b")
    // A second confirm of one message doesn't count.
    #expect(publications.confirmed(ticket(2)) == nil)
    #expect(publications.confirmed(ticket(3)) == "a")
  }

  @Test mutating func aWithdrawnPublicationIsForgottenWithItsMessages() {
    add(1, messages: 2, "a")
    #expect(publications.withdraw(ticket(1), from: &confirms) == "a")
    #expect(confirms.count == 0)
    #expect(publications.confirmed(ticket(2)) == nil)
    #expect(publications.withdraw(ticket(1), from: &confirms) == nil)
  }

  @Test mutating func atTheEndAllWhoWaitAreAnsweredOldestFirst() {
    add(8, messages: 1, "b")
    add(1, messages: 2, "a")
    #expect(publications.removeAll() == ["a", "b"])
    #expect(publications.removeAll() == [])
  }
}
