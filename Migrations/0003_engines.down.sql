-- Takes step 3 (engines) back.

DROP VIEW analytics.run_engines;
COMMENT ON COLUMN fleet.runs.engine IS 'Engine and instruction set that predicted the tiles; several are joined by commas.';
COMMENT ON COLUMN fleet.tile_results.engine IS 'Engine and instruction set.';
COMMENT ON COLUMN fleet.digest_conflicts.engine IS 'Its engine and instruction set.';
COMMENT ON COLUMN analytics.run_summary.engine IS 'Engine and instruction set that predicted the tiles.';
