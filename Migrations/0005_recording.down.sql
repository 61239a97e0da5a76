-- Takes step 5 (recording) back.

DROP VIEW fleet.ledger_violations;
DROP VIEW fleet.pass_violations;
ALTER TABLE fleet.passes DROP CONSTRAINT IF EXISTS passes_check;
ALTER TABLE fleet.passes DROP COLUMN accepted;
CREATE VIEW fleet.pass_violations AS
 SELECT 'I5 a run has no pass'::text AS invariant,
    r.id AS run,
    r.state AS detail
   FROM fleet.runs r
  WHERE (NOT (EXISTS ( SELECT
           FROM fleet.pass_requests q
          WHERE (q.run = r.id))))
UNION ALL
 SELECT 'I5 a pass was planned that nobody asked for'::text AS invariant,
    p.run,
    format('position %s'::text, p."position") AS detail
   FROM fleet.passes p
  WHERE (NOT (EXISTS ( SELECT
           FROM fleet.pass_requests q
          WHERE ((q.run = p.run) AND (q."position" = p."position")))))
UNION ALL
 SELECT 'I5 a pass was planned before the one in front of it was done'::text AS invariant,
    p.run,
    format('position %s'::text, p."position") AS detail
   FROM fleet.passes p
  WHERE ((p."position" > 0) AND (NOT (EXISTS ( SELECT
           FROM fleet.passes b
          WHERE ((b.run = p.run) AND (b."position" = (p."position" - 1)) AND (b.label_map IS NOT NULL))))))
UNION ALL
 SELECT 'I5 a pass is done though a tile is missing'::text AS invariant,
    p.run,
    format('pass %s tile %s is %s'::text, t.pass, t.tile, t.state) AS detail
   FROM (fleet.passes p
     JOIN fleet.tiles t ON ((t.pass = p.id)))
  WHERE ((p.label_map IS NOT NULL) AND (t.state <> 'done'::text))
UNION ALL
 SELECT 'I5 a run is completed though a pass is missing'::text AS invariant,
    q.run,
    format('position %s'::text, q."position") AS detail
   FROM (fleet.pass_requests q
     JOIN fleet.runs r ON ((r.id = q.run)))
  WHERE ((r.state = 'completed'::text) AND (NOT (EXISTS ( SELECT
           FROM fleet.passes p
          WHERE ((p.run = q.run) AND (p."position" = q."position"))))));
COMMENT ON VIEW fleet.pass_violations IS 'The part of ledger_violations that looks at passes.';
COMMENT ON COLUMN fleet.pass_violations.invariant IS 'The invariant of the design, and what is wrong.';
COMMENT ON COLUMN fleet.pass_violations.run IS 'The run.';
COMMENT ON COLUMN fleet.pass_violations.detail IS 'Where to look.';
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
