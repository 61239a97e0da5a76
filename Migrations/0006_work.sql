-- What tiles were predicted to cost and what they took: what dispatch, forecasts and scaling rest on.

ALTER TABLE fleet.passes
  ADD COLUMN model fleet.sha256 REFERENCES fleet.models,
  ADD COLUMN tile_operations double precision NOT NULL DEFAULT 0 CHECK (tile_operations >= 0 AND tile_operations < 'infinity');
UPDATE fleet.passes p SET model = q.model FROM fleet.pass_requests q WHERE q.run = p.run AND q.position = p.position;
ALTER TABLE fleet.passes ALTER COLUMN model SET NOT NULL;
CREATE INDEX passes_model ON fleet.passes (model, planned_at DESC);
COMMENT ON COLUMN fleet.passes.model IS 'The model''s digest.';
COMMENT ON COLUMN fleet.passes.tile_operations IS
  'Floating-point operations of each tile: one pass of the network, counted as direct convolution, times folds and mirrorings; 0 where not known.';

CREATE VIEW fleet.model_speeds AS
  SELECT m.digest AS model, count(x.seconds) AS tiles, avg(x.seconds / p.tile_operations) AS seconds_per_operation,
         coalesce(stddev_samp(x.seconds / p.tile_operations), 0) AS deviation,
         percentile_cont(0.99) WITHIN GROUP (ORDER BY x.seconds / p.tile_operations) AS slowest,
         (SELECT avg(b.tiles * b.tile_operations) FROM (
            SELECT b.tiles, b.tile_operations FROM fleet.passes b
            WHERE b.model = m.digest AND b.tile_operations > 0 AND EXISTS (
              SELECT FROM fleet.tile_results x WHERE x.pass = b.id)
            ORDER BY b.planned_at DESC LIMIT 8) b) AS pass_operations
  FROM fleet.models m
  CROSS JOIN LATERAL (
    SELECT b.id, b.tile_operations FROM fleet.passes b
    WHERE b.model = m.digest AND b.tile_operations > 0 AND EXISTS (SELECT FROM fleet.tile_results x WHERE x.pass = b.id)
    ORDER BY b.planned_at DESC LIMIT 8) p
  CROSS JOIN LATERAL (
    SELECT x.fetch_seconds + x.infer_seconds + x.put_seconds AS seconds
    FROM fleet.tile_results x WHERE x.pass = p.id ORDER BY x.tile LIMIT 256) x
  GROUP BY m.digest;
COMMENT ON VIEW fleet.model_speeds IS
  'How long worker slots took for tiles of each model lately: the eight newest passes that have results, up to 256 tiles of each.';
COMMENT ON COLUMN fleet.model_speeds.model IS 'The model''s digest.';
COMMENT ON COLUMN fleet.model_speeds.tiles IS 'Tiles measured.';
COMMENT ON COLUMN fleet.model_speeds.seconds_per_operation IS
  'Seconds of a slot (fetching, computing, storing) for each predicted floating-point operation, on average.';
COMMENT ON COLUMN fleet.model_speeds.deviation IS 'Standard deviation of seconds_per_operation from tile to tile, in seconds.';
COMMENT ON COLUMN fleet.model_speeds.slowest IS 'The seconds per operation that 99 of 100 tiles stay below.';
COMMENT ON COLUMN fleet.model_speeds.pass_operations IS 'Floating-point operations of a whole pass, on average.';
