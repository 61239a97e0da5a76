-- Results that differ, or that are none: who is right is decided by further workers, and who is wrong is quarantined.

CREATE TABLE fleet.quarantines (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  worker       text NOT NULL,
  reason       text NOT NULL,
  at           timestamptz NOT NULL DEFAULT now(),
  announced_at timestamptz,
  released_at  timestamptz,
  released_by  text,
  CONSTRAINT quarantines_released CHECK ((released_at IS NULL) = (released_by IS NULL))
);
CREATE UNIQUE INDEX quarantines_in_force ON fleet.quarantines (worker) WHERE released_at IS NULL;
COMMENT ON TABLE fleet.quarantines IS 'Workers whose results were wrong; while one is in force, nothing of the worker is taken.';
COMMENT ON COLUMN fleet.quarantines.id IS 'Grows with time.';
COMMENT ON COLUMN fleet.quarantines.worker IS 'The worker process.';
COMMENT ON COLUMN fleet.quarantines.reason IS 'Why, as a sentence.';
COMMENT ON COLUMN fleet.quarantines.at IS 'Since when.';
COMMENT ON COLUMN fleet.quarantines.announced_at IS 'When workers were told last.';
COMMENT ON COLUMN fleet.quarantines.released_at IS 'When an operator released the worker; null while the quarantine is in force.';
COMMENT ON COLUMN fleet.quarantines.released_by IS 'Who released the worker.';

ALTER TABLE fleet.tiles ADD COLUMN canary boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN fleet.tiles.canary IS 'Whether its result is taken only when two workers agree in it.';

CREATE TABLE fleet.tile_votes (
  pass          uuid NOT NULL,
  tile          integer NOT NULL,
  worker        text NOT NULL,
  engine        text NOT NULL,
  probabilities fleet.sha256 NOT NULL,
  result        jsonb NOT NULL,
  at            timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (pass, tile, worker),
  FOREIGN KEY (pass, tile) REFERENCES fleet.tiles ON DELETE CASCADE
);
COMMENT ON TABLE fleet.tile_votes IS 'Results of tiles in which workers must agree before one is taken: canaries, and tiles whose results differed.';
COMMENT ON COLUMN fleet.tile_votes.pass IS 'The pass.';
COMMENT ON COLUMN fleet.tile_votes.tile IS 'The place in plan order, from 0.';
COMMENT ON COLUMN fleet.tile_votes.worker IS 'The worker process that computed it: each has one vote.';
COMMENT ON COLUMN fleet.tile_votes.engine IS 'Engine and instruction set: only votes of one are compared.';
COMMENT ON COLUMN fleet.tile_votes.probabilities IS 'SHA-256 of the probabilities that it found.';
COMMENT ON COLUMN fleet.tile_votes.result IS 'The result message.';
COMMENT ON COLUMN fleet.tile_votes.at IS 'When the ledger took it.';

CREATE TABLE fleet.rejected_results (
  pass          uuid NOT NULL,
  tile          integer NOT NULL,
  attempt       integer NOT NULL,
  worker        text NOT NULL,
  engine        text NOT NULL,
  probabilities fleet.sha256 NOT NULL,
  reason        text NOT NULL,
  blamed        boolean NOT NULL,
  at            timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (pass, tile, attempt),
  FOREIGN KEY (pass, tile) REFERENCES fleet.tiles ON DELETE CASCADE
);
CREATE INDEX rejected_results_worker ON fleet.rejected_results (worker);
COMMENT ON TABLE fleet.rejected_results IS 'Results that were taken and turned out, when the run was stitched, to be no probabilities or not what their digests say.';
COMMENT ON COLUMN fleet.rejected_results.pass IS 'The pass.';
COMMENT ON COLUMN fleet.rejected_results.tile IS 'The place in plan order, from 0.';
COMMENT ON COLUMN fleet.rejected_results.attempt IS 'The attempt that they come from.';
COMMENT ON COLUMN fleet.rejected_results.worker IS 'The worker process that computed them.';
COMMENT ON COLUMN fleet.rejected_results.engine IS 'Its engine and instruction set.';
COMMENT ON COLUMN fleet.rejected_results.probabilities IS 'SHA-256 of the probabilities, as the worker told it.';
COMMENT ON COLUMN fleet.rejected_results.reason IS 'What is wrong with them, as a sentence.';
COMMENT ON COLUMN fleet.rejected_results.blamed IS 'Whether the worker is to blame, and not the store.';
COMMENT ON COLUMN fleet.rejected_results.at IS 'When they were rejected.';

COMMENT ON TABLE fleet.tile_results IS 'The accepted result of each tile: the first one, unless it turned out to be wrong before the run ended.';
COMMENT ON TABLE fleet.digest_conflicts IS 'Results that differ from the accepted one of that time: a broken processor or memory, or a mix of engines. An alarm.';

CREATE VIEW analytics.quarantines AS
  SELECT q.worker, q.reason, q.at, q.released_at, q.released_by,
         (SELECT count(*) FROM fleet.rejected_results x WHERE x.worker = q.worker) AS rejected_tiles,
         (SELECT count(*) FROM fleet.digest_conflicts c WHERE c.worker = q.worker) AS conflicting_tiles
  FROM fleet.quarantines q;
COMMENT ON VIEW analytics.quarantines IS 'Workers whose results were wrong.';
COMMENT ON COLUMN analytics.quarantines.worker IS 'The worker process.';
COMMENT ON COLUMN analytics.quarantines.reason IS 'Why, as a sentence.';
COMMENT ON COLUMN analytics.quarantines.at IS 'Since when.';
COMMENT ON COLUMN analytics.quarantines.released_at IS 'When an operator released the worker; null while the quarantine is in force.';
COMMENT ON COLUMN analytics.quarantines.released_by IS 'Who released the worker.';
COMMENT ON COLUMN analytics.quarantines.rejected_tiles IS 'Tiles of the worker that were rejected when their runs were stitched.';
COMMENT ON COLUMN analytics.quarantines.conflicting_tiles IS 'Results of the worker that differed from an accepted one.';
