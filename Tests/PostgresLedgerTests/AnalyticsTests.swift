import AnalystQueries
import Digests
import FleetContracts
import Foundation
import Testing
import Testkit

@testable import PostgresLedger

/// The views for analysts: what is in them, who sees it, what the database says of it, and the documented queries.
@Suite(.serialized, .enabled(if: TestDatabase.server != nil, TestDatabase.advice))
struct AnalyticsTests {
  /// A completed run of a tenant whose label 1 touches the border, and whose label 2 is absent.
  private func complete(_ ledger: PostgresLedger, tenant: String, cpu: Double? = 2.5) async throws -> RunID {
    try await ledger.register(.example)
    var submission = Submission.example
    submission.tenant = try Tenant(tenant)
    let run = try await ledger.submit(submission).run
    let claim = try #require(try await ledger.claimSubmittedRun(owner: "a", lease: .seconds(30)))
    try await ledger.plan(PassPlan(document: .example, tiles: 2), of: claim)
    _ = try await ledger.enqueueTiles(window: 10)
    for message in try await ledger.claimOutbox(limit: 10, lease: .seconds(30)) {
      let job = try message.message.tileJob()
      _ = try await ledger.record([
        TileResult(
          job: job, outcome: .computed(probabilities: Digest(of: "tile \(job.tile)".utf8), bytes: 1), worker: "host-1",
          engine: "winograd/avx2", timings: TileTimings(fetch: 0.5, infer: 1.25, put: 0.25, cpu: cpu))
      ])
    }
    let stitch = try #require(try await ledger.claimStitch(owner: "a", lease: .seconds(30)))
    let details = [
      LabelDetails(
        label: 1,
        box: LabelDetails.Box(
          lowerVoxel: [0, 1, 2], upperVoxel: [9, 10, 11], lowerMm: [-5, 0, 1], upperMm: [5, 6, 7]),
        centroidVoxel: [4.5, 5, 6], centroidMm: [0.25, 3, 4], surfaceMm2: 600, components: 2, largestComponentMl: 7,
        touchesBorder: true, meanConfidence: 0.75, meanEntropy: 0.5,
        intensities: [
          LabelDetails.Intensity(channel: 0, mean: 40, sd: 5, min: 1, max: 90, p05: 30, p50: 41, p95: 50)
        ]), LabelDetails(label: 2),
    ]
    try await ledger.complete(
      stitch.claim,
      RunOutcome(
        labelMap: .example, labelVoxels: .example,
        labels: [
          LabelMeasurement(label: 1, name: "grey", voxels: 8000, volume: 8),
          LabelMeasurement(label: 2, name: "white", voxels: 0, volume: 0),
        ], details: details, timings: [StepTiming(step: "read", seconds: 0.5)], engine: "winograd/avx2",
        softwareVersion: "0.1.0"))
    return run
  }

  @Test func whatWasMeasuredIsInTheViews() async throws {
    try await withDatabase { database in
      let ledger = try PostgresLedger(url: database.url)
      let run = try await complete(ledger, tenant: "north")
      #expect(
        try await database.execute(
          """
          SELECT concat_ws(' ', label_name, voxels, volume_ml, box_first_x, box_last_z, box_lower_x_mm, box_upper_z_mm, centroid_x, centroid_x_mm,
            surface_mm2, components, largest_component_ml, touches_border, is_preliminary, mean_confidence, mean_entropy, intensity_mean,
            intensity_p95) AS value FROM analytics.label_statistics ORDER BY label
          """) == ["grey 8000 8 0 11 -5 7 4.5 0.25 600 2 7 t f 0.75 0.5 40 50", "white 0 0 0 0 f f"])
      #expect(
        try await database.execute(
          """
          SELECT concat_ws(' ', num_nulls(box_first_x, box_lower_x_mm, centroid_x_mm, largest_component_ml, mean_confidence, intensity_mean),
            num_nulls(volume_ml, surface_mm2, components)) AS value FROM analytics.label_statistics WHERE label = 2
          """) == ["6 0"], "what an absent label has no value for is null, its volume is 0")
      #expect(
        try await database.execute(
          "SELECT concat_ws(' ', accepted_tiles, infer_seconds, cpu_seconds) AS value FROM analytics.run_summary")
          == ["2 2.5 5"])
      try await ledger.record(
        RunComparison(
          run: run, reference: .example, referenceName: "expert", toleranceMm: 1, softwareVersion: "0.1.0",
          labels: [
            LabelComparison(
              label: 1, truePositives: 5, falsePositives: 3, falseNegatives: 2, dice: 0.5, jaccard: 0.25, hd95Mm: 2,
              assdMm: 1, surfaceDice: 0.75, volumeMl: 8, referenceVolumeMl: 6)
          ]))
      #expect(
        try await database.execute(
          "SELECT concat_ws(' ', tenant, label_name, dice, volume_difference_ml) AS value FROM analytics.comparisons")
          == ["north grey 0.5 2"])
      #expect(
        try await database.execute(
          """
          SELECT concat_ws(' ', array_length(input_sha256, 1), array_length(model_sha256, 1), plan_sha256[1] = label_sha256,
            merkle_root IS NOT NULL, engine, workers) AS value FROM analytics.provenance
          """) == ["1 1 t t winograd/avx2 1"])
      _ = try await complete(ledger, tenant: "north", cpu: nil)
      try await database.execute("SELECT fleet.refresh_analytics('0') AS value")
      #expect(
        try await database.execute(
          "SELECT concat_ws(' ', tenant, runs, tiles, infer_seconds, cpu_seconds, step_seconds) AS value FROM analytics.cost_by_tenant"
        )
          == ["north 2 4 5 5 1"], "workers that don't tell count as 0")
      #expect(
        try await database.execute(
          "SELECT concat_ws(' ', label_name, runs, absent, touching_border, mean_volume_ml) AS value FROM analytics.model_drift_weekly ORDER BY 1"
        )
          == ["grey 2 0 2 8", "white 2 2 0 0"])
      try await ledger.keepUp()
      await ledger.close()
    }
  }

  @Test func anAnalystSeesWhatWasGranted() async throws {
    try await withDatabase { database in
      let ledger = try PostgresLedger(url: database.url)
      for tenant in ["north", "south"] { _ = try await complete(ledger, tenant: tenant) }
      await ledger.close()
      try await database.execute("SELECT fleet.refresh_analytics('0') AS value")
      let login = "t_\(UUID().uuidString.lowercased().prefix(8))"
      for statement in [
        "CREATE ROLE \(login) LOGIN PASSWORD 'sesame'", "GRANT USAGE ON SCHEMA analytics TO \(login)",
        "GRANT SELECT ON ALL TABLES IN SCHEMA analytics TO \(login)",
      ] { try await database.execute(statement) }
      var parts = try #require(URLComponents(string: database.url))
      (parts.user, parts.password) = (login, "sesame")
      let address = try #require(parts.string)
      let analyst = try AnalystDatabase(url: address)
      let rights = try AnalystRights(url: database.url)
      let tenants = "SELECT DISTINCT tenant FROM analytics"
      let views = [
        "label_volumes", "label_statistics", "label_intensities", "run_summary", "run_passes", "run_engines",
        "step_timings", "provenance", "throughput_hourly", "cost_by_tenant", "model_drift_weekly",
      ]
      for view in views { #expect(try await analyst.answer("\(tenants).\(view)").rows == [], "\(view)") }
      #expect(try await rights.grant(Tenant("north"), to: login))
      for view in views { #expect(try await analyst.answer("\(tenants).\(view)").rows == [["north"]], "\(view)") }
      #expect(try await rights.grant(nil, to: login))
      for view in views {
        #expect(try await analyst.answer("\(tenants).\(view) ORDER BY 1").rows == [["north"], ["south"]], "\(view)")
      }
      #expect(try await rights.all() == [.init(login: login, tenant: "*"), .init(login: login, tenant: "north")])
      for refused in [
        "SELECT * FROM fleet.runs", "SELECT * FROM fleet.label_statistics", "SELECT * FROM fleet.weekly_volumes",
        "SELECT * FROM fleet.visible_runs",
      ] { await #expect(throws: PostgresError.self) { try await analyst.answer(refused) } }
      await #expect(throws: PostgresError.self) { try await analyst.answer("DELETE FROM analytics.workers") }
      await #expect(throws: PostgresError.self) { try await AnalystRights(url: address).grant(nil, to: login) }
      #expect(try await rights.revoke(nil, from: login) == 2)
      #expect(try await analyst.answer("\(tenants).run_summary").rows == [])
      #expect(try await !rights.grant(nil, to: "nobody"))
      try await database.execute("DROP OWNED BY \(login)")
      try await database.execute("DROP ROLE \(login)")
    }
  }

  /// What the name of a column promises must be said in its comment.
  private static let units: [(suffix: String, words: [String])] = [
    ("_ml", ["illilitre", "mL"]), ("_mm", ["mm"]), ("_mm2", ["mm²"]), ("_seconds", ["econds"]), ("_bytes", ["ytes"]),
    ("_sha256", ["SHA-256"]), ("_entropy", ["nats"]), ("dice", ["0 to 1"]), ("jaccard", ["0 to 1"]),
    ("_confidence", ["0 to 1"]), ("hour", ["hour"]), ("day", ["UTC", "time zone"]), ("week", ["Monday"]),
  ]

  @Test func everythingHasACommentWithItsUnit() async throws {
    try await withDatabase { database in
      let dictionary = try await AnalystDatabase(url: database.url).dictionary()
      #expect(dictionary.relations.count { $0.schema == "analytics" } >= 19)
      for relation in dictionary.relations {
        let name = "\(relation.schema).\(relation.name)"
        #expect(relation.meaning?.hasSuffix(".") == true, "\(name)")
        for column in relation.columns {
          let meaning = column.meaning ?? ""
          #expect(!meaning.isEmpty, "\(name).\(column.name)")
          for (suffix, words) in Self.units where column.name.hasSuffix(suffix) {
            #expect(words.contains { meaning.contains($0) }, "\(name).\(column.name) (\(words)): \(meaning)")
          }
        }
      }
      let page = Fixtures.repository.appending(path: "Sources/tessera/Tessera.docc/DataDictionary.md")
      let text = try String(contentsOf: page, encoding: .utf8)
      #expect(
        text == dictionary.markdown,
        "make the page anew: tessera migrate up on an empty database, then tessera dictionary --markdown > \(page.path)"
      )
    }
  }

  @Test func theDocumentedQueriesRunAsAnalystsMayRunThem() async throws {
    try await withDatabase { database in
      let ledger = try PostgresLedger(url: database.url)
      _ = try await complete(ledger, tenant: "north")
      await ledger.close()
      try await database.execute("SELECT fleet.refresh_analytics('0') AS value")
      let analyst = try AnalystDatabase(url: database.url)
      #expect(AnalystQuery.all.count >= 14)
      for query in AnalystQuery.all {
        #expect(!query.title.isEmpty && query.title.hasSuffix("."), "\(query.name)")
        #expect(query.parameters.allSatisfy { !$0.defaultValue.isEmpty && !$0.meaning.isEmpty }, "\(query.name)")
        #expect(!query.sql.contains("fleet."), "\(query.name) must do with the schema analytics")
        let (sql, values) = query.bound([:])
        #expect(!sql.contains(":'"), "\(query.name): a parameter that its comment doesn't name")
        let answer = try await analyst.answer(sql, values)
        #expect(!answer.columns.isEmpty, "\(query.name)")
        let json = try JSONSerialization.jsonObject(with: Data(try await analyst.json(sql, values).utf8)) as? [Any]
        #expect(json?.count == answer.rows.count, "\(query.name)")
      }
      let volumes = try #require(AnalystQuery.named("label-volumes-by-week")).bound(["label": "grey"])
      let answer = try await analyst.answer(volumes.sql, volumes.values)
      #expect(answer.rows.count == 1 && answer.rows.first?.contains("8.00") == true)
    }
  }
}
