-- Runs have a class, a tenant and perhaps a deadline, and can be cancelled.

ALTER TABLE fleet.runs
  ADD COLUMN class text NOT NULL DEFAULT 'routine' CHECK (class IN ('stat', 'routine', 'batch')),
  ADD COLUMN tenant text NOT NULL DEFAULT 'default' CHECK (tenant ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
  ADD COLUMN deadline timestamptz;
COMMENT ON COLUMN fleet.runs.class IS 'How urgent it is: stat, routine or batch.';
COMMENT ON COLUMN fleet.runs.tenant IS 'For whom it is computed; tenants share the fleet fairly.';
COMMENT ON COLUMN fleet.runs.deadline IS 'When the result is wanted, or null; within a class the earliest goes first.';

-- Keys are a tenant's own: two hospitals may number their studies alike.
ALTER TABLE fleet.runs
  DROP CONSTRAINT runs_idempotency_key_key,
  ADD CONSTRAINT runs_key UNIQUE (tenant, idempotency_key);
COMMENT ON COLUMN fleet.runs.idempotency_key IS 'The caller''s key: one key of a tenant, one run.';

-------------------------------------------------------------------------------------------------------- cancelling

ALTER TABLE fleet.runs
  DROP CONSTRAINT runs_state_check,
  ADD CONSTRAINT runs_state_check CHECK (
    state IN ('submitted', 'preparing', 'predicting', 'stitching', 'continuing', 'completed', 'failed', 'cancelled')),
  DROP CONSTRAINT runs_started,
  ADD CONSTRAINT runs_started CHECK (state IN ('submitted', 'cancelled') OR started_at IS NOT NULL),
  DROP CONSTRAINT runs_finished,
  ADD CONSTRAINT runs_finished CHECK ((state IN ('completed', 'failed', 'cancelled')) = (finished_at IS NOT NULL));
INSERT INTO fleet.run_transitions VALUES
  ('submitted', 'cancelled'), ('preparing', 'cancelled'), ('predicting', 'cancelled'), ('stitching', 'cancelled'),
  ('continuing', 'cancelled');
DROP INDEX fleet.runs_live;
CREATE INDEX runs_live ON fleet.runs (state, submitted_at, id) WHERE state NOT IN ('completed', 'failed', 'cancelled');
COMMENT ON COLUMN fleet.runs.state IS
  'submitted, preparing, predicting, stitching, continuing (between two passes), completed, failed or cancelled.';
COMMENT ON COLUMN fleet.runs.epoch IS 'Grows with each claim and when the run is cancelled; whoever writes with an older one is refused.';
COMMENT ON COLUMN fleet.runs.finished_at IS 'When it was completed, failed or cancelled.';

CREATE OR REPLACE FUNCTION fleet.guard_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state <> OLD.state AND NOT EXISTS (
    SELECT FROM fleet.run_transitions t WHERE t.from_state = OLD.state AND t.to_state = NEW.state)
  THEN
    RAISE EXCEPTION 'run % may not go from % to %', OLD.id, OLD.state, NEW.state USING ERRCODE = 'check_violation';
  END IF;
  IF OLD.state IN ('completed', 'failed', 'cancelled') THEN
    RAISE EXCEPTION 'run % is over and may not be changed', OLD.id USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.epoch < OLD.epoch THEN
    RAISE EXCEPTION 'the epoch of run % may not go back from % to %', OLD.id, OLD.epoch, NEW.epoch
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;

--------------------------------------------------------------------------------------------------------- analytics

CREATE OR REPLACE VIEW analytics.run_summary AS
  SELECT r.id AS run, r.model_name AS model, r.model AS model_sha256, m.configuration, r.state, r.submitted_at, r.started_at,
         r.finished_at, extract(epoch FROM r.started_at - r.submitted_at)::double precision AS waiting_seconds,
         extract(epoch FROM r.finished_at - r.started_at)::double precision AS processing_seconds,
         t.planned_tiles, t.accepted_tiles, t.dead_tiles, t.attempts AS tile_attempts, t.infer_seconds,
         r.label_map AS label_map_sha256, r.label_voxels AS label_sha256, r.engine, r.software_version, r.options,
         r.failure_kind, r.failure_reason, r.class, r.tenant, r.deadline,
         r.state = 'completed' AND r.finished_at <= r.deadline AS met_deadline
  FROM fleet.runs r
  JOIN fleet.models m ON m.digest = r.model
  CROSS JOIN LATERAL (
    SELECT count(*) AS planned_tiles, count(*) FILTER (WHERE t.state = 'done') AS accepted_tiles,
           count(*) FILTER (WHERE t.state = 'dead') AS dead_tiles, coalesce(sum(t.attempts), 0) AS attempts,
           coalesce(sum(x.infer_seconds), 0) AS infer_seconds
    FROM fleet.passes p
    JOIN fleet.tiles t ON t.pass = p.id
    LEFT JOIN fleet.tile_results x ON x.pass = t.pass AND x.tile = t.tile
    WHERE p.run = r.id) t;
COMMENT ON COLUMN analytics.run_summary.state IS
  'submitted, preparing, predicting, stitching, continuing, completed, failed or cancelled.';
COMMENT ON COLUMN analytics.run_summary.finished_at IS 'When it was completed, failed or cancelled.';
COMMENT ON COLUMN analytics.run_summary.class IS 'How urgent it is: stat, routine or batch.';
COMMENT ON COLUMN analytics.run_summary.tenant IS 'For whom it is computed.';
COMMENT ON COLUMN analytics.run_summary.deadline IS 'When the result is wanted, or null.';
COMMENT ON COLUMN analytics.run_summary.met_deadline IS
  'Whether it was completed by its deadline; null without one, and false as long as it isn''t completed.';
