-- Takes step 21 (event_promise) back.

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
    SELECT invariant, run, detail FROM fleet.urgent_violations) v
  WHERE v.invariant NOT LIKE 'I5 %' OR NOT EXISTS (
    SELECT FROM fleet.passes p JOIN fleet.dropped_tiles d ON p.id >= d.first_id AND p.id < d.end_id WHERE p.run = v.run);
DROP VIEW fleet.event_violations;
