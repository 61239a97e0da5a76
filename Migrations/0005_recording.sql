-- Results are written many at a time, so each pass counts those that it has.

ALTER TABLE fleet.passes ADD COLUMN accepted integer NOT NULL DEFAULT 0 CHECK (accepted BETWEEN 0 AND tiles);
UPDATE fleet.passes p SET accepted = (SELECT count(*) FROM fleet.tile_results x WHERE x.pass = p.id);
COMMENT ON COLUMN fleet.passes.accepted IS 'Tiles that have a result. Whoever writes results holds this row; whoever brings the last one also the run''s.';

CREATE OR REPLACE VIEW fleet.pass_violations AS
  SELECT 'I5 a run has no pass' AS invariant, r.id AS run, r.state AS detail
  FROM fleet.runs r WHERE NOT EXISTS (SELECT FROM fleet.pass_requests q WHERE q.run = r.id)
UNION ALL
  SELECT 'I5 a pass was planned that nobody asked for', p.run, format('position %s', p.position)
  FROM fleet.passes p
  WHERE NOT EXISTS (SELECT FROM fleet.pass_requests q WHERE q.run = p.run AND q.position = p.position)
UNION ALL
  SELECT 'I5 a pass was planned before the one in front of it was done', p.run, format('position %s', p.position)
  FROM fleet.passes p
  WHERE p.position > 0 AND NOT EXISTS (
    SELECT FROM fleet.passes b WHERE b.run = p.run AND b.position = p.position - 1 AND b.label_map IS NOT NULL)
UNION ALL
  SELECT 'I5 a pass is done though a tile is missing', p.run, format('pass %s tile %s is %s', t.pass, t.tile, t.state)
  FROM fleet.passes p JOIN fleet.tiles t ON t.pass = p.id WHERE p.label_map IS NOT NULL AND t.state <> 'done'
UNION ALL
  SELECT 'I5 a run is completed though a pass is missing', q.run, format('position %s', q.position)
  FROM fleet.pass_requests q JOIN fleet.runs r ON r.id = q.run
  WHERE r.state = 'completed' AND NOT EXISTS (SELECT FROM fleet.passes p WHERE p.run = q.run AND p.position = q.position)
UNION ALL
  SELECT 'I5 a pass has miscounted its results', p.run, format('pass %s: %s counted, %s found', p.id, p.accepted, count(x.pass))
  FROM fleet.passes p LEFT JOIN fleet.tile_results x ON x.pass = p.id GROUP BY p.id HAVING count(x.pass) <> p.accepted;
