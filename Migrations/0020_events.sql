-- Events for those outside: one for each change of a run's state, with one identifier for good, told by RabbitMQ, webhooks and NOTIFY.

CREATE TABLE fleet.events (
  position      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id            uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
  run           uuid NOT NULL REFERENCES fleet.runs ON DELETE CASCADE,
  tenant        text NOT NULL,
  state         text NOT NULL,
  traceparent   text,
  data          jsonb NOT NULL,
  at            timestamptz NOT NULL DEFAULT clock_timestamp(),
  claimed_until timestamptz,
  published_at  timestamptz
) WITH (fillfactor = 80);
CREATE INDEX events_run ON fleet.events (run, position);
CREATE INDEX events_unpublished ON fleet.events (position) WHERE published_at IS NULL;
COMMENT ON TABLE fleet.events IS 'Changes of runs'' states as they are told to others; only added to.';
COMMENT ON COLUMN fleet.events.position IS 'Grows in the order of the commits: whoever has read up to here misses nothing that comes later.';
COMMENT ON COLUMN fleet.events.id IS 'The event''s identifier: the same however often and on whichever way it is delivered.';
COMMENT ON COLUMN fleet.events.run IS 'The run.';
COMMENT ON COLUMN fleet.events.tenant IS 'The run''s tenant.';
COMMENT ON COLUMN fleet.events.state IS 'The state that the run came into.';
COMMENT ON COLUMN fleet.events.traceparent IS 'The run''s trace, as W3C''s Trace Context writes it.';
COMMENT ON COLUMN fleet.events.data IS 'What was known of the run at that moment: tiles, failure, digests, volumes in millilitres.';
COMMENT ON COLUMN fleet.events.at IS 'When it happened.';
COMMENT ON COLUMN fleet.events.claimed_until IS 'Until when a publisher has it in hand.';
COMMENT ON COLUMN fleet.events.published_at IS 'When the broker confirmed it; null while it waits.';

----------------------------------------------------------------------------------------------------------- webhooks

CREATE TABLE fleet.webhooks (
  id              uuid PRIMARY KEY,
  tenant          text NOT NULL CHECK (tenant ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
  url             text NOT NULL CHECK (url ~ '^https?://'),
  states          text[] NOT NULL CHECK (cardinality(states) > 0),
  created_at      timestamptz NOT NULL DEFAULT now(),
  disabled_at     timestamptz,
  disabled_reason text,
  CONSTRAINT webhooks_disabled CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL))
);
CREATE INDEX webhooks_tenant ON fleet.webhooks (tenant);
COMMENT ON TABLE fleet.webhooks IS 'Where a tenant''s events are posted to.';
COMMENT ON COLUMN fleet.webhooks.id IS 'What `tessera webhooks` calls it.';
COMMENT ON COLUMN fleet.webhooks.tenant IS 'Whose runs it is told of.';
COMMENT ON COLUMN fleet.webhooks.url IS 'Where events are posted to.';
COMMENT ON COLUMN fleet.webhooks.states IS 'The states that it is told of.';
COMMENT ON COLUMN fleet.webhooks.created_at IS 'When it was added; it is told of what happens from then on.';
COMMENT ON COLUMN fleet.webhooks.disabled_at IS 'Since when nothing is posted, or null.';
COMMENT ON COLUMN fleet.webhooks.disabled_reason IS 'Why nothing is posted.';

CREATE TABLE fleet.webhook_secrets (
  webhook uuid PRIMARY KEY REFERENCES fleet.webhooks ON DELETE CASCADE,
  secret  text NOT NULL
);
COMMENT ON TABLE fleet.webhook_secrets IS 'What deliveries are signed with; for the service alone.';
COMMENT ON COLUMN fleet.webhook_secrets.webhook IS 'The webhook.';
COMMENT ON COLUMN fleet.webhook_secrets.secret IS 'The key, base64.';

-- Whoever may only look is given new tables by default, but has no business with these.
DO $$
DECLARE
  onlooker record;
BEGIN
  FOR onlooker IN
    SELECT DISTINCT x.grantee::regrole AS role
    FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) x
    WHERE c.oid = 'fleet.webhook_secrets'::regclass AND x.grantee NOT IN (0, c.relowner)
      AND NOT EXISTS (SELECT FROM aclexplode(c.relacl) y WHERE y.grantee = x.grantee AND y.privilege_type = 'INSERT')
  LOOP
    EXECUTE format('REVOKE ALL ON fleet.webhook_secrets FROM %s', onlooker.role);
  END LOOP;
END $$;

CREATE TABLE fleet.webhook_deliveries (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  webhook       uuid NOT NULL REFERENCES fleet.webhooks ON DELETE CASCADE,
  event         bigint NOT NULL REFERENCES fleet.events ON DELETE CASCADE,
  state         text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
  attempts      integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  begun_at      timestamptz NOT NULL DEFAULT now(),
  due_at        timestamptz NOT NULL DEFAULT now(),
  claimed_until timestamptz,
  settled_at    timestamptz,
  status        integer,
  answer        text,
  UNIQUE (webhook, event),
  CONSTRAINT webhook_deliveries_settled CHECK ((state = 'pending') = (settled_at IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX webhook_deliveries_due ON fleet.webhook_deliveries (due_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_event ON fleet.webhook_deliveries (event);
COMMENT ON TABLE fleet.webhook_deliveries IS 'Events on their way to webhooks.';
COMMENT ON COLUMN fleet.webhook_deliveries.id IS 'What `tessera webhooks replay` calls it.';
COMMENT ON COLUMN fleet.webhook_deliveries.webhook IS 'The webhook.';
COMMENT ON COLUMN fleet.webhook_deliveries.event IS 'The event''s position.';
COMMENT ON COLUMN fleet.webhook_deliveries.state IS 'pending, delivered or failed (given up).';
COMMENT ON COLUMN fleet.webhook_deliveries.attempts IS 'How often it was posted, or begun to be.';
COMMENT ON COLUMN fleet.webhook_deliveries.begun_at IS 'When it became pending: it is given up a day later.';
COMMENT ON COLUMN fleet.webhook_deliveries.due_at IS 'When it is posted next.';
COMMENT ON COLUMN fleet.webhook_deliveries.claimed_until IS 'Until when a process has it in hand.';
COMMENT ON COLUMN fleet.webhook_deliveries.settled_at IS 'When it was delivered or given up.';
COMMENT ON COLUMN fleet.webhook_deliveries.status IS 'The receiver''s last HTTP status, or null where there was none.';
COMMENT ON COLUMN fleet.webhook_deliveries.answer IS 'What went wrong last, as a sentence.';

------------------------------------------------------------------------------------------------------- the writing

-- At the end of the transaction, when all that belongs to the change has been written and no further row lock is wanted. Numbers are
-- drawn one transaction after the other, each until its commit, so no event becomes visible behind one with a greater number. NOTIFY
-- has transactions commit one after the other all the same.
CREATE FUNCTION fleet.write_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  number bigint;
  event uuid;
BEGIN
  PERFORM pg_advisory_xact_lock(x'74657373657674'::bigint);
  INSERT INTO fleet.events (run, tenant, state, traceparent, data)
  SELECT NEW.id, NEW.tenant, NEW.state, NEW.traceparent, jsonb_strip_nulls(jsonb_build_object(
           'run', NEW.id, 'state', NEW.state, 'class', NEW.class, 'model', NEW.model_name, 'model_sha256', NEW.model,
           'planned_tiles', t.planned, 'accepted_tiles', t.accepted,
           'failure', CASE WHEN NEW.failure_kind IS NOT NULL
                      THEN jsonb_build_object('kind', NEW.failure_kind, 'reason', NEW.failure_reason) END,
           'label_map_sha256', NEW.label_map, 'label_sha256', NEW.label_voxels,
           'labels', CASE WHEN NEW.state = 'completed' THEN (
                       SELECT coalesce(jsonb_agg(
                                jsonb_build_object('label', s.label, 'name', s.name, 'voxels', s.voxels, 'volume_ml', s.volume_ml)
                                ORDER BY s.label), '[]')
                       FROM fleet.label_statistics s WHERE s.run = NEW.id) END))
  FROM (SELECT coalesce(sum(p.tiles), 0) AS planned, coalesce(sum(p.accepted), 0) AS accepted
        FROM fleet.passes p WHERE p.run = NEW.id) t
  RETURNING position, id INTO number, event;
  INSERT INTO fleet.webhook_deliveries (webhook, event)
  SELECT w.id, number FROM fleet.webhooks w
  WHERE w.tenant = NEW.tenant AND w.disabled_at IS NULL AND NEW.state = ANY (w.states);
  PERFORM pg_notify('tessera_events', event::text);
  RETURN NULL;
END $$;
COMMENT ON FUNCTION fleet.write_event IS 'Writes the event of a run''s change of state, and what webhooks are to be told of it.';
CREATE CONSTRAINT TRIGGER write_first_event AFTER INSERT ON fleet.runs DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION fleet.write_event();
CREATE CONSTRAINT TRIGGER write_event AFTER UPDATE ON fleet.runs DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION fleet.write_event();
