-- What computed the tiles of a run can be looked at: bits are equal only within one engine and instruction set.

COMMENT ON COLUMN fleet.runs.engine IS 'Engine and instruction set that predicted the tiles, such as winograd/avx512; several are joined by commas.';
COMMENT ON COLUMN fleet.tile_results.engine IS 'Engine, instruction set, and OpenBLAS''s core where it computed, such as winograd/avx512 or blas/avx512/SkylakeX.';
COMMENT ON COLUMN fleet.digest_conflicts.engine IS 'Its engine and instruction set: where they differ from the accepted result''s, the fleet is mixed and nothing needs to be broken.';
COMMENT ON COLUMN analytics.run_summary.engine IS 'Engine and instruction set that predicted the tiles; several are joined by commas, and analytics.run_engines counts their tiles.';

CREATE VIEW analytics.run_engines AS
  SELECT p.run, p.position, x.engine, count(*) AS tiles, count(DISTINCT x.worker) AS workers,
         sum(x.infer_seconds) AS infer_seconds,
         count(*) OVER (PARTITION BY p.id) > 1 AS mixed
  FROM fleet.passes p
  JOIN fleet.tile_results x ON x.pass = p.id
  GROUP BY p.id, p.run, p.position, x.engine;
COMMENT ON VIEW analytics.run_engines IS 'One row for each run, model configuration and engine: which engines predicted how many tiles.';
COMMENT ON COLUMN analytics.run_engines.run IS 'The run.';
COMMENT ON COLUMN analytics.run_engines.position IS 'The place of the model configuration in the order of the work, from 0.';
COMMENT ON COLUMN analytics.run_engines.engine IS 'Engine and instruction set, such as winograd/avx512.';
COMMENT ON COLUMN analytics.run_engines.tiles IS 'Tiles that it predicted.';
COMMENT ON COLUMN analytics.run_engines.workers IS 'Worker processes that predicted them.';
COMMENT ON COLUMN analytics.run_engines.infer_seconds IS 'Seconds in the network, summed over the tiles.';
COMMENT ON COLUMN analytics.run_engines.mixed IS 'Whether several engines predicted tiles of this pass: repeated on another mix, the run may give other bits.';
