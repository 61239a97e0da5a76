-- The promises I1 to I12, as far as a ledger can see them: each has a view that must be empty at any moment. What only others can see is
-- checked elsewhere: blobs by `tessera verify` (I6), what kills cost by `tessera chaos` (I10).

-- By the clock at the moment of writing, not that of the transaction's beginning: so it can be compared with run_events.
ALTER TABLE fleet.tile_results ALTER COLUMN accepted_at SET DEFAULT clock_timestamp();

------------------------------------------------------------------------------------------------ what is looked at for it

CREATE TABLE fleet.extra_results (
  pass          uuid NOT NULL,
  tile          integer NOT NULL,
  attempt       integer NOT NULL,
  worker        text NOT NULL,
  infer_seconds double precision NOT NULL,
  outcome       text NOT NULL CHECK (outcome IN ('duplicate', 'conflict', 'stale')),
  times         integer NOT NULL DEFAULT 1 CHECK (times > 0),
  first_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (pass, tile, attempt, worker, infer_seconds),
  FOREIGN KEY (pass, tile) REFERENCES fleet.tiles ON DELETE CASCADE
);
COMMENT ON TABLE fleet.extra_results IS 'Computed tile results that came when they were not needed any more: the tile had one, or the run was over.';
COMMENT ON COLUMN fleet.extra_results.pass IS 'The pass.';
COMMENT ON COLUMN fleet.extra_results.tile IS 'The place in plan order, from 0.';
COMMENT ON COLUMN fleet.extra_results.attempt IS 'The attempt that it comes from.';
COMMENT ON COLUMN fleet.extra_results.worker IS 'The worker process that computed it.';
COMMENT ON COLUMN fleet.extra_results.infer_seconds IS 'Seconds in the network: no two computations take the same time, so it tells a second one from a repeated message.';
COMMENT ON COLUMN fleet.extra_results.outcome IS 'duplicate (the same bits), conflict (other bits) or stale (too late), the first time.';
COMMENT ON COLUMN fleet.extra_results.times IS 'How often this message came.';
COMMENT ON COLUMN fleet.extra_results.first_at IS 'When it came first.';

CREATE VIEW fleet.recomputed_tiles AS
  SELECT p.run, e.pass, e.tile, count(*) AS times
  FROM fleet.extra_results e
  JOIN fleet.passes p ON p.id = e.pass
  LEFT JOIN fleet.tile_results x ON x.pass = e.pass AND x.tile = e.tile
  WHERE x.pass IS NULL OR (e.attempt, e.worker, e.infer_seconds) <> (x.attempt, x.worker, x.infer_seconds)
  GROUP BY p.run, e.pass, e.tile;
COMMENT ON VIEW fleet.recomputed_tiles IS 'Tiles that were computed more often than needed. I10: with workers killed, at most one tile for each slot of each of them.';
COMMENT ON COLUMN fleet.recomputed_tiles.run IS 'The run.';
COMMENT ON COLUMN fleet.recomputed_tiles.pass IS 'The pass.';
COMMENT ON COLUMN fleet.recomputed_tiles.tile IS 'The place in plan order, from 0.';
COMMENT ON COLUMN fleet.recomputed_tiles.times IS 'Computations in vain.';

-- The runs of which two may be compared: one engine computed them, and one version finished them.
CREATE INDEX runs_comparable ON fleet.runs (request_digest, engine, software_version, label_voxels)
  WHERE state = 'completed' AND position(',' IN engine) = 0;

----------------------------------------------------------------------------------------------------- what must hold

CREATE VIEW fleet.protocol_violations AS
  SELECT 'I1 a run is held for more than a day ahead, so nobody can take it over' AS invariant, r.id AS run,
         format('%s, by %s until %s', r.state, r.owner, r.lease_until) AS detail
  FROM fleet.runs r WHERE r.owner IS NOT NULL AND r.lease_until > now() + interval '1 day'
UNION ALL
  SELECT 'I1 a run has tiles to predict, but none are planned', r.id, r.state
  FROM fleet.runs r WHERE r.state = 'predicting' AND NOT EXISTS (SELECT FROM fleet.passes p WHERE p.run = r.id)
UNION ALL
  SELECT 'I1 a tile waits for a moment more than a day ahead', p.run, format('pass %s tile %s: %s', t.pass, t.tile, t.not_before)
  FROM fleet.tiles t JOIN fleet.passes p ON p.id = t.pass JOIN fleet.runs r ON r.id = p.run
  WHERE t.state = 'planned' AND r.state = 'predicting' AND t.not_before > now() + interval '1 day'
UNION ALL
  SELECT 'I1 a message is held by a relay for more than a day ahead', p.run, format('%s until %s', o.message_id, o.claimed_until)
  FROM fleet.outbox o JOIN fleet.passes p ON p.id = o.pass WHERE o.claimed_until > now() + interval '1 day'
UNION ALL
  SELECT 'I2 a run is completed twice, or goes on after it was', e.run, string_agg(e.state, ', ' ORDER BY e.id)
  FROM fleet.run_events e WHERE e.state IN ('completed', 'cancelled') GROUP BY e.run HAVING count(*) > 1
UNION ALL
  SELECT 'I3 equal requests have different results', (array_agg(r.id ORDER BY r.id))[1],
         format('%s results of request %s by %s, version %s', count(DISTINCT r.label_voxels), r.request_digest, r.engine, r.software_version)
  FROM fleet.runs r WHERE r.state = 'completed' AND position(',' IN r.engine) = 0
  GROUP BY r.request_digest, r.engine, r.software_version HAVING min(r.label_voxels) <> max(r.label_voxels)
UNION ALL
  SELECT 'I4 a result was taken after its run was over', p.run, format('pass %s tile %s', x.pass, x.tile)
  FROM fleet.runs r
  JOIN fleet.passes p ON p.run = r.id
  JOIN fleet.tile_results x ON x.pass = p.id
  WHERE r.state IN ('failed', 'cancelled')
    AND x.accepted_at > (SELECT max(e.at) FROM fleet.run_events e WHERE e.run = r.id AND e.state = r.state)
UNION ALL
  SELECT 'I7 a run''s history doesn''t begin with its submission', e.run, format('%s, epoch %s', e.state, e.epoch)
  FROM (SELECT DISTINCT ON (run) run, state, epoch FROM fleet.run_events ORDER BY run, id) e
  WHERE e.state <> 'submitted' OR e.epoch <> 0
UNION ALL
  SELECT 'I7 a run''s epoch has gone back, or has left numbers out', e.run, format('%s to %s', e.before, e.epoch)
  FROM (SELECT run, epoch, lag(epoch) OVER (PARTITION BY run ORDER BY id) AS before FROM fleet.run_events) e
  WHERE e.epoch NOT BETWEEN e.before AND e.before + 1
UNION ALL
  SELECT 'I7 a run is not where its history ends', r.id, format('%s, history: %s', r.state, coalesce(e.state, 'none'))
  FROM fleet.runs r
  LEFT JOIN LATERAL (
    SELECT e.state, e.epoch, e.owner FROM fleet.run_events e WHERE e.run = r.id ORDER BY e.id DESC LIMIT 1) e ON true
  WHERE (r.state, r.epoch, r.owner) IS DISTINCT FROM (e.state, e.epoch, e.owner)
UNION ALL
  SELECT 'I9 a run is over, but no event tells its end', r.id, r.state
  FROM fleet.runs r
  WHERE r.finished_at IS NOT NULL AND NOT EXISTS (SELECT FROM fleet.run_events e WHERE e.run = r.id AND e.state = r.state)
UNION ALL
  SELECT 'I12 a worker has stopped with tiles in hand', NULL, format('%s: %s', w.name, w.busy_slots)
  FROM fleet.workers w WHERE w.state = 'stopped' AND w.busy_slots > 0;
COMMENT ON VIEW fleet.protocol_violations IS 'The part of ledger_violations that looks at histories, claims and comparisons.';
COMMENT ON COLUMN fleet.protocol_violations.invariant IS 'The invariant of the design, and what is wrong.';
COMMENT ON COLUMN fleet.protocol_violations.run IS 'The run; null where it is about no run.';
COMMENT ON COLUMN fleet.protocol_violations.detail IS 'Where to look.';

CREATE OR REPLACE VIEW fleet.ledger_violations AS
  SELECT invariant, run, detail FROM fleet.tile_violations
UNION ALL
  SELECT invariant, run, detail FROM fleet.pass_violations
UNION ALL
  SELECT invariant, run, detail FROM fleet.protocol_violations;

-- violations_i1 … violations_i12: one view for each promise.
DO $$
DECLARE
  promises constant text[] := ARRAY[
    'every accepted run ends',
    'one accepted result for each tile, one artifact for each run, one row for each measurement',
    'equal requests have equal results, to the last bit',
    'nothing becomes visible after a cancel',
    'planned tiles = accepted + dead + outstanding',
    'every accepted digest is in the store and verifies (as tessera verify has found it)',
    'only legal changes of state',
    'dead letters and dead tiles match one to one',
    'a run''s end is told by exactly one event',
    'tiles are computed again only when workers were lost (numbers: recomputed_tiles)',
    'an urgent run''s first tile waits for at most one job',
    'a worker that is stopped properly leaves nothing undone'];
  view text;
BEGIN
  FOR i IN 1 .. array_length(promises, 1) LOOP
    view := format('fleet.violations_i%s', i);
    EXECUTE format(
      'CREATE VIEW %s AS SELECT substr(invariant, %s) AS broken, run, detail FROM fleet.ledger_violations WHERE invariant LIKE %L',
      view, length(format('I%s ', i)) + 1, format('I%s %%', i));
    EXECUTE format('COMMENT ON VIEW %s IS %L', view, format('I%s, %s: must be empty at any moment.', i, promises[i]));
    EXECUTE format('COMMENT ON COLUMN %s.broken IS %L', view, 'What is wrong.');
    EXECUTE format('COMMENT ON COLUMN %s.run IS %L', view, 'The run; null where it is about no run.');
    EXECUTE format('COMMENT ON COLUMN %s.detail IS %L', view, 'Where to look.');
  END LOOP;
END $$;
