-- Takes step 10 (invariants) back.

DROP VIEW fleet.violations_i12;
DROP VIEW fleet.violations_i11;
DROP VIEW fleet.violations_i10;
DROP VIEW fleet.violations_i9;
DROP VIEW fleet.violations_i8;
DROP VIEW fleet.violations_i7;
DROP VIEW fleet.violations_i6;
DROP VIEW fleet.violations_i5;
DROP VIEW fleet.violations_i4;
DROP VIEW fleet.violations_i3;
DROP VIEW fleet.violations_i2;
DROP VIEW fleet.violations_i1;
DROP VIEW fleet.recomputed_tiles;
DROP VIEW fleet.ledger_violations;
DROP VIEW fleet.protocol_violations;
DROP INDEX IF EXISTS fleet.runs_comparable;
DROP TABLE fleet.extra_results;
ALTER TABLE fleet.tile_results ALTER COLUMN accepted_at SET DEFAULT now();
CREATE VIEW fleet.ledger_violations AS
 SELECT tile_violations.invariant,
    tile_violations.run,
    tile_violations.detail
   FROM fleet.tile_violations
UNION ALL
 SELECT pass_violations.invariant,
    pass_violations.run,
    pass_violations.detail
   FROM fleet.pass_violations;
COMMENT ON VIEW fleet.ledger_violations IS 'Broken promises of the ledger; must be empty at any moment.';
COMMENT ON COLUMN fleet.ledger_violations.invariant IS 'The invariant of the design, and what is wrong.';
COMMENT ON COLUMN fleet.ledger_violations.run IS 'The run.';
COMMENT ON COLUMN fleet.ledger_violations.detail IS 'Where to look.';
