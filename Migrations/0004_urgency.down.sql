-- Takes step 4 (urgency) back.

DROP VIEW analytics.run_summary;
-- Cancelled runs, which the step before doesn't know, have failed; keys that several tenants have used are left out.
ALTER TABLE fleet.runs DISABLE TRIGGER USER;
UPDATE fleet.runs SET state = 'failed', failure_kind = 'invalid', failure_reason = 'The run was cancelled.', started_at = coalesce(started_at, submitted_at)
WHERE state = 'cancelled';
UPDATE fleet.runs r SET idempotency_key = NULL
WHERE EXISTS (SELECT FROM fleet.runs o WHERE o.idempotency_key = r.idempotency_key AND o.tenant <> r.tenant);
ALTER TABLE fleet.runs ENABLE TRIGGER USER;
ALTER TABLE fleet.runs DROP CONSTRAINT IF EXISTS runs_class_check;
ALTER TABLE fleet.runs DROP CONSTRAINT IF EXISTS runs_finished;
ALTER TABLE fleet.runs DROP CONSTRAINT IF EXISTS runs_key;
ALTER TABLE fleet.runs DROP CONSTRAINT IF EXISTS runs_started;
ALTER TABLE fleet.runs DROP CONSTRAINT IF EXISTS runs_state_check;
ALTER TABLE fleet.runs DROP CONSTRAINT IF EXISTS runs_tenant_check;
DROP INDEX IF EXISTS fleet.runs_live;
COMMENT ON COLUMN fleet.runs.idempotency_key IS 'The caller''s key: one key, one run.';
COMMENT ON COLUMN fleet.runs.state IS 'submitted, preparing, predicting, stitching, continuing (between two passes), completed or failed.';
COMMENT ON COLUMN fleet.runs.epoch IS 'Grows with each claim; whoever writes with an older one is refused.';
COMMENT ON COLUMN fleet.runs.finished_at IS 'When it was completed or failed.';
ALTER TABLE fleet.runs DROP COLUMN class;
ALTER TABLE fleet.runs DROP COLUMN tenant;
ALTER TABLE fleet.runs DROP COLUMN deadline;
ALTER TABLE fleet.runs ADD CONSTRAINT runs_finished CHECK (((state = ANY (ARRAY['completed'::text, 'failed'::text])) = (finished_at IS NOT NULL)));
ALTER TABLE fleet.runs ADD CONSTRAINT runs_idempotency_key_key UNIQUE (idempotency_key);
ALTER TABLE fleet.runs ADD CONSTRAINT runs_started CHECK (((state = 'submitted'::text) OR (started_at IS NOT NULL)));
ALTER TABLE fleet.runs ADD CONSTRAINT runs_state_check CHECK ((state = ANY (ARRAY['submitted'::text, 'preparing'::text, 'predicting'::text, 'stitching'::text, 'continuing'::text, 'completed'::text, 'failed'::text])));
CREATE INDEX runs_live ON fleet.runs USING btree (state, submitted_at, id) WHERE (state <> ALL (ARRAY['completed'::text, 'failed'::text]));
CREATE OR REPLACE FUNCTION fleet.guard_run()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF NEW.state <> OLD.state AND NOT EXISTS (
    SELECT FROM fleet.run_transitions t WHERE t.from_state = OLD.state AND t.to_state = NEW.state)
  THEN
    RAISE EXCEPTION 'run % may not go from % to %', OLD.id, OLD.state, NEW.state USING ERRCODE = 'check_violation';
  END IF;
  IF OLD.state IN ('completed', 'failed') THEN
    RAISE EXCEPTION 'run % is over and may not be changed', OLD.id USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.epoch < OLD.epoch THEN
    RAISE EXCEPTION 'the epoch of run % may not go back from % to %', OLD.id, OLD.epoch, NEW.epoch
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $function$;
DELETE FROM fleet.run_transitions WHERE (from_state, to_state) IN (('submitted', 'cancelled'), ('preparing', 'cancelled'), ('predicting', 'cancelled'), ('stitching', 'cancelled'), ('continuing', 'cancelled'));
CREATE VIEW analytics.run_summary AS
 SELECT r.id AS run,
    r.model_name AS model,
    r.model AS model_sha256,
    m.configuration,
    r.state,
    r.submitted_at,
    r.started_at,
    r.finished_at,
    (EXTRACT(epoch FROM (r.started_at - r.submitted_at)))::double precision AS waiting_seconds,
    (EXTRACT(epoch FROM (r.finished_at - r.started_at)))::double precision AS processing_seconds,
    t.planned_tiles,
    t.accepted_tiles,
    t.dead_tiles,
    t.attempts AS tile_attempts,
    t.infer_seconds,
    r.label_map AS label_map_sha256,
    r.label_voxels AS label_sha256,
    r.engine,
    r.software_version,
    r.options,
    r.failure_kind,
    r.failure_reason
   FROM ((fleet.runs r
     JOIN fleet.models m ON (((m.digest)::text = (r.model)::text)))
     CROSS JOIN LATERAL ( SELECT count(*) AS planned_tiles,
            count(*) FILTER (WHERE (t_1.state = 'done'::text)) AS accepted_tiles,
            count(*) FILTER (WHERE (t_1.state = 'dead'::text)) AS dead_tiles,
            COALESCE(sum(t_1.attempts), (0)::bigint) AS attempts,
            COALESCE(sum(x.infer_seconds), (0)::double precision) AS infer_seconds
           FROM ((fleet.passes p
             JOIN fleet.tiles t_1 ON ((t_1.pass = p.id)))
             LEFT JOIN fleet.tile_results x ON (((x.pass = t_1.pass) AND (x.tile = t_1.tile))))
          WHERE (p.run = r.id)) t);
COMMENT ON VIEW analytics.run_summary IS 'One row for each run: state, times, tiles, digests.';
COMMENT ON COLUMN analytics.run_summary.run IS 'The run.';
COMMENT ON COLUMN analytics.run_summary.model IS 'What the models were called when the run was submitted; an ensemble''s members are joined by " + ".';
COMMENT ON COLUMN analytics.run_summary.model_sha256 IS 'SHA-256 of the last pass''s model manifest; analytics.run_passes has them all.';
COMMENT ON COLUMN analytics.run_summary.configuration IS 'nnU-Net''s configuration of the last pass, such as 3d_fullres.';
COMMENT ON COLUMN analytics.run_summary.state IS 'submitted, preparing, predicting, stitching, continuing, completed or failed.';
COMMENT ON COLUMN analytics.run_summary.submitted_at IS 'When the run was submitted.';
COMMENT ON COLUMN analytics.run_summary.started_at IS 'When work on it began.';
COMMENT ON COLUMN analytics.run_summary.finished_at IS 'When it was completed or failed.';
COMMENT ON COLUMN analytics.run_summary.waiting_seconds IS 'Seconds from submission to start.';
COMMENT ON COLUMN analytics.run_summary.processing_seconds IS 'Seconds from start to end.';
COMMENT ON COLUMN analytics.run_summary.planned_tiles IS 'Tiles of all passes.';
COMMENT ON COLUMN analytics.run_summary.accepted_tiles IS 'Tiles with a result.';
COMMENT ON COLUMN analytics.run_summary.dead_tiles IS 'Tiles that were given up.';
COMMENT ON COLUMN analytics.run_summary.tile_attempts IS 'Jobs made for all tiles; equals planned_tiles when nothing went wrong.';
COMMENT ON COLUMN analytics.run_summary.infer_seconds IS 'Seconds that workers spent in the network, summed over the accepted tiles.';
COMMENT ON COLUMN analytics.run_summary.label_map_sha256 IS 'SHA-256 of the label map (.nii.gz) in the blob store.';
COMMENT ON COLUMN analytics.run_summary.label_sha256 IS 'SHA-256 of the label map''s voxels, uint8 [z, y, x]: the same for any number of workers.';
COMMENT ON COLUMN analytics.run_summary.engine IS 'Engine and instruction set that predicted the tiles; several are joined by commas, and analytics.run_engines counts their tiles.';
COMMENT ON COLUMN analytics.run_summary.software_version IS 'The version of Tessera that completed the run.';
COMMENT ON COLUMN analytics.run_summary.options IS 'How models were applied: mirroring, stepSize (share of the patch), savesProbabilities, postprocessing.';
COMMENT ON COLUMN analytics.run_summary.failure_kind IS 'Why it failed: transient, poison, invalid or corrupt.';
COMMENT ON COLUMN analytics.run_summary.failure_reason IS 'Why it failed, as a sentence.';
