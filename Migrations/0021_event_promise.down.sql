-- Takes step 21 (event_promise) back.

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
DROP VIEW fleet.event_violations;
