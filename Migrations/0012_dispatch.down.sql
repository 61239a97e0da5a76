-- Takes step 12 (dispatch) back.

DROP VIEW fleet.step_seconds;
DROP INDEX IF EXISTS fleet.tiles_queued;
DROP INDEX IF EXISTS fleet.runs_model;
DROP TABLE fleet.dispatching, fleet.pauses;
CREATE INDEX tiles_queued ON fleet.tiles USING btree (published_at) WHERE (state = 'queued'::text);
DROP FUNCTION fleet.is_paused(uuid);
