-- The catalog views of schema sys, on the simulator's own catalog: user objects and capture's tables (the all_ views show no system
-- objects). Columns that would always be NULL or 0 here and that nobody asks for are left out, so that asking is error 207, not a lie.
-- Source: "System catalog views (Transact-SQL)".

CREATE FUNCTION sim.database_setting(db oid, setting text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT split_part(entry, '=', 2) FROM pg_db_role_setting s, unnest(s.setconfig) entry
  WHERE s.setdatabase = db AND s.setrole = 0 AND split_part(entry, '=', 1) = setting COLLATE "C"
$$;
-- Replaced by capture.
CREATE FUNCTION sim.is_tracked_by_cdc(id int) RETURNS smallint LANGUAGE sql STABLE AS $$ SELECT 0::smallint $$;
CREATE FUNCTION sim.is_cdc_enabled(database text) RETURNS smallint LANGUAGE sql STABLE AS $$
  SELECT (coalesce(sim.database_setting(oid, 'sim.cdc_enabled'), '0') = '1')::int::smallint
  FROM pg_database WHERE datname = lower(database) COLLATE "C"
$$;

-- DB_ID: master is 1, as everywhere; the others keep PostgreSQL's number, which no other database ever gets.
CREATE FUNCTION sim.database_id(name text) RETURNS int LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN datname = 'master' THEN 1 ELSE oid::int END FROM pg_database
  WHERE datname = lower(name) COLLATE "C" AND NOT datistemplate AND datname NOT IN ('postgres', 'sim_template')
$$;
CREATE FUNCTION sim.database_name(id int) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce(sim.database_setting(oid, 'sim.database_name'), datname) FROM pg_database
  WHERE NOT datistemplate AND datname NOT IN ('postgres', 'sim_template') AND CASE WHEN datname = 'master' THEN 1 ELSE oid::int END = id
$$;

-- A stored expression as SQL Server shows it: in parentheses, numbers in two pairs, function names in lower case.
CREATE FUNCTION sim.shown_definition(source text) RETURNS sim.nvarchar_max LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT (CASE
    WHEN btrim(source, ' ()') COLLATE "C" ~ '^-?[0-9]+(\.[0-9]*)?$' THEN '((' || btrim(source, ' ()') || '))'
    WHEN source COLLATE "C" ~ '^\(.*\)$' THEN source
    WHEN source COLLATE "C" ~ '''' THEN '(' || source || ')'
    ELSE '(' || lower(source) || ')' END)::bpchar
$$;

CREATE TABLE sim.types (name bpchar COLLATE sim.ci PRIMARY KEY, system_type_id int2, user_type_id int, max_length int2, precision int2, scale int2, is_text boolean);
INSERT INTO sim.types VALUES
  ('image', 34, 34, 16, 0, 0, false), ('text', 35, 35, 16, 0, 0, true), ('uniqueidentifier', 36, 36, 16, 0, 0, false),
  ('date', 40, 40, 3, 10, 0, false), ('time', 41, 41, 5, 16, 7, false), ('datetime2', 42, 42, 8, 27, 7, false),
  ('tinyint', 48, 48, 1, 3, 0, false), ('smallint', 52, 52, 2, 5, 0, false), ('int', 56, 56, 4, 10, 0, false),
  ('smalldatetime', 58, 58, 4, 16, 0, false), ('real', 59, 59, 4, 24, 0, false), ('money', 60, 60, 8, 19, 4, false),
  ('datetime', 61, 61, 8, 23, 3, false), ('float', 62, 62, 8, 53, 0, false), ('ntext', 99, 99, 16, 0, 0, true),
  ('bit', 104, 104, 1, 1, 0, false), ('decimal', 106, 106, 17, 38, 38, false), ('numeric', 108, 108, 17, 38, 38, false),
  ('smallmoney', 122, 122, 4, 10, 4, false), ('bigint', 127, 127, 8, 19, 0, false), ('varbinary', 165, 165, 8000, 0, 0, false),
  ('varchar', 167, 167, 8000, 0, 0, true), ('binary', 173, 173, 8000, 0, 0, false), ('char', 175, 175, 8000, 0, 0, true),
  ('timestamp', 189, 189, 8, 0, 0, false), ('sysname', 231, 256, 256, 0, 0, true), ('nvarchar', 231, 231, 8000, 0, 0, true),
  ('nchar', 239, 239, 8000, 0, 0, true);

CREATE VIEW sys.databases AS
  SELECT coalesce(sim.database_setting(d.oid, 'sim.database_name'), d.datname)::bpchar::sim.sysname AS name,
    sim.database_id(d.datname) AS database_id,
    timestamp '2003-04-08 09:13:36.39'::sim.datetime AS create_date,
    150::sim.tinyint AS compatibility_level,
    'SQL_Latin1_General_CP1_CI_AS'::sim.sysname AS collation_name,
    0::sim.bit AS is_read_only,
    0::sim.tinyint AS state, 'ONLINE'::sim.sysname AS state_desc,
    (snapshot = '1')::int::sim.tinyint AS snapshot_isolation_state,
    (CASE snapshot WHEN '1' THEN 'ON' ELSE 'OFF' END)::sim.sysname AS snapshot_isolation_state_desc,
    1::sim.bit AS is_read_committed_snapshot_on,
    1::sim.tinyint AS recovery_model, 'FULL'::sim.sysname AS recovery_model_desc,
    0::sim.bit AS is_recursive_triggers_on,
    sim.is_cdc_enabled(d.datname)::sim.bit AS is_cdc_enabled
  FROM pg_database d, coalesce(sim.database_setting(d.oid, 'sim.snapshot_isolation'), '0') snapshot
  WHERE NOT d.datistemplate AND d.datname NOT IN ('postgres', 'sim_template');

CREATE VIEW sys.schemas AS SELECT name::sim.sysname AS name, schema_id, 1 AS principal_id FROM sim.schemas;

CREATE VIEW sys.types AS
  SELECT name::sim.sysname AS name, system_type_id::sim.tinyint AS system_type_id, user_type_id, 4 AS schema_id, max_length,
    precision::sim.tinyint AS precision, scale::sim.tinyint AS scale,
    (CASE WHEN is_text THEN 'SQL_Latin1_General_CP1_CI_AS' END)::sim.sysname AS collation_name,
    (name <> 'sysname')::int::sim.bit AS is_nullable, 0::sim.bit AS is_user_defined
  FROM sim.types;

CREATE VIEW sys.objects AS
  SELECT o.name::sim.sysname AS name, o.object_id, s.schema_id, o.parent_object_id, o.type::bpchar::sim.char_2 AS type,
    (CASE rtrim(o.type::text) WHEN 'U' THEN 'USER_TABLE' WHEN 'V' THEN 'VIEW' WHEN 'TR' THEN 'SQL_TRIGGER' WHEN 'PK' THEN 'PRIMARY_KEY_CONSTRAINT'
      WHEN 'UQ' THEN 'UNIQUE_CONSTRAINT' WHEN 'D' THEN 'DEFAULT_CONSTRAINT' WHEN 'C' THEN 'CHECK_CONSTRAINT' WHEN 'F' THEN 'FOREIGN_KEY_CONSTRAINT'
      WHEN 'IF' THEN 'SQL_INLINE_TABLE_VALUED_FUNCTION' WHEN 'FN' THEN 'SQL_SCALAR_FUNCTION' END)::sim.sysname AS type_desc,
    o.created::sim.datetime AS create_date, o.created::sim.datetime AS modify_date,
    (o.schema_name = 'cdc')::int::sim.bit AS is_ms_shipped
  FROM sim.objects o LEFT JOIN sim.schemas s ON s.name = o.schema_name::bpchar;
CREATE VIEW sys.all_objects AS SELECT * FROM sys.objects;
CREATE VIEW sys.sysobjects AS
  SELECT name, object_id AS id, type AS xtype, schema_id::int2 AS uid, parent_object_id AS parent_obj, create_date AS crdate, type FROM sys.objects;

CREATE VIEW sys.tables AS
  SELECT o.*, sim.is_tracked_by_cdc(o.object_id)::sim.bit AS is_tracked_by_cdc, 0::sim.tinyint AS temporal_type,
    'NON_TEMPORAL_TABLE'::sim.sysname AS temporal_type_desc
  FROM sys.objects o WHERE o.type = 'U';
CREATE VIEW sys.views AS SELECT o.*, 0::sim.bit AS has_opaque_metadata FROM sys.objects o WHERE o.type = 'V';
CREATE VIEW sys.all_views AS SELECT * FROM sys.views;

CREATE VIEW sys.columns AS
  SELECT c.object_id, c.name::sim.sysname AS name, c.column_id, t.system_type_id::sim.tinyint AS system_type_id, t.user_type_id,
    (CASE WHEN t.max_length = 16 AND c.type_name IN ('text', 'ntext', 'image') THEN 16 ELSE c.max_length END)::int2 AS max_length,
    c.precision::sim.tinyint AS precision, c.scale::sim.tinyint AS scale,
    (CASE WHEN t.is_text THEN 'SQL_Latin1_General_CP1_CI_AS' END)::sim.sysname AS collation_name,
    c.is_nullable::int::sim.bit AS is_nullable,
    (c.identity_seed IS NOT NULL)::int::sim.bit AS is_identity,
    (c.computed_text IS NOT NULL)::int::sim.bit AS is_computed,
    coalesce(c.default_object_id, 0) AS default_object_id
  FROM sim.columns c JOIN sim.types t ON t.name = c.type_name::bpchar;
CREATE VIEW sys.all_columns AS SELECT * FROM sys.columns;

CREATE VIEW sys.identity_columns AS
  SELECT v.*, c.identity_seed AS seed_value, c.identity_increment AS increment_value,
    pg_sequence_last_value(sim.identity_sequence(c.object_id)::regclass)::numeric AS last_value
  FROM sys.columns v JOIN sim.columns c USING (object_id, column_id) WHERE c.identity_seed IS NOT NULL;
CREATE VIEW sys.computed_columns AS
  SELECT v.*, sim.shown_definition(c.computed_text) AS definition, c.is_persisted::int::sim.bit AS is_persisted
  FROM sys.columns v JOIN sim.columns c USING (object_id, column_id) WHERE c.computed_text IS NOT NULL;

CREATE VIEW sys.indexes AS
  SELECT i.object_id, i.name::sim.sysname AS name, i.index_id,
    (CASE WHEN i.is_primary_key THEN 1 ELSE 2 END)::sim.tinyint AS type,
    (CASE WHEN i.is_primary_key THEN 'CLUSTERED' ELSE 'NONCLUSTERED' END)::sim.sysname AS type_desc,
    i.is_unique::int::sim.bit AS is_unique, i.is_primary_key::int::sim.bit AS is_primary_key,
    i.is_unique_constraint::int::sim.bit AS is_unique_constraint, 0::sim.bit AS is_disabled,
    (i.filter IS NOT NULL)::int::sim.bit AS has_filter, i.filter::bpchar::sim.nvarchar_max AS filter_definition
  FROM sim.indexes i
  UNION ALL
  SELECT o.object_id, NULL::sim.sysname, 0, 0::sim.tinyint, 'HEAP'::sim.sysname, 0::sim.bit, 0::sim.bit, 0::sim.bit, 0::sim.bit, 0::sim.bit,
    NULL::sim.nvarchar_max FROM sim.objects o
  WHERE o.type = 'U' AND NOT EXISTS (SELECT FROM sim.indexes i WHERE i.object_id = o.object_id AND i.is_primary_key);
CREATE VIEW sys.index_columns AS
  SELECT object_id, index_id, ordinal AS index_column_id, column_id,
    (CASE WHEN included THEN 0 ELSE ordinal END)::sim.tinyint AS key_ordinal,
    descending::int::sim.bit AS is_descending_key, included::int::sim.bit AS is_included_column
  FROM sim.index_columns;

CREATE VIEW sys.key_constraints AS
  SELECT o.*, i.index_id AS unique_index_id, (s.is_system_named)::int::sim.bit AS is_system_named
  FROM sys.objects o JOIN sim.objects s USING (object_id)
  JOIN sim.indexes i ON i.object_id = o.parent_object_id AND i.name = s.name
  WHERE o.type IN ('PK', 'UQ');
CREATE VIEW sys.default_constraints AS
  SELECT o.*, c.column_id AS parent_column_id, sim.shown_definition(s.definition) AS definition, s.is_system_named::int::sim.bit AS is_system_named
  FROM sys.objects o JOIN sim.objects s USING (object_id) JOIN sim.columns c ON c.default_object_id = o.object_id WHERE o.type = 'D';
CREATE VIEW sys.check_constraints AS
  SELECT o.*, 0::sim.bit AS is_disabled, 0::sim.bit AS is_not_trusted, sim.shown_definition(s.definition) AS definition,
    s.is_system_named::int::sim.bit AS is_system_named
  FROM sys.objects o JOIN sim.objects s USING (object_id) WHERE o.type = 'C';

CREATE FUNCTION sim.referential_action(action text) RETURNS int2 LANGUAGE sql IMMUTABLE AS $$
  SELECT array_position(ARRAY['NO_ACTION', 'CASCADE', 'SET_NULL', 'SET_DEFAULT'], action) - 1
$$;
CREATE VIEW sys.foreign_keys AS
  SELECT o.*, f.referenced_object_id, 0::sim.bit AS is_disabled, 0::sim.bit AS is_not_trusted,
    sim.referential_action(f.delete_action)::sim.tinyint AS delete_referential_action, f.delete_action::bpchar::sim.sysname AS delete_referential_action_desc,
    sim.referential_action(f.update_action)::sim.tinyint AS update_referential_action, f.update_action::bpchar::sim.sysname AS update_referential_action_desc,
    s.is_system_named::int::sim.bit AS is_system_named
  FROM sys.objects o JOIN sim.objects s USING (object_id) JOIN sim.foreign_keys f USING (object_id);
CREATE VIEW sys.foreign_key_columns AS
  SELECT f.object_id AS constraint_object_id, u.ordinal::int AS constraint_column_id, f.parent_object_id, u.parent_column AS parent_column_id,
    f.referenced_object_id, u.referenced_column AS referenced_column_id
  FROM sim.foreign_keys f, unnest(f.parent_columns, f.referenced_columns) WITH ORDINALITY u (parent_column, referenced_column, ordinal);

CREATE VIEW sys.triggers AS
  SELECT o.name, o.object_id, 1::sim.tinyint AS parent_class, 'OBJECT_OR_COLUMN'::sim.sysname AS parent_class_desc, t.parent_object_id AS parent_id,
    o.type, o.type_desc, o.create_date, o.modify_date, o.is_ms_shipped, t.is_disabled::int::sim.bit AS is_disabled, 0::sim.bit AS is_instead_of_trigger
  FROM sys.objects o JOIN sim.triggers t USING (object_id);
CREATE VIEW sys.trigger_events AS
  SELECT t.object_id, array_position(ARRAY['insert', 'update', 'delete'], event) AS type, upper(event)::bpchar::sim.sysname AS type_desc
  FROM sim.triggers t, unnest(t.events) event;
CREATE VIEW sys.sql_modules AS
  SELECT object_id, definition::bpchar::sim.nvarchar_max AS definition, 1::sim.bit AS uses_ansi_nulls, 1::sim.bit AS uses_quoted_identifier
  FROM sim.objects WHERE type IN ('V', 'TR');

CREATE VIEW sys.extended_properties AS
  SELECT 1::sim.tinyint AS class, 'OBJECT_OR_COLUMN'::sim.sysname AS class_desc, major_id, minor_id, name::sim.sysname AS name, value::sim.nvarchar_max AS value
  FROM sim.extended_properties;
-- Levels schema / table or view / column. NULL as a name stands for every object of that level.
CREATE FUNCTION sys.fn_listextendedproperty(
  property bpchar DEFAULT NULL, level0type bpchar DEFAULT NULL, level0name bpchar DEFAULT NULL, level1type bpchar DEFAULT NULL,
  level1name bpchar DEFAULT NULL, level2type bpchar DEFAULT NULL, level2name bpchar DEFAULT NULL
) RETURNS TABLE (objtype sim.sysname, objname sim.sysname, name sim.sysname, value sim.nvarchar_max) LANGUAGE sql STABLE AS $$
  SELECT upper(coalesce(level2type, level1type))::bpchar, coalesce(c.name, o.name), p.name, p.value
  FROM sim.extended_properties p JOIN sim.objects o ON o.object_id = p.major_id
  LEFT JOIN sim.columns c ON c.object_id = p.major_id AND c.column_id = p.minor_id
  WHERE (property IS NULL OR p.name = property) AND upper(level0type) COLLATE "C" = 'SCHEMA'
    AND (level0name IS NULL OR o.schema_name::bpchar COLLATE sim.ci = level0name)
    AND o.type = (CASE upper(level1type) COLLATE "C" WHEN 'TABLE' THEN 'U' WHEN 'VIEW' THEN 'V' END)::bpchar
    AND (level1name IS NULL OR o.name = level1name)
    AND CASE WHEN level2type IS NULL THEN p.minor_id = 0
      ELSE upper(level2type) COLLATE "C" = 'COLUMN' AND p.minor_id > 0 AND (level2name IS NULL OR c.name = level2name) END
$$;
