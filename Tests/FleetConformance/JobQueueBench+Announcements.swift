internal import FleetContracts
internal import Testing

extension JobQueueBench {
  func announcementReachesEverybodyWhoListens() async throws {
    let speaker = try await connection()
    let other = try await connection()
    let streams = [try await speaker.announcements(), try await other.announcements(), try await other.announcements()]
    let run = RunID()
    let said: [Announcement] = [
      .cancelled(run), .quarantined(worker: "host-1", reason: "Its \"results\" differ."), .released(worker: "host-1"),
    ]
    for announcement in said { try await speaker.announce(announcement) }
    for stream in streams {
      var heard: [Announcement] = []
      for await announcement in stream {
        heard.append(announcement)
        if heard.count == said.count { break }
      }
      #expect(heard == said)
    }
  }

  func announcementThatNobodyHearsIsNoError() async throws {
    let speaker = try await connection()
    try await speaker.announce(.released(worker: "host-1"))
    // Nobody gets what was said before.
    let stream = try await speaker.announcements()
    try await speaker.announce(.released(worker: "host-2"))
    for await announcement in stream {
      #expect(announcement == .released(worker: "host-2"))
      break
    }
    let long = String(repeating: "x", count: QueueMessage.largestBody)
    await #expect(throws: JobQueueError.self) { try await speaker.announce(.released(worker: long)) }
  }

  func closeEndsAnnouncements() async throws {
    let queue = try await connection()
    let stream = try await queue.announcements()
    await queue.close()
    for await announcement in stream { Issue.record("nobody announced \(announcement)") }
    await #expect(throws: JobQueueError.closed) { try await queue.announce(.released(worker: "host-1")) }
    await #expect(throws: JobQueueError.closed) { _ = try await queue.announcements() }
  }

  func deadLetterKnowsItsOrigin() async throws {
    let queue = try await connection()
    for name in [QueueName.tiles, .results] {
      try await queue.publish(.numbered(1), to: name)
      let consumer = try await queue.subscribe(to: name, prefetch: 1)
      let rejected = try await delivery(from: consumer)
      #expect(rejected.origin == nil)
      try await rejected.reject()
      let dead = try await queue.subscribe(to: .dead, prefetch: 1)
      let letter = try await delivery(from: dead)
      #expect(letter.origin == name)
      try await letter.acknowledge()
      await dead.cancel()
    }
  }
}
