-- Change Tracking (specs section 10): synchronous, one net row a key, no old values. Statement triggers note keys and operations; the
-- version is taken at COMMIT. Here commits do take turns, under an advisory lock: a reader who stores the current version must
-- never miss a lower one that becomes visible later. Only transactions that touched a tracked table pay for it.

CREATE SEQUENCE capture.tracking_versions MINVALUE 0 START 0;
CREATE SEQUENCE capture.tracking_order;

CREATE TABLE capture.tracking_database (
  retention_minutes int NOT NULL,
  retention_period int NOT NULL,
  retention_units text NOT NULL,
  auto_cleanup boolean NOT NULL
);

CREATE TABLE capture.tracked (
  object_id int PRIMARY KEY,
  track_columns boolean NOT NULL,
  begin_version bigint NOT NULL,
  min_valid_version bigint NOT NULL
);

CREATE TABLE capture.tracking_commits (
  tran bigint PRIMARY KEY,
  version bigint UNIQUE,                  -- NULL only inside the transaction itself
  commit_time timestamptz
);

CREATE FUNCTION capture.stamp_version() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(22105);
  UPDATE capture.tracking_commits SET version = nextval('capture.tracking_versions'), commit_time = clock_timestamp() WHERE tran = NEW.tran;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER stamp_version AFTER INSERT ON capture.tracking_commits DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.version IS NULL) EXECUTE FUNCTION capture.stamp_version();

CREATE FUNCTION capture.tracking_tran() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  current bigint := nullif(current_setting('capture.tracking_tran', true), '')::bigint;
BEGIN
  IF current IS NULL THEN
    current := nextval('capture.tracking_order');
    INSERT INTO capture.tracking_commits VALUES (current);
    PERFORM set_config('capture.tracking_tran', current::text, true);
  END IF;
  RETURN current;
END $$;

CREATE FUNCTION sys.change_tracking_current_version() RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN EXISTS (SELECT FROM capture.tracking_database) THEN coalesce((SELECT max(version) FROM capture.tracking_commits), 0) END
$$;

CREATE FUNCTION sys.change_tracking_min_valid_version(table_object_id int) RETURNS bigint LANGUAGE sql STABLE AS
  $$ SELECT min_valid_version FROM capture.tracked WHERE object_id = table_object_id $$;

-- SYS_CHANGE_COLUMNS: four zero bytes, then each column id as little-endian int.
CREATE FUNCTION capture.tracking_mask(ids int[]) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT '\x00000000'::bytea || string_agg(substring(b FROM 4) || substring(b FROM 3 FOR 1) || substring(b FROM 2 FOR 1) || substring(b FROM 1 FOR 1), '' ORDER BY id)
  FROM (SELECT DISTINCT id, int4send(id) AS b FROM unnest(ids) id) c
$$;

-- No mask means: any column may have changed.
CREATE FUNCTION sys.change_tracking_is_column_in_mask(column_id int, change_columns bytea) RETURNS sim.bit LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN change_columns IS NULL THEN 1 ELSE (EXISTS (SELECT FROM generate_series(4, octet_length(change_columns) - 4, 4) i
    WHERE capture.tracking_mask(ARRAY[column_id]) = '\x00000000'::bytea || substring(change_columns FROM i + 1 FOR 4)))::int END::int2
$$;

CREATE FUNCTION capture.alter_database_tracking(options text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  turn text := (regexp_match(options, 'change_tracking\s*=\s*(on|off)', 'i'))[1];
  period text[] := regexp_match(options, 'change_retention\s*=\s*(\d+)\s+(minutes|hours|days)', 'i');
  cleanup text := (regexp_match(options, 'auto_cleanup\s*=\s*(on|off)', 'i'))[1];
  on_now boolean := EXISTS (SELECT FROM capture.tracking_database);
BEGIN
  IF lower(turn) = 'off' THEN
    IF EXISTS (SELECT FROM capture.tracked) THEN
      PERFORM sim.fail(22115, 16, 1, format('Change tracking is enabled for one or more tables in database ''%s''. Disable change tracking on each table before disabling it for the database. Use the sys.change_tracking_tables catalog view to obtain a list of tables for which change tracking is enabled.', sim.database_name()));
    END IF;
    DELETE FROM capture.tracking_database;
    EXECUTE format('ALTER DATABASE %I RESET sim.change_tracking', current_database());
    RETURN;
  END IF;
  IF lower(turn) = 'on' THEN
    IF on_now THEN PERFORM sim.fail(5088, 16, 1, format('Change tracking is already enabled for database ''%s''.', sim.database_name())); END IF;
    INSERT INTO capture.tracking_database VALUES (2880, 2, 'DAYS', true);
    -- Version 0 is the state before the first tracked commit.
    INSERT INTO capture.tracking_commits (tran) VALUES (nextval('capture.tracking_order'));
    EXECUTE format('ALTER DATABASE %I SET sim.change_tracking = ''1''', current_database());
  ELSIF NOT on_now THEN
    PERFORM sim.fail(5089, 16, 1, format('Change tracking is disabled for database ''%s''. Change tracking must be enabled on a database to modify change tracking settings.', sim.database_name()));
  END IF;
  UPDATE capture.tracking_database SET auto_cleanup = coalesce(lower(cleanup) = 'on', auto_cleanup),
    retention_period = coalesce(period[1]::int, retention_period), retention_units = coalesce(upper(period[2]), retention_units);
  UPDATE capture.tracking_database SET retention_minutes = retention_period * CASE retention_units WHEN 'DAYS' THEN 1440 WHEN 'HOURS' THEN 60 ELSE 1 END;
END $$;

CREATE FUNCTION capture.check_tracked(id int) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM capture.tracked WHERE object_id = id) THEN
    PERFORM sim.fail(22105, 16, 1, format('Change tracking is not enabled on table ''%s''.', sim.object_name(id)));
  END IF;
END $$;

-- Key columns of the primary key, in key order.
CREATE FUNCTION capture.tracking_keys(id int) RETURNS TABLE (column_id int, physical text, type text) LANGUAGE sql STABLE AS $$
  SELECT c.column_id, c.physical, capture.physical_type(id, c.physical) FROM sim.indexes x JOIN sim.index_columns k USING (object_id, index_id)
  JOIN sim.columns c USING (object_id, column_id) WHERE x.object_id = id AND x.is_primary_key ORDER BY k.ordinal
$$;

CREATE FUNCTION capture.enable_tracking(id int, track_columns boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  keys text := (SELECT string_agg(format('%I %s', physical, type), ', ') FROM capture.tracking_keys(id));
  source text := (SELECT format('%I.%I', lower(schema_name), physical) FROM sim.objects WHERE object_id = id);
BEGIN
  IF NOT EXISTS (SELECT FROM capture.tracking_database) THEN
    PERFORM sim.fail(5089, 16, 1, format('Change tracking is disabled for database ''%s''. Change tracking must be enabled on a database to modify change tracking settings.', sim.database_name()));
  END IF;
  IF EXISTS (SELECT FROM capture.tracked WHERE object_id = id) THEN
    PERFORM sim.fail(4996, 16, 1, format('Change tracking is already enabled for table ''%s''.', sim.object_name(id)));
  END IF;
  IF keys IS NULL THEN
    PERFORM sim.fail(4997, 16, 1, format('Cannot enable change tracking on table ''%s''. Change tracking requires a primary key on the table. Create a primary key on the table before enabling change tracking.', sim.object_name(id)));
  END IF;
  EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', source);
  INSERT INTO capture.tracked VALUES (id, track_columns, sys.change_tracking_current_version(), sys.change_tracking_current_version());
  EXECUTE format('CREATE TABLE capture.tracked_%1$s ("__$tran" bigint NOT NULL, "__$order" bigint NOT NULL, "__$operation" "char" NOT NULL, "__$columns" int[], "__$context" bytea, %2$s)', id, keys);
  EXECUTE format('CREATE INDEX ON capture.tracked_%s ("__$tran")', id);
  PERFORM capture.rebuild_tracking(id);
END $$;

CREATE FUNCTION capture.rebuild_tracking(id int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  source text := (SELECT format('%I.%I', lower(schema_name), physical) FROM sim.objects WHERE object_id = id);
  keys text := (SELECT string_agg(format('%I', physical), ', ') FROM capture.tracking_keys(id));
  key_ids int[] := ARRAY(SELECT column_id FROM capture.tracking_keys(id));
  typed text := (SELECT string_agg(format('%I %s', physical, split_part(type, ' COLLATE ', 1)), ', ') FROM capture.tracking_keys(id));
  old_keys text := (SELECT string_agg(format('o%s', column_id), ', ') FROM capture.tracking_keys(id));
  new_keys text := (SELECT string_agg(format('n%s', column_id), ', ') FROM capture.tracking_keys(id));
  columns_tracked boolean := (SELECT track_columns FROM capture.tracked WHERE object_id = id);
  old_columns text := '';
  new_columns text := '';
  changed text := '';
  col record;
BEGIN
  FOR col IN SELECT column_id, physical FROM sim.columns WHERE object_id = id AND computed_text IS NULL ORDER BY column_id LOOP
    old_columns := old_columns || format(', %I AS o%s', col.physical, col.column_id);
    new_columns := new_columns || format(', %I AS n%s', col.physical, col.column_id);
    IF NOT col.column_id = ANY (key_ids) THEN
      changed := changed || format(', CASE WHEN ROW(o%1$s)::record *<> ROW(n%1$s)::record THEN %1$s END', col.column_id);
    END IF;
  END LOOP;
  FOR col IN SELECT * FROM (VALUES ('insert', 'NEW TABLE AS inserted'), ('delete', 'OLD TABLE AS deleted')) v (event, tables) LOOP
    EXECUTE format('CREATE OR REPLACE FUNCTION capture.track_%s_%s() RETURNS trigger LANGUAGE plpgsql AS %L', col.event, id, format($f$
BEGIN
  IF EXISTS (SELECT FROM %1$s) THEN
    INSERT INTO capture.tracked_%2$s ("__$tran", "__$order", "__$operation", "__$context", %3$s)
      SELECT capture.tracking_tran(), nextval('capture.tracking_order'), %4$L, nullif(current_setting('sim.tracking_context', true), '')::bytea, %3$s FROM %1$s;
  END IF;
  RETURN NULL;
END $f$, split_part(col.tables, ' ', 4), id, keys, upper(left(col.event, 1))));
    EXECUTE format('CREATE OR REPLACE TRIGGER a_tracking_%1$s AFTER %1$s ON %2$s REFERENCING %3$s FOR EACH STATEMENT EXECUTE FUNCTION capture.track_%1$s_%4$s()',
      col.event, source, col.tables, id);
  END LOOP;
  EXECUTE format('CREATE OR REPLACE FUNCTION capture.track_update_%s() RETURNS trigger LANGUAGE plpgsql SET enable_nestloop = off AS %L', id, format($f$
DECLARE
  tran bigint;
  context bytea := nullif(current_setting('sim.tracking_context', true), '')::bytea;
BEGIN
  IF NOT EXISTS (SELECT FROM inserted) THEN RETURN NULL; END IF;
  tran := capture.tracking_tran();
  WITH pairs AS MATERIALIZED (
    SELECT *, ROW(%5$s)::record *<> ROW(%6$s)::record AS keyed FROM (SELECT row_number() OVER () AS ord%1$s FROM deleted) d
      JOIN (SELECT row_number() OVER () AS ord%2$s FROM inserted) i USING (ord)
  ), gone AS (
    INSERT INTO capture.tracked_%3$s ("__$tran", "__$order", "__$operation", "__$context", %4$s)
      SELECT tran, nextval('capture.tracking_order'), 'D', context, %5$s FROM pairs WHERE keyed RETURNING "__$order"
  ), gone_first AS MATERIALIZED (SELECT count(*) AS n FROM gone)
  INSERT INTO capture.tracked_%3$s ("__$tran", "__$order", "__$operation", "__$columns", "__$context", %4$s)
    SELECT tran, nextval('capture.tracking_order'), CASE WHEN keyed THEN 'I' ELSE 'U' END,
      CASE WHEN NOT keyed THEN array_remove(ARRAY[%7$s]::int[], NULL) END, context, %6$s
    FROM pairs, gone_first WHERE n >= 0;
  RETURN NULL;
END $f$, old_columns, new_columns, id, keys, old_keys, new_keys, ltrim(changed, ', ')));
  EXECUTE format('CREATE OR REPLACE TRIGGER a_tracking_update AFTER UPDATE ON %1$s REFERENCING OLD TABLE AS deleted NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION capture.track_update_%2$s()', source, id);
  EXECUTE format('CREATE OR REPLACE TRIGGER a_tracking_truncate AFTER TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION capture.reset_tracking(%s)', source, id);
  EXECUTE format($f$
CREATE OR REPLACE FUNCTION capture.changes_%1$s(since bigint) RETURNS TABLE ("sys_change_version" bigint, "sys_change_creation_version" bigint,
  "sys_change_operation" bpchar, "sys_change_columns" bytea, "sys_change_context" bytea, %2$s) LANGUAGE sql STABLE AS $b$
  WITH history AS (
    SELECT t.*, c.version, row_number() OVER latest AS age,
      max(c.version) FILTER (WHERE "__$operation" = 'I') OVER by_key AS created,
      string_agg(array_to_string("__$columns", ','), ',') FILTER (WHERE cardinality("__$columns") > 0) OVER by_key AS column_list
    FROM capture.tracked_%1$s t JOIN capture.tracking_commits c ON c.tran = t."__$tran"
    WHERE c.version > coalesce(since, -1)
    WINDOW by_key AS (PARTITION BY %3$s), latest AS (PARTITION BY %3$s ORDER BY c.version DESC, "__$order" DESC)
  )
  SELECT version, created, kind, CASE WHEN kind = 'U' AND %4$L THEN coalesce(capture.tracking_mask(string_to_array(column_list, ',')::int[]), '\x00000000') END,
    "__$context", %3$s
  FROM (SELECT *, CASE WHEN "__$operation" = 'D' THEN 'D' WHEN created IS NOT NULL THEN 'I' ELSE 'U' END AS kind FROM history WHERE age = 1) h
$b$ $f$, id, typed, keys, columns_tracked);
END $$;

CREATE FUNCTION capture.reset_tracking() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('TRUNCATE capture.tracked_%s', TG_ARGV[0]);
  -- Whoever synchronised before the truncation has to start again.
  PERFORM capture.tracking_tran();
  UPDATE capture.tracked SET min_valid_version = sys.change_tracking_current_version() + 1 WHERE object_id = TG_ARGV[0]::int;
  RETURN NULL;
END $$;

CREATE FUNCTION capture.disable_tracking(id int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  source text := (SELECT format('%I.%I', lower(schema_name), physical) FROM sim.objects WHERE object_id = id);
  event text;
BEGIN
  IF NOT EXISTS (SELECT FROM capture.tracked WHERE object_id = id) THEN
    PERFORM sim.fail(4998, 16, 1, format('Change tracking is not enabled on table ''%s''.', sim.object_name(id)));
  END IF;
  FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete', 'truncate'] LOOP
    IF to_regclass(source) IS NOT NULL THEN EXECUTE format('DROP TRIGGER IF EXISTS a_tracking_%s ON %s', event, source); END IF;
    EXECUTE format('DROP FUNCTION IF EXISTS capture.track_%s_%s()', event, id);
  END LOOP;
  EXECUTE format('DROP FUNCTION capture.changes_%s(bigint)', id);
  EXECUTE format('DROP TABLE capture.tracked_%s', id);
  DELETE FROM capture.tracked WHERE object_id = id;
END $$;

-- Removes history older than the retention, raising the minimum valid versions first. @returns rows deleted
CREATE FUNCTION capture.clean_tracking() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  mark bigint := (SELECT max(version) FROM capture.tracking_commits WHERE commit_time < clock_timestamp()
    - make_interval(mins => (SELECT retention_minutes FROM capture.tracking_database)));
  id int;
  deleted bigint;
  total bigint := 0;
BEGIN
  IF mark IS NULL THEN RETURN 0; END IF;
  UPDATE capture.tracked SET min_valid_version = mark WHERE min_valid_version < mark;
  FOR id IN SELECT object_id FROM capture.tracked LOOP
    EXECUTE format('DELETE FROM capture.tracked_%s WHERE "__$tran" IN (SELECT tran FROM capture.tracking_commits WHERE version <= $1)', id) USING mark;
    GET DIAGNOSTICS deleted = ROW_COUNT;
    total := total + deleted;
  END LOOP;
  -- The newest entry carries the current version.
  DELETE FROM capture.tracking_commits WHERE version <= mark AND version < (SELECT max(version) FROM capture.tracking_commits);
  RETURN total;
END $$;

CREATE VIEW sys.change_tracking_databases AS
  SELECT sim.database_id(sim.database_name()) AS database_id, auto_cleanup::int::int2::sim.bit AS is_auto_cleanup_on, retention_period,
    retention_units::sim.sysname AS retention_period_units_desc FROM capture.tracking_database;

CREATE VIEW sys.change_tracking_tables AS
  SELECT object_id, track_columns::int::int2::sim.bit AS is_track_columns_updated_on, min_valid_version, begin_version, min_valid_version AS cleanup_version
  FROM capture.tracked;
