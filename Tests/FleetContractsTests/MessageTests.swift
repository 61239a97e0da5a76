import Digests
import FleetContracts
import Foundation
import Testing

@Suite struct MessageTests {
  private let job = TileJob(
    run: RunID(), pass: PassID(), epoch: 7, tile: 342, attempt: 2, document: Digest(of: "document".utf8))

  private func result(_ outcome: TileResult.Outcome) -> TileResult {
    TileResult(
      job: job, outcome: outcome, worker: "host-4711", engine: "blas/avx512",
      timings: TileTimings(fetch: 0.1, infer: 12.5, put: 1e-7))
  }

  private let status = WorkerStatus(
    worker: "host-4711", life: UUID(), number: 3, host: "host", state: .draining, slots: 2, busySlots: 1,
    engine: "blas/avx512/SkylakeX", softwareVersion: "1.0", memoryLimit: 1 << 40, memory: 1 << 34, tiles: 1 << 40,
    tileSeconds: 12.5)

  @Test func aWorkersStatusSurvivesItsMessage() throws {
    let message = try QueueMessage(status)
    #expect(try message.workerStatus() == status)
    #expect(message.type == "tessera.worker-status.v1")
    #expect(message.body.count < 512)
  }

  @Test func aJobSurvivesItsMessage() throws {
    let message = try QueueMessage(job)
    #expect(try message.tileJob() == job)
    #expect(message.type == "tessera.tile-job.v1")
    #expect(message.id == "\(job.pass)/342/2")
    #expect(message.body.count < 512)
  }

  @Test(arguments: [
    TileResult.Outcome.computed(probabilities: Digest(of: "tile".utf8), bytes: 25_165_824),
    .failed(kind: .corrupt, reason: "The volume's blob is damaged."),
  ])
  func aResultSurvivesItsMessage(outcome: TileResult.Outcome) throws {
    let message = try QueueMessage(result(outcome))
    #expect(try message.tileResult() == result(outcome))
    #expect(message.body.count < QueueMessage.largestBody)
  }

  private let trainingJob = TrainingJob(
    training: TrainingID(), job: 20, attempt: 3, leaseSeconds: 60, document: Digest(of: "document".utf8))

  @Test func aTrainingJobSurvivesItsMessage() throws {
    let message = try QueueMessage(trainingJob)
    #expect(try message.trainingJob() == trainingJob)
    #expect(message.id == "\(trainingJob.training)/20/3" && message.body.count < 512)
  }

  private static let epoch = TrainingEpoch(
    epoch: 999, trainingLoss: -0.8312345678901234, validationLoss: .nan, dice: 0.8123456789012345,
    learningRate: 1.9952623e-5, seconds: 3723.123456, finalSeconds: 1803.5)

  @Test(arguments: [
    TrainingReport.News.begun, .alive, .epoch(epoch, checkpoint: nil),
    .epoch(epoch, checkpoint: Digest(of: "checkpoint".utf8)), .returned(checkpoint: nil, epochs: nil),
    .returned(checkpoint: Digest(of: "checkpoint".utf8), epochs: 7), .done(result: Digest(of: "result".utf8)),
    .failed(kind: .outOfMemory, reason: String(repeating: "\"\u{1F9E0}", count: 2000)),
  ])
  func aTrainersReportSurvivesItsMessage(news: TrainingReport.News) throws {
    let report = TrainingReport(trainingJob, worker: "host-4711", news)
    let message = try QueueMessage(report, number: 17)
    #expect(try message.trainingReport() == report)
    #expect(message.id == "\(trainingJob.training)/20/3/host-4711/17")
    try message.check()
    #expect(try schemaMembers("training-report.v1", of: message))
  }

  /// Whether a body has all that its schema demands, and nothing else.
  private func schemaMembers(_ name: String, of message: QueueMessage) throws -> Bool {
    let schema = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/FleetContracts/Schemas/\(name).json")
    let description = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: schema)) as? [String: Any])
    let required = try #require(description["required"] as? [String])
    let properties = try #require(description["properties"] as? [String: Any])
    let body = try #require(try JSONSerialization.jsonObject(with: Data(message.body)) as? [String: Any])
    #expect(message.type == "tessera.\(name)" && description["title"] as? String == message.type)
    return Set(required).isSubset(of: body.keys) && Set(body.keys).isSubset(of: properties.keys)
  }

  @Test func aTrainingJobsBodyHasTheSchemasMembers() throws {
    #expect(try schemaMembers("training-job.v1", of: try QueueMessage(trainingJob)))
  }

  @Test func aReportOfAnImpossibleEpochIsRefused() throws {
    for epoch in [
      #""epoch":-1"#, #""epoch":4611686018427387904"#, #""epoch":1,"finalSeconds":-1"#,
      #""epoch":1,"finalSeconds":1e300"#,
    ] {
      let body = """
        {"version":1,"training":"\(TrainingID())","job":0,"attempt":1,"worker":"w","kind":"epoch","epoch":{\(epoch),"seconds":1}}
        """
      #expect(throws: MessageError.self) {
        try QueueMessage(id: "1", type: TrainingReport.type, body: Array(body.utf8)).trainingReport()
      }
    }
  }

  /// The schema's names, held against what is written.
  @Test(arguments: ["tile-job.v1", "tile-result.v1", "worker-status.v1"])
  func bodiesHaveTheSchemasMembers(name: String) throws {
    let schema = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/FleetContracts/Schemas/\(name).json")
    let description = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: schema)) as? [String: Any])
    let required = try #require(description["required"] as? [String])
    let properties = try #require(description["properties"] as? [String: Any])
    let message =
      switch name {
      case "tile-job.v1": try QueueMessage(job)
      case "tile-result.v1": try QueueMessage(result(.failed(kind: .poison, reason: "It fails each time.")))
      default: try QueueMessage(status)
      }
    #expect(message.type == "tessera.\(name)")
    let body = try #require(try JSONSerialization.jsonObject(with: Data(message.body)) as? [String: Any])
    #expect(Set(required).isSubset(of: body.keys))
    #expect(Set(body.keys).isSubset(of: properties.keys))
  }

  @Test func anotherTypeIsRefused() throws {
    let message = try QueueMessage(job)
    #expect(throws: MessageError.unknownType("tessera.tile-job.v1", expected: "tessera.tile-result.v1")) {
      try message.tileResult()
    }
  }

  @Test(arguments: ["", "{}", "[]", "{\"version\":1}", "\u{0}", "{\"version\":\n\"\u{1B}[2J\"}"])
  func anUnreadableBodyIsAClearError(body: String) {
    let error = #expect(throws: MessageError.self) {
      try QueueMessage(id: "1", type: TileJob.type, body: Array(body.utf8)).tileJob()
    }
    // A sentence, and not the description of a Swift value.
    let sentence = error?.description ?? ""
    #expect(sentence.hasSuffix(".") && !sentence.contains("(") && sentence.unicodeScalars.allSatisfy { $0.value >= 32 })
  }
}
