-- Upkeep: promises of the runs of late, urgent runs that are overtaken, runs whose intermediate blobs were given up, processor time.

------------------------------------------------------------------------------------------------------ processor time

ALTER TABLE fleet.tile_results ADD COLUMN cpu_seconds double precision CHECK (cpu_seconds >= 0);
COMMENT ON COLUMN fleet.tile_results.cpu_seconds IS 'Seconds of processors, all threads together, that the tile took; null of versions that didn''t tell.';

---------------------------------------------------------------------------------------------------------- trimmed runs

CREATE TABLE fleet.trimmed_runs (
  run uuid PRIMARY KEY REFERENCES fleet.runs ON DELETE CASCADE,
  at  timestamptz NOT NULL DEFAULT now(),
  by  text NOT NULL
);
COMMENT ON TABLE fleet.trimmed_runs IS
  'Runs that are over and need their intermediate blobs no more: preprocessed volumes, tiles'' and passes'' probabilities may be gone from the store.';
COMMENT ON COLUMN fleet.trimmed_runs.run IS 'The run.';
COMMENT ON COLUMN fleet.trimmed_runs.at IS 'When that was decided.';
COMMENT ON COLUMN fleet.trimmed_runs.by IS 'Who decided it.';

-------------------------------------------------------------------------------------------------------------- urgency

-- What was paused, and isn't any more: a run that didn't get on then was not overtaken.
CREATE TABLE fleet.past_pauses (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind       text NOT NULL,
  name       text NOT NULL,
  paused_at  timestamptz NOT NULL,
  resumed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE fleet.past_pauses IS 'Pauses that have ended.';
COMMENT ON COLUMN fleet.past_pauses.id IS 'Grows with time.';
COMMENT ON COLUMN fleet.past_pauses.kind IS 'all, tenant, model or class.';
COMMENT ON COLUMN fleet.past_pauses.name IS 'The tenant, model name or class; empty for all.';
COMMENT ON COLUMN fleet.past_pauses.paused_at IS 'When it began.';
COMMENT ON COLUMN fleet.past_pauses.resumed_at IS 'When it ended.';

CREATE FUNCTION fleet.note_resumption() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO fleet.past_pauses (kind, name, paused_at) VALUES (OLD.kind, OLD.name, OLD.paused_at);
  RETURN NULL;
END $$;
CREATE TRIGGER note_resumption AFTER DELETE ON fleet.pauses FOR EACH ROW EXECUTE FUNCTION fleet.note_resumption();

-- Between the moment at which an urgent pass's tiles are in the backlog and the moment at which the first of them is handed out, nobody
-- else's tile is handed out, but for those of a choice that was being made just then. Passes of which a tile was handed out anew tell
-- nothing, as the first time is forgotten. Where another urgent run is being served, shares decide.
CREATE VIEW fleet.urgent_violations AS
  SELECT 'I11 others'' tiles were handed out while an urgent run''s first tile waited' AS invariant, u.run,
         format('pass %s waited from %s to %s', u.pass, u.ready_at, u.first_at) AS detail
  FROM (
    SELECT p.run, p.id AS pass, e.ready_at, t.first_at
    FROM fleet.runs r
    JOIN fleet.passes p ON p.run = r.id
    CROSS JOIN LATERAL (
      SELECT min(e.at) AS ready_at FROM fleet.run_events e
      WHERE e.run = p.run AND e.state = 'predicting' AND e.at >= p.planned_at) e
    CROSS JOIN LATERAL (
      SELECT min(t.queued_at) AS first_at, max(t.attempts) AS attempts FROM fleet.tiles t WHERE t.pass = p.id) t
    WHERE r.class = 'stat' AND t.attempts = 1 AND t.first_at > e.ready_at + interval '2 seconds') u
  WHERE EXISTS (
      SELECT FROM fleet.runs o JOIN fleet.passes q ON q.run = o.id JOIN fleet.tiles t ON t.pass = q.id
      WHERE o.class <> 'stat' AND o.submitted_at < u.first_at AND (o.finished_at IS NULL OR o.finished_at > u.ready_at)
        AND t.queued_at > u.ready_at + interval '2 seconds' AND t.queued_at < u.first_at)
    AND NOT EXISTS (
      SELECT FROM fleet.runs o JOIN fleet.passes q ON q.run = o.id JOIN fleet.tiles t ON t.pass = q.id
      WHERE o.class = 'stat' AND q.id <> u.pass AND o.submitted_at < u.first_at
        AND (o.finished_at IS NULL OR o.finished_at > u.ready_at) AND t.queued_at BETWEEN u.ready_at AND u.first_at)
    AND NOT EXISTS (SELECT FROM fleet.pauses s WHERE s.paused_at < u.first_at)
    AND NOT EXISTS (SELECT FROM fleet.past_pauses s WHERE s.paused_at < u.first_at AND s.resumed_at > u.ready_at);
COMMENT ON VIEW fleet.urgent_violations IS 'The part of ledger_violations that looks at urgent runs.';
COMMENT ON COLUMN fleet.urgent_violations.invariant IS 'The invariant of the design, and what is wrong.';
COMMENT ON COLUMN fleet.urgent_violations.run IS 'The urgent run.';
COMMENT ON COLUMN fleet.urgent_violations.detail IS 'Where to look.';

CREATE OR REPLACE VIEW fleet.ledger_violations AS
  SELECT invariant, run, detail FROM fleet.tile_violations
UNION ALL
  SELECT invariant, run, detail FROM fleet.pass_violations
UNION ALL
  SELECT invariant, run, detail FROM fleet.protocol_violations
UNION ALL
  SELECT invariant, run, detail FROM fleet.verification_violations
UNION ALL
  SELECT invariant, run, detail FROM fleet.dead_letter_violations
UNION ALL
  SELECT invariant, run, detail FROM fleet.urgent_violations;

------------------------------------------------------------------------------------------------------- promises of late

CREATE INDEX runs_finished ON fleet.runs (finished_at);

-- For whoever asks every minute. The list of runs is a value and not a query, so that each part of the view begins with its runs and
-- goes from there to their tiles by their keys.
CREATE FUNCTION fleet.violations_of_late(horizon interval) RETURNS TABLE (invariant text, run uuid, detail text)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan SET jit = off AS $$
DECLARE
  lately uuid[];
BEGIN
  SELECT coalesce(array_agg(r.id), '{}') INTO lately
  FROM fleet.runs r WHERE r.finished_at IS NULL OR r.finished_at > now() - horizon;
  RETURN QUERY
    SELECT v.invariant, v.run, v.detail FROM fleet.ledger_violations v WHERE v.run = ANY (lately);
  -- What is about no run. No part of the view that looks at tiles has such rows.
  RETURN QUERY
    SELECT v.invariant, v.run, v.detail FROM fleet.protocol_violations v WHERE v.run IS NULL;
  -- A comparison is told of its oldest run, which may be long over.
  RETURN QUERY
    SELECT 'I3 equal requests have different results', r.id, format('%s, and another result of the run %s', r.label_voxels, o.id)
    FROM fleet.runs r
    CROSS JOIN LATERAL (
      SELECT o.id FROM fleet.runs o
      WHERE o.state = 'completed' AND position(',' IN o.engine) = 0 AND o.request_digest = r.request_digest AND o.engine = r.engine
        AND o.software_version = r.software_version AND o.label_voxels <> r.label_voxels LIMIT 1) o
    WHERE r.id = ANY (lately) AND r.state = 'completed' AND position(',' IN r.engine) = 0;
END $$;
COMMENT ON FUNCTION fleet.violations_of_late IS
  'The rows of ledger_violations of runs that aren''t over, or were until the horizon before now; quick however many there are.';
