import Digests
import FleetContracts
import Foundation
import Testing

@Suite struct FleetEventTests {
  private let event: FleetEvent = {
    var run = RunRecord(
      id: RunID(),
      model: ModelRecord(
        name: "tissue", digest: Digest(of: "model".utf8), configuration: "3d_fullres", trainer: "nnUNetTrainerV2",
        channels: 1, labels: []),
      passes: [], images: [], options: RunOptions(), key: "PATIENT-4711", state: .completed, submittedAt: Date(),
      plannedTiles: 8, acceptedTiles: 8)
    run.outcome = RunOutcome(
      labelMap: Digest(of: "map".utf8), labelVoxels: Digest(of: "voxels".utf8),
      labels: [LabelMeasurement(label: 2, name: "white", voxels: 1, volume: 0.1 + 0.2)], timings: [],
      engine: "blas/avx2", softwareVersion: "1")
    return FleetEvent(
      position: 42, id: UUID(), at: Date(timeIntervalSince1970: 1_700_000_000.125), tenant: .default,
      trace: TraceContext(), data: RunFacts(run))
  }()

  @Test func anEventSurvivesItsMessageWithTheSameBytes() throws {
    let message = try QueueMessage(event)
    let read = try FleetEvent(json: message.body)
    #expect(read == event)
    #expect(try read.json == message.body)
    #expect(message.id == event.id.uuidString.lowercased() && message.trace == event.trace)
  }

  @Test func itHasTheAttributesOfACloudEvent() throws {
    let json = try #require(try JSONSerialization.jsonObject(with: Data(event.json)) as? [String: Any])
    #expect(json["specversion"] as? String == "1.0" && json["source"] as? String == "/tessera")
    #expect(json["type"] as? String == "tessera.run.completed" && json["subject"] as? String == event.run.description)
    #expect(json["time"] as? String == "2023-11-14T22:13:20.125Z")
    #expect(json["sequence"] as? String == "00000000000000000042")
    // Names of attributes are lower-case letters and digits (CloudEvents 1.0, naming conventions).
    #expect(json.keys.allSatisfy { $0.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber) } })
  }

  /// A caller's key may be an accession number.
  @Test func itDoesNotTellTheCallersKey() throws {
    #expect(!String(decoding: try event.json, as: UTF8.self).contains("4711"))
  }

  @Test func aSecretIsToldOnlyWhenAsked() throws {
    let secret = WebhookSecret()
    #expect(!"\(secret)".contains("whsec_") && secret.revealed.hasPrefix("whsec_") && secret.bytes.count == 32)
    #expect(WebhookSecret(secret.revealed) == secret && secret != WebhookSecret())
    #expect(WebhookSecret("whsec_c2hvcnQ=") == nil && WebhookSecret("whsec_?") == nil)
  }
}
