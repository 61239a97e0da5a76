-- What analysts are promised: views with their columns and types, roles with their rights, rows by tenant. pgTAP, run by PgTapTests; roles
-- are called tap_owner … tap_monitor there, and `tap_alice` is a member of tap_analyst.
\set ON_ERROR_STOP on
BEGIN;
CREATE SCHEMA tap;
CREATE EXTENSION pgtap SCHEMA tap;
SET LOCAL search_path = tap, public;
SET LOCAL client_min_messages = warning;
SELECT plan(73);

------------------------------------------------------------------------------------------------------------- schema
SELECT has_schema('fleet');
SELECT has_schema('analytics');
SELECT tables_are('analytics', ARRAY[]::name[], 'analysts have views only');
SELECT views_are('analytics', ARRAY[
  'agreement_by_model', 'comparisons', 'cost_by_tenant', 'dead_letters', 'failures_by_class', 'freshness', 'label_intensities', 'label_statistics',
  'label_volumes', 'model_drift_weekly', 'provenance', 'quarantines', 'run_engines', 'run_failures_by_class', 'run_passes', 'run_summary',
  'step_timings', 'throughput_hourly', 'training_acts', 'training_curves', 'training_jobs', 'workers']);
SELECT is_partitioned('fleet', 'tiles', 'tiles lie in partitions');
SELECT is_partitioned('fleet', 'tile_results', 'results lie in partitions');
SELECT col_is_pk('fleet', 'tiles', ARRAY['pass', 'tile']::name[], 'the key of tiles');
SELECT col_is_pk('fleet', 'tile_results', ARRAY['pass', 'tile']::name[], 'the key of tile_results');
SELECT col_is_pk('fleet', 'label_statistics', ARRAY['run', 'label']::name[], 'the key of label_statistics');
SELECT col_is_pk('fleet', 'label_intensities', ARRAY['run', 'label', 'channel']::name[], 'the key of label_intensities');
SELECT col_is_pk('fleet', 'comparisons', ARRAY['run', 'reference', 'tolerance_mm', 'label']::name[], 'the key of comparisons');
SELECT has_index('fleet', 'runs', 'runs_finished_hour', 'hours are found by an index');
SELECT has_index('fleet', 'label_statistics', 'label_statistics_volumes', 'volumes of a label are found by an index');
SELECT fk_ok('fleet', 'label_intensities', ARRAY['run', 'label']::name[], 'fleet', 'label_statistics', ARRAY['run', 'label']::name[]);
SELECT fk_ok('fleet', 'comparisons', 'run', 'fleet', 'runs', 'id');

------------------------------------------------------------------------------------------------------ contracts of views
SELECT columns_are('analytics', 'label_volumes', ARRAY[
  'run', 'model', 'model_sha256', 'label', 'label_name', 'voxels', 'volume_ml', 'submitted_at', 'finished_at', 'label_sha256', 'tenant',
  'touches_border', 'is_preliminary']);
SELECT columns_are('analytics', 'label_statistics', ARRAY[
  'run', 'tenant', 'model', 'model_sha256', 'finished_at', 'label', 'label_name', 'voxels', 'volume_ml', 'box_first_x', 'box_first_y', 'box_first_z',
  'box_last_x', 'box_last_y', 'box_last_z', 'box_lower_x_mm', 'box_lower_y_mm', 'box_lower_z_mm', 'box_upper_x_mm', 'box_upper_y_mm',
  'box_upper_z_mm', 'centroid_x', 'centroid_y', 'centroid_z', 'centroid_x_mm', 'centroid_y_mm', 'centroid_z_mm', 'surface_mm2', 'components',
  'largest_component_ml', 'touches_border', 'is_preliminary', 'mean_confidence', 'mean_entropy', 'intensity_mean', 'intensity_sd', 'intensity_min',
  'intensity_max', 'intensity_p05', 'intensity_p50', 'intensity_p95']);
SELECT columns_are('analytics', 'comparisons', ARRAY[
  'run', 'tenant', 'model', 'model_sha256', 'finished_at', 'reference_name', 'reference_sha256', 'label', 'label_name', 'dice', 'jaccard', 'hd95_mm',
  'assd_mm', 'surface_dice', 'tolerance_mm', 'volume_ml', 'reference_volume_ml', 'volume_difference_ml', 'true_positives', 'false_positives',
  'false_negatives', 'software_version', 'compared_at']);
SELECT columns_are('analytics', 'provenance', ARRAY[
  'run', 'tenant', 'model', 'finished_at', 'input_sha256', 'model_sha256', 'plan_sha256', 'request_sha256', 'options', 'artifact_sha256',
  'label_sha256', 'probabilities_sha256', 'merkle_root', 'engine', 'software_version', 'workers', 'verified_at', 'verified_clean']);
SELECT columns_are('analytics', 'throughput_hourly', ARRAY[
  'hour', 'tenant', 'model', 'completed', 'failed', 'cancelled', 'tiles', 'infer_seconds', 'cpu_seconds', 'mean_turnaround_seconds',
  'max_turnaround_seconds']);
SELECT columns_are('analytics', 'cost_by_tenant', ARRAY[
  'day', 'tenant', 'model', 'class', 'runs', 'completed', 'tiles', 'infer_seconds', 'cpu_seconds', 'step_seconds']);
SELECT columns_are('analytics', 'model_drift_weekly', ARRAY[
  'week', 'tenant', 'model', 'model_sha256', 'label', 'label_name', 'runs', 'absent', 'touching_border', 'mean_volume_ml', 'median_volume_ml',
  'sd_volume_ml', 'mean_confidence', 'mean_entropy', 'volume_change_ml', 'confidence_change']);
SELECT columns_are('analytics', 'training_curves', ARRAY[
  'training', 'tenant', 'task', 'model', 'configuration', 'fold', 'epoch', 'training_loss', 'validation_loss', 'dice', 'learning_rate', 'seconds',
  'attempt', 'worker', 'reported_at']);
SELECT columns_are('analytics', 'training_acts', ARRAY['training', 'tenant', 'task', 'model', 'act', 'jobs', 'asked_by', 'asked_at']);
SELECT col_type_is('analytics', 'label_volumes', 'volume_ml', 'double precision', 'volumes are numbers');
SELECT col_type_is('analytics', 'label_statistics', 'touches_border', 'boolean', 'incompleteness is a flag');
SELECT col_type_is('analytics', 'label_statistics', 'is_preliminary', 'boolean', 'incompleteness is a flag');
SELECT col_type_is('analytics', 'throughput_hourly', 'hour', 'timestamp with time zone', 'hours are points in time');
SELECT is_empty($$
  SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = 'analytics' AND c.relkind = 'v' AND c.relname NOT IN ('workers', 'quarantines', 'freshness')
    AND NOT coalesce('security_barrier=true' = ANY (c.reloptions), false) $$, 'all views of runs are barriers');

--------------------------------------------------------------------------------------------------------------- roles
SELECT has_role('tap_owner');
SELECT has_role('tap_service');
SELECT has_role('tap_analyst');
SELECT has_role('tap_monitor');
SELECT schema_privs_are('analytics', 'tap_analyst', ARRAY['USAGE']);
SELECT schema_privs_are('fleet', 'tap_analyst', ARRAY[]::text[]);
SELECT schema_privs_are('fleet', 'tap_service', ARRAY['USAGE']);
SELECT table_privs_are('analytics', 'label_volumes', 'tap_analyst', ARRAY['SELECT']);
SELECT table_privs_are('analytics', 'cost_by_tenant', 'tap_analyst', ARRAY['SELECT']);
SELECT table_privs_are('fleet', 'runs', 'tap_analyst', ARRAY[]::text[]);
SELECT table_privs_are('fleet', 'analyst_tenants', 'tap_analyst', ARRAY[]::text[]);
SELECT table_privs_are('fleet', 'weekly_volumes', 'tap_analyst', ARRAY[]::text[]);
SELECT table_privs_are('fleet', 'runs', 'tap_service', ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']);
SELECT table_privs_are('fleet', 'tiles', 'tap_service', ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']);
SELECT table_privs_are('fleet', 'analyst_tenants', 'tap_service', ARRAY['SELECT']);
SELECT table_privs_are('fleet', 'training_job_transitions', 'tap_service', ARRAY['SELECT']);
SELECT table_privs_are('fleet', 'runs', 'tap_monitor', ARRAY['SELECT']);

----------------------------------------------------------------------------------------------------------------- rows
INSERT INTO fleet.models (digest, name, configuration, trainer, channels) VALUES (repeat('a', 64), 'brain', '3d_fullres', 'nnUNetTrainerV2', 1);
ALTER TABLE fleet.runs DISABLE TRIGGER USER;
INSERT INTO fleet.runs (id, model, model_name, options, request_digest, state, submitted_at, started_at, finished_at, label_map, label_voxels, engine,
                        software_version, tenant)
SELECT format('0195c0de-0000-7000-8000-00000000000%s', n)::uuid, repeat('a', 64), 'brain', '{}', repeat('b', 64), 'completed', now() - interval '1 hour',
       now() - interval '50 minutes', now() - interval '40 minutes', repeat('c', 64), repeat('d', 64), 'winograd/avx2', '0.1.0',
       CASE n WHEN 1 THEN 'north' ELSE 'south' END
FROM generate_series(1, 2) n;
ALTER TABLE fleet.runs ENABLE TRIGGER USER;
INSERT INTO fleet.label_statistics (run, label, name, voxels, volume_ml, touches_border)
SELECT r.id, 1, 'grey', 1000, 8, true FROM fleet.runs r;
INSERT INTO fleet.label_statistics (run, label, name, voxels, volume_ml) SELECT r.id, 2, 'white', 0, 0 FROM fleet.runs r;
INSERT INTO fleet.trainings (id, tenant, task, model_name, data, spec, request_digest)
SELECT format('0195c0de-0002-7000-8000-00000000000%s', n)::uuid, CASE n WHEN 1 THEN 'north' ELSE 'south' END, 'Task501_X', 'x', repeat('a', 64),
       '{"epochs": 4}', repeat('b', 64)
FROM generate_series(1, 2) n;
INSERT INTO fleet.training_jobs (training, position, kind, configuration, fold, needs, state) SELECT id, 0, 'fold', '2d', 0, '{}', 'ready' FROM fleet.trainings;
INSERT INTO fleet.training_epochs (training, position, epoch, training_loss, seconds, attempt, worker)
SELECT id, 0, 0, -0.5, 1.5, 1, 'host-1' FROM fleet.trainings;
INSERT INTO fleet.training_acts (training, act, jobs, asked_by) SELECT id, 'cancel', '{0}', 'alice' FROM fleet.trainings;
SELECT results_eq('SELECT tenant, training_loss FROM analytics.training_curves ORDER BY tenant', $$VALUES ('north'::text, -0.5::float8), ('south', -0.5)$$,
                  'who reads the ledger sees all curves');
SELECT results_eq('SELECT tenant, volume_ml FROM analytics.label_volumes WHERE label = 1 ORDER BY tenant', $$VALUES ('north'::text, 8::float8), ('south', 8)$$,
                  'who reads the ledger sees all tenants');
SELECT results_eq('SELECT DISTINCT touches_border, volume_ml FROM analytics.label_statistics WHERE label = 1', $$VALUES (true, 8::float8)$$,
                  'an incomplete volume is flagged and stored');
SELECT throws_ok('INSERT INTO fleet.label_statistics (run, label, name, voxels, volume_ml, mean_confidence) SELECT id, 3, ''x'', 0, 0, 1 FROM fleet.runs',
                 '23514', NULL, 'an absent label has no confidence');
SELECT throws_ok('INSERT INTO fleet.label_statistics (run, label, name, voxels, volume_ml) SELECT id, 3, ''x'', 1, -1 FROM fleet.runs', '23514', NULL,
                 'a volume is not negative');
-- A cheap function that would tell of each row that it is shown is not asked before the row is allowed.
CREATE FUNCTION tap.tell(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$
BEGIN
  IF $1 <> 'north' THEN RAISE EXCEPTION 'saw %', $1 USING ERRCODE = 'P0042'; END IF;
  RETURN true;
END $$;
GRANT USAGE ON SCHEMA tap TO tap_alice;
GRANT ALL ON ALL TABLES IN SCHEMA tap TO tap_alice;
GRANT ALL ON ALL SEQUENCES IN SCHEMA tap TO tap_alice;
SET LOCAL ROLE tap_alice;
SELECT is_empty('SELECT * FROM analytics.label_volumes', 'an analyst without a grant sees no volumes');
SELECT is_empty('SELECT * FROM analytics.run_summary', 'nor runs');
SELECT is_empty('SELECT * FROM analytics.provenance', 'nor provenance');
SELECT is_empty('SELECT * FROM analytics.training_curves', 'nor curves');
SELECT is_empty('SELECT * FROM analytics.training_jobs', 'nor trainings');
SELECT is_empty('SELECT * FROM analytics.training_acts', 'nor who cancelled them');
RESET ROLE;
INSERT INTO fleet.analyst_tenants (login, tenant) VALUES ('tap_alice', 'north');
SET LOCAL ROLE tap_alice;
SELECT results_eq('SELECT tenant FROM analytics.run_summary', $$VALUES ('north'::text)$$, 'with a grant, the runs of its tenant');
SELECT results_eq('SELECT DISTINCT tenant FROM analytics.label_statistics', $$VALUES ('north'::text)$$, 'and its statistics');
SELECT results_eq('SELECT tenant FROM analytics.throughput_hourly', $$VALUES ('north'::text)$$, 'and its throughput');
SELECT results_eq('SELECT tenant FROM analytics.training_curves', $$VALUES ('north'::text)$$, 'and its curves');
SELECT results_eq('SELECT tenant FROM analytics.training_jobs', $$VALUES ('north'::text)$$, 'and its trainings');
SELECT results_eq('SELECT tenant, asked_by FROM analytics.training_acts', $$VALUES ('north'::text, 'alice'::text)$$, 'and who cancelled them');
SELECT throws_ok('SELECT * FROM fleet.visible_trainings', '42501', NULL, 'nor trainings themselves');
SELECT throws_ok('SELECT * FROM fleet.runs', '42501', NULL, 'but not the ledger');
SELECT throws_ok('SELECT * FROM fleet.visible_runs', '42501', NULL, 'nor what the views are made from');
SELECT throws_ok('DELETE FROM analytics.workers', '42501', NULL, 'and it can''t write');
SELECT throws_ok('INSERT INTO fleet.analyst_tenants VALUES (''tap_alice'', ''*'')', '42501', NULL, 'nor grant itself more');
SELECT lives_ok('SELECT count(*) FROM analytics.run_summary WHERE tap.tell(tenant)', 'the barrier holds for runs');
SELECT lives_ok('SELECT count(*) FROM analytics.training_curves WHERE tap.tell(tenant)', 'the barrier holds for curves');
SELECT lives_ok('SELECT count(*) FROM analytics.label_volumes WHERE tap.tell(tenant)', 'the barrier holds for volumes');
SELECT lives_ok('SELECT count(*) FROM analytics.step_timings WHERE tap.tell(tenant)', 'the barrier holds for timings');
RESET ROLE;
INSERT INTO fleet.analyst_tenants (login, tenant) VALUES ('tap_alice', '*');
SET LOCAL ROLE tap_alice;
SELECT results_eq('SELECT tenant FROM analytics.run_summary ORDER BY 1', $$VALUES ('north'::text), ('south')$$, 'with a grant of all, all runs');
RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
