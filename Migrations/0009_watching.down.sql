-- Takes step 9 (watching) back.

ALTER TABLE fleet.runs DROP CONSTRAINT IF EXISTS runs_traceparent_check;
DROP INDEX IF EXISTS fleet.tile_results_accepted;
ALTER TABLE fleet.runs DROP COLUMN traceparent;
