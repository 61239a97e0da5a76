-- Fills an empty ledger with made-up runs, for looking at how long analysts' queries take: psql -v runs=100000 -f fill.sql. Not for a
-- ledger that is in use. One year of runs of five tenants and four versions of two models, eight tiles and three labels each; 2 of 100 failed.
\set ON_ERROR_STOP on
\if :{?runs} \else \set runs 100000 \endif
BEGIN;
ALTER TABLE fleet.runs DISABLE TRIGGER USER;
ALTER TABLE fleet.passes DISABLE TRIGGER USER;
ALTER TABLE fleet.tiles DISABLE TRIGGER USER;

CREATE FUNCTION pg_temp.digest(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT encode(sha256($1::bytea), 'hex') $$;
-- A version 7 UUID: milliseconds since 1970, then what tells it from others.
CREATE FUNCTION pg_temp.identifier(at timestamptz, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(number::text), 1, 3) || 'a'
          || substr(md5(number::text), 4, 15))::uuid $$;

INSERT INTO fleet.models (digest, name, configuration, trainer, channels)
SELECT pg_temp.digest('model ' || m), CASE WHEN m < 2 THEN 'brain' ELSE 'liver' END, '3d_fullres', 'nnUNetTrainerV2', 1
FROM generate_series(0, 3) m;
INSERT INTO fleet.model_labels (model, label, name)
SELECT pg_temp.digest('model ' || m), l, CASE WHEN m < 2 THEN (ARRAY['grey', 'white', 'csf'])[l] ELSE (ARRAY['liver', 'tumour', 'vessel'])[l] END
FROM generate_series(0, 3) m, generate_series(1, 3) l;

CREATE TEMPORARY TABLE made AS
SELECT n, s.at AS submitted_at, s.at + make_interval(secs => 5 + n % 60) AS started_at, s.at + make_interval(secs => 90 + n % 900) AS finished_at,
       pg_temp.identifier(s.at, n) AS run, pg_temp.identifier(s.at + interval '6 seconds', n + 1000000000) AS pass,
       (n * 7 % 4)::int AS model, 'hospital-' || (n % 5) AS tenant, n % 50 = 13 AS failed
FROM generate_series(1, :runs) n,
     LATERAL (SELECT now() - make_interval(secs => (:runs - n) * (365 * 86400.0 / :runs) + 1000) AS at) s;

INSERT INTO fleet.runs (id, model, model_name, options, request_digest, idempotency_key, state, epoch, submitted_at, started_at, finished_at,
                        failure_kind, failure_reason, label_map, label_voxels, engine, software_version, class, tenant)
SELECT run, pg_temp.digest('model ' || model), CASE WHEN model < 2 THEN 'brain' ELSE 'liver' END,
       '{"mirroring": true, "stepSize": 0.5, "savesProbabilities": false, "postprocessing": "model"}', pg_temp.digest('request ' || n), 'study-' || n,
       CASE WHEN failed THEN 'failed' ELSE 'completed' END, 2, submitted_at, started_at, finished_at,
       CASE WHEN failed THEN (ARRAY['invalid', 'poison', 'out_of_memory'])[1 + n / 50 % 3] END, CASE WHEN failed THEN 'The image has no voxels.' END,
       CASE WHEN NOT failed THEN pg_temp.digest('map ' || n) END, CASE WHEN NOT failed THEN pg_temp.digest('voxels ' || n) END,
       CASE WHEN NOT failed THEN 'winograd/avx2' END, CASE WHEN NOT failed THEN '0.1.0' END, (ARRAY['stat', 'routine', 'batch'])[1 + n % 3], tenant
FROM made;
INSERT INTO fleet.run_inputs (run, channel, image) SELECT run, 0, pg_temp.digest('image ' || n) FROM made;
INSERT INTO fleet.pass_requests (run, position, model, folds, weight) SELECT run, 0, pg_temp.digest('model ' || model), '[]', 1 FROM made;
INSERT INTO fleet.passes (id, run, epoch, document, tiles, planned_at, position, accepted, model, tile_operations, infer_seconds, cpu_seconds)
SELECT pass, run, 1, pg_temp.digest('document ' || n), 8, started_at, 0, CASE WHEN failed THEN 7 ELSE 8 END, pg_temp.digest('model ' || model), 1e12,
       40 + n % 20, 80 + n % 40
FROM made;
INSERT INTO fleet.tiles (pass, tile, state, attempts, not_before, queued_at, published_at)
SELECT pass, t, CASE WHEN failed AND t = 7 THEN 'dead' ELSE 'done' END, CASE WHEN failed AND t = 7 THEN 3 ELSE 1 END, started_at, started_at, started_at
FROM made, generate_series(0, 7) t;
INSERT INTO fleet.tile_results (pass, tile, probabilities, bytes, attempt, worker, engine, fetch_seconds, infer_seconds, put_seconds, cpu_seconds, accepted_at)
SELECT pass, t, pg_temp.digest('tile'), 25165824, 1, 'host-' || (n + t) % 40, 'winograd/avx2', 0.1, 5 + n % 3, 0.2, 10 + n % 5,
       started_at + make_interval(secs => 10 * t)
FROM made, generate_series(0, 7) t WHERE NOT (failed AND t = 7);
INSERT INTO fleet.tile_failures (pass, tile, attempt, kind, reason, worker, at)
SELECT pass, 7, a, (ARRAY['invalid', 'poison', 'out_of_memory'])[1 + n / 50 % 3], 'The image has no voxels.', 'host-' || n % 40, started_at + make_interval(secs => a)
FROM made, generate_series(1, 3) a WHERE failed;
INSERT INTO fleet.step_timings (run, position, step, seconds, pass)
SELECT run, p, (ARRAY['read', 'preprocess', 'predict', 'stitch', 'export', 'measure'])[p + 1], 0.5 + (n * (p + 3)) % 17, 0
FROM made, generate_series(0, 5) p WHERE NOT failed;
INSERT INTO fleet.label_statistics (run, label, name, voxels, volume_ml, box_lower_voxel, box_upper_voxel, box_lower_mm, box_upper_mm, centroid_voxel,
                                    centroid_mm, surface_mm2, components, largest_component_ml, touches_border, mean_confidence, mean_entropy,
                                    tenant, model_name, model, finished_at)
SELECT run, l, CASE WHEN model < 2 THEN (ARRAY['grey', 'white', 'csf'])[l] ELSE (ARRAY['liver', 'tumour', 'vessel'])[l] END,
       600000 + n % 1000 * 50 + l, 600 + n % 1000 * 0.05 + l * 0.001, ARRAY[10, 12, 14], ARRAY[170, 200, 160], ARRAY[-80, -110, -60], ARRAY[80, 80, 90],
       ARRAY[90, 106, 87], ARRAY[0.5, -12.25, 18], 250000 + n % 977, 1 + n % 5, 590, n % 20 = 0, 0.9 + n % 10 * 0.005, 0.1 + n % 10 * 0.01,
       tenant, CASE WHEN model < 2 THEN 'brain' ELSE 'liver' END, pg_temp.digest('model ' || model), finished_at
FROM made, generate_series(1, 3) l WHERE NOT failed;
INSERT INTO fleet.label_intensities (run, label, channel, mean, sd, min, max, p05, p50, p95)
SELECT run, l, 0, 100 + n % 50, 20, 0, 400, 60, 100, 140 FROM made, generate_series(1, 3) l WHERE NOT failed;
INSERT INTO fleet.comparisons (run, reference, tolerance_mm, label, reference_name, true_positives, false_positives, false_negatives, dice, jaccard, hd95_mm,
                               assd_mm, surface_dice, volume_ml, reference_volume_ml, software_version, name,
                               tenant, model_name, model, finished_at)
SELECT run, pg_temp.digest('reference ' || n), 1, l, 'expert', 550000, 50000, 40000, 0.9 + n % 10 * 0.005, 0.85, 2 + n % 7 * 0.3, 0.5, 0.95, 600, 590, '0.1.0',
       CASE WHEN model < 2 THEN (ARRAY['grey', 'white', 'csf'])[l] ELSE (ARRAY['liver', 'tumour', 'vessel'])[l] END, tenant,
       CASE WHEN model < 2 THEN 'brain' ELSE 'liver' END, pg_temp.digest('model ' || model), finished_at
FROM made, generate_series(1, 3) l WHERE NOT failed AND n % 10 = 0;

ALTER TABLE fleet.runs ENABLE TRIGGER USER;
ALTER TABLE fleet.passes ENABLE TRIGGER USER;
ALTER TABLE fleet.tiles ENABLE TRIGGER USER;
COMMIT;
VACUUM ANALYZE;
SELECT fleet.refresh_analytics('0');
VACUUM ANALYZE fleet.weekly_volumes, fleet.daily_usage;
