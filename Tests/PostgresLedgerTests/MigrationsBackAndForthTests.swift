import FleetContracts
import Migrations
import Testing

@testable import PostgresLedger

/// Every step of the schema is taken, taken back and taken again with rows in place, from the first version on.
@Suite(.serialized, .enabled(if: TestDatabase.server != nil, TestDatabase.advice))
struct MigrationsBackAndForthTests {
  /// Rows of the first version: a run in each of its states, with a pass, tiles, a result, a failure, an outbox message and measurements.
  private static let seed = """
    INSERT INTO fleet.models (digest, name, configuration, trainer, channels)
      VALUES (repeat('a', 64), 'brain', '3d_fullres', 'nnUNetTrainerV2', 1);
    INSERT INTO fleet.model_labels VALUES (repeat('a', 64), 1, 'grey');
    INSERT INTO fleet.model_names (name, model) VALUES ('brain', repeat('a', 64));
    ALTER TABLE fleet.runs DISABLE TRIGGER guard_run;
    INSERT INTO fleet.runs (id, model, model_name, options, request_digest, idempotency_key)
      SELECT format('0195c0de-0000-7000-8000-00000000000%s', n)::uuid, repeat('a', 64), 'brain',
             '{"folds": ["fold_0"], "mirroring": true, "stepSize": 0.5, "savesProbabilities": false}', repeat('b', 64), 'key ' || n
      FROM generate_series(1, 5) n;
    UPDATE fleet.runs SET state = 'preparing', started_at = now(), epoch = 1, owner = 'a', lease_until = now() WHERE id::text LIKE '%2';
    UPDATE fleet.runs SET state = 'predicting', started_at = now(), epoch = 1 WHERE id::text LIKE '%3';
    UPDATE fleet.runs SET state = 'completed', started_at = now(), finished_at = now(), epoch = 2, label_map = repeat('c', 64),
      label_voxels = repeat('d', 64), engine = 'blas/avx2', software_version = '0.1.0' WHERE id::text LIKE '%4';
    UPDATE fleet.runs SET state = 'failed', started_at = now(), finished_at = now(), failure_kind = 'poison', failure_reason = 'It broke.',
      epoch = 1 WHERE id::text LIKE '%5';
    ALTER TABLE fleet.runs ENABLE TRIGGER guard_run;
    INSERT INTO fleet.run_inputs SELECT id, 0, repeat('e', 64) FROM fleet.runs;
    INSERT INTO fleet.passes (id, run, epoch, document, tiles)
      SELECT format('0195c0de-0001-7000-8000-00000000000%s', n)::uuid, format('0195c0de-0000-7000-8000-00000000000%s', n)::uuid, 1,
             repeat('f', 64), 2
      FROM generate_series(3, 5) n;
    INSERT INTO fleet.tiles (pass, tile) SELECT p.id, t FROM fleet.passes p, generate_series(0, 1) t;
    UPDATE fleet.tiles SET state = 'queued', attempts = 1, queued_at = now();
    UPDATE fleet.tiles SET state = 'done' WHERE pass::text LIKE '%4' OR tile = 0;
    UPDATE fleet.tiles SET state = 'dead' WHERE pass::text LIKE '%5' AND tile = 1;
    INSERT INTO fleet.tile_results (pass, tile, probabilities, bytes, attempt, worker, engine, fetch_seconds, infer_seconds, put_seconds)
      SELECT pass, tile, repeat('9', 64), 8, 1, 'host-1', 'blas/avx2', 0.5, 1.5, 0.25 FROM fleet.tiles WHERE state = 'done';
    INSERT INTO fleet.tile_failures (pass, tile, attempt, kind, reason, worker)
      SELECT pass, tile, 1, 'poison', 'It broke.', 'host-1' FROM fleet.tiles WHERE state = 'dead';
    INSERT INTO fleet.outbox (pass, tile, queue, message_id, message_type, body)
      SELECT pass, tile, 'tiles', 'm', 't', '{}' FROM fleet.tiles WHERE state = 'queued';
    INSERT INTO fleet.label_statistics (run, label, name, voxels, volume_ml)
      SELECT id, 1, 'grey', 8000, 8 FROM fleet.runs WHERE state = 'completed';
    INSERT INTO fleet.step_timings (run, position, step, seconds) SELECT id, 0, 'read', 0.5 FROM fleet.runs WHERE state = 'completed';
    """

  /// Rows that only the newest version can hold.
  private static let newest = """
    INSERT INTO fleet.runs (id, model, model_name, options, request_digest, idempotency_key, tenant)
      SELECT format('0195c0de-0000-7000-8000-00000000000%s', n)::uuid, repeat('a', 64), 'brain', '{}', repeat('b', 64), 'key 1', 'ward' || n
      FROM generate_series(6, 8) n;
    UPDATE fleet.runs SET state = 'cancelled', finished_at = now() WHERE id::text LIKE '%6';
    UPDATE fleet.runs SET state = 'preparing', started_at = now(), epoch = 1, owner = 'a', lease_until = now() WHERE id::text LIKE '%7' OR id::text LIKE '%8';
    UPDATE fleet.runs SET state = 'failed', finished_at = now(), failure_kind = 'out_of_memory', failure_reason = 'Too large.', owner = NULL,
      lease_until = NULL WHERE id::text LIKE '%7';
    UPDATE fleet.runs SET state = 'continuing', owner = NULL, lease_until = NULL WHERE id::text LIKE '%8';
    INSERT INTO fleet.tile_failures (pass, tile, attempt, kind, reason, worker)
      SELECT pass, tile, 2, 'out_of_memory', 'Too large.', 'host-1' FROM fleet.tiles WHERE state = 'dead';
    INSERT INTO fleet.comparisons (run, reference, tolerance_mm, label, reference_name, true_positives, false_positives, false_negatives, volume_ml,
      reference_volume_ml, software_version)
      SELECT id, repeat('5', 64), 1, 1, 'expert', 1, 2, 3, 4, 5, '0.1.0' FROM fleet.runs WHERE state = 'completed';
    INSERT INTO fleet.analyst_tenants (login, tenant) VALUES ('alice', 'ward6');
    """

  /// Tables, columns, constraints, indexes, functions, triggers and what views show, one line each.
  private static let schema = """
    SELECT format('column %s.%s %s %s %s %s', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                  pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)) AS value
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relnamespace IN ('fleet'::regnamespace, 'analytics'::regnamespace) AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
    UNION ALL
    SELECT format('relation %s %s %s %s', c.oid::regclass, c.relkind, c.reloptions, obj_description(c.oid, 'pg_class'))
    FROM pg_class c WHERE c.relnamespace IN ('fleet'::regnamespace, 'analytics'::regnamespace) AND c.relkind IN ('r', 'p', 'v', 'm')
      AND NOT c.relispartition
    UNION ALL
    SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(k.oid))
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    WHERE k.connamespace = 'fleet'::regnamespace AND NOT c.relispartition AND k.contype <> 't'
    UNION ALL
    SELECT format('index %s', pg_get_indexdef(i.indexrelid)) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    WHERE c.relnamespace = 'fleet'::regnamespace AND NOT c.relispartition
    UNION ALL
    SELECT format('function %s %s %s', p.oid::regprocedure, p.prosrc, obj_description(p.oid, 'pg_proc')) FROM pg_proc p
    WHERE p.pronamespace = 'fleet'::regnamespace
    UNION ALL
    SELECT format('trigger %s', pg_get_triggerdef(t.oid)) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND NOT c.relispartition AND c.relnamespace = 'fleet'::regnamespace
    ORDER BY 1
    """

  private static let counts = """
    SELECT concat_ws(' ', (SELECT count(*) FROM fleet.models), (SELECT count(*) FROM fleet.runs), (SELECT count(*) FROM fleet.run_inputs),
      (SELECT count(*) FROM fleet.passes), (SELECT count(*) FROM fleet.tiles), (SELECT count(*) FROM fleet.tile_results),
      (SELECT count(*) FROM fleet.outbox), (SELECT count(*) FROM fleet.label_statistics), (SELECT count(*) FROM fleet.step_timings)) AS value
    """

  @Test func everyStepCanBeTakenBackAndAgain() async throws {
    try await withDatabase(isMigrated: false) { database in
      let migrator = try Migrator(url: database.url)
      _ = try await migrator.up(through: 1)
      let before = try await database.execute(Self.schema)
      try PostgresConnection(ConnectionSettings(url: database.url)).run(script: Self.seed)
      let rows = try await database.execute(Self.counts)
      var schemas = [1: before]
      for version in 2...Migrations.all.count {
        let name = Migrations.all[version - 1].name
        #expect(try await migrator.up(through: version).map(\.version) == [version])
        let schema = try await database.execute(Self.schema)
        #expect(try await database.execute(Self.counts) == rows, "\(name), up")
        #expect(try await migrator.down(to: version - 1).map(\.version) == [version])
        expectEqual(try await database.execute(Self.schema), schemas[version - 1] ?? [], "\(name), down")
        #expect(try await database.execute(Self.counts) == rows, "\(name), down")
        #expect(try await migrator.up(through: version).map(\.version) == [version])
        expectEqual(try await database.execute(Self.schema), schema, "\(name), up again")
        #expect(try await database.execute(Self.counts) == rows, "\(name), up again")
        schemas[version] = schema
      }
      try await migrator.validate()
      // The ledger works on what it found.
      let ledger = try await PostgresLedger.open(url: database.url)
      let record = try #require(try await ledger.runs(limit: 10).first { $0.state == .completed })
      #expect(record.outcome?.labels.map(\.volume) == [8] && record.acceptedTiles == 2)
      await ledger.close()
      #expect(
        try await database.execute("SELECT tenant AS value FROM analytics.label_volumes WHERE volume_ml = 8") == [
          "default"
        ])
      #expect(try await database.execute("SELECT sum(infer_seconds) AS value FROM analytics.run_summary") == ["6"])

      // With rows that older versions have no words for, all the way back; what is said in other words is still there.
      try PostgresConnection(ConnectionSettings(url: database.url)).run(script: Self.newest)
      #expect(try await migrator.down(to: 1).count == Migrations.all.count - 1)
      expectEqual(try await database.execute(Self.schema), before, "all the way back")
      #expect(
        try await database.execute(
          "SELECT concat(state, ' ', count(*)) AS value FROM fleet.runs GROUP BY state ORDER BY state")
          == ["completed 1", "failed 4", "predicting 1", "preparing 1", "submitted 1"])
      #expect(try await migrator.up().count == Migrations.all.count - 1)
      #expect(try await migrator.down(to: 0).count == Migrations.all.count)
      #expect(try await database.execute(Self.schema).count { $0?.contains("schema_migrations") == false } == 0)
      await #expect(throws: LedgerError.self) { try await migrator.validate() }
      #expect(try await migrator.up().count == Migrations.all.count)
    }
  }

  private func expectEqual(_ found: [String?], _ expected: [String?], _ what: String) {
    let (found, expected) = (Set(found), Set(expected))
    #expect(found.subtracting(expected).isEmpty, "\(what)")
    #expect(expected.subtracting(found).isEmpty, "\(what)")
  }
}
