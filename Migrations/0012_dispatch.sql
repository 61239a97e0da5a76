-- Work is handed out just in time: fairly between classes and tenants, and not while it is paused.

CREATE TABLE fleet.dispatching (
  id       boolean PRIMARY KEY DEFAULT true CHECK (id),
  shares   jsonb NOT NULL DEFAULT '{"classes": {}}',
  moved_at timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO fleet.dispatching DEFAULT VALUES;
COMMENT ON TABLE fleet.dispatching IS 'One row, held by whoever moves tiles into the outbox, so that all dispatchers keep to one window.';
COMMENT ON COLUMN fleet.dispatching.id IS 'Always true: there is one row.';
COMMENT ON COLUMN fleet.dispatching.shares IS
  'Floating-point operations given lately to each class (divided by its weight) and tenant, above the one that got the least.';
COMMENT ON COLUMN fleet.dispatching.moved_at IS 'When tiles were moved last.';

-- Counted for each run that is predicted, and looked through by age.
DROP INDEX fleet.tiles_queued;
CREATE INDEX tiles_queued ON fleet.tiles (pass, published_at) WHERE state = 'queued';

CREATE TABLE fleet.pauses (
  kind      text NOT NULL CHECK (kind IN ('all', 'tenant', 'model', 'class')),
  name      text NOT NULL,
  paused_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (kind, name),
  CONSTRAINT pauses_name CHECK ((kind = 'all') = (name = ''))
);
COMMENT ON TABLE fleet.pauses IS 'What isn''t prepared and handed to workers for the moment.';
COMMENT ON COLUMN fleet.pauses.kind IS 'all, tenant, model or class.';
COMMENT ON COLUMN fleet.pauses.name IS 'The tenant, model name or class; empty for all.';
COMMENT ON COLUMN fleet.pauses.paused_at IS 'Since when.';

CREATE FUNCTION fleet.is_paused(which uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT FROM fleet.pauses s, fleet.runs r
    WHERE r.id = which AND (
      s.kind = 'all'
      OR (s.kind = 'tenant' AND s.name = r.tenant)
      OR (s.kind = 'class' AND s.name = r.class)
      OR (s.kind = 'model' AND (s.name = r.model_name OR EXISTS (
            SELECT FROM fleet.pass_requests q JOIN fleet.model_names n ON n.model = q.model
            WHERE q.run = r.id AND n.name = s.name)))))
$$;
COMMENT ON FUNCTION fleet.is_paused IS 'Whether a run belongs to something that is paused.';

-- What forecasts add to the tiles.
CREATE VIEW fleet.step_seconds AS
  SELECT m.digest AS model, avg(x.seconds) AS seconds
  FROM fleet.models m
  CROSS JOIN LATERAL (
    SELECT r.id, (SELECT count(*) FROM fleet.pass_requests q WHERE q.run = r.id) AS passes
    FROM fleet.runs r WHERE r.model = m.digest AND r.state = 'completed' ORDER BY r.submitted_at DESC LIMIT 8) r
  CROSS JOIN LATERAL (
    SELECT sum(s.seconds) / r.passes AS seconds FROM fleet.step_timings s WHERE s.run = r.id AND s.step <> 'predict') x
  GROUP BY m.digest;
CREATE INDEX runs_model ON fleet.runs (model, submitted_at DESC);
COMMENT ON VIEW fleet.step_seconds IS 'What a pass needs outside workers, by the run''s model: mean of the eight newest completed runs.';
COMMENT ON COLUMN fleet.step_seconds.model IS 'The digest of the last pass''s model.';
COMMENT ON COLUMN fleet.step_seconds.seconds IS 'Seconds for reading, preprocessing, stitching and export, for each pass.';
