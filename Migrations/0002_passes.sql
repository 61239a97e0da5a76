-- A run goes through one pass for each model configuration, one after the other: the members of an ensemble, a cascade's two stages.

------------------------------------------------------------------------------------------------------------ models

ALTER TABLE fleet.models ADD COLUMN previous fleet.sha256 REFERENCES fleet.models;
COMMENT ON COLUMN fleet.models.previous IS 'For a cascade''s second stage: the model of its first, where that was registered with it.';

---------------------------------------------------------------------------------------------------- what is asked for

CREATE TABLE fleet.pass_requests (
  run            uuid NOT NULL REFERENCES fleet.runs ON DELETE CASCADE,
  position       integer NOT NULL CHECK (position >= 0),
  model          fleet.sha256 NOT NULL REFERENCES fleet.models,
  folds          jsonb NOT NULL CHECK (jsonb_typeof(folds) = 'array'),
  weight         double precision NOT NULL CHECK (weight >= 0 AND weight < 'infinity'),
  previous_pass  integer CHECK (previous_pass >= 0 AND previous_pass < position),
  previous_image fleet.sha256,
  PRIMARY KEY (run, position),
  CONSTRAINT pass_requests_one_previous CHECK (previous_pass IS NULL OR previous_image IS NULL)
);
CREATE INDEX pass_requests_model ON fleet.pass_requests (model);
COMMENT ON TABLE fleet.pass_requests IS 'The passes that a run was submitted with, in the order of the work.';
COMMENT ON COLUMN fleet.pass_requests.run IS 'The run.';
COMMENT ON COLUMN fleet.pass_requests.position IS 'The place in the order of the work, from 0.';
COMMENT ON COLUMN fleet.pass_requests.model IS 'The model''s digest.';
COMMENT ON COLUMN fleet.pass_requests.folds IS 'Names of the folds that are averaged; an empty list stands for all of the model''s.';
COMMENT ON COLUMN fleet.pass_requests.weight IS 'Share in the mean of probabilities that becomes the label map; 0 for a pass that only serves a later one.';
COMMENT ON COLUMN fleet.pass_requests.previous_pass IS 'For a cascade''s second stage: the position of its first.';
COMMENT ON COLUMN fleet.pass_requests.previous_image IS 'For a cascade''s second stage: SHA-256 of the label map that was given instead of a first stage.';

-- Runs of the former schema had one pass, with their model.
INSERT INTO fleet.pass_requests (run, position, model, folds, weight)
  SELECT id, 0, model, coalesce(options -> 'folds', '[]'), 1 FROM fleet.runs;

COMMENT ON TABLE fleet.runs IS 'One study, segmented by one model or by several together.';
COMMENT ON COLUMN fleet.runs.model IS 'The digest of the last pass''s model; the others are in pass_requests.';
COMMENT ON COLUMN fleet.runs.model_name IS 'What the models were called when the run was submitted; an ensemble''s members are joined by " + ".';
COMMENT ON COLUMN fleet.runs.options IS 'How models are applied: mirroring, stepSize (share of the patch), savesProbabilities, postprocessing (model, none, or the digest of rules).';
COMMENT ON COLUMN fleet.runs.request_digest IS 'SHA-256 of what was asked for: images, passes, options.';
COMMENT ON COLUMN fleet.runs.state IS 'submitted, preparing, predicting, stitching, continuing (between two passes), completed or failed.';

----------------------------------------------------------------------------------------------------- what became of it

ALTER TABLE fleet.passes
  ADD COLUMN position integer NOT NULL DEFAULT 0 CHECK (position >= 0),
  ADD COLUMN label_map fleet.sha256,
  ADD COLUMN label_voxels fleet.sha256,
  ADD COLUMN probabilities fleet.sha256,
  ADD COLUMN engines jsonb,
  ADD COLUMN finished_at timestamptz,
  ADD CONSTRAINT passes_result CHECK (
    (label_map IS NULL) = (label_voxels IS NULL) AND (label_map IS NULL) = (engines IS NULL)
    AND (label_map IS NULL) = (finished_at IS NULL) AND (label_map IS NOT NULL OR probabilities IS NULL)),
  ADD CONSTRAINT passes_position UNIQUE (run, position);
ALTER TABLE fleet.passes ALTER COLUMN position DROP DEFAULT;
DROP INDEX fleet.passes_run; -- passes_position serves instead
COMMENT ON COLUMN fleet.passes.position IS 'The place in the order of the run''s work, from 0.';
COMMENT ON COLUMN fleet.passes.label_map IS 'SHA-256 of the pass''s own label map (.nii.gz); null until the pass is done, and for the last pass, whose result is the run''s.';
COMMENT ON COLUMN fleet.passes.label_voxels IS 'SHA-256 of the label map''s voxels, uint8 [z, y, x].';
COMMENT ON COLUMN fleet.passes.probabilities IS 'For a member of an ensemble: SHA-256 of the probabilities (numpy file, float16 [class, z, y, x]).';
COMMENT ON COLUMN fleet.passes.engines IS 'Engines and instruction sets that computed the tiles.';
COMMENT ON COLUMN fleet.passes.finished_at IS 'When the pass was done; null for the last one.';

ALTER TABLE fleet.step_timings ADD COLUMN pass integer NOT NULL DEFAULT 0 CHECK (pass >= 0);
ALTER TABLE fleet.step_timings ALTER COLUMN pass DROP DEFAULT;
COMMENT ON COLUMN fleet.step_timings.pass IS 'The position of the pass that the step was part of.';

--------------------------------------------------------------------------------------------------------- its states

ALTER TABLE fleet.runs
  DROP CONSTRAINT runs_state_check,
  ADD CONSTRAINT runs_state_check
    CHECK (state IN ('submitted', 'preparing', 'predicting', 'stitching', 'continuing', 'completed', 'failed'));
INSERT INTO fleet.run_transitions VALUES
  ('stitching', 'continuing'), ('continuing', 'preparing'), ('preparing', 'continuing'), ('continuing', 'failed');

----------------------------------------------------------------------------------------------------- what must hold

ALTER VIEW fleet.ledger_violations RENAME TO tile_violations;
COMMENT ON VIEW fleet.tile_violations IS 'The part of ledger_violations that looks at runs, tiles and messages.';
COMMENT ON COLUMN fleet.tile_violations.invariant IS 'The invariant of the design, and what is wrong.';
COMMENT ON COLUMN fleet.tile_violations.run IS 'The run.';
COMMENT ON COLUMN fleet.tile_violations.detail IS 'Where to look.';

CREATE VIEW fleet.pass_violations AS
  SELECT 'I5 a run has no pass' AS invariant, r.id AS run, r.state AS detail
  FROM fleet.runs r WHERE NOT EXISTS (SELECT FROM fleet.pass_requests q WHERE q.run = r.id)
UNION ALL
  SELECT 'I5 a pass was planned that nobody asked for', p.run, format('position %s', p.position)
  FROM fleet.passes p
  WHERE NOT EXISTS (SELECT FROM fleet.pass_requests q WHERE q.run = p.run AND q.position = p.position)
UNION ALL
  SELECT 'I5 a pass was planned before the one in front of it was done', p.run, format('position %s', p.position)
  FROM fleet.passes p
  WHERE p.position > 0 AND NOT EXISTS (
    SELECT FROM fleet.passes b WHERE b.run = p.run AND b.position = p.position - 1 AND b.label_map IS NOT NULL)
UNION ALL
  SELECT 'I5 a pass is done though a tile is missing', p.run, format('pass %s tile %s is %s', t.pass, t.tile, t.state)
  FROM fleet.passes p JOIN fleet.tiles t ON t.pass = p.id WHERE p.label_map IS NOT NULL AND t.state <> 'done'
UNION ALL
  SELECT 'I5 a run is completed though a pass is missing', q.run, format('position %s', q.position)
  FROM fleet.pass_requests q JOIN fleet.runs r ON r.id = q.run
  WHERE r.state = 'completed' AND NOT EXISTS (SELECT FROM fleet.passes p WHERE p.run = q.run AND p.position = q.position);
COMMENT ON VIEW fleet.pass_violations IS 'The part of ledger_violations that looks at passes.';
COMMENT ON COLUMN fleet.pass_violations.invariant IS 'The invariant of the design, and what is wrong.';
COMMENT ON COLUMN fleet.pass_violations.run IS 'The run.';
COMMENT ON COLUMN fleet.pass_violations.detail IS 'Where to look.';

CREATE VIEW fleet.ledger_violations AS
  SELECT invariant, run, detail FROM fleet.tile_violations
UNION ALL
  SELECT invariant, run, detail FROM fleet.pass_violations;
COMMENT ON VIEW fleet.ledger_violations IS 'Broken promises of the ledger; must be empty at any moment.';
COMMENT ON COLUMN fleet.ledger_violations.invariant IS 'The invariant of the design, and what is wrong.';
COMMENT ON COLUMN fleet.ledger_violations.run IS 'The run.';
COMMENT ON COLUMN fleet.ledger_violations.detail IS 'Where to look.';

--------------------------------------------------------------------------------------------------------- analytics

COMMENT ON COLUMN analytics.run_summary.model IS 'What the models were called when the run was submitted; an ensemble''s members are joined by " + ".';
COMMENT ON COLUMN analytics.run_summary.model_sha256 IS 'SHA-256 of the last pass''s model manifest; analytics.run_passes has them all.';
COMMENT ON COLUMN analytics.run_summary.configuration IS 'nnU-Net''s configuration of the last pass, such as 3d_fullres.';
COMMENT ON COLUMN analytics.run_summary.state IS 'submitted, preparing, predicting, stitching, continuing, completed or failed.';
COMMENT ON COLUMN analytics.run_summary.options IS 'How models were applied: mirroring, stepSize (share of the patch), savesProbabilities, postprocessing.';

CREATE VIEW analytics.run_passes AS
  SELECT q.run, q.position, q.model AS model_sha256, m.configuration, m.trainer, q.folds, q.weight, q.previous_pass,
         q.previous_image AS previous_sha256, p.tiles, p.planned_at, p.finished_at, p.label_voxels AS label_sha256,
         (SELECT coalesce(sum(x.infer_seconds), 0) FROM fleet.tile_results x WHERE x.pass = p.id) AS infer_seconds
  FROM fleet.pass_requests q
  JOIN fleet.models m ON m.digest = q.model
  LEFT JOIN fleet.passes p ON p.run = q.run AND p.position = q.position;
COMMENT ON VIEW analytics.run_passes IS 'One row for each run and model configuration: the members of an ensemble, a cascade''s two stages.';
COMMENT ON COLUMN analytics.run_passes.run IS 'The run.';
COMMENT ON COLUMN analytics.run_passes.position IS 'The place in the order of the work, from 0.';
COMMENT ON COLUMN analytics.run_passes.model_sha256 IS 'SHA-256 of the model''s manifest.';
COMMENT ON COLUMN analytics.run_passes.configuration IS 'nnU-Net''s configuration, such as 3d_fullres.';
COMMENT ON COLUMN analytics.run_passes.trainer IS 'nnU-Net''s trainer class.';
COMMENT ON COLUMN analytics.run_passes.folds IS 'Names of the folds that are averaged; an empty list stands for all of the model''s.';
COMMENT ON COLUMN analytics.run_passes.weight IS 'Share in the mean of probabilities; 0 for a pass that only serves a later one.';
COMMENT ON COLUMN analytics.run_passes.previous_pass IS 'For a cascade''s second stage: the position of its first.';
COMMENT ON COLUMN analytics.run_passes.previous_sha256 IS 'For a cascade''s second stage: SHA-256 of the label map that was given instead of a first stage.';
COMMENT ON COLUMN analytics.run_passes.tiles IS 'Planned tiles; null until the pass is planned.';
COMMENT ON COLUMN analytics.run_passes.planned_at IS 'When the tiles were planned.';
COMMENT ON COLUMN analytics.run_passes.finished_at IS 'When the pass was done; null for the last one, whose end is the run''s.';
COMMENT ON COLUMN analytics.run_passes.label_sha256 IS 'SHA-256 of the voxels of the pass''s own label map; null for the last one.';
COMMENT ON COLUMN analytics.run_passes.infer_seconds IS 'Seconds that workers spent in the network, summed over the accepted tiles.';
