import FleetContracts
import Testing
import Testkit

@testable import RabbitMQBroker

@Suite struct PendingConfirmsTests {
  let now = ContinuousClock.now
  var confirms = PendingConfirms()

  private func outgoing(_ number: Int) -> OutgoingMessage {
    OutgoingMessage(message: QueueMessage(id: "\(number)", type: "t", body: []), queue: .tiles)
  }

  private func ticket(_ number: Int) -> Ticket { Ticket(number: UInt64(number)) }

  /// Adds the messages and sends as many as may be sent.
  private mutating func send(_ numbers: some Sequence<Int>) -> [UInt64] {
    for number in numbers { confirms.add(ticket(number), outgoing(number)) }
    return sendAll(at: now).map(\.tag)
  }

  private mutating func sendAll(at instant: ContinuousClock.Instant) -> [PendingConfirms.Sending] {
    var sent: [PendingConfirms.Sending] = []
    while let sending = confirms.nextToSend(now: instant) { sent.append(sending) }
    return sent
  }

  @Test mutating func messagesAreNumberedFromOneInTheirOrder() {
    #expect(send(1...3) == [1, 2, 3])
    #expect(confirms.count == 3)
  }

  @Test mutating func acknowledgementConfirmsExactlyItsMessage() {
    _ = send(1...3)
    let answer = confirms.answered(tag: 2, multiple: false, isAck: true, now: now)
    #expect(answer.confirmed == [ticket(2)])
    #expect(confirms.count == 2)
    #expect(confirms.answered(tag: 2, multiple: false, isAck: true, now: now).confirmed.isEmpty)
  }

  @Test mutating func multipleAcknowledgementConfirmsAllUpToItsNumber() {
    _ = send(1...5)
    _ = confirms.answered(tag: 2, multiple: false, isAck: true, now: now)
    #expect(confirms.answered(tag: 4, multiple: true, isAck: true, now: now).confirmed == [1, 3, 4].map(ticket))
    #expect(confirms.answered(tag: 0, multiple: true, isAck: true, now: now).confirmed == [ticket(5)])
  }

  @Test mutating func acknowledgementOfAReturnedMessageIsNoConfirm() {
    _ = send(1...2)
    #expect(confirms.returned(ticket(1)) == .tiles)
    let answer = confirms.answered(tag: 2, multiple: true, isAck: true, now: now)
    #expect(answer.confirmed == [ticket(2)])
    #expect(answer.isUnroutable)
    // It goes out again at once, and counts when it isn't returned this time.
    let again = sendAll(at: now)
    #expect(again.map(\.ticket) == [ticket(1)])
    #expect(confirms.answered(tag: 3, multiple: false, isAck: true, now: now).confirmed == [ticket(1)])
  }

  @Test mutating func messageThatIsReturnedAgainAndAgainRests() {
    _ = send([1])
    for tag in UInt64(1)...2 {
      _ = confirms.returned(ticket(1))
      _ = confirms.answered(tag: tag, multiple: false, isAck: true, now: now)
      if tag == 1 { #expect(sendAll(at: now).count == 1) }
    }
    #expect(sendAll(at: now).isEmpty)
    #expect(sendAll(at: now + .seconds(6)).map(\.ticket) == [ticket(1)])
  }

  @Test mutating func refusedMessageRestsAndIsSentAgain() throws {
    _ = send(1...2)
    let answer = confirms.answered(tag: 1, multiple: false, isAck: false, now: now)
    #expect(answer.refused == [.tiles])
    #expect(!answer.isUnroutable)
    #expect(sendAll(at: now).isEmpty)
    let wake = try #require(confirms.nextWake)
    #expect(wake > now && wake <= now + .seconds(5))
    #expect(sendAll(at: wake).map(\.ticket) == [ticket(1)])
    #expect(confirms.nextWake == nil)
  }

  @Test mutating func lostChannelSendsUnansweredMessagesAgainBeforeYoungerOnes() {
    _ = send(1...3)
    _ = confirms.answered(tag: 2, multiple: false, isAck: true, now: now)
    confirms.add(ticket(4), outgoing(4))
    confirms.channelLost()
    let again = sendAll(at: now)
    #expect(again.map(\.ticket) == [1, 3, 4].map(ticket))
    #expect(again.map(\.tag) == [1, 2, 3])
  }

  @Test mutating func answerOfALostChannelIsNotMistaken() {
    _ = send(1...1)
    confirms.channelLost()
    #expect(confirms.answered(tag: 1, multiple: true, isAck: true, now: now).confirmed.isEmpty)
    #expect(confirms.count == 1)
  }

  @Test mutating func withdrawnMessageIsNeitherSentNorConfirmed() {
    _ = send([1])
    confirms.add(ticket(2), outgoing(2))
    confirms.withdraw(ticket(1))
    confirms.withdraw(ticket(2))
    #expect(sendAll(at: now).isEmpty)
    #expect(confirms.answered(tag: 1, multiple: false, isAck: true, now: now).confirmed.isEmpty)
    confirms.channelLost()
    #expect(sendAll(at: now).isEmpty)
  }

  @Test mutating func windowBoundsWhatIsInFlight() {
    let count = PendingConfirms.window + 10
    #expect(send(1...count).count == PendingConfirms.window)
    _ = confirms.answered(tag: 4, multiple: true, isAck: true, now: now)
    #expect(sendAll(at: now).count == 4)
    #expect(confirms.count == count - 4)
  }

  /// Random answers, losses and withdrawals: each message ends confirmed or withdrawn, none twice.
  @Test(arguments: 0..<20) mutating func everyMessageEndsOnceWhateverTheBrokerAnswers(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let count = 300
    var ended: [Ticket] = []
    var sent: [UInt64] = []
    var clock = now
    for number in 1...count { confirms.add(ticket(number), outgoing(number)) }
    while confirms.count > 0 {
      sent += sendAll(at: clock).map(\.tag)
      switch Int.random(in: 0..<20, using: &generator) {
      case 0:
        confirms.channelLost()
        sent = []
      case 1:
        let gone = ticket(Int.random(in: 1...count, using: &generator))
        let before = confirms.count
        confirms.withdraw(gone)
        if confirms.count < before { ended.append(gone) }
      default:
        guard let tag = sent.randomElement(using: &generator) else { break }
        let multiple = Bool.random(using: &generator)
        let isAck = Int.random(in: 0..<4, using: &generator) > 0
        ended += confirms.answered(tag: tag, multiple: multiple, isAck: isAck, now: clock).confirmed
        sent.removeAll { multiple ? $0 <= tag : $0 == tag }
      }
      clock += .milliseconds(200)
    }
    #expect(ended.sorted() == (1...count).map(ticket))
  }
}
