import Digests
import Foundation
import Testing
import Testkit

/// What a person sees in a browser: the dashboard of a real fleet, the viewer, reports. Contrast, names, overlaps and keyboard are checked
/// at desktop and phone size, in light and dark.
@Suite(
  .serialized,
  .enabled(
    if: BrowserProcess.isInstalled, "needs chromium, chromium-driver, python3-selenium; Compose/test brings them"))
struct DashboardTests {
  private let image = Fixtures.directory.appending(path: "demo/images/colin27_0000.nii.gz")

  /// A study from the page, a tile that fails, its replay from the page, and the slices of the result.
  @Test(
    .timeLimit(.minutes(5)),
    .enabled(if: PrivateServers.areInstalled, "needs rabbitmq-server and postgresql; Compose/install brings them"))
  func aStudyIsSubmittedWatchedReplayedAndLookedAt() async throws {
    let fleet = try await Fleet()
    let serve = try WatchedProcess()
    let roles = [
      try await fleet.start("dispatcher"), try await fleet.start("aggregator"),
      try await fleet.start("serve", ["--open", "--listen", serve.listen]),
    ]
    // Each tile takes a while, so that progress can be seen.
    let faulty = try await fleet.start(
      "worker", environment: ["TESSERA_FAULT": "worker.fetched#1=fail:poison,worker.computed=delay:0.1"])
    let url = "http://\(serve.listen)/"
    let run = try await BrowserProcess.run("submit", url, [image.path])
    #expect(try await fleet.status(run).state == "failed")
    faulty.send(SIGTERM)
    _ = try await faulty.finish(within: 60)
    let sound = try await fleet.start("worker")
    _ = try await BrowserProcess.run("replay", url, [run])
    #expect(try await fleet.status(run).state == "completed")
    let report = fleet.folder.url.appending(path: "report.html")
    try await fleet.succeed(["report", run, "-o", report.path, "--mosaic", fleet.folder.url.path + "/mosaic.png"])
    _ = try await BrowserProcess.run("report", report.path)
    try await training(fleet, url)
    try await token(fleet)
    for role in roles + [sound] { #expect(role.isRunning) }
  }

  /// A training of two configurations, in the ledger as trainers and aggregator have left it: a fold of two has failed.
  private func training(_ fleet: Fleet, _ url: String) async throws {
    let id = "0192f0c1-2f3a-7c55-9d0e-3b1f6a7c8d9e"
    let task = fleet.folder.url.appending(path: "task")
    try Data("a preprocessed task".utf8).write(to: task)
    let data = Digest(of: "a preprocessed task".utf8).hexadecimal
    let stored = fleet.folder.url.appending(path: "store/\(data.prefix(2))/\(data.dropFirst(2).prefix(2))")
    try FileManager.default.createDirectory(at: stored, withIntermediateDirectories: true)
    try FileManager.default.moveItem(at: task, to: stored.appending(path: data))
    let spec = """
      {"task": "Task501_BrainTissue", "configurations": ["3d_fullres", "2d"], "folds": [0, 1], "foldsOfSplit": 2, "trainer": "T",
       "cascadeTrainer": "C", "plans": "P", "data": "\(data)", "model": "tissue-2", "epochs": 40, "iterations": 10,
       "validationIterations": 5, "seed": 1, "checkpointEvery": 1, "ensembles": false}
      """
    _ = try fleet.query(
      """
      SET session_replication_role = replica;
      INSERT INTO fleet.trainings (id, tenant, task, model_name, data, spec, request_digest, state, finished_at)
      VALUES ('\(id)', 'default', 'Task501_BrainTissue', 'tissue-2', '\(data)', '\(spec)', '\(data)', 'failed', now());
      INSERT INTO fleet.training_jobs (training, position, kind, configuration, fold, needs, state, attempt, epochs, worker, started_at,
        finished_at, result, failure_kind, failure_reason)
      VALUES ('\(id)', 0, 'fold', '3d_fullres', 0, '{}', 'done', 1, 40, 'node-4711', now(), now(), '\(data)', NULL, NULL),
             ('\(id)', 1, 'fold', '3d_fullres', 1, '{}', 'failed', 2, 25, 'node-4712', now(), now(), NULL, 'invalid', 'The disk is full.'),
             ('\(id)', 2, 'fold', '2d', 0, '{}', 'done', 1, 0, 'node-4711', now(), now(), '\(data)', NULL, NULL),
             ('\(id)', 3, 'fold', '2d', 1, '{}', 'cancelled', 0, 0, NULL, NULL, now(), NULL, NULL, NULL),
             ('\(id)', 4, 'selection', NULL, NULL, '{0,1,2,3}', 'skipped', 0, 0, NULL, NULL, now(), NULL, NULL, NULL);
      INSERT INTO fleet.training_epochs (training, position, epoch, training_loss, validation_loss, dice, learning_rate, seconds, attempt,
        worker)
      SELECT '\(id)', fold, epoch, 0.2 - 0.9 * (1 - exp(-epoch / 12.0)) + 0.02 * sin(epoch * 3 + fold),
             0.25 - 0.8 * (1 - exp(-epoch / 12.0)) + 0.03 * cos(epoch * 2 + fold), 0.9 * (1 - exp(-(epoch + 1) / 10.0)), 0.01, 30, 1, 'w'
      FROM generate_series(0, 1) AS fold, generate_series(0, 39) AS epoch WHERE fold = 0 OR epoch < 25;
      """)
    _ = try await BrowserProcess.run("training", url, [id])
    let states = try fleet.query("SELECT state FROM fleet.training_jobs WHERE training = '\(id)' ORDER BY position")
    #expect(states == ["done", "ready", "done", "ready", "waiting"])
    try await fleet.succeed(["training", "cancel", id])
  }

  /// A server that wants tokens is given one in the page.
  private func token(_ fleet: Fleet) async throws {
    let secret = try await fleet.succeed(["token", "create", "person", "--scope", "read"])
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let serve = try WatchedProcess()
    let guarded = try await fleet.start("serve", ["--listen", serve.listen])
    _ = try await BrowserProcess.run("token", "http://\(serve.listen)/", [secret])
    #expect(!guarded.logText.contains(secret))
  }

  /// Slices of 8 mm, permuted axes: what a report shows is true to mm, and none of the checks finds anything.
  @Test(.timeLimit(.minutes(5)))
  func aLocalReportIsReadableEverywhere() async throws {
    let folder = try TemporaryFolder()
    let result = try await TesseraProcess.run(
      [
        "predict", "-i", Fixtures.directory.appending(path: "Task501/images/colin_thick_0000.nii.gz").path, "-o",
        folder.url.path, "-d", Fixtures.directory.appending(path: "Task501/model").path, "--disable_tta", "--report",
        "--mosaic",
      ], environment: [:], folder: folder.url)
    try #require(result.code == 0, "\(result.log)")
    #expect(FileManager.default.fileExists(atPath: folder.url.appending(path: "colin_thick_mosaic.png").path))
    let page = folder.url.appending(path: "colin_thick.html")
    let size = try #require(try FileManager.default.attributesOfItem(atPath: page.path)[.size] as? Int)
    #expect((50_000..<4 << 20).contains(size))
    let text = try String(contentsOf: page, encoding: .utf8)
    #expect(!text.contains("colin_thick"), "a case's name may tell of a patient")
    _ = try await BrowserProcess.run("report", page.path)
  }
}
