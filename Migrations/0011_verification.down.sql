-- Takes step 11 (verification) back.

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
DROP VIEW fleet.ledger_violations;
DROP VIEW fleet.verification_violations;
DROP TABLE fleet.verifications;
ALTER TABLE fleet.runs DROP COLUMN merkle_root;
CREATE VIEW fleet.ledger_violations AS
 SELECT tile_violations.invariant,
    tile_violations.run,
    tile_violations.detail
   FROM fleet.tile_violations
UNION ALL
 SELECT pass_violations.invariant,
    pass_violations.run,
    pass_violations.detail
   FROM fleet.pass_violations
UNION ALL
 SELECT protocol_violations.invariant,
    protocol_violations.run,
    protocol_violations.detail
   FROM fleet.protocol_violations;
COMMENT ON VIEW fleet.ledger_violations IS 'Broken promises of the ledger; must be empty at any moment.';
COMMENT ON COLUMN fleet.ledger_violations.invariant IS 'The invariant of the design, and what is wrong.';
COMMENT ON COLUMN fleet.ledger_violations.run IS 'The run.';
COMMENT ON COLUMN fleet.ledger_violations.detail IS 'Where to look.';
CREATE VIEW fleet.violations_i1 AS
 SELECT substr(ledger_violations.invariant, 4) AS broken,
    ledger_violations.run,
    ledger_violations.detail
   FROM fleet.ledger_violations
  WHERE (ledger_violations.invariant ~~ 'I1 %'::text);
COMMENT ON VIEW fleet.violations_i1 IS 'I1, every accepted run ends: must be empty at any moment.';
COMMENT ON COLUMN fleet.violations_i1.broken IS 'What is wrong.';
COMMENT ON COLUMN fleet.violations_i1.run IS 'The run; null where it is about no run.';
COMMENT ON COLUMN fleet.violations_i1.detail IS 'Where to look.';
CREATE VIEW fleet.violations_i2 AS
 SELECT substr(ledger_violations.invariant, 4) AS broken,
    ledger_violations.run,
    ledger_violations.detail
   FROM fleet.ledger_violations
  WHERE (ledger_violations.invariant ~~ 'I2 %'::text);
COMMENT ON VIEW fleet.violations_i2 IS 'I2, one accepted result for each tile, one artifact for each run, one row for each measurement: must be empty at any moment.';
COMMENT ON COLUMN fleet.violations_i2.broken IS 'What is wrong.';
COMMENT ON COLUMN fleet.violations_i2.run IS 'The run; null where it is about no run.';
COMMENT ON COLUMN fleet.violations_i2.detail IS 'Where to look.';
CREATE VIEW fleet.violations_i3 AS
 SELECT substr(ledger_violations.invariant, 4) AS broken,
    ledger_violations.run,
    ledger_violations.detail
   FROM fleet.ledger_violations
  WHERE (ledger_violations.invariant ~~ 'I3 %'::text);
COMMENT ON VIEW fleet.violations_i3 IS 'I3, equal requests have equal results, to the last bit: must be empty at any moment.';
COMMENT ON COLUMN fleet.violations_i3.broken IS 'What is wrong.';
COMMENT ON COLUMN fleet.violations_i3.run IS 'The run; null where it is about no run.';
COMMENT ON COLUMN fleet.violations_i3.detail IS 'Where to look.';
CREATE VIEW fleet.violations_i4 AS
 SELECT substr(ledger_violations.invariant, 4) AS broken,
    ledger_violations.run,
    ledger_violations.detail
   FROM fleet.ledger_violations
  WHERE (ledger_violations.invariant ~~ 'I4 %'::text);
COMMENT ON VIEW fleet.violations_i4 IS 'I4, nothing becomes visible after a cancel: must be empty at any moment.';
COMMENT ON COLUMN fleet.violations_i4.broken IS 'What is wrong.';
COMMENT ON COLUMN fleet.violations_i4.run IS 'The run; null where it is about no run.';
COMMENT ON COLUMN fleet.violations_i4.detail IS 'Where to look.';
CREATE VIEW fleet.violations_i5 AS
 SELECT substr(ledger_violations.invariant, 4) AS broken,
    ledger_violations.run,
    ledger_violations.detail
   FROM fleet.ledger_violations
  WHERE (ledger_violations.invariant ~~ 'I5 %'::text);
COMMENT ON VIEW fleet.violations_i5 IS 'I5, planned tiles = accepted + dead + outstanding: must be empty at any moment.';
COMMENT ON COLUMN fleet.violations_i5.broken IS 'What is wrong.';
COMMENT ON COLUMN fleet.violations_i5.run IS 'The run; null where it is about no run.';
COMMENT ON COLUMN fleet.violations_i5.detail IS 'Where to look.';
CREATE VIEW fleet.violations_i6 AS
 SELECT substr(ledger_violations.invariant, 4) AS broken,
    ledger_violations.run,
    ledger_violations.detail
   FROM fleet.ledger_violations
  WHERE (ledger_violations.invariant ~~ 'I6 %'::text);
COMMENT ON VIEW fleet.violations_i6 IS 'I6, every accepted digest is in the store and verifies (as tessera verify has found it): must be empty at any moment.';
COMMENT ON COLUMN fleet.violations_i6.broken IS 'What is wrong.';
COMMENT ON COLUMN fleet.violations_i6.run IS 'The run; null where it is about no run.';
COMMENT ON COLUMN fleet.violations_i6.detail IS 'Where to look.';
CREATE VIEW fleet.violations_i7 AS
 SELECT substr(ledger_violations.invariant, 4) AS broken,
    ledger_violations.run,
    ledger_violations.detail
   FROM fleet.ledger_violations
  WHERE (ledger_violations.invariant ~~ 'I7 %'::text);
COMMENT ON VIEW fleet.violations_i7 IS 'I7, only legal changes of state: must be empty at any moment.';
COMMENT ON COLUMN fleet.violations_i7.broken IS 'What is wrong.';
COMMENT ON COLUMN fleet.violations_i7.run IS 'The run; null where it is about no run.';
COMMENT ON COLUMN fleet.violations_i7.detail IS 'Where to look.';
CREATE VIEW fleet.violations_i8 AS
 SELECT substr(ledger_violations.invariant, 4) AS broken,
    ledger_violations.run,
    ledger_violations.detail
   FROM fleet.ledger_violations
  WHERE (ledger_violations.invariant ~~ 'I8 %'::text);
COMMENT ON VIEW fleet.violations_i8 IS 'I8, dead letters and dead tiles match one to one: must be empty at any moment.';
COMMENT ON COLUMN fleet.violations_i8.broken IS 'What is wrong.';
COMMENT ON COLUMN fleet.violations_i8.run IS 'The run; null where it is about no run.';
COMMENT ON COLUMN fleet.violations_i8.detail IS 'Where to look.';
CREATE VIEW fleet.violations_i9 AS
 SELECT substr(ledger_violations.invariant, 4) AS broken,
    ledger_violations.run,
    ledger_violations.detail
   FROM fleet.ledger_violations
  WHERE (ledger_violations.invariant ~~ 'I9 %'::text);
COMMENT ON VIEW fleet.violations_i9 IS 'I9, a run''s end is told by exactly one event: must be empty at any moment.';
COMMENT ON COLUMN fleet.violations_i9.broken IS 'What is wrong.';
COMMENT ON COLUMN fleet.violations_i9.run IS 'The run; null where it is about no run.';
COMMENT ON COLUMN fleet.violations_i9.detail IS 'Where to look.';
CREATE VIEW fleet.violations_i10 AS
 SELECT substr(ledger_violations.invariant, 5) AS broken,
    ledger_violations.run,
    ledger_violations.detail
   FROM fleet.ledger_violations
  WHERE (ledger_violations.invariant ~~ 'I10 %'::text);
COMMENT ON VIEW fleet.violations_i10 IS 'I10, tiles are computed again only when workers were lost (numbers: recomputed_tiles): must be empty at any moment.';
COMMENT ON COLUMN fleet.violations_i10.broken IS 'What is wrong.';
COMMENT ON COLUMN fleet.violations_i10.run IS 'The run; null where it is about no run.';
COMMENT ON COLUMN fleet.violations_i10.detail IS 'Where to look.';
CREATE VIEW fleet.violations_i11 AS
 SELECT substr(ledger_violations.invariant, 5) AS broken,
    ledger_violations.run,
    ledger_violations.detail
   FROM fleet.ledger_violations
  WHERE (ledger_violations.invariant ~~ 'I11 %'::text);
COMMENT ON VIEW fleet.violations_i11 IS 'I11, an urgent run''s first tile waits for at most one job: must be empty at any moment.';
COMMENT ON COLUMN fleet.violations_i11.broken IS 'What is wrong.';
COMMENT ON COLUMN fleet.violations_i11.run IS 'The run; null where it is about no run.';
COMMENT ON COLUMN fleet.violations_i11.detail IS 'Where to look.';
CREATE VIEW fleet.violations_i12 AS
 SELECT substr(ledger_violations.invariant, 5) AS broken,
    ledger_violations.run,
    ledger_violations.detail
   FROM fleet.ledger_violations
  WHERE (ledger_violations.invariant ~~ 'I12 %'::text);
COMMENT ON VIEW fleet.violations_i12 IS 'I12, a worker that is stopped properly leaves nothing undone: must be empty at any moment.';
COMMENT ON COLUMN fleet.violations_i12.broken IS 'What is wrong.';
COMMENT ON COLUMN fleet.violations_i12.run IS 'The run; null where it is about no run.';
COMMENT ON COLUMN fleet.violations_i12.detail IS 'Where to look.';
