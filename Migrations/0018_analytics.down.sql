-- Takes step 18 (analytics) back.

DROP VIEW analytics.freshness;
DROP VIEW analytics.model_drift_weekly;
DROP VIEW analytics.cost_by_tenant;
DROP MATERIALIZED VIEW fleet.weekly_volumes;
DROP MATERIALIZED VIEW fleet.daily_usage;
DROP VIEW analytics.run_failures_by_class;
DROP VIEW analytics.throughput_hourly;
DROP VIEW analytics.provenance;
DROP VIEW analytics.step_timings;
DROP VIEW analytics.agreement_by_model;
DROP VIEW analytics.comparisons;
DROP VIEW analytics.label_intensities;
DROP VIEW analytics.label_statistics;
DROP VIEW analytics.dead_letters;
DROP VIEW analytics.failures_by_class;
DROP VIEW analytics.run_engines;
DROP VIEW analytics.run_passes;
DROP VIEW analytics.label_volumes;
DROP VIEW analytics.run_summary;
DROP VIEW fleet.visible_runs;
DROP TRIGGER note_measured_run ON fleet.label_statistics;
ALTER TABLE fleet.label_statistics DROP CONSTRAINT IF EXISTS label_statistics_absent;
ALTER TABLE fleet.label_statistics DROP CONSTRAINT IF EXISTS label_statistics_components_check;
ALTER TABLE fleet.label_statistics DROP CONSTRAINT IF EXISTS label_statistics_largest_component_ml_check;
ALTER TABLE fleet.label_statistics DROP CONSTRAINT IF EXISTS label_statistics_mean_confidence_check;
ALTER TABLE fleet.label_statistics DROP CONSTRAINT IF EXISTS label_statistics_mean_entropy_check;
ALTER TABLE fleet.label_statistics DROP CONSTRAINT IF EXISTS label_statistics_place;
ALTER TABLE fleet.label_statistics DROP CONSTRAINT IF EXISTS label_statistics_surface_mm2_check;
ALTER TABLE fleet.passes DROP CONSTRAINT IF EXISTS passes_cpu_seconds_check;
ALTER TABLE fleet.passes DROP CONSTRAINT IF EXISTS passes_infer_seconds_check;
DROP INDEX IF EXISTS fleet.label_statistics_volumes;
DROP INDEX IF EXISTS fleet.label_statistics_finished;
DROP INDEX IF EXISTS fleet.runs_finished_hour;
DROP INDEX IF EXISTS fleet.runs_tenant;
DROP INDEX IF EXISTS fleet.runs_failed;
DROP INDEX IF EXISTS fleet.daily_usage_key;
DROP INDEX IF EXISTS fleet.weekly_volumes_key;
DROP TABLE fleet.label_intensities, fleet.comparisons, fleet.analyst_tenants, fleet.analytics_refreshes;
ALTER TABLE fleet.runs DROP COLUMN finished_hour;
ALTER TABLE fleet.passes DROP COLUMN infer_seconds;
ALTER TABLE fleet.passes DROP COLUMN cpu_seconds;
ALTER TABLE fleet.label_statistics DROP COLUMN box_lower_voxel;
ALTER TABLE fleet.label_statistics DROP COLUMN box_upper_voxel;
ALTER TABLE fleet.label_statistics DROP COLUMN box_lower_mm;
ALTER TABLE fleet.label_statistics DROP COLUMN box_upper_mm;
ALTER TABLE fleet.label_statistics DROP COLUMN centroid_voxel;
ALTER TABLE fleet.label_statistics DROP COLUMN centroid_mm;
ALTER TABLE fleet.label_statistics DROP COLUMN surface_mm2;
ALTER TABLE fleet.label_statistics DROP COLUMN components;
ALTER TABLE fleet.label_statistics DROP COLUMN largest_component_ml;
ALTER TABLE fleet.label_statistics DROP COLUMN touches_border;
ALTER TABLE fleet.label_statistics DROP COLUMN is_preliminary;
ALTER TABLE fleet.label_statistics DROP COLUMN mean_confidence;
ALTER TABLE fleet.label_statistics DROP COLUMN mean_entropy;
ALTER TABLE fleet.label_statistics DROP COLUMN tenant;
ALTER TABLE fleet.label_statistics DROP COLUMN model_name;
ALTER TABLE fleet.label_statistics DROP COLUMN model;
ALTER TABLE fleet.label_statistics DROP COLUMN finished_at;
DROP FUNCTION fleet.note_measured_run();
DROP FUNCTION fleet.refresh_analytics(interval);
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
    r.failure_reason,
    r.class,
    r.tenant,
    r.deadline,
    ((r.state = 'completed'::text) AND (r.finished_at <= r.deadline)) AS met_deadline
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
COMMENT ON COLUMN analytics.run_summary.state IS 'submitted, preparing, predicting, stitching, continuing, completed, failed or cancelled.';
COMMENT ON COLUMN analytics.run_summary.submitted_at IS 'When the run was submitted.';
COMMENT ON COLUMN analytics.run_summary.started_at IS 'When work on it began.';
COMMENT ON COLUMN analytics.run_summary.finished_at IS 'When it was completed, failed or cancelled.';
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
COMMENT ON COLUMN analytics.run_summary.failure_kind IS 'Why it failed: transient, poison, invalid, corrupt or out_of_memory.';
COMMENT ON COLUMN analytics.run_summary.failure_reason IS 'Why it failed, as a sentence.';
COMMENT ON COLUMN analytics.run_summary.class IS 'How urgent it is: stat, routine or batch.';
COMMENT ON COLUMN analytics.run_summary.tenant IS 'For whom it is computed.';
COMMENT ON COLUMN analytics.run_summary.deadline IS 'When the result is wanted, or null.';
COMMENT ON COLUMN analytics.run_summary.met_deadline IS 'Whether it was completed by its deadline; null without one, and false as long as it isn''t completed.';
CREATE VIEW analytics.label_volumes AS
 SELECT s.run,
    r.model_name AS model,
    r.model AS model_sha256,
    s.label,
    s.name AS label_name,
    s.voxels,
    s.volume_ml,
    r.submitted_at,
    r.finished_at,
    r.label_voxels AS label_sha256
   FROM (fleet.label_statistics s
     JOIN fleet.runs r ON ((r.id = s.run)))
  WHERE (r.state = 'completed'::text);
COMMENT ON VIEW analytics.label_volumes IS 'One row for each completed run and label: voxels and volume.';
COMMENT ON COLUMN analytics.label_volumes.run IS 'The run.';
COMMENT ON COLUMN analytics.label_volumes.model IS 'What the model was called when the run was submitted.';
COMMENT ON COLUMN analytics.label_volumes.model_sha256 IS 'SHA-256 of the model''s manifest.';
COMMENT ON COLUMN analytics.label_volumes.label IS 'The value of the label''s voxels in the label map.';
COMMENT ON COLUMN analytics.label_volumes.label_name IS 'What the label is called.';
COMMENT ON COLUMN analytics.label_volumes.voxels IS 'Voxels of the label, in the input''s grid.';
COMMENT ON COLUMN analytics.label_volumes.volume_ml IS 'Volume of the label, in millilitres.';
COMMENT ON COLUMN analytics.label_volumes.submitted_at IS 'When the run was submitted.';
COMMENT ON COLUMN analytics.label_volumes.finished_at IS 'When it was completed.';
COMMENT ON COLUMN analytics.label_volumes.label_sha256 IS 'SHA-256 of the label map''s voxels, uint8 [z, y, x].';
CREATE VIEW analytics.run_passes AS
 SELECT q.run,
    q."position",
    q.model AS model_sha256,
    m.configuration,
    m.trainer,
    q.folds,
    q.weight,
    q.previous_pass,
    q.previous_image AS previous_sha256,
    p.tiles,
    p.planned_at,
    p.finished_at,
    p.label_voxels AS label_sha256,
    ( SELECT COALESCE(sum(x.infer_seconds), (0)::double precision) AS "coalesce"
           FROM fleet.tile_results x
          WHERE (x.pass = p.id)) AS infer_seconds
   FROM ((fleet.pass_requests q
     JOIN fleet.models m ON (((m.digest)::text = (q.model)::text)))
     LEFT JOIN fleet.passes p ON (((p.run = q.run) AND (p."position" = q."position"))));
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
CREATE VIEW analytics.run_engines AS
 SELECT p.run,
    p."position",
    x.engine,
    count(*) AS tiles,
    count(DISTINCT x.worker) AS workers,
    sum(x.infer_seconds) AS infer_seconds,
    (count(*) OVER (PARTITION BY p.id) > 1) AS mixed
   FROM (fleet.passes p
     JOIN fleet.tile_results x ON ((x.pass = p.id)))
  GROUP BY p.id, p.run, p."position", x.engine;
COMMENT ON VIEW analytics.run_engines IS 'One row for each run, model configuration and engine: which engines predicted how many tiles.';
COMMENT ON COLUMN analytics.run_engines.run IS 'The run.';
COMMENT ON COLUMN analytics.run_engines.position IS 'The place of the model configuration in the order of the work, from 0.';
COMMENT ON COLUMN analytics.run_engines.engine IS 'Engine and instruction set, such as winograd/avx512.';
COMMENT ON COLUMN analytics.run_engines.tiles IS 'Tiles that it predicted.';
COMMENT ON COLUMN analytics.run_engines.workers IS 'Worker processes that predicted them.';
COMMENT ON COLUMN analytics.run_engines.infer_seconds IS 'Seconds in the network, summed over the tiles.';
COMMENT ON COLUMN analytics.run_engines.mixed IS 'Whether several engines predicted tiles of this pass: repeated on another mix, the run may give other bits.';
CREATE VIEW analytics.failures_by_class AS
 SELECT date_trunc('day'::text, f.at) AS day,
    r.model_name AS model,
    f.kind,
    count(*) AS attempts,
    count(DISTINCT ROW(f.pass, f.tile)) AS tiles,
    count(DISTINCT p.run) AS runs,
    count(DISTINCT f.worker) AS workers,
    mode() WITHIN GROUP (ORDER BY f.reason) AS commonest_reason,
    max(f.at) AS last_at
   FROM ((fleet.tile_failures f
     JOIN fleet.passes p ON ((p.id = f.pass)))
     JOIN fleet.runs r ON ((r.id = p.run)))
  GROUP BY (date_trunc('day'::text, f.at)), r.model_name, f.kind;
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
 SELECT d.id,
    d.kind,
    d.state,
    d.run,
    r.model_name AS model,
    d.tile,
    d.failure_kind,
    d.worker,
    d.reason,
    d.message_type,
    d.at,
    d.settled_at,
    d.settled_by
   FROM (fleet.dead_letters d
     LEFT JOIN fleet.runs r ON ((r.id = d.run)));
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
