import FleetContracts
import FleetMetrics
import Foundation
import HTTPAPI
import RabbitMQBroker
import Testing

@testable import Commands

@Suite struct FleetGaugesTests {
  @Test func everyClassAndInvariantIsThereAlsoWithNothingToTell() {
    let samples = FleetGauges.samples(FleetOverview(at: Date())) + FleetGauges.samples([:])
    let outstanding = samples.filter { $0.family == FleetMetrics.outstandingTiles }
    #expect(Set(outstanding.map(\.labels)) == [["stat"], ["routine"], ["batch"]])
    let violations = samples.filter { $0.family == FleetMetrics.ledgerViolations }
    #expect(violations.count == 12 && violations.allSatisfy { $0.value == 0 })
  }

  @Test func whatWaitsForAnOperatorIsToldByMetricsAndReadiness() {
    let none = FleetGauges.samples(FleetOverview(at: Date()))
    #expect(none.count { $0.family == FleetMetrics.deadLetters } == FailureKind.allCases.count + 1)
    let samples = FleetGauges.samples(
      FleetOverview(
        at: Date(), deadLetters: [.init(reason: "poison", count: 7)],
        attention: FleetAttention(openDeadLetters: 3, quarantines: 1)))
    #expect(samples.contains(MetricSample(FleetMetrics.deadLetters, "poison", value: 7)))
    #expect(samples.contains(MetricSample(FleetMetrics.openDeadLetters, value: 3)))
    #expect(samples.contains(MetricSample(FleetMetrics.quarantines, value: 1)))
    #expect(HealthChecks.words(FleetAttention()) == "nothing waits for an operator")
    #expect(
      HealthChecks.words(FleetAttention(openDeadLetters: 1, quarantines: 2))
        == "1 open dead letter (tessera dlq ls --open), 2 workers in quarantine (tessera quarantine ls)")
  }

  @Test func whatOthersHaventBeenToldIsTold() {
    let samples = FleetGauges.samples(
      FleetOverview(at: Date(), events: EventBacklog(unpublished: 3, lag: 1.5, pendingDeliveries: 2)))
    #expect(samples.contains(MetricSample(FleetMetrics.unpublishedEvents, value: 3)))
    #expect(samples.contains(MetricSample(FleetMetrics.eventLag, value: 1.5)))
    #expect(samples.contains(MetricSample(FleetMetrics.pendingDeliveries, value: 2)))
  }

  @Test func jobsOfTrainingsAreCountedByState() {
    let samples = FleetGauges.samples(
      TrainingOverview(at: Date(), jobs: [.init(state: .running, count: 2), .init(state: .failed, count: 1)]))
    #expect(samples.count == TrainingJobState.allCases.count)
    #expect(samples.contains(MetricSample(FleetMetrics.trainingJobs, "running", value: 2)))
    #expect(samples.contains(MetricSample(FleetMetrics.trainingJobs, "failed", value: 1)))
    #expect(samples.contains(MetricSample(FleetMetrics.trainingJobs, "ready", value: 0)))
  }

  @Test func runsThatAreOverAreCountedApartFromThoseInWork() {
    let samples = FleetGauges.samples(
      FleetOverview(
        at: Date(),
        runs: [
          .init(state: .completed, runClass: .stat, count: 3), .init(state: .predicting, runClass: .batch, count: 2),
        ]))
    #expect(samples.contains(MetricSample(FleetMetrics.runs, "completed", "stat", value: 3)))
    #expect(samples.contains(MetricSample(FleetMetrics.openRuns, "predicting", "batch", value: 2)))
  }

  @Test func theBrokersStateFollowsItsEvents() throws {
    let watch = BrokerWatch()
    #expect(!watch.finding.isGood)
    watch.note(.connected(try BrokerAddress("amqp://user:secret@localhost/")))
    #expect(watch.finding.isGood)
    watch.note(.blocked(reason: "low on memory"))
    #expect(watch.finding == .bad("takes no messages: low on memory"))
    watch.note(.unblocked)
    #expect(watch.finding.isGood)
    watch.note(.disconnected(reason: "reset by peer", pause: .seconds(1)))
    #expect(watch.finding == .bad("reset by peer"))
  }
}
