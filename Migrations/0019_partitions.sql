-- Tiles and their results, which are by far most of the rows, lie in partitions by month, so that those of old runs can be dropped at once.
--
-- A pass's identifier is a version 7 UUID, which begins with the time of its making, so months are ranges of it and the keys stay as they were.
-- Nothing refers to a tile by a foreign key any more, as dropping a partition would lock what refers to it and what it refers to. Tiles and
-- what belongs to them go with their pass by a trigger instead.

CREATE FUNCTION fleet.first_id(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;
COMMENT ON FUNCTION fleet.first_id IS 'The least version 7 UUID that can be made at a moment.';

CREATE TABLE fleet.dropped_tiles (
  month      text PRIMARY KEY,
  first_id   uuid NOT NULL,
  end_id     uuid NOT NULL,
  dropped_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT dropped_tiles_range CHECK (first_id < end_id)
);
COMMENT ON TABLE fleet.dropped_tiles IS 'Passes whose tiles were dropped by tessera retention; what their runs have found is kept.';
COMMENT ON COLUMN fleet.dropped_tiles.month IS 'The month in which the passes were planned, such as 2026_03, UTC; earlier for what lay before all months.';
COMMENT ON COLUMN fleet.dropped_tiles.first_id IS 'The first pass identifier of the range.';
COMMENT ON COLUMN fleet.dropped_tiles.end_id IS 'The first pass identifier behind the range.';
COMMENT ON COLUMN fleet.dropped_tiles.dropped_at IS 'When they were dropped.';

------------------------------------------------------------------------------------------------- out of the way: views

-- Views name the tables by their number, so they are made again, from what the database says of them.
CREATE TABLE fleet.kept_views AS
  SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, pg_get_viewdef(c.oid) AS definition, c.reloptions AS options, c.relacl AS rights,
         c.relkind AS kind, obj_description(c.oid, 'pg_class') AS meaning,
         (SELECT jsonb_object_agg(a.attname, col_description(c.oid, a.attnum)) FROM pg_attribute a
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND col_description(c.oid, a.attnum) IS NOT NULL) AS columns
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname IN ('fleet', 'analytics') AND c.relkind = 'v';
DO $$
DECLARE
  name text;
BEGIN
  FOR name IN SELECT v.name FROM fleet.kept_views v LOOP
    EXECUTE format('DROP VIEW IF EXISTS %s CASCADE', name); -- all of them are made again
  END LOOP;
END $$;

-- Where tiles were dropped, those that are missing break no promise.
UPDATE fleet.kept_views SET definition = format(
  'SELECT v.invariant, v.run, v.detail FROM (%s) v
   WHERE v.invariant NOT LIKE ''I5 %%'' OR NOT EXISTS (
     SELECT FROM fleet.passes p JOIN fleet.dropped_tiles d ON p.id >= d.first_id AND p.id < d.end_id WHERE p.run = v.run)',
  rtrim(definition, ';'))
WHERE name = 'fleet.ledger_violations';

-------------------------------------------------------------------------------------------------------- foreign keys

DO $$
DECLARE
  key record;
BEGIN
  FOR key IN
    SELECT conrelid::regclass AS tbl, conname FROM pg_constraint
    WHERE contype = 'f' AND (confrelid = 'fleet.tiles'::regclass OR conrelid IN ('fleet.tiles'::regclass, 'fleet.tile_results'::regclass))
  LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', key.tbl, key.conname);
  END LOOP;
END $$;

CREATE FUNCTION fleet.forget_pass() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    TRUNCATE fleet.tiles, fleet.tile_results, fleet.tile_failures, fleet.digest_conflicts, fleet.outbox, fleet.extra_results,
             fleet.tile_votes, fleet.rejected_results, fleet.dropped_tiles;
    RETURN NULL;
  END IF;
  DELETE FROM fleet.outbox WHERE pass = OLD.id;
  DELETE FROM fleet.tile_results WHERE pass = OLD.id;
  DELETE FROM fleet.tile_failures WHERE pass = OLD.id;
  DELETE FROM fleet.digest_conflicts WHERE pass = OLD.id;
  DELETE FROM fleet.extra_results WHERE pass = OLD.id;
  DELETE FROM fleet.tile_votes WHERE pass = OLD.id;
  DELETE FROM fleet.rejected_results WHERE pass = OLD.id;
  DELETE FROM fleet.dead_letters WHERE pass = OLD.id;
  DELETE FROM fleet.tiles WHERE pass = OLD.id;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION fleet.forget_pass IS 'Removes a pass''s tiles and what belongs to them.';
CREATE TRIGGER forget_pass AFTER DELETE ON fleet.passes FOR EACH ROW EXECUTE FUNCTION fleet.forget_pass();
CREATE TRIGGER forget_passes AFTER TRUNCATE ON fleet.passes FOR EACH STATEMENT EXECUTE FUNCTION fleet.forget_pass();
CREATE INDEX dead_letters_pass ON fleet.dead_letters (pass) WHERE pass IS NOT NULL;

--------------------------------------------------------------------------------------------------- the partitioned tables

-- From the month of the oldest pass, at most two years back, to two months from now; and one partition each for what lies before and
-- behind, as the clock of a dispatcher may be wrong.
DO $$
DECLARE
  tbl text;
  month date;
  last date := date_trunc('month', now() AT TIME ZONE 'UTC' + interval '3 months');
  first date;
  statement text;
  triggers text[];
  indexes text[];
  given record;
BEGIN
  SELECT date_trunc('month', greatest(coalesce(min(p.planned_at), now()), now() - interval '24 months') AT TIME ZONE 'UTC') INTO first
  FROM fleet.passes p;
  FOREACH tbl IN ARRAY ARRAY['tiles', 'tile_results'] LOOP
    SELECT array_agg(pg_get_triggerdef(t.oid)) INTO triggers FROM pg_trigger t
    WHERE t.tgrelid = format('fleet.%I', tbl)::regclass AND NOT t.tgisinternal;
    SELECT array_agg(pg_get_indexdef(i.indexrelid)) INTO indexes FROM pg_index i
    WHERE i.indrelid = format('fleet.%I', tbl)::regclass AND NOT i.indisprimary;
    EXECUTE format('CREATE TABLE fleet.%I (LIKE fleet.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS) PARTITION BY RANGE (pass)',
                   tbl || '_new', tbl);
    EXECUTE format('COMMENT ON TABLE fleet.%I IS %L', tbl || '_new', obj_description(format('fleet.%I', tbl)::regclass, 'pg_class'));
    FOR given IN
      SELECT x.grantee::regrole::text AS role, string_agg(x.privilege_type, ', ') AS rights
      FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) x
      WHERE c.oid = format('fleet.%I', tbl)::regclass AND x.grantee NOT IN (0, c.relowner) GROUP BY 1
    LOOP
      EXECUTE format('GRANT %s ON fleet.%I TO %s', given.rights, tbl || '_new', given.role);
    END LOOP;
    EXECUTE format('ALTER TABLE fleet.%I RENAME TO %I', tbl, tbl || '_old');
    EXECUTE format('ALTER TABLE fleet.%I RENAME TO %I', tbl || '_new', tbl);
    EXECUTE format('CREATE TABLE fleet.%I PARTITION OF fleet.%I FOR VALUES FROM (MINVALUE) TO (%L) WITH (fillfactor = 70)', tbl || '_earlier', tbl,
                   fleet.first_id(first::timestamp AT TIME ZONE 'UTC'));
    month := first;
    WHILE month < last LOOP
      EXECUTE format('CREATE TABLE fleet.%I PARTITION OF fleet.%I FOR VALUES FROM (%L) TO (%L) WITH (fillfactor = 70)',
                     tbl || to_char(month, '_YYYY_MM'), tbl, fleet.first_id(month::timestamp AT TIME ZONE 'UTC'),
                     fleet.first_id((month + interval '1 month')::timestamp AT TIME ZONE 'UTC'));
      month := month + interval '1 month';
    END LOOP;
    EXECUTE format('CREATE TABLE fleet.%I PARTITION OF fleet.%I FOR VALUES FROM (%L) TO (MAXVALUE) WITH (fillfactor = 70)', tbl || '_later', tbl,
                   fleet.first_id(last::timestamp AT TIME ZONE 'UTC'));
    EXECUTE format('INSERT INTO fleet.%I SELECT * FROM fleet.%I', tbl, tbl || '_old');
    EXECUTE format('DROP TABLE fleet.%I', tbl || '_old');
    EXECUTE format('ALTER TABLE fleet.%I ADD PRIMARY KEY (pass, tile)', tbl);
    FOREACH statement IN ARRAY coalesce(indexes, '{}') || coalesce(triggers, '{}') LOOP
      EXECUTE statement;
    END LOOP;
  END LOOP;
END $$;

----------------------------------------------------------------------------------------------------------- ahead of time

CREATE FUNCTION fleet.keep_partitions(ahead integer DEFAULT 2) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  tbl text;
  month date;
  wanted date := date_trunc('month', now() AT TIME ZONE 'UTC' + make_interval(months => ahead));
  made integer := 0;
  lower uuid;
  upper uuid;
BEGIN
  FOREACH tbl IN ARRAY ARRAY['tiles', 'tile_results'] LOOP
    LOOP
      SELECT max(to_date(substr(c.relname, length(tbl) + 2), 'YYYY_MM')) INTO month
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = format('fleet.%I', tbl)::regclass AND c.relname ~ ('^' || tbl || '_\d{4}_\d{2}$');
      EXIT WHEN month >= wanted;
      IF NOT pg_try_advisory_xact_lock(8387236823645254771) THEN RETURN made; END IF; -- another process is at it
      SET LOCAL lock_timeout = '2s'; -- writers wait for this no longer than it for them
      month := month + interval '1 month';
      lower := fleet.first_id(month::timestamp AT TIME ZONE 'UTC');
      upper := fleet.first_id((month + interval '1 month')::timestamp AT TIME ZONE 'UTC');
      EXECUTE format('ALTER TABLE fleet.%I DETACH PARTITION fleet.%I', tbl, tbl || '_later');
      EXECUTE format('CREATE TABLE fleet.%I PARTITION OF fleet.%I FOR VALUES FROM (%L) TO (%L) WITH (fillfactor = 70)',
                     tbl || to_char(month, '_YYYY_MM'), tbl, lower, upper);
      EXECUTE format('ALTER TABLE fleet.%I DISABLE TRIGGER USER', tbl || to_char(month, '_YYYY_MM'));
      EXECUTE format('INSERT INTO fleet.%I SELECT * FROM fleet.%I WHERE pass < %L', tbl || to_char(month, '_YYYY_MM'), tbl || '_later', upper);
      EXECUTE format('ALTER TABLE fleet.%I ENABLE TRIGGER USER', tbl || to_char(month, '_YYYY_MM'));
      EXECUTE format('DELETE FROM fleet.%I WHERE pass < %L', tbl || '_later', upper);
      EXECUTE format('ALTER TABLE fleet.%I ATTACH PARTITION fleet.%I FOR VALUES FROM (%L) TO (MAXVALUE)', tbl, tbl || '_later', upper);
      made := made + 1;
    END LOOP;
  END LOOP;
  RETURN made;
END $$;
COMMENT ON FUNCTION fleet.keep_partitions IS 'Makes the partitions of the coming months that are missing, and tells how many. Aggregators call it.';

------------------------------------------------------------------------------------------------------------ views again

DO $$
DECLARE
  view record;
  field record;
  given record;
  missing integer;
BEGIN
  LOOP
    missing := 0;
    FOR view IN SELECT v.* FROM fleet.kept_views v WHERE to_regclass(v.name) IS NULL ORDER BY v.oid LOOP
      BEGIN
        EXECUTE format('CREATE VIEW %s %s AS %s', view.name,
                       CASE WHEN view.options IS NULL THEN '' ELSE format('WITH (%s)', array_to_string(view.options, ', ')) END, view.definition);
      EXCEPTION WHEN undefined_table THEN
        missing := missing + 1; -- it looks at another view, which comes first
        CONTINUE;
      END;
      EXECUTE format('COMMENT ON VIEW %s IS %L', view.name, view.meaning);
      FOR field IN SELECT * FROM jsonb_each_text(coalesce(view.columns, '{}')) LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', view.name, field.key, field.value);
      END LOOP;
      FOR given IN
        SELECT x.grantee::regrole::text AS role, string_agg(x.privilege_type, ', ') AS rights
        FROM aclexplode(view.rights) x WHERE x.grantee NOT IN (0, (SELECT c.relowner FROM pg_class c WHERE c.oid = view.name::regclass)) GROUP BY 1
      LOOP
        EXECUTE format('GRANT %s ON %s TO %s', given.rights, view.name, given.role);
      END LOOP;
    END LOOP;
    EXIT WHEN missing = 0;
  END LOOP;
END $$;
DROP TABLE fleet.kept_views;
