-- A run remembers the trace that it was submitted with.

ALTER TABLE fleet.runs ADD COLUMN traceparent text
  CHECK (traceparent ~ '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$');
COMMENT ON COLUMN fleet.runs.traceparent IS
  'The caller''s trace (W3C Trace Context), or the one that was begun with the submission; jobs, results and logs name it.';

-- Whoever watches the fleet asks for the results of the last minutes; rows come in that order, so a small index does.
CREATE INDEX tile_results_accepted ON fleet.tile_results USING brin (accepted_at) WITH (pages_per_range = 16);
