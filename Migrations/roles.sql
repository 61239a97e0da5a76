-- The rights on a ledger: what each kind of login may do, and nothing else.
--
--   tessera_owner    owns schemas, tables and views: `tessera migrate`, nothing that runs all the time
--   tessera_service  reads and writes rows: dispatcher, aggregator, submit, status; makes and changes no table
--   tessera_analyst  reads the views in the schema analytics, for five minutes a statement
--   tessera_monitor  reads everything, for half a minute a statement: dashboards and alarms
--
-- Run by whoever may make roles and owns the database or is its administrator. Harmless when it is run again, and when the roles are
-- there already. No role gets a password here, so nobody can log in until an administrator gives one (\password tessera_service in psql).
-- Further logins: CREATE ROLE alice LOGIN IN ROLE tessera_analyst. An analyst sees the runs of the tenants that `tessera analyst grant` names. Not a migration: roles belong to the server, not to one database.

DO $$
DECLARE
  role text;
BEGIN
  FOREACH role IN ARRAY ARRAY['tessera_owner', 'tessera_service', 'tessera_analyst', 'tessera_monitor'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN EXECUTE format('CREATE ROLE %I LOGIN', role); END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- another database's administrator was faster
    END;
  END LOOP;
  -- Whoever hands things over to a role must be able to act as it.
  IF NOT pg_has_role('tessera_owner', 'MEMBER') THEN EXECUTE format('GRANT %I TO %I', 'tessera_owner', current_user); END IF;
END $$;

------------------------------------------------------------------------------------------------------- the database

DO $$
BEGIN
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I, %I, %I, %I', current_database(), 'tessera_owner', 'tessera_service', 'tessera_analyst',
                 'tessera_monitor');
  EXECUTE format('GRANT CREATE, TEMPORARY ON DATABASE %I TO %I', current_database(), 'tessera_owner'); -- sums are refreshed by way of temporary tables
END $$;

------------------------------------------------------------------------------------------------------- who owns what

CREATE SCHEMA IF NOT EXISTS fleet;
CREATE SCHEMA IF NOT EXISTS analytics;
ALTER SCHEMA fleet OWNER TO tessera_owner;
ALTER SCHEMA analytics OWNER TO tessera_owner;

-- What was made before there were roles. Indexes and a table's own sequences go with their table.
DO $$
DECLARE
  statement text;
BEGIN
  FOR statement IN
    SELECT format('ALTER TABLE %s OWNER TO %I', c.oid::regclass, 'tessera_owner')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('fleet', 'analytics') AND c.relkind IN ('r', 'p', 'v', 'm')
  UNION ALL
    SELECT format('ALTER ROUTINE %s OWNER TO %I', p.oid::regprocedure, 'tessera_owner')
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname IN ('fleet', 'analytics')
  UNION ALL
    SELECT format('ALTER TYPE %s OWNER TO %I', t.oid::regtype, 'tessera_owner')
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE n.nspname IN ('fleet', 'analytics') AND t.typtype IN ('d', 'e')
  LOOP
    EXECUTE statement;
  END LOOP;
END $$;

-------------------------------------------------------------------------------------------------------------- rights

REVOKE ALL ON SCHEMA fleet, analytics FROM PUBLIC;
GRANT USAGE ON SCHEMA fleet TO tessera_service, tessera_monitor;
GRANT USAGE ON SCHEMA analytics TO tessera_service, tessera_analyst, tessera_monitor;

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA fleet TO tessera_service;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA fleet TO tessera_service;
GRANT SELECT ON ALL TABLES IN SCHEMA fleet TO tessera_monitor;
GRANT SELECT ON ALL TABLES IN SCHEMA analytics TO tessera_service, tessera_analyst, tessera_monitor;

-- What later migrations make.
ALTER DEFAULT PRIVILEGES FOR ROLE tessera_owner IN SCHEMA fleet GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO tessera_service;
ALTER DEFAULT PRIVILEGES FOR ROLE tessera_owner IN SCHEMA fleet GRANT USAGE, SELECT ON SEQUENCES TO tessera_service;
ALTER DEFAULT PRIVILEGES FOR ROLE tessera_owner IN SCHEMA fleet GRANT SELECT ON TABLES TO tessera_monitor;
ALTER DEFAULT PRIVILEGES FOR ROLE tessera_owner IN SCHEMA analytics
  GRANT SELECT ON TABLES TO tessera_service, tessera_analyst, tessera_monitor;

-- What deliveries are signed with is for the service alone.
DO $$
BEGIN
  IF to_regclass('fleet.webhook_secrets') IS NOT NULL THEN
    REVOKE ALL ON fleet.webhook_secrets FROM tessera_monitor;
  END IF;
END $$;

-- What only a migration or an administrator changes: the steps taken, the rules by which states change, whose runs analysts see.
DO $$
DECLARE
  rules text;
BEGIN
  FOREACH rules IN ARRAY ARRAY['fleet.schema_migrations', 'fleet.run_transitions', 'fleet.analyst_tenants', 'fleet.analytics_refreshes',
    'fleet.training_job_transitions'] LOOP
    IF to_regclass(rules) IS NOT NULL THEN
      EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON %s FROM %I', rules, 'tessera_service');
    END IF;
  END LOOP;
END $$;

------------------------------------------------------------------------------------------------------------ settings

-- They hold for a login of this very name, not for members. Whoever may not change a role leaves it as it is.
DO $$
DECLARE
  setting record;
BEGIN
  FOR setting IN
    SELECT * FROM (VALUES
      ('tessera_analyst', 'default_transaction_read_only', 'on'), ('tessera_analyst', 'statement_timeout', '5min'),
      ('tessera_analyst', 'idle_in_transaction_session_timeout', '10min'), ('tessera_analyst', 'search_path', 'analytics'),
      ('tessera_analyst', 'random_page_cost', '1.1'), ('tessera_analyst', 'work_mem', '64MB'),
      ('tessera_analyst', 'jit', 'off'), -- long looks, at disks without arms
      ('tessera_monitor', 'default_transaction_read_only', 'on'), ('tessera_monitor', 'statement_timeout', '30s'),
      ('tessera_monitor', 'idle_in_transaction_session_timeout', '1min')) AS x (role, name, value)
  LOOP
    EXECUTE format('ALTER ROLE %I IN DATABASE %I SET %s = %L', setting.role, current_database(), setting.name, setting.value);
  END LOOP;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE WARNING 'the roles'' own settings were left as they are: %', SQLERRM;
END $$;
