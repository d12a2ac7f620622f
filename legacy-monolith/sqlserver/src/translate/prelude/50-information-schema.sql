-- INFORMATION_SCHEMA. Source: "System Information Schema Views (Transact-SQL)".

CREATE FUNCTION sim.catalog_name() RETURNS sim.sysname LANGUAGE sql STABLE AS $$ SELECT sim.database_name()::bpchar $$;

CREATE VIEW sim_information_schema.schemata AS
  SELECT sim.catalog_name() AS catalog_name, name::sim.sysname AS schema_name, 'dbo'::sim.sysname AS schema_owner FROM sim.schemas;

CREATE VIEW sim_information_schema.tables AS
  SELECT sim.catalog_name() AS table_catalog, schema_name::bpchar::sim.sysname AS table_schema, name::sim.sysname AS table_name,
    (CASE type WHEN 'U' THEN 'BASE TABLE' ELSE 'VIEW' END)::sim.sysname AS table_type
  FROM sim.objects WHERE type IN ('U', 'V');

CREATE VIEW sim_information_schema.views AS
  SELECT sim.catalog_name() AS table_catalog, schema_name::bpchar::sim.sysname AS table_schema, name::sim.sysname AS table_name,
    definition::bpchar::sim.nvarchar_max AS view_definition, 'NONE'::sim.sysname AS check_option, 'NO'::sim.sysname AS is_updatable
  FROM sim.objects WHERE type = 'V';

CREATE VIEW sim_information_schema.columns AS
  SELECT sim.catalog_name() AS table_catalog, o.schema_name::bpchar::sim.sysname AS table_schema, o.name::sim.sysname AS table_name,
    c.name::sim.sysname AS column_name, c.column_id AS ordinal_position,
    sim.shown_definition(d.definition) AS column_default,
    (CASE WHEN c.is_nullable THEN 'YES' ELSE 'NO' END)::sim.sysname AS is_nullable,
    c.type_name::bpchar::sim.sysname AS data_type,
    CASE WHEN c.type_name IN ('nchar', 'nvarchar') AND c.max_length > 0 THEN c.max_length / 2
      WHEN c.type_name IN ('text', 'image') THEN 2147483647 WHEN c.type_name = 'ntext' THEN 1073741823
      WHEN t.is_text OR c.type_name IN ('binary', 'varbinary') THEN c.max_length END AS character_maximum_length,
    CASE WHEN c.type_name IN ('text', 'image') THEN 2147483647 WHEN c.type_name = 'ntext' THEN 2147483646
      WHEN t.is_text OR c.type_name IN ('binary', 'varbinary') THEN c.max_length END AS character_octet_length,
    (CASE WHEN numeric_kind THEN c.precision END)::sim.tinyint AS numeric_precision,
    (CASE WHEN c.type_name IN ('float', 'real') THEN 2 WHEN numeric_kind THEN 10 END)::int2 AS numeric_precision_radix,
    CASE WHEN numeric_kind AND c.type_name NOT IN ('float', 'real') THEN c.scale END AS numeric_scale,
    (CASE WHEN c.type_name IN ('date', 'smalldatetime') THEN 0 WHEN c.type_name = 'datetime' THEN 3
      WHEN c.type_name IN ('datetime2', 'time') THEN c.scale END)::int2 AS datetime_precision,
    (CASE WHEN c.type_name IN ('nchar', 'nvarchar', 'ntext') THEN 'UNICODE' WHEN t.is_text THEN 'iso_1' END)::sim.sysname AS character_set_name,
    (CASE WHEN t.is_text THEN 'SQL_Latin1_General_CP1_CI_AS' END)::sim.sysname AS collation_name
  FROM sim.columns c JOIN sim.objects o USING (object_id) JOIN sim.types t ON t.name = c.type_name::bpchar
  LEFT JOIN sim.objects d ON d.object_id = c.default_object_id,
  LATERAL (SELECT c.type_name IN ('tinyint', 'smallint', 'int', 'bigint', 'decimal', 'numeric', 'money', 'smallmoney', 'float', 'real') AS numeric_kind) k
  WHERE o.type IN ('U', 'V');

CREATE VIEW sim_information_schema.table_constraints AS
  SELECT sim.catalog_name() AS constraint_catalog, o.schema_name::bpchar::sim.sysname AS constraint_schema, o.name::sim.sysname AS constraint_name,
    sim.catalog_name() AS table_catalog, p.schema_name::bpchar::sim.sysname AS table_schema, p.name::sim.sysname AS table_name,
    (CASE rtrim(o.type::text) WHEN 'PK' THEN 'PRIMARY KEY' WHEN 'UQ' THEN 'UNIQUE' WHEN 'F' THEN 'FOREIGN KEY' ELSE 'CHECK' END)::sim.sysname AS constraint_type,
    'NO'::sim.sysname AS is_deferrable, 'NO'::sim.sysname AS initially_deferred
  FROM sim.objects o JOIN sim.objects p ON p.object_id = o.parent_object_id WHERE o.type IN ('PK', 'UQ', 'F', 'C');

-- Columns of keys and foreign keys: constraint, table, ordinal, column.
CREATE VIEW sim.constraint_columns AS
  SELECT o.object_id AS constraint_id, o.parent_object_id AS table_id, k.ordinal, k.column_id
  FROM sim.objects o JOIN sim.indexes i ON i.object_id = o.parent_object_id AND i.name = o.name
  JOIN sim.index_columns k ON k.object_id = i.object_id AND k.index_id = i.index_id AND NOT k.included
  WHERE o.type IN ('PK', 'UQ')
  UNION ALL
  SELECT f.object_id, f.parent_object_id, u.ordinal::int, u.column_id
  FROM sim.foreign_keys f, unnest(f.parent_columns) WITH ORDINALITY u (column_id, ordinal);

CREATE VIEW sim_information_schema.key_column_usage AS
  SELECT t.constraint_catalog, t.constraint_schema, t.constraint_name, t.table_catalog, t.table_schema, t.table_name,
    c.name::sim.sysname AS column_name, k.ordinal AS ordinal_position
  FROM sim.constraint_columns k JOIN sim.objects o ON o.object_id = k.constraint_id
  JOIN sim_information_schema.table_constraints t ON t.constraint_name = o.name AND t.constraint_schema = o.schema_name::bpchar
  JOIN sim.columns c ON c.object_id = k.table_id AND c.column_id = k.column_id;

CREATE VIEW sim_information_schema.constraint_column_usage AS
  SELECT table_catalog, table_schema, table_name, column_name, constraint_catalog, constraint_schema, constraint_name
  FROM sim_information_schema.key_column_usage;

CREATE VIEW sim_information_schema.referential_constraints AS
  SELECT sim.catalog_name() AS constraint_catalog, o.schema_name::bpchar::sim.sysname AS constraint_schema, o.name::sim.sysname AS constraint_name,
    sim.catalog_name() AS unique_constraint_catalog, u.schema_name::bpchar::sim.sysname AS unique_constraint_schema, u.name::sim.sysname AS unique_constraint_name,
    'SIMPLE'::sim.sysname AS match_option,
    replace(f.update_action, '_', ' ')::bpchar::sim.sysname AS update_rule, replace(f.delete_action, '_', ' ')::bpchar::sim.sysname AS delete_rule
  FROM sim.foreign_keys f JOIN sim.objects o USING (object_id)
  LEFT JOIN LATERAL (
    SELECT x.schema_name, x.name FROM sim.objects x
    WHERE x.parent_object_id = f.referenced_object_id AND x.type IN ('PK', 'UQ')
      AND (SELECT array_agg(k.column_id ORDER BY k.column_id) FROM sim.constraint_columns k WHERE k.constraint_id = x.object_id)
        = (SELECT array_agg(r ORDER BY r) FROM unnest(f.referenced_columns) r)
    ORDER BY x.type LIMIT 1) u ON true;

CREATE VIEW sim_information_schema.check_constraints AS
  SELECT sim.catalog_name() AS constraint_catalog, schema_name::bpchar::sim.sysname AS constraint_schema, name::sim.sysname AS constraint_name,
    sim.shown_definition(definition) AS check_clause
  FROM sim.objects WHERE type = 'C';
