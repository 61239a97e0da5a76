import Digests
import FleetContracts
import Testing

@testable import FleetSimulation

@Suite struct SimulatedStepsTests {
  private let job = TileJob(
    run: RunID(), pass: PassID(), epoch: 1, tile: 3, attempt: 1, document: Digest(of: "document".utf8))

  @Test func aTileComputedAgainHasTheSameDigest() async throws {
    let predictor = SimulatedPredictor(seconds: 0)
    var again = job
    again.attempt = 2
    var other = job
    other.tile = 4
    let digest = try await predictor.predict(job).probabilities
    #expect(try await predictor.predict(again).probabilities == digest)
    #expect(try await predictor.predict(other).probabilities != digest)
  }

  @Test func aTileTakesItsTime() async throws {
    let timings = try await SimulatedPredictor(seconds: 0.01).predict(job).timings
    #expect((0.005...0.015).contains(timings.infer))
  }
}
