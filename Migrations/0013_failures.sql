-- Failures: a kind of its own for want of memory, dead letters, and the way back of a run that failed for a dead tile.

-------------------------------------------------------------------------------------------------------------- kinds

ALTER TABLE fleet.runs
  DROP CONSTRAINT runs_failure_kind_check,
  ADD CONSTRAINT runs_failure_kind_check
    CHECK (failure_kind IN ('transient', 'poison', 'invalid', 'corrupt', 'out_of_memory'));
ALTER TABLE fleet.tile_failures
  DROP CONSTRAINT tile_failures_kind_check,
  ADD CONSTRAINT tile_failures_kind_check
    CHECK (kind IN ('transient', 'poison', 'invalid', 'corrupt', 'out_of_memory')),
  ADD COLUMN forgiven boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN fleet.runs.failure_kind IS 'Why it failed: transient, poison, invalid, corrupt or out_of_memory.';
COMMENT ON COLUMN fleet.tile_failures.kind IS 'transient, poison, invalid, corrupt or out_of_memory.';
COMMENT ON COLUMN fleet.tile_failures.forgiven IS 'Whether an operator has replayed the pass since: it counts against nothing any more.';
COMMENT ON COLUMN analytics.run_summary.failure_kind IS 'Why it failed: transient, poison, invalid, corrupt or out_of_memory.';

------------------------------------------------------------------------------------------------------- the way back

-- A run that failed for a dead tile goes on when an operator replays it; one whose accepted tile turns out to be damaged while it is
-- stitched has that tile computed again.
INSERT INTO fleet.run_transitions VALUES ('failed', 'predicting'), ('stitching', 'predicting');

CREATE OR REPLACE FUNCTION fleet.guard_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state = OLD.state AND OLD.finished_at IS NOT NULL THEN
    RAISE EXCEPTION 'run % is over (%) and may not be changed', OLD.id, OLD.state USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.state <> OLD.state AND NOT EXISTS (
    SELECT FROM fleet.run_transitions t WHERE t.from_state = OLD.state AND t.to_state = NEW.state)
  THEN
    RAISE EXCEPTION 'run % may not go from % to %', OLD.id, OLD.state, NEW.state USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.epoch NOT BETWEEN OLD.epoch AND OLD.epoch + 1 THEN
    RAISE EXCEPTION 'the epoch of run % may not go from % to %', OLD.id, OLD.epoch, NEW.epoch USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.epoch = OLD.epoch AND NEW.owner IS NOT NULL AND NEW.owner IS DISTINCT FROM OLD.owner THEN
    RAISE EXCEPTION 'run % may not pass to % without a new epoch', OLD.id, NEW.owner USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;

DROP TRIGGER guard_tile ON fleet.tiles;
CREATE TRIGGER guard_tile BEFORE UPDATE ON fleet.tiles FOR EACH ROW
  WHEN (NEW.attempts < OLD.attempts
        OR (NEW.state <> OLD.state AND NEW.state <> 'planned'
            AND NOT (OLD.state = 'planned' OR (OLD.state = 'queued' AND NEW.state IN ('done', 'dead')))))
  EXECUTE FUNCTION fleet.refuse_tile();

------------------------------------------------------------------------------------------------------- dead letters

CREATE TABLE fleet.dead_letters (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind         text NOT NULL CHECK (kind IN ('tile', 'message')),
  state        text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'replayed', 'dropped')),
  run          uuid REFERENCES fleet.runs ON DELETE CASCADE,
  pass         uuid,
  tile         integer,
  attempt      integer,
  epoch        integer,
  document     fleet.sha256,
  failure_kind text CHECK (failure_kind IN ('transient', 'poison', 'invalid', 'corrupt', 'out_of_memory')),
  worker       text,
  reason       text NOT NULL,
  queue        text,
  message_id   text,
  message_type text,
  body         bytea,
  body_digest  fleet.sha256,
  at           timestamptz NOT NULL DEFAULT now(),
  settled_at   timestamptz,
  settled_by   text,
  FOREIGN KEY (pass, tile) REFERENCES fleet.tiles ON DELETE CASCADE,
  UNIQUE (pass, tile, attempt),
  UNIQUE (message_id, body_digest),
  CONSTRAINT dead_letters_tile CHECK (
    (kind = 'tile') = (run IS NOT NULL) AND (run IS NULL) = (pass IS NULL) AND (run IS NULL) = (tile IS NULL)
    AND (run IS NULL) = (attempt IS NULL) AND (run IS NULL) = (epoch IS NULL) AND (run IS NULL) = (document IS NULL)
    AND (run IS NULL) = (failure_kind IS NULL)),
  CONSTRAINT dead_letters_message CHECK (
    (kind = 'message') = (message_id IS NOT NULL) AND (message_id IS NULL) = (message_type IS NULL)
    AND (message_id IS NULL) = (body IS NULL) AND (message_id IS NULL) = (body_digest IS NULL)
    AND (message_id IS NOT NULL OR queue IS NULL)),
  CONSTRAINT dead_letters_settled CHECK ((settled_at IS NULL) = (settled_by IS NULL) AND (state = 'open' OR settled_at IS NOT NULL))
);
CREATE INDEX dead_letters_run ON fleet.dead_letters (run) WHERE run IS NOT NULL;
CREATE INDEX dead_letters_open ON fleet.dead_letters (id) WHERE state = 'open';
COMMENT ON TABLE fleet.dead_letters IS 'What the fleet gave up and keeps for an operator: dead tiles, and messages that nobody could read.';
COMMENT ON COLUMN fleet.dead_letters.id IS 'What `tessera dlq` calls it.';
COMMENT ON COLUMN fleet.dead_letters.kind IS 'tile or message.';
COMMENT ON COLUMN fleet.dead_letters.state IS 'open, replayed (sent on its way again) or dropped (put aside for good).';
COMMENT ON COLUMN fleet.dead_letters.run IS 'The run of a dead tile.';
COMMENT ON COLUMN fleet.dead_letters.pass IS 'The pass of a dead tile.';
COMMENT ON COLUMN fleet.dead_letters.tile IS 'The dead tile''s place in plan order, from 0.';
COMMENT ON COLUMN fleet.dead_letters.attempt IS 'The attempt that made it dead, from 1.';
COMMENT ON COLUMN fleet.dead_letters.epoch IS 'The epoch of the job.';
COMMENT ON COLUMN fleet.dead_letters.document IS 'SHA-256 of the blob that says what was to be computed.';
COMMENT ON COLUMN fleet.dead_letters.failure_kind IS 'Why the tile is dead: transient, poison, invalid, corrupt or out_of_memory.';
COMMENT ON COLUMN fleet.dead_letters.worker IS 'The worker process that failed last.';
COMMENT ON COLUMN fleet.dead_letters.reason IS 'Why it is here, as a sentence.';
COMMENT ON COLUMN fleet.dead_letters.queue IS 'The queue that a message was rejected from; null where the broker didn''t tell.';
COMMENT ON COLUMN fleet.dead_letters.message_id IS 'A message''s identifier.';
COMMENT ON COLUMN fleet.dead_letters.message_type IS 'The schema that a message names.';
COMMENT ON COLUMN fleet.dead_letters.body IS 'A message''s body; of one that is too large only its beginning.';
COMMENT ON COLUMN fleet.dead_letters.body_digest IS 'SHA-256 of body: with message_id it tells a message from another.';
COMMENT ON COLUMN fleet.dead_letters.at IS 'When it came here, the last time.';
COMMENT ON COLUMN fleet.dead_letters.settled_at IS 'When it was replayed or dropped, the last time.';
COMMENT ON COLUMN fleet.dead_letters.settled_by IS 'Who replayed or dropped it.';

-- Tiles that are dead already.
INSERT INTO fleet.dead_letters (kind, run, pass, tile, attempt, epoch, document, failure_kind, worker, reason, at)
  SELECT 'tile', p.run, t.pass, t.tile, f.attempt, p.epoch, p.document, f.kind, f.worker, f.reason, f.at
  FROM fleet.tiles t JOIN fleet.passes p ON p.id = t.pass
  CROSS JOIN LATERAL (
    SELECT * FROM fleet.tile_failures f WHERE f.pass = t.pass AND f.tile = t.tile ORDER BY f.at DESC, f.attempt DESC LIMIT 1) f
  WHERE t.state = 'dead';

----------------------------------------------------------------------------------------------------- what must hold

CREATE VIEW fleet.dead_letter_violations AS
  SELECT 'I8 a tile is dead without an unreplayed dead letter' AS invariant, p.run, format('pass %s tile %s', t.pass, t.tile) AS detail
  FROM fleet.tiles t JOIN fleet.passes p ON p.id = t.pass
  WHERE t.state = 'dead' AND NOT EXISTS (
    SELECT FROM fleet.dead_letters d WHERE d.pass = t.pass AND d.tile = t.tile AND d.state <> 'replayed')
UNION ALL
  SELECT 'I8 an open dead letter is of a tile that isn''t dead', d.run, format('dead letter %s', d.id)
  FROM fleet.dead_letters d JOIN fleet.tiles t ON t.pass = d.pass AND t.tile = d.tile
  WHERE d.state <> 'replayed' AND t.state <> 'dead';
COMMENT ON VIEW fleet.dead_letter_violations IS 'The part of ledger_violations that looks at dead letters.';
COMMENT ON COLUMN fleet.dead_letter_violations.invariant IS 'The invariant of the design, and what is wrong.';
COMMENT ON COLUMN fleet.dead_letter_violations.run IS 'The run.';
COMMENT ON COLUMN fleet.dead_letter_violations.detail IS 'Where to look.';

CREATE OR REPLACE VIEW fleet.ledger_violations AS
  SELECT invariant, run, detail FROM fleet.tile_violations
UNION ALL
  SELECT invariant, run, detail FROM fleet.pass_violations
UNION ALL
  SELECT invariant, run, detail FROM fleet.protocol_violations
UNION ALL
  SELECT invariant, run, detail FROM fleet.verification_violations
UNION ALL
  SELECT invariant, run, detail FROM fleet.dead_letter_violations;

--------------------------------------------------------------------------------------------------------- analytics

CREATE VIEW analytics.failures_by_class AS
  SELECT date_trunc('day', f.at) AS day, r.model_name AS model, f.kind, count(*) AS attempts,
         count(DISTINCT (f.pass, f.tile)) AS tiles, count(DISTINCT p.run) AS runs, count(DISTINCT f.worker) AS workers,
         mode() WITHIN GROUP (ORDER BY f.reason) AS commonest_reason, max(f.at) AS last_at
  FROM fleet.tile_failures f
  JOIN fleet.passes p ON p.id = f.pass
  JOIN fleet.runs r ON r.id = p.run
  GROUP BY 1, 2, 3;
COMMENT ON VIEW analytics.failures_by_class IS 'One row for each day, model and kind of failure: how many attempts of tiles failed.';
COMMENT ON COLUMN analytics.failures_by_class.day IS 'The day, at midnight of the session''s time zone.';
COMMENT ON COLUMN analytics.failures_by_class.model IS 'What the model was called when the run was submitted.';
COMMENT ON COLUMN analytics.failures_by_class.kind IS 'transient, poison, invalid, corrupt or out_of_memory.';
COMMENT ON COLUMN analytics.failures_by_class.attempts IS 'Attempts that failed.';
COMMENT ON COLUMN analytics.failures_by_class.tiles IS 'Tiles that they belong to.';
COMMENT ON COLUMN analytics.failures_by_class.runs IS 'Runs that they belong to.';
COMMENT ON COLUMN analytics.failures_by_class.workers IS 'Worker processes that failed.';
COMMENT ON COLUMN analytics.failures_by_class.commonest_reason IS 'The sentence that was given most often.';
COMMENT ON COLUMN analytics.failures_by_class.last_at IS 'The last of them.';

CREATE VIEW analytics.dead_letters AS
  SELECT d.id, d.kind, d.state, d.run, r.model_name AS model, d.tile, d.failure_kind, d.worker, d.reason, d.message_type, d.at,
         d.settled_at, d.settled_by
  FROM fleet.dead_letters d LEFT JOIN fleet.runs r ON r.id = d.run;
COMMENT ON VIEW analytics.dead_letters IS 'What the fleet gave up, without the bodies of messages.';
COMMENT ON COLUMN analytics.dead_letters.id IS 'What `tessera dlq` calls it.';
COMMENT ON COLUMN analytics.dead_letters.kind IS 'tile or message.';
COMMENT ON COLUMN analytics.dead_letters.state IS 'open, replayed or dropped.';
COMMENT ON COLUMN analytics.dead_letters.run IS 'The run of a dead tile.';
COMMENT ON COLUMN analytics.dead_letters.model IS 'What the run''s models were called when it was submitted.';
COMMENT ON COLUMN analytics.dead_letters.tile IS 'The dead tile''s place in plan order, from 0.';
COMMENT ON COLUMN analytics.dead_letters.failure_kind IS 'Why the tile is dead: transient, poison, invalid, corrupt or out_of_memory.';
COMMENT ON COLUMN analytics.dead_letters.worker IS 'The worker process that failed last.';
COMMENT ON COLUMN analytics.dead_letters.reason IS 'Why it is here, as a sentence.';
COMMENT ON COLUMN analytics.dead_letters.message_type IS 'The schema that a message names.';
COMMENT ON COLUMN analytics.dead_letters.at IS 'When it came here, the last time.';
COMMENT ON COLUMN analytics.dead_letters.settled_at IS 'When it was replayed or dropped, the last time.';
COMMENT ON COLUMN analytics.dead_letters.settled_by IS 'Who replayed or dropped it.';
