-- I9 over the events themselves: a run's end is told to those outside by exactly one event.

-- Runs that were over before there were events have none: those are looked at that ended after the first event was written.
CREATE VIEW fleet.event_violations AS
  SELECT 'I9 a run is over, but no event tells those outside' AS invariant, r.id AS run, r.state AS detail
  FROM fleet.runs r
  WHERE r.finished_at > (SELECT e.at FROM fleet.events e ORDER BY e.position LIMIT 1)
    AND NOT EXISTS (SELECT FROM fleet.events e WHERE e.run = r.id AND e.state = r.state)
UNION ALL
  SELECT 'I9 a run''s end is told to those outside more than once', e.run,
         format('%s: %s', e.state, string_agg(e.id::text, ', ' ORDER BY e.position))
  FROM fleet.events e WHERE e.state IN ('completed', 'cancelled') GROUP BY e.run, e.state HAVING count(*) > 1;
COMMENT ON VIEW fleet.event_violations IS 'The part of ledger_violations that looks at the events for those outside.';
COMMENT ON COLUMN fleet.event_violations.invariant IS 'The invariant of the design, and what is wrong.';
COMMENT ON COLUMN fleet.event_violations.run IS 'The run.';
COMMENT ON COLUMN fleet.event_violations.detail IS 'Where to look.';

-- Where tiles were dropped, those that are missing break no promise.
CREATE OR REPLACE VIEW fleet.ledger_violations AS
  SELECT v.invariant, v.run, v.detail
  FROM (
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
    SELECT invariant, run, detail FROM fleet.urgent_violations
  UNION ALL
    SELECT invariant, run, detail FROM fleet.event_violations) v
  WHERE v.invariant NOT LIKE 'I5 %' OR NOT EXISTS (
    SELECT FROM fleet.passes p JOIN fleet.dropped_tiles d ON p.id >= d.first_id AND p.id < d.end_id WHERE p.run = v.run);
