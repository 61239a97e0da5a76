-- Tiles and results in one table each again, with their foreign keys. What belongs to tiles that were dropped goes too.

CREATE TABLE fleet.kept_views AS
  SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, pg_get_viewdef(c.oid) AS definition, c.reloptions AS options, c.relacl AS rights,
         obj_description(c.oid, 'pg_class') AS meaning,
         (SELECT jsonb_object_agg(a.attname, col_description(c.oid, a.attnum)) FROM pg_attribute a
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND col_description(c.oid, a.attnum) IS NOT NULL) AS columns
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname IN ('fleet', 'analytics') AND c.relkind = 'v';
DO $$
DECLARE
  name text;
BEGIN
  FOR name IN SELECT v.name FROM fleet.kept_views v LOOP
    EXECUTE format('DROP VIEW IF EXISTS %s CASCADE', name);
  END LOOP;
END $$;
-- Without the look at months whose tiles were dropped: what is in between, as the step before had it.
UPDATE fleet.kept_views SET definition = (
  regexp_match(definition, '^.*?\sFROM \(\s*(SELECT.*)\) v\s+WHERE .*\mdropped_tiles\M.*$', 's'))[1]
WHERE name = 'fleet.ledger_violations';

DROP TRIGGER forget_pass ON fleet.passes;
DROP TRIGGER forget_passes ON fleet.passes;
DROP FUNCTION fleet.forget_pass;
DROP FUNCTION fleet.keep_partitions;

DO $$
DECLARE
  tbl text;
  statement text;
  triggers text[];
  indexes text[];
  given record;
BEGIN
  FOREACH tbl IN ARRAY ARRAY['tiles', 'tile_results'] LOOP
    SELECT array_agg(pg_get_triggerdef(t.oid)) INTO triggers FROM pg_trigger t
    WHERE t.tgrelid = format('fleet.%I', tbl)::regclass AND NOT t.tgisinternal;
    SELECT array_agg(replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ')) INTO indexes FROM pg_index i
    WHERE i.indrelid = format('fleet.%I', tbl)::regclass AND NOT i.indisprimary;
    EXECUTE format('CREATE TABLE fleet.%I (LIKE fleet.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS) %s', tbl || '_new', tbl,
                   CASE tbl WHEN 'tiles' THEN 'WITH (fillfactor = 70)' ELSE '' END);
    EXECUTE format('COMMENT ON TABLE fleet.%I IS %L', tbl || '_new', obj_description(format('fleet.%I', tbl)::regclass, 'pg_class'));
    FOR given IN
      SELECT x.grantee::regrole::text AS role, string_agg(x.privilege_type, ', ') AS rights
      FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) x
      WHERE c.oid = format('fleet.%I', tbl)::regclass AND x.grantee NOT IN (0, c.relowner) GROUP BY 1
    LOOP
      EXECUTE format('GRANT %s ON fleet.%I TO %s', given.rights, tbl || '_new', given.role);
    END LOOP;
    EXECUTE format('INSERT INTO fleet.%I SELECT * FROM fleet.%I', tbl || '_new', tbl);
    EXECUTE format('DROP TABLE fleet.%I', tbl);
    EXECUTE format('ALTER TABLE fleet.%I RENAME TO %I', tbl || '_new', tbl);
    EXECUTE format('ALTER TABLE fleet.%I ADD PRIMARY KEY (pass, tile)', tbl);
    FOREACH statement IN ARRAY coalesce(indexes, '{}') || coalesce(triggers, '{}') LOOP
      EXECUTE statement;
    END LOOP;
  END LOOP;
  ALTER TABLE fleet.tiles ADD CONSTRAINT tiles_pass_fkey FOREIGN KEY (pass) REFERENCES fleet.passes ON DELETE CASCADE;
  FOREACH tbl IN ARRAY ARRAY['tile_results', 'tile_failures', 'digest_conflicts', 'outbox', 'extra_results', 'tile_votes', 'rejected_results',
                             'dead_letters'] LOOP
    EXECUTE format('DELETE FROM fleet.%I x WHERE x.pass IS NOT NULL AND NOT EXISTS (SELECT FROM fleet.tiles t WHERE t.pass = x.pass AND t.tile = x.tile)',
                   tbl);
    EXECUTE format('ALTER TABLE fleet.%I ADD CONSTRAINT %I FOREIGN KEY (pass, tile) REFERENCES fleet.tiles ON DELETE CASCADE', tbl,
                   tbl || '_pass_tile_fkey');
  END LOOP;
END $$;
DROP INDEX fleet.dead_letters_pass;
DROP TABLE fleet.dropped_tiles;
DROP FUNCTION fleet.first_id;

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
