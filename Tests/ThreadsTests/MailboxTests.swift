import Foundation
import Testing
import Threads

@Suite struct MailboxTests {
  @Test func messagesOfManySendersArriveOnceEachInTheSendersOrder() async throws {
    let mailbox = try Mailbox<(sender: Int, number: Int)>()
    let senders = 4
    let count = 5000
    let reader = try BlockingThread(name: "reader")
    async let received: [(sender: Int, number: Int)] = reader.run {
      var all: [(sender: Int, number: Int)] = []
      while all.count < senders * count {
        mailbox.wait(atMost: .seconds(10))
        all += mailbox.take()
      }
      return all
    }
    await withTaskGroup { group in
      for sender in 0..<senders {
        group.addTask { for number in 0..<count { mailbox.send((sender, number)) } }
      }
    }
    let all = try await received
    for sender in 0..<senders {
      #expect(all.filter { $0.sender == sender }.map(\.number) == Array(0..<count))
    }
  }

  @Test func sleeperIsWokenByAMessageLongBeforeTheLimit() async throws {
    let mailbox = try Mailbox<Int>()
    let sleeper = try BlockingThread(name: "sleeper")
    let clock = ContinuousClock()
    let start = clock.now
    async let got = sleeper.run {
      mailbox.wait(atMost: .seconds(30))
      return mailbox.take()
    }
    mailbox.send(1)
    #expect(try await got == [1])
    #expect(clock.now - start < .seconds(10))
  }

  @Test func sleeperIsWokenByInputOfTheDescriptor() throws {
    let mailbox = try Mailbox<Int>()
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: Data([1]))
    let clock = ContinuousClock()
    let elapsed = clock.measure {
      mailbox.wait(orInputOn: pipe.fileHandleForReading.fileDescriptor, atMost: .seconds(30))
    }
    #expect(elapsed < .seconds(10))
    #expect(mailbox.take().isEmpty)
  }

  @Test func takenMessagesDoNotWakeAgain() throws {
    let mailbox = try Mailbox<Int>()
    mailbox.send(1)
    mailbox.send(2)
    #expect(mailbox.take() == [1, 2])
    #expect(ContinuousClock().measure { mailbox.wait(atMost: .milliseconds(30)) } >= .milliseconds(25))
  }

  @Test func closedMailboxRefusesAndGivesBackWhatWasLeft() throws {
    let mailbox = try Mailbox<Int>()
    mailbox.send(1)
    #expect(mailbox.close() == [1])
    #expect(!mailbox.send(2))
    #expect(mailbox.take().isEmpty)
  }
}
