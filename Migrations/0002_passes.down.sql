-- Takes step 2 (passes) back.

DROP VIEW analytics.run_passes;
DROP VIEW fleet.ledger_violations;
DROP VIEW fleet.pass_violations;
DROP VIEW fleet.tile_violations;
-- Runs between two passes, which the step before doesn't know, have failed.
ALTER TABLE fleet.runs DISABLE TRIGGER USER;
UPDATE fleet.runs SET state = 'failed', failure_kind = 'invalid', failure_reason = 'The run was between two passes when the ledger''s schema was set back.',
  finished_at = now(), owner = NULL, lease_until = NULL WHERE state = 'continuing';
ALTER TABLE fleet.runs ENABLE TRIGGER USER;
ALTER TABLE fleet.models DROP CONSTRAINT IF EXISTS models_previous_fkey;
ALTER TABLE fleet.passes DROP CONSTRAINT IF EXISTS passes_position;
ALTER TABLE fleet.passes DROP CONSTRAINT IF EXISTS passes_position_check;
ALTER TABLE fleet.passes DROP CONSTRAINT IF EXISTS passes_result;
ALTER TABLE fleet.runs DROP CONSTRAINT IF EXISTS runs_state_check;
ALTER TABLE fleet.step_timings DROP CONSTRAINT IF EXISTS step_timings_pass_check;
DROP TABLE fleet.pass_requests;
ALTER TABLE fleet.models DROP COLUMN previous;
COMMENT ON COLUMN fleet.runs.model IS 'The model''s digest.';
COMMENT ON COLUMN fleet.runs.model_name IS 'What the model was called when the run was submitted.';
COMMENT ON COLUMN fleet.runs.options IS 'How the model is applied: folds, mirroring, stepSize (share of the patch), savesProbabilities.';
COMMENT ON COLUMN fleet.runs.request_digest IS 'SHA-256 of what was asked for: images, model, options.';
COMMENT ON COLUMN fleet.runs.state IS 'submitted, preparing, predicting, stitching, completed or failed.';
COMMENT ON TABLE fleet.runs IS 'One study, segmented by one model.';
ALTER TABLE fleet.step_timings DROP COLUMN pass;
ALTER TABLE fleet.passes DROP COLUMN position;
ALTER TABLE fleet.passes DROP COLUMN label_map;
ALTER TABLE fleet.passes DROP COLUMN label_voxels;
ALTER TABLE fleet.passes DROP COLUMN probabilities;
ALTER TABLE fleet.passes DROP COLUMN engines;
ALTER TABLE fleet.passes DROP COLUMN finished_at;
ALTER TABLE fleet.runs ADD CONSTRAINT runs_state_check CHECK ((state = ANY (ARRAY['submitted'::text, 'preparing'::text, 'predicting'::text, 'stitching'::text, 'completed'::text, 'failed'::text])));
CREATE INDEX passes_run ON fleet.passes USING btree (run);
DELETE FROM fleet.run_transitions WHERE (from_state, to_state) IN (('stitching', 'continuing'), ('continuing', 'preparing'), ('preparing', 'continuing'), ('continuing', 'failed'));
CREATE VIEW fleet.ledger_violations AS
 SELECT 'I2 a tile is done without a result, or has a result without being done'::text AS invariant,
    p.run,
    format('pass %s tile %s is %s'::text, t.pass, t.tile, t.state) AS detail
   FROM ((fleet.tiles t
     JOIN fleet.passes p ON ((p.id = t.pass)))
     LEFT JOIN fleet.tile_results r ON (((r.pass = t.pass) AND (r.tile = t.tile))))
  WHERE ((t.state = 'done'::text) <> (r.pass IS NOT NULL))
UNION ALL
 SELECT 'I2 a run has measurements without being completed'::text AS invariant,
    s.run,
    format('label %s'::text, s.label) AS detail
   FROM (fleet.label_statistics s
     JOIN fleet.runs r ON ((r.id = s.run)))
  WHERE (r.state <> 'completed'::text)
UNION ALL
 SELECT 'I5 planned tiles differ from those in the ledger'::text AS invariant,
    p.run,
    format('pass %s: %s planned, %s found'::text, p.id, p.tiles, count(t.pass)) AS detail
   FROM (fleet.passes p
     LEFT JOIN fleet.tiles t ON ((t.pass = p.id)))
  GROUP BY p.id
 HAVING (count(t.pass) <> p.tiles)
UNION ALL
 SELECT 'I5 a run is stitched or completed though a tile is missing'::text AS invariant,
    p.run,
    format('pass %s tile %s is %s'::text, t.pass, t.tile, t.state) AS detail
   FROM ((fleet.tiles t
     JOIN fleet.passes p ON ((p.id = t.pass)))
     JOIN fleet.runs r ON ((r.id = p.run)))
  WHERE ((r.state = ANY (ARRAY['stitching'::text, 'completed'::text])) AND (t.state <> 'done'::text))
UNION ALL
 SELECT 'I5 all tiles of a run are in, but nobody may stitch it'::text AS invariant,
    r.id AS run,
    r.state AS detail
   FROM fleet.runs r
  WHERE ((r.state = 'predicting'::text) AND (NOT (EXISTS ( SELECT
           FROM (fleet.passes p
             JOIN fleet.tiles t ON ((t.pass = p.id)))
          WHERE ((p.run = r.id) AND (t.state <> 'done'::text))))))
UNION ALL
 SELECT 'I5 a tile is dead, but its run goes on'::text AS invariant,
    p.run,
    format('pass %s tile %s'::text, t.pass, t.tile) AS detail
   FROM ((fleet.tiles t
     JOIN fleet.passes p ON ((p.id = t.pass)))
     JOIN fleet.runs r ON ((r.id = p.run)))
  WHERE ((t.state = 'dead'::text) AND (r.state <> 'failed'::text))
UNION ALL
 SELECT 'I5 a queued tile is neither in the outbox nor published'::text AS invariant,
    p.run,
    format('pass %s tile %s'::text, t.pass, t.tile) AS detail
   FROM ((fleet.tiles t
     JOIN fleet.passes p ON ((p.id = t.pass)))
     JOIN fleet.runs r ON ((r.id = p.run)))
  WHERE ((t.state = 'queued'::text) AND (t.published_at IS NULL) AND (r.state = 'predicting'::text) AND (NOT (EXISTS ( SELECT
           FROM fleet.outbox o
          WHERE ((o.pass = t.pass) AND (o.tile = t.tile))))))
UNION ALL
 SELECT 'I4 a message of a run that is over waits to be published'::text AS invariant,
    p.run,
    o.message_id AS detail
   FROM ((fleet.outbox o
     JOIN fleet.passes p ON ((p.id = o.pass)))
     JOIN fleet.runs r ON ((r.id = p.run)))
  WHERE (r.state <> 'predicting'::text)
UNION ALL
 SELECT 'I7 a run has gone an illegal way'::text AS invariant,
    e.run,
    format('%s to %s'::text, e.before, e.state) AS detail
   FROM ( SELECT run_events.run,
            run_events.state,
            lag(run_events.state) OVER (PARTITION BY run_events.run ORDER BY run_events.id) AS before
           FROM fleet.run_events) e
  WHERE ((e.before <> e.state) AND (NOT (EXISTS ( SELECT
           FROM fleet.run_transitions t
          WHERE ((t.from_state = e.before) AND (t.to_state = e.state))))));
COMMENT ON VIEW fleet.ledger_violations IS 'Broken promises of the ledger; must be empty at any moment.';
COMMENT ON COLUMN fleet.ledger_violations.invariant IS 'The invariant of the design, and what is wrong.';
COMMENT ON COLUMN fleet.ledger_violations.run IS 'The run.';
COMMENT ON COLUMN fleet.ledger_violations.detail IS 'Where to look.';
COMMENT ON COLUMN analytics.run_summary.model IS 'What the model was called when the run was submitted.';
COMMENT ON COLUMN analytics.run_summary.model_sha256 IS 'SHA-256 of the model''s manifest.';
COMMENT ON COLUMN analytics.run_summary.configuration IS 'nnU-Net''s configuration, such as 3d_fullres.';
COMMENT ON COLUMN analytics.run_summary.state IS 'submitted, preparing, predicting, stitching, completed or failed.';
COMMENT ON COLUMN analytics.run_summary.options IS 'How the model was applied: folds, mirroring, stepSize (share of the patch), savesProbabilities.';
