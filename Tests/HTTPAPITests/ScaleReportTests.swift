import Exposition
import FleetContracts
import FleetMetrics
import Foundation
import Hummingbird
import HummingbirdTesting
import Testing

@testable import HTTPAPI

@Suite struct ScaleReportTests {
  private func work(
    _ seconds: Double, tiles: Int, unplanned: Int = 0, _ runClass: RunClass = .routine, isMeasured: Bool = true
  ) -> OutstandingWork {
    OutstandingWork(
      runClass: runClass, model: "brain", tiles: tiles, unplannedPasses: unplanned, seconds: seconds,
      isMeasured: isMeasured)
  }

  private func wanted(_ work: [OutstandingWork], drain: Double = 600) -> Int {
    ScaleReport(work: work, liveSlots: nil, drain: drain).wantedSlots
  }

  @Test func slotsFollowFromWorkAndTime() {
    #expect(wanted([]) == 0)
    #expect(wanted([work(1, tiles: 1)]) == 1)
    #expect(wanted([work(600, tiles: 300)]) == 1)
    #expect(wanted([work(601, tiles: 300)]) == 2)
    #expect(wanted([work(600, tiles: 300), work(600, tiles: 1, .stat)], drain: 100) == 12)
  }

  @Test func moreSlotsThanTilesWouldBeIdle() {
    #expect(wanted([work(6000, tiles: 3)]) == 3)
    #expect(wanted([work(6000, tiles: 3, unplanned: 1)]) == 10, "what isn't planned may have any number of tiles")
  }

  @Test func workOfUnknownSizeWantsASlot() {
    #expect(wanted([work(0, tiles: 0, unplanned: 4, isMeasured: false)]) == 1)
    #expect(wanted([work(.infinity, tiles: 1, unplanned: 1)]) == 1_000_000)
  }

  @Test func aTrainerIsWantedForEachFoldThatCanBeTrained() {
    let trainings = TrainingOverview(
      at: Date(),
      jobs: [
        .init(state: .waiting, count: 5), .init(state: .ready, count: 2), .init(state: .queued, count: 1),
        .init(state: .running, count: 3), .init(state: .done, count: 7), .init(state: .failed, count: 1),
      ])
    #expect(ScaleReport(work: [], liveSlots: nil, drain: 60, trainings: trainings).wantedTrainers == 6)
    // Those of a paused tenant would find nobody who hands them out.
    var paused = trainings
    paused.pausedJobs = 2
    #expect(ScaleReport(work: [], liveSlots: nil, drain: 60, trainings: paused).wantedTrainers == 4)
    #expect(ScaleReport(work: [], liveSlots: nil, drain: 60).wantedTrainers == 0)
  }

  @Test func classesAreSummedMostUrgentFirst() {
    let report = ScaleReport(
      work: [work(1, tiles: 1, .batch), work(2, tiles: 2, .stat), work(4, tiles: 4, .batch, isMeasured: false)],
      liveSlots: 2, drain: 60)
    #expect(report.classes.map(\.class) == ["stat", "batch"])
    #expect(report.classes.map(\.outstandingWorkSeconds) == [2, 5])
    #expect(report.classes.map(\.outstandingTiles) == [2, 5])
    #expect(report.outstandingWorkSeconds == 7 && report.outstandingTiles == 7)
    #expect(!report.isMeasured)
  }

  private func status(_ report: (@Sendable (Double?) async -> ScaleReport?)?) -> ProcessStatus {
    ProcessStatus(
      readiness: HealthMonitor([]), liveness: { [] }, isDraining: { false }, metrics: MetricsRegistry([]),
      samples: { [] }, scale: report)
  }

  @Test func anAutoscalerFindsTheNumberWhereThePageSays() async throws {
    struct Answer: Decodable {
      var wantedSlots: Int
      var liveSlots: Int
      var outstandingWorkSeconds: Double
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let status = status { drain in
      ScaleReport(
        work: [
          OutstandingWork(
            runClass: .routine, model: "m", tiles: 900, unplannedPasses: 0, seconds: 900, isMeasured: true)
        ], liveSlots: 2, drain: drain ?? 450)
    }
    try await Application(router: StatusServer.router(status)).test(.router) { client in
      for (uri, slots) in [("/v1/scale", 2), ("/v1/scale?drain=100", 9)] {
        try await client.execute(uri: uri, method: .get) { response in
          #expect(response.status == .ok)
          let answer = try decoder.decode(Answer.self, from: Data(buffer: response.body))
          #expect(answer.wantedSlots == slots)
          #expect(answer.liveSlots == 2)
          #expect(answer.outstandingWorkSeconds == 900)
        }
      }
      for uri in ["/v1/scale?drain=0", "/v1/scale?drain=nan", "/v1/scale?drain=x", "/v1/scale?drain=1e99"] {
        try await client.execute(uri: uri, method: .get) { #expect($0.status == .badRequest) }
      }
    }
  }

  @Test func withoutFiguresThereIsNoAnswerThatCouldMislead() async throws {
    let unknown: @Sendable (Double?) async -> ScaleReport? = { _ in nil }
    for (status, code) in [(status(nil), 404), (status(unknown), 503)] {
      try await Application(router: StatusServer.router(status)).test(.router) { client in
        try await client.execute(uri: "/v1/scale", method: .get) { #expect($0.status.code == code) }
      }
    }
  }
}
