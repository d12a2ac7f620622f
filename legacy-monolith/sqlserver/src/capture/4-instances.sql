-- Capture instances: what sys.sp_cdc_enable_db, _enable_table, _disable_table and _disable_db do, the tables of schema cdc, and the
-- rows in the simulator's catalog that make all of it visible to T-SQL. Texts follow sys.messages; numbers: specs section 11.

CREATE FUNCTION capture.is_enabled() RETURNS boolean LANGUAGE sql STABLE AS
  $$ SELECT to_regclass('cdc.change_tables') IS NOT NULL $$;

CREATE FUNCTION capture.require_enabled() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF NOT capture.is_enabled() THEN
    PERFORM sim.fail(22901, 16, 1, format('The database ''%s'' is not enabled for Change Data Capture. Ensure that the correct database context is set and retry the operation. To report on the databases enabled for Change Data Capture, query the is_cdc_enabled column in the sys.databases catalog view.', sim.database_name()));
  END IF;
END $$;

CREATE OR REPLACE FUNCTION sim.is_tracked_by_cdc(id int) RETURNS smallint LANGUAGE sql STABLE AS
  $$ SELECT (EXISTS (SELECT FROM capture.instances WHERE source_object_id = id))::int::smallint $$;

CREATE FUNCTION capture.register_object(in_name text, in_physical text, in_type text, parent int DEFAULT 0) RETURNS int LANGUAGE sql AS $$
  INSERT INTO sim.objects (object_id, schema_name, name, physical, type, parent_object_id)
    VALUES (nextval('sim.object_ids'), 'cdc', in_name, in_physical, in_type, parent) RETURNING object_id
$$;

-- columns: `name type max_length precision scale [null]`, in order.
CREATE FUNCTION capture.register_columns(id int, columns text[], first int DEFAULT 1) RETURNS void LANGUAGE sql AS $$
  INSERT INTO sim.columns (object_id, column_id, name, physical, type_name, max_length, precision, scale, is_nullable)
    SELECT id, ordinal + first - 1, w[1], lower(w[1]), w[2], w[3]::int, w[4]::int, w[5]::int, w[6] IS NOT NULL
    FROM unnest(columns) WITH ORDINALITY u (line, ordinal), regexp_split_to_array(line, ' ') w
$$;

CREATE FUNCTION capture.enable_db() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  nullable_name CONSTANT text := ' nvarchar 256 0 0 null';
  sysname CONSTANT text := ' nvarchar 256 0 0';
  number CONSTANT text := ' int 4 10 0';
  lsn CONSTANT text := ' binary 10 0 0';
  moment CONSTANT text := ' datetime 8 23 3';
BEGIN
  IF current_database() IN ('master', 'model', 'msdb', 'tempdb') THEN
    PERFORM sim.fail(22989, 16, 1, format('Could not enable Change Data Capture for database ''%s''. Change data capture is not supported on system databases, or on a distribution database.', sim.database_name()));
  END IF;
  IF capture.is_enabled() THEN
    PERFORM sim.fail(22905, 16, 1, format('Database ''%s'' is already enabled for Change Data Capture. Ensure that the correct database context is set, and retry the operation. To report on the databases enabled for Change Data Capture, query the is_cdc_enabled column in the sys.databases catalog view.', sim.database_name()));
  END IF;
  IF to_regnamespace('cdc') IS NOT NULL THEN
    PERFORM sim.fail(22906, 16, 1, format('The database ''%s'' cannot be enabled for Change Data Capture because a database user named ''cdc'' or a schema named ''cdc'' already exists in the current database. These objects are required exclusively by Change Data Capture. Drop or rename the user or schema and retry the operation.', sim.database_name()));
  END IF;
  CREATE SCHEMA cdc;
  INSERT INTO sim.schemas VALUES ((SELECT max(schema_id) + 1 FROM sim.schemas), 'cdc');
  CREATE TABLE cdc.change_tables (
    object_id int PRIMARY KEY, version int, source_object_id int, capture_instance bpchar COLLATE sim.ci NOT NULL UNIQUE,
    start_lsn bytea, end_lsn bytea, supports_net_changes smallint, has_drop_pending smallint, role_name bpchar COLLATE sim.ci,
    index_name bpchar COLLATE sim.ci, filegroup_name bpchar COLLATE sim.ci, create_date timestamp(3), partition_switch smallint);
  PERFORM capture.register_columns(capture.register_object('change_tables', 'change_tables', 'U'), ARRAY[
    'object_id' || number, 'version' || number || ' null', 'source_object_id' || number || ' null', 'capture_instance' || sysname,
    'start_lsn' || lsn || ' null', 'end_lsn' || lsn || ' null', 'supports_net_changes bit 1 1 0 null', 'has_drop_pending bit 1 1 0 null',
    'role_name' || nullable_name, 'index_name' || nullable_name, 'filegroup_name' || nullable_name,
    'create_date' || moment || ' null', 'partition_switch bit 1 1 0']);
  CREATE TABLE cdc.captured_columns (
    object_id int NOT NULL, column_name bpchar COLLATE sim.ci NOT NULL, column_id int, column_type bpchar COLLATE sim.ci NOT NULL,
    column_ordinal int NOT NULL, is_computed smallint, PRIMARY KEY (object_id, column_ordinal));
  PERFORM capture.register_columns(capture.register_object('captured_columns', 'captured_columns', 'U'), ARRAY[
    'object_id' || number, 'column_name' || sysname, 'column_id' || number || ' null', 'column_type' || sysname,
    'column_ordinal' || number, 'is_computed bit 1 1 0 null']);
  CREATE TABLE cdc.index_columns (
    object_id int NOT NULL, column_name bpchar COLLATE sim.ci NOT NULL, index_ordinal smallint NOT NULL, column_id int,
    PRIMARY KEY (object_id, index_ordinal));
  PERFORM capture.register_columns(capture.register_object('index_columns', 'index_columns', 'U'), ARRAY[
    'object_id' || number, 'column_name' || sysname, 'index_ordinal tinyint 1 3 0', 'column_id' || number || ' null']);
  CREATE VIEW cdc.ddl_history AS
    SELECT source_object_id, object_id, required_column_update, ddl_command::bpchar COLLATE sim.ci AS ddl_command, t.start_lsn AS ddl_lsn, ddl_time
    FROM capture.ddl_history JOIN capture.transactions t USING (tran) WHERE t.start_lsn IS NOT NULL;
  PERFORM capture.register_columns(capture.register_object('ddl_history', 'ddl_history', 'U'), ARRAY[
    'source_object_id' || number || ' null', 'object_id' || number, 'required_column_update bit 1 1 0 null',
    'ddl_command nvarchar -1 0 0 null', 'ddl_lsn' || lsn, 'ddl_time' || moment || ' null']);
  CREATE VIEW cdc.lsn_time_mapping AS SELECT * FROM capture.time_mapping;
  PERFORM capture.register_columns(capture.register_object('lsn_time_mapping', 'lsn_time_mapping', 'U'), ARRAY[
    'start_lsn' || lsn, 'tran_begin_time' || moment || ' null', 'tran_end_time' || moment || ' null',
    'tran_id varbinary 10 0 0 null', 'tran_begin_lsn' || lsn || ' null']);
  EXECUTE format('ALTER DATABASE %I SET sim.cdc_enabled = ''1''', current_database());
END $$;

CREATE FUNCTION capture.disable_db() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM capture.require_enabled();
  -- A scan under way ends first, and one that begins meanwhile waits here; rows are deleted, not truncated, because that scan
  -- may have looked at capture.transactions already and a truncate would wait for it in turn.
  PERFORM FROM capture.published FOR UPDATE;
  PERFORM capture.drop_instance(object_id) FROM cdc.change_tables;
  DELETE FROM sim.columns WHERE object_id IN (SELECT object_id FROM sim.objects WHERE schema_name = 'cdc');
  DELETE FROM sim.objects WHERE schema_name = 'cdc';
  DELETE FROM sim.schemas WHERE name = 'cdc';
  DROP SCHEMA cdc CASCADE;
  DELETE FROM capture.transactions;
  DELETE FROM capture.ddl_history;
  DELETE FROM capture.jobs;
  DELETE FROM capture.scan_sessions;
  DELETE FROM capture.errors;
  EXECUTE format('ALTER DATABASE %I RESET sim.cdc_enabled', current_database());
  NOTIFY sim_capture;
END $$;

CREATE FUNCTION capture.quoted_name(schema_name text, table_name text) RETURNS text LANGUAGE sql IMMUTABLE AS
  $$ SELECT '''' || coalesce(schema_name, '') || '.' || coalesce(table_name, '') || '''' $$;

-- @returns the user table's object id, or fails with 22931
CREATE FUNCTION capture.source_table(in_schema text, in_name text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  id int := (SELECT object_id FROM sim.objects WHERE lower(schema_name) = lower(in_schema) AND name = in_name::bpchar AND type = 'U' AND schema_name <> 'cdc');
BEGIN
  IF id IS NULL THEN
    PERFORM sim.fail(22931, 16, 1, format('Source table %s does not exist in the current database. Ensure that the correct database context is set. Specify a valid schema and table name for the database.', capture.quoted_name(in_schema, in_name)));
  END IF;
  RETURN id;
END $$;

-- `[a], "b" ,c` → {a,b,c}
CREATE FUNCTION capture.split_columns(list text) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT array_agg(coalesce(replace(m[1], ']]', ']'), m[2], btrim(m[3])))
  FROM regexp_matches(list, '\s*(?:\[((?:[^\]]|\]\])*)\]|"([^"]*)"|([^,\[\]"]+))\s*(?:,|$)', 'g') m
$$;

CREATE FUNCTION capture.enable_table(
  source_schema text, source_name text, role_name text, capture_instance text, net_changes smallint, in_index_name text,
  column_list text, filegroup text, partition_switch smallint
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  source int;
  instance text;
  change_table int;
  keys text[];
  wanted text[];
  bad text;
BEGIN
  PERFORM capture.require_enabled();
  source := capture.source_table(source_schema, source_name);
  IF role_name = '' THEN
    PERFORM sim.fail(22907, 16, 1, 'Parameter @role_name cannot be empty. Specify a value for @role_name and retry the operation. Supply null as the value if no role is to be used to gate access to captured change data.');
  END IF;
  -- Writers of the table finish first: each transaction is either all before the instance or all after it.
  EXECUTE (SELECT format('LOCK TABLE %I.%I IN SHARE ROW EXCLUSIVE MODE', lower(schema_name), physical) FROM sim.objects WHERE object_id = source);
  IF (SELECT count(*) FROM capture.instances WHERE source_object_id = source) >= 2 THEN
    PERFORM sim.fail(22962, 16, 1, format('Two capture instances already exist for source table %s. A table can have at most two capture instances. If the current tracking options are not appropriate, disable change tracking for the obsolete instance by using sys.sp_cdc_disable_table and retry the operation.', capture.quoted_name(source_schema, source_name)));
  END IF;
  instance := coalesce(enable_table.capture_instance, (SELECT schema_name || '_' || name::text FROM sim.objects WHERE object_id = source));
  IF length(instance) > 100 THEN
    PERFORM sim.fail(40000, 16, 1, 'a capture instance name has at most 100 characters');
  END IF;
  IF EXISTS (SELECT FROM cdc.change_tables c WHERE c.capture_instance = instance::bpchar) THEN
    PERFORM sim.fail(22926, 16, 1, format('Could not create a capture instance because the capture instance name ''%s'' already exists in the current database. Specify an explicit unique name for the parameter @capture_instance.', instance));
  END IF;
  keys := capture.index_key(source, in_index_name);
  IF net_changes = 1 AND keys IS NULL THEN
    PERFORM sim.fail(22939, 16, 1, 'The parameter @supports_net_changes is set to 1, but the source table does not have a primary key defined and no alternate unique index has been specified.');
  END IF;
  wanted := CASE WHEN column_list IS NULL THEN ARRAY(SELECT name::text FROM sim.columns WHERE object_id = source ORDER BY column_id)
                 ELSE capture.split_columns(column_list) END;
  SELECT w INTO bad FROM unnest(wanted) w WHERE NOT EXISTS (SELECT FROM sim.columns WHERE object_id = source AND name = w::bpchar) LIMIT 1;
  IF bad IS NOT NULL OR wanted IS NULL THEN
    PERFORM sim.fail(22930, 16, 1, format('Could not find column ''%s'' specified in the parameter @captured_column_list in source table %s.', bad, capture.quoted_name(source_schema, source_name)));
  END IF;
  SELECT k INTO bad FROM unnest(keys) k WHERE NOT EXISTS (SELECT FROM unnest(wanted) w WHERE w::bpchar COLLATE sim.ci = k::bpchar) LIMIT 1;
  IF bad IS NOT NULL THEN
    PERFORM sim.fail(22943, 16, 1, format('Column ''%s'' is a key column of source table %s and must be in the parameter @captured_column_list.', bad, capture.quoted_name(source_schema, source_name)));
  END IF;
  change_table := capture.create_change_table(source, instance, wanted, keys);
  INSERT INTO capture.instances VALUES (change_table, source, 'rows_' || change_table, capture.begin_tran(), coalesce(keys, '{}'));
  INSERT INTO cdc.change_tables VALUES (change_table, 0, source, instance, NULL, NULL,
    coalesce(net_changes, (keys IS NOT NULL)::int::smallint), NULL, role_name,
    CASE WHEN keys IS NOT NULL THEN coalesce(in_index_name, (SELECT name::text FROM sim.indexes WHERE object_id = source AND is_primary_key)) END,
    filegroup, capture.now(), coalesce(partition_switch, 1));
  PERFORM capture.create_change_view(change_table);
  PERFORM capture.rebuild_writer(source);
  PERFORM capture.ensure_jobs();
  NOTIFY sim_capture;
END $$;

-- Declared names of the key: the primary key's, or those of the named unique index; NULL without.
CREATE FUNCTION capture.index_key(source int, in_index_name text) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
DECLARE
  id int := (SELECT index_id FROM sim.indexes WHERE object_id = source AND is_unique AND filter IS NULL
             AND CASE WHEN in_index_name IS NULL THEN is_primary_key ELSE name = in_index_name::bpchar END);
BEGIN
  IF in_index_name IS NOT NULL AND id IS NULL THEN
    PERFORM sim.fail(40000, 16, 1, format('@index_name: the source table has no unique index ''%s''', in_index_name));
  END IF;
  RETURN (SELECT array_agg(c.name::text ORDER BY k.ordinal) FROM sim.index_columns k JOIN sim.columns c USING (object_id, column_id)
          WHERE k.object_id = source AND k.index_id = id AND NOT k.included);
END $$;

-- Storage, catalog rows and metadata of a change table. @returns its object id
CREATE FUNCTION capture.create_change_table(source int, instance text, wanted text[], keys text[]) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  id int;
  columns text;
BEGIN
  id := capture.register_object(instance || '_CT', 'ct', 'U');
  -- PostgreSQL cuts names after 63 bytes; a long one gets a short physical name.
  UPDATE sim.objects SET physical = CASE WHEN octet_length(instance) > 40 THEN 'ct_' || id ELSE lower(instance) || '_ct' END WHERE object_id = id;
  PERFORM capture.register_columns(id, ARRAY['__$start_lsn binary 10 0 0', '__$end_lsn binary 10 0 0 null', '__$seqval binary 10 0 0',
    '__$operation int 4 10 0', '__$update_mask varbinary 128 0 0 null']);
  INSERT INTO sim.columns (object_id, column_id, name, physical, type_name, max_length, precision, scale, is_nullable)
    SELECT id, 5 + row_number() OVER (ORDER BY c.column_id), c.name, c.physical,
           CASE c.type_name WHEN 'timestamp' THEN 'binary' ELSE c.type_name END, c.max_length, c.precision, c.scale, true
    FROM sim.columns c WHERE c.object_id = source AND EXISTS (SELECT FROM unnest(wanted) w WHERE c.name = w::bpchar);
  INSERT INTO cdc.captured_columns
    SELECT id, c.name, c.column_id, c.type_name, row_number() OVER (ORDER BY c.column_id), (c.computed_text IS NOT NULL)::int
    FROM sim.columns c WHERE c.object_id = source AND EXISTS (SELECT FROM unnest(wanted) w WHERE c.name = w::bpchar);
  INSERT INTO cdc.index_columns SELECT id, c.name, k.ordinal, c.column_id
    FROM unnest(keys) WITH ORDINALITY k (name, ordinal) JOIN sim.columns c ON c.object_id = source AND c.name = k.name::bpchar;
  PERFORM capture.register_columns(id, ARRAY['__$command_id int 4 10 0 null'], 6 + (SELECT count(*)::int FROM cdc.captured_columns WHERE object_id = id));
  SELECT string_agg(format(', %I %s', ct.physical, capture.physical_type(source, ct.physical)), '' ORDER BY ct.column_id) INTO columns
    FROM cdc.captured_columns cc JOIN sim.columns ct ON ct.object_id = id AND ct.name = cc.column_name WHERE cc.object_id = id;
  EXECUTE format('CREATE TABLE capture.rows_%1$s ("__$tran" bigint NOT NULL, "__$command_id" int NOT NULL, "__$seqval" bytea NOT NULL, "__$operation" int NOT NULL, "__$update_mask" bytea%2$s)', id, columns);
  EXECUTE format('CREATE INDEX ON capture.rows_%s ("__$tran", "__$command_id", "__$seqval", "__$operation")', id);
  RETURN id;
END $$;

-- SQL text of a column's type and collation in the engine.
CREATE FUNCTION capture.physical_type(source int, column_name text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attcollation <> 0 AND a.attcollation <> t.typcollation
    THEN (SELECT format(' COLLATE %I.%I', n.nspname, l.collname) FROM pg_collation l JOIN pg_namespace n ON n.oid = l.collnamespace WHERE l.oid = a.attcollation) ELSE '' END
  FROM sim.objects o JOIN pg_attribute a ON a.attrelid = format('%I.%I', lower(o.schema_name), o.physical)::regclass AND a.attname = column_name
  JOIN pg_type t ON t.oid = a.atttypid WHERE o.object_id = source
$$;

-- The change table as readers see it: images joined to the published transactions, so publishing moves no rows. Again after the
-- type of a captured column changed.
CREATE FUNCTION capture.create_change_view(id int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  view text := (SELECT format('cdc.%I', physical) FROM sim.objects WHERE object_id = id);
  columns text := (SELECT string_agg(format(', r.%I', ct.physical), '' ORDER BY ct.column_id) FROM cdc.captured_columns cc
                   JOIN sim.columns ct ON ct.object_id = id AND ct.name = cc.column_name WHERE cc.object_id = id);
BEGIN
  EXECUTE format('CREATE VIEW %s AS SELECT t.start_lsn AS "__$start_lsn", NULL::bytea AS "__$end_lsn", r."__$seqval", r."__$operation", r."__$update_mask"%s, r."__$command_id"
    FROM capture.rows_%s r JOIN capture.transactions t ON t.tran = r."__$tran" WHERE t.start_lsn IS NOT NULL', view, columns, id);
  PERFORM capture.create_change_functions(id);
END $$;

CREATE FUNCTION capture.drop_instance(id int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  source int := (SELECT source_object_id FROM capture.instances WHERE object_id = id);
  source_name text := (SELECT format('%I.%I', lower(schema_name), physical) FROM sim.objects WHERE object_id = source);
BEGIN
  IF to_regclass(source_name) IS NOT NULL THEN EXECUTE 'LOCK TABLE ' || source_name || ' IN ACCESS EXCLUSIVE MODE'; END IF;
  PERFORM capture.drop_change_view(id);
  EXECUTE format('DROP TABLE capture.rows_%s', id);
  DELETE FROM sim.columns WHERE object_id IN (SELECT object_id FROM sim.objects WHERE parent_object_id = id) OR object_id = id;
  DELETE FROM sim.objects WHERE parent_object_id = id OR object_id = id;
  DELETE FROM cdc.captured_columns WHERE object_id = id;
  DELETE FROM cdc.index_columns WHERE object_id = id;
  DELETE FROM cdc.change_tables WHERE object_id = id;
  DELETE FROM capture.ddl_history WHERE object_id = id;
  DELETE FROM capture.instances WHERE object_id = id;
  IF to_regclass(source_name) IS NOT NULL THEN PERFORM capture.rebuild_writer(source); END IF;
END $$;

CREATE FUNCTION capture.drop_change_view(id int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  fn record;
BEGIN
  FOR fn IN SELECT physical FROM sim.objects WHERE parent_object_id = id AND type = 'IF' LOOP
    EXECUTE format('DROP FUNCTION cdc.%I', fn.physical);
  END LOOP;
  EXECUTE (SELECT format('DROP VIEW cdc.%I', physical) FROM sim.objects WHERE object_id = id);
END $$;

CREATE FUNCTION capture.disable_table(source_schema text, source_name text, in_instance text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  source int;
BEGIN
  PERFORM capture.require_enabled();
  source := capture.source_table(source_schema, source_name);
  IF NOT EXISTS (SELECT FROM capture.instances WHERE source_object_id = source) THEN
    PERFORM sim.fail(22985, 16, 1, format('Change data capture has not been enabled for source table %s. Specify the name of a table enabled for Change Data Capture. To report on the tables enabled for Change Data Capture, query the is_tracked_by_cdc column in the sys.tables catalog view.', capture.quoted_name(source_schema, source_name)));
  END IF;
  IF lower(in_instance) <> 'all' AND NOT EXISTS (SELECT FROM cdc.change_tables WHERE source_object_id = source AND capture_instance = in_instance::bpchar) THEN
    PERFORM sim.fail(22960, 16, 1, format('Change data capture instance ''%s'' has not been enabled for the source table %s. Use sys.sp_cdc_help_change_data_capture to verify the capture instance name and retry the operation.', in_instance, capture.quoted_name(source_schema, source_name)));
  END IF;
  PERFORM capture.drop_instance(object_id) FROM cdc.change_tables
    WHERE source_object_id = source AND (lower(in_instance) = 'all' OR capture_instance = in_instance::bpchar);
END $$;
