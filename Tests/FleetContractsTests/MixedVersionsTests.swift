import Digests
import FleetContracts
import Foundation
import Testing
import Testkit

/// Processes of several versions side by side, as during an upgrade. `Tests/Fixtures/messages` has messages as the first version wrote them,
/// and they are never changed.
@Suite struct MixedVersionsTests {
  private let document = Digest(of: "hello\n".utf8)

  private func message(_ file: String, type: String, _ change: (inout [String: Any]) -> Void = { _ in }) throws
    -> QueueMessage
  {
    let data = try Data(contentsOf: Fixtures.directory.appending(path: "messages/\(file).json"))
    var body = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    change(&body)
    return QueueMessage(id: "1", type: type, body: Array(try JSONSerialization.data(withJSONObject: body)))
  }

  @Test func aJobOfTheFirstVersionIsUnderstood() throws {
    let job = try message("tile-job.v1", type: "tessera.tile-job.v1").tileJob()
    #expect(
      job.run.description == "01934f0c-0000-7000-8000-000000000001"
        && job.pass.description == "01934f0c-0000-7000-8000-000000000002")
    #expect(job.epoch == 7 && job.tile == 342 && job.attempt == 2 && job.document == document)
  }

  @Test func resultsOfTheFirstVersionAreUnderstood() throws {
    let computed = try message("tile-result-computed.v1", type: "tessera.tile-result.v1").tileResult()
    #expect(computed.outcome == .computed(probabilities: document, bytes: 25_165_824))
    #expect(computed.worker == "host-4711" && computed.engine == "winograd/avx512" && computed.timings.infer == 12.5)
    let failed = try message("tile-result-failed.v1", type: "tessera.tile-result.v1").tileResult()
    #expect(failed.outcome == .failed(kind: .corrupt, reason: "The volume's blob is damaged."))
  }

  /// What an old process would need to understand in messages of a new one: all that it has always needed is still written.
  @Test func messagesOfThisVersionStillHaveTheFirstOnesMembers() throws {
    let job = try message("tile-job.v1", type: "tessera.tile-job.v1").tileJob()
    let result = TileResult(
      job: job, outcome: .computed(probabilities: document, bytes: 25_165_824), worker: "host-4711",
      engine: "winograd/avx512",
      timings: TileTimings(fetch: 0.1, infer: 12.5, put: 0.25))
    for (file, now) in [("tile-job.v1", try QueueMessage(job)), ("tile-result-computed.v1", try QueueMessage(result))] {
      let then = try #require(
        try JSONSerialization.jsonObject(with: Data(message(file, type: now.type).body)) as? NSDictionary)
      let body = try #require(try JSONSerialization.jsonObject(with: Data(now.body)) as? NSDictionary)
      for (name, value) in then {
        let name = try #require(name as? String)
        #expect((body[name] as? NSObject) == (value as? NSObject), "\(file): \(name)")
      }
    }
  }

  @Test func whatANewerProcessAddsIsOverlooked() throws {
    let job = try message("tile-job.v1", type: "tessera.tile-job.v1") { $0["notYetInvented"] = ["deep": [1, 2]] }
      .tileJob()
    #expect(job == (try message("tile-job.v1", type: "tessera.tile-job.v1").tileJob()))
    let result = try message("tile-result-failed.v1", type: "tessera.tile-result.v1") { $0["joules"] = 1.5 }
      .tileResult()
    #expect(result.attempt == 2)
  }

  /// Whether the version is in the message's type, in its body, or both: what isn't known isn't guessed.
  @Test(arguments: [("tessera.tile-job.v99", 99), ("tessera.tile-job.v99", 1), ("tessera.tile-job.v1", 99)])
  func anUnknownVersionIsRefused(type: String, version: Int) throws {
    let message = try message("tile-job.v1", type: type) { $0["version"] = version }
    let error = #expect(throws: MessageError.self) { try message.tileJob() }
    #expect(error?.description.contains("99") == true)
  }
}
