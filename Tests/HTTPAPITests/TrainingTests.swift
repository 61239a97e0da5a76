import FleetContracts
import HTTPTypes
import PythonJSON
import Testing

@testable import HTTPAPI

/// Trainings over HTTP.
@Suite struct TrainingTests {
  @Test func aTrainingIsShownWithItsFoldsAndCurves() async throws {
    let bench = try await APIBench()
    let id = try await bench.training()
    try await bench.test { (client) async throws in
      let list = try await client.send(.get, "/v1/trainings")
      #expect(list.json?["trainings"]?.array?.map { $0["training"]?.string } == [id.description])
      let training = try #require(try await client.send(.get, "/v1/trainings/\(id)").json)
      #expect(training["state"]?.string == "running" && training["retriable"] == .boolean(true))
      #expect(training["failure"]?["reason"]?.string == "The disk is full.")
      let jobs = try #require(training["jobs"]?.array)
      #expect(jobs.map { $0["state"]?.string } == ["running", "failed", "skipped"])
      #expect(jobs[0]["epochs"]?.integer == 1 && jobs[0]["worker"]?.string == "host-0")
      #expect(jobs[0]["epoch_seconds"] == .float(2) && jobs[0]["expected_at"]?.string != nil)
      #expect(jobs[1]["expected_at"] == .null && jobs[2]["configuration"] == .null)

      let curves = try #require(try await client.send(.get, "/v1/trainings/\(id)/curves?configuration=2d").json)
      let points = try #require(curves["curves"]?.array?.map { $0["points"]?.array ?? [] })
      #expect(points.map(\.count) == [1, 0])
      #expect(points[0][0]["dice"] == .float(0.75) && points[0][0]["validation_loss"] == .null)
      let others = try await client.send(.get, "/v1/trainings/\(id)/curves?configuration=3d_fullres")
      #expect(others.json?["curves"]?.array == [])
      #expect(try await client.send(.get, "/v1/trainings/\(id)/curves?configuration=4d").status == 400)
    }
  }

  @Test func aTrainingIsCancelledAndTakenUpAgain() async throws {
    let bench = try await APIBench()
    let id = try await bench.training()
    try await bench.test { (client) async throws in
      let retried = try await client.send(.post, "/v1/trainings/\(id)/retry")
      #expect(retried.status == 200 && retried.json?["retried_jobs"]?.array == [.integer(1), .integer(2)])
      let nothing = try await client.send(.post, "/v1/trainings/\(id)/retry")
      #expect(nothing.status == 409 && nothing.problem == "nothing-to-retry")
      for _ in 0..<2 {
        let cancelled = try await client.send(.post, "/v1/trainings/\(id)/cancel")
        #expect(cancelled.status == 200 && cancelled.json?["state"]?.string == "cancelled")
      }
      #expect(try await client.send(.post, "/v1/trainings/\(id)/retry").json?["state"]?.string == "running")
      _ = try await client.send(.post, "/v1/trainings/\(id)/cancel")
      let acts = try await client.send(.get, "/v1/trainings/\(id)").json?["acts"]?.array ?? []
      #expect(acts.map { $0["act"]?.string } == ["retry", "cancel", "retry", "cancel"])
      #expect(acts.allSatisfy { $0["asked_by"]?.string == "both" && $0["asked_at"]?.string != nil })
      #expect(acts.first?["jobs"]?.array == [.integer(1), .integer(2)])
      // What it would go on from has been cleaned away.
      let checkpoint = try #require(try await bench.ledger.training(id)?.jobs.first?.checkpoint)
      try await bench.store.remove(checkpoint)
      let gone = try await client.send(.post, "/v1/trainings/\(id)/retry")
      #expect(gone.problem == "nothing-to-retry" && gone.text.contains("goes on from"))
      #expect(gone.text.contains("submit the training again"))
    }
  }

  @Test func othersTrainingsDoNotExistForATenant() async throws {
    let bench = try await APIBench()
    let id = try await bench.training()
    try await bench.test { (client) async throws in
      #expect(try await client.send(.get, "/v1/trainings", as: "stranger").json?["trainings"]?.array == [])
      #expect(try await client.send(.get, "/v1/trainings", as: "admin").json?["trainings"]?.array?.count == 1)
      for path in ["/v1/trainings/\(id)", "/v1/trainings/\(id)/curves", "/v1/trainings/\(TrainingID())"] {
        #expect(try await client.send(.get, path, as: "stranger").status == 404)
      }
      for what in ["cancel", "retry"] {
        #expect(try await client.send(.post, "/v1/trainings/\(id)/\(what)", as: "stranger").status == 404)
        #expect(try await client.send(.post, "/v1/trainings/\(id)/\(what)", as: "reader").status == 403)
      }
      #expect(try await bench.ledger.training(id)?.state == .running)
    }
  }
}
