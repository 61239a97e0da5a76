import Foundation
import Testing
import Testkit

/// A task that is trained by real processes, on real servers, while one of them is killed.
@Suite(
  .serialized,
  .enabled(if: PrivateServers.areInstalled, "needs rabbitmq-server and postgresql; Compose/install brings them"))
struct TrainingFleetTests {
  /// A small task of five cases, planned and preprocessed for a network of two features.
  private func planned(_ fleet: Fleet) async throws {
    try Fixtures.copyTaskOfFiveCases(into: fleet.folder.url.appending(path: "nnUNet_raw_data"))
    try await fleet.succeed(["plan", "-t", "777", "--base-features", "2", "--patch", "8,16,16", "-m", "3d"])
  }

  /// SHA-256 of the finished weights of a training's first job.
  private func weights(_ training: String, in fleet: Fleet) throws -> String {
    let result = try #require(
      try fleet.query("SELECT result FROM fleet.training_jobs WHERE training = '\(training)' AND position = 0").first)
    struct Manifest: Decodable {
      struct File: Decodable {
        var path: String
        var sha256: String
      }
      var files: [File]
    }
    let store = fleet.folder.url.appending(path: "store/\(result.prefix(2))/\(result.dropFirst(2).prefix(2))/\(result)")
    let manifest = try JSONDecoder().decode(Manifest.self, from: try Data(contentsOf: store))
    return try #require(
      manifest.files.first { $0.path.hasSuffix("fold_0/model_final_checkpoint.model") }?.sha256,
      "\(manifest.files.map(\.path))")
  }

  private func submit(_ fleet: Fleet, _ key: String, name: String, epochs: Int) async throws -> String {
    struct Receipt: Decodable {
      var training: String
      var isNew: Bool
    }
    let words = [
      "submit-training", "777", "-m", "3d_fullres", "-f", "0", "--epochs", "\(epochs)", "--iterations", "4",
      "--validation-iterations", "1", "--name", name, "--key", key, "--json",
    ]
    return try Fleet.decode(Receipt.self, from: try await fleet.succeed(words)).training
  }

  private struct Top: Decodable {
    struct Job: Decodable {
      var training: String
      var configuration: String?
      var fold: Int?
      var epochs: Int
      var plannedEpochs: Int
      var trainingLoss: Double?
      var epochSeconds: Double?
      var expectedAt: String?
      var worker: String
    }
    var trainings: [Job]
    var trainingJobs: [String: Int]
  }

  private struct Retry: Decodable, Equatable {
    var training: String
    var state: String?
    var retriedJobs: [Int]
  }

  @Test func aTrainerThatIsKilledInTheMiddleOfAnEpochIsFollowedByAnotherWithTheSameBits() async throws {
    let fleet = try await Fleet(environment: ["TESSERA_TRAINING_LEASE_SECONDS": "10"])
    try await planned(fleet)
    let roles = [try await fleet.start("dispatcher"), try await fleet.start("aggregator")]
    let first = try await fleet.start("trainer")
    let training = try await submit(fleet, "disturbed", name: "small", epochs: 5)
    let job = "FROM fleet.training_jobs WHERE training = '\(training)' AND position = 0"
    try await fleet.wait("two epochs", until: "SELECT checkpoint_epochs >= 2 \(job)")
    // The next epoch has begun: its trainer doesn't wait for the ledger.
    first.send(SIGKILL)
    #expect(try fleet.query("SELECT state = 'running' AND checkpoint_epochs < 5 \(job)") == ["t"])
    // Nobody has noticed yet.
    let seen = try Fleet.decode(Top.self, from: try await fleet.succeed(["top", "--json"]))
    #expect(seen.trainingJobs == ["running": 1, "waiting": 1])
    let shown = try #require(seen.trainings.first)
    #expect(shown.training == training && shown.configuration == "3d_fullres" && shown.fold == 0)
    #expect((2..<5).contains(shown.epochs) && shown.plannedEpochs == 5 && shown.trainingLoss != nil)
    #expect(shown.worker.hasSuffix("-\(first.number)") && shown.expectedAt != nil && shown.epochSeconds ?? 0 > 0)
    #expect(try await fleet.succeed(["top", "--once"]).contains("CONFIGURATION"))
    try await fleet.wait("the loss to be seen", until: "SELECT state = 'ready' AND setbacks = 1 \(job)")
    // Meanwhile an operator cancels it, and thinks better of it.
    #expect(try await fleet.succeed(["training", "cancel", training]).contains("is cancelled"))
    let retried = try Fleet.decode(
      [Retry].self, from: try await fleet.succeed(["training", "retry", training, "--json"]))
    #expect(retried == [Retry(training: training, state: "running", retriedJobs: [0, 1])])
    let again = try await TesseraProcess.run(
      ["training", "retry", training], environment: fleet.environment, folder: fleet.folder.url)
    #expect(again.code == 65 && again.log.contains("nothing to retry") && again.output.isEmpty)
    #expect(
      try fleet.query(
        "SELECT act, cardinality(jobs), asked_by FROM analytics.training_acts WHERE training = '\(training)' ORDER BY asked_at"
      ) == ["cancel|2|\(NSUserName())", "retry|2|\(NSUserName())"])
    let table = try await fleet.succeed(["training", "show", training])
    #expect(table.contains("taken up again, 2 jobs, by \(NSUserName()) at "))
    // What its first trainer expects after the last epoch.
    #expect(try fleet.query("SELECT final_seconds > 0 \(job)") == ["t"])
    let second = try await fleet.start("trainer")
    try await fleet.wait(
      "the training's end", within: 120,
      until: "SELECT state <> 'running' FROM fleet.trainings WHERE id = '\(training)'")
    #expect(try fleet.query("SELECT state, attempt, setbacks \(job)") == ["done|2|0"])
    #expect(second.logText.contains("going on from a checkpoint"))
    #expect(try fleet.query("SELECT state FROM fleet.trainings WHERE id = '\(training)'") == ["completed"])
    // Every epoch once, by two trainers.
    #expect(
      try fleet.query(
        "SELECT count(*), count(DISTINCT worker), count(training_loss) FROM analytics.training_curves WHERE training = '\(training)'"
      ) == ["5|2|5"])

    // Asked to stop, an idle trainer ends by itself. The next training is done by the trainer of `tessera up`.
    second.send(SIGTERM)
    #expect(try await second.finish(within: 60).code == 0)
    let watched = try WatchedProcess()
    let up = try TesseraProcess(
      ["up", "--trainers", "1"],
      environment: fleet.environment.merging(["TESSERA_HTTP_LISTEN": watched.listen]) { $1 }, folder: fleet.folder.url)
    let undisturbed = try await submit(fleet, "undisturbed", name: "small-again", epochs: 5)
    try await fleet.wait(
      "the second training's end", within: 120,
      until: "SELECT state = 'completed' FROM fleet.trainings WHERE id = '\(undisturbed)'")
    #expect(try weights(training, in: fleet) == (try weights(undisturbed, in: fleet)))
    #expect(try fleet.query("SELECT attempt \(job.replacing(training, with: undisturbed))") == ["1"])
    #expect(try await fleet.succeed(["model", "list"]).contains("small-again"))
    #expect(try await fleet.succeed(["training", "show", training]).contains("3d_fullres"))
    #expect(try await submit(fleet, "disturbed", name: "small", epochs: 5) == training)
    #expect(up.logText.contains("trainer started"))
    let metrics = try PrometheusText(try await watched.wait(for: 200, at: "/metrics", within: 60))
    let configuration = ["configuration": "3d_fullres"]
    #expect(metrics.value("tessera_training_epochs_total", configuration) == 5)
    #expect(metrics.value("tessera_training_epoch_seconds_count", configuration) == 5)
    let (epochs, waited) = (
      metrics.value("tessera_training_epoch_seconds_sum", configuration),
      metrics.value("tessera_training_batch_wait_seconds_total", configuration)
    )
    #expect(try #require(epochs) > (try #require(waited)))
    #expect(metrics.value("tessera_training_jobs", ["state": "done"]) == 4)
    #expect(metrics.value("tessera_training_jobs", ["state": "failed"]) == 0)
    #expect(await watched.get("/v1/scale").text.contains(#""wanted_trainers":0"#))
    up.send(SIGTERM)
    #expect(try await up.finish(within: 60).code == 0)
    withExtendedLifetime(roles) {}
  }
}
