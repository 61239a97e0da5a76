internal import FleetContracts
internal import Foundation
internal import RabbitMQBroker

extension Scenario {
  static let versionsMixed = Scenario(
    row: 22, fault: "old and newer processes mixed; messages of unknown versions and bytes that are no message",
    means:
      "chaos takes jobs and results and passes them on as an older process (required fields only) or a newer one (more fields) would have written them; unreadable ones besides",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .deadLettersMatch], seconds: 10, isQuick: true,
    needs: []
  ) { stage in
    let queue = try await stage.broker()
    let deadBefore = try await stage.deadLetters()
    try await stage.startFleet(workers: 1)
    let jobs = try await Translator(
      .tiles, queue, required: ["version", "run", "pass", "epoch", "tile", "attempt", "document"])
    let results = try await Translator(
      .results, queue,
      required: ["version", "run", "pass", "epoch", "tile", "attempt", "outcome", "worker", "engine", "timings"])
    async let translatedJobs = jobs.translate()
    async let translatedResults = results.translate()
    var unreadable = 0
    do {
      for turn in 0..<3 {
        try await stage.submit()
        for (place, type) in [(QueueName.tiles, TileJob.type), (.results, TileResult.type)] {
          let messages = [
            QueueMessage(
              id: "chaos-\(stage.random)-\(place.rawValue)-\(turn)-version", type: type.replacing(".v1", with: ".v9"),
              body: Array("{}".utf8)),
            QueueMessage(id: "chaos-\(stage.random)-\(place.rawValue)-\(turn)-bytes", type: type, body: [0, 255, 1]),
            QueueMessage(
              id: "chaos-\(stage.random)-\(place.rawValue)-\(turn)-empty", type: type, body: Array("{}".utf8)),
          ]
          for message in messages { try await queue.publish(message, to: place) }
          unreadable += messages.count
        }
      }
      try await stage.awaitEnds()
    } catch {
      await jobs.stop()
      await results.stop()
      throw error
    }
    await jobs.stop()
    await results.stop()
    let translated = try await translatedJobs + translatedResults
    let wanted = unreadable
    // Whoever can't read a message hands it to the dead letters at once; it arrives a moment later.
    try? await stage.wait("the dead letters", within: 15) { try await stage.deadLetters() - deadBefore >= wanted }
    let dead = try await stage.deadLetters() - deadBefore
    return try await stage.examine([.everyRunEnds, .oneResult, .sameBits, .tilesAddUp]) + [
      Finding(
        .deadLettersMatch, holds: dead == wanted,
        "\(wanted) unreadable messages were published, \(dead) are dead letters"),
      Finding(
        "messages of older and newer processes are understood", holds: translated > 0,
        "\(translated) messages were rewritten; \(stage.processes.count(where: \.isRunning)) of \(stage.processes.count) processes run"
      ),
    ]
  }
}

/// A consumer that passes messages on as another version of the software would have written them.
private final class Translator: Sendable {
  private let place: QueueName
  private let queue: RabbitMQJobQueue
  private let required: Set<String>
  private let subscription: any Subscription

  init(_ place: QueueName, _ queue: RabbitMQJobQueue, required: Set<String>) async throws {
    self.place = place
    self.queue = queue
    self.required = required
    subscription = try await queue.subscribe(to: place, prefetch: 1)
  }

  func stop() async { await subscription.cancel() }

  /// Every message once; those that come again are left to others. Returns how many were rewritten, when `stop` was called.
  func translate() async throws -> Int {
    var seen: Set<String> = []
    var count = 0
    while let delivery = try await subscription.next() {
      let message = delivery.message
      guard seen.insert(message.id).inserted,
        var object = try? JSONSerialization.jsonObject(with: Data(message.body)) as? [String: Any],
        required.isSubset(of: object.keys)
      else {
        try? await delivery.putBack()
        // For somebody else: a consumer that takes it again at once would keep it from them.
        try? await Task.sleep(for: .milliseconds(20))
        continue
      }
      if count.isMultiple(of: 2) {
        object = object.filter { required.contains($0.key) }
      } else {
        object["chaosNewField"] = ["of": "a later version", "n": count]
      }
      let body = Array(
        try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes]))
      try await queue.publish(QueueMessage(id: message.id, type: message.type, body: body), to: place)
      try? await delivery.acknowledge()
      count += 1
    }
    return count
  }
}
