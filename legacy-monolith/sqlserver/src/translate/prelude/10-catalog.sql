-- The simulator's own catalog: what PostgreSQL cannot remember about T-SQL objects (declared spelling, T-SQL types,
-- object ids, definitions). Applied once to the template database.

-- Strings are bpchar, whose comparison ignores trailing blanks as SQL Server's does; the cast to text must keep them.
UPDATE pg_catalog.pg_cast SET castmethod = 'b', castfunc = 0
WHERE castsource = 'bpchar'::regtype AND casttarget = 'text'::regtype;

CREATE SCHEMA sim;
CREATE SCHEMA dbo;
CREATE SCHEMA sys;
CREATE SCHEMA sim_information_schema;

CREATE COLLATION sim.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION sim.cs (provider = icu, locale = 'und-u-ks-level3', deterministic = false);

-- Types for columns of system views and functions, which have no row in sim.columns.
CREATE DOMAIN sim.bit AS int2;
CREATE DOMAIN sim.tinyint AS int2;
CREATE DOMAIN sim.sysname AS bpchar COLLATE sim.ci;
CREATE DOMAIN sim.nvarchar_max AS bpchar COLLATE sim.ci;
CREATE DOMAIN sim.varbinary128 AS bytea;
CREATE DOMAIN sim.lsn AS bytea;
CREATE DOMAIN sim.datetime AS timestamp(3);
CREATE DOMAIN sim.char_1 AS bpchar COLLATE sim.ci;
CREATE DOMAIN sim.char_2 AS bpchar COLLATE sim.ci;

CREATE SEQUENCE sim.object_ids START WITH 1000 MAXVALUE 2147483647;
CREATE SEQUENCE sim.rowversion START WITH 2001;

CREATE TABLE sim.objects (
  object_id int PRIMARY KEY,
  schema_name text NOT NULL DEFAULT 'dbo',
  name bpchar COLLATE sim.ci NOT NULL,
  physical text NOT NULL,
  type char(2) NOT NULL,                    -- U V TR PK UQ D C F
  parent_object_id int NOT NULL DEFAULT 0,
  definition text,
  is_system_named boolean NOT NULL DEFAULT false,
  created timestamp NOT NULL DEFAULT (statement_timestamp() AT TIME ZONE 'America/New_York'),
  UNIQUE (schema_name, name)
);
CREATE INDEX ON sim.objects (parent_object_id);

CREATE TABLE sim.columns (
  object_id int NOT NULL,
  column_id int NOT NULL,
  name bpchar COLLATE sim.ci NOT NULL,
  physical text NOT NULL,
  type_name text NOT NULL,
  max_length int NOT NULL,                  -- bytes, as sys.columns: nvarchar(10) = 20, max = -1
  precision int NOT NULL,
  scale int NOT NULL,
  is_nullable boolean NOT NULL,
  identity_seed numeric,
  identity_increment numeric,
  computed_text text,
  is_persisted boolean NOT NULL DEFAULT false,
  default_object_id int,
  PRIMARY KEY (object_id, column_id)
);

CREATE TABLE sim.indexes (
  object_id int NOT NULL,
  index_id int NOT NULL,
  name bpchar COLLATE sim.ci NOT NULL,
  physical text NOT NULL,
  is_unique boolean NOT NULL,
  is_primary_key boolean NOT NULL DEFAULT false,
  is_unique_constraint boolean NOT NULL DEFAULT false,
  filter text,
  PRIMARY KEY (object_id, index_id)
);

CREATE TABLE sim.index_columns (
  object_id int NOT NULL,
  index_id int NOT NULL,
  ordinal int NOT NULL,
  column_id int NOT NULL,
  descending boolean NOT NULL DEFAULT false,
  included boolean NOT NULL DEFAULT false,
  PRIMARY KEY (object_id, index_id, ordinal)
);

CREATE TABLE sim.foreign_keys (
  object_id int PRIMARY KEY,
  parent_object_id int NOT NULL,
  referenced_object_id int NOT NULL,
  delete_action text NOT NULL DEFAULT 'NO_ACTION',
  update_action text NOT NULL DEFAULT 'NO_ACTION',
  parent_columns int[] NOT NULL,
  referenced_columns int[] NOT NULL
);

CREATE TABLE sim.triggers (
  object_id int PRIMARY KEY,
  parent_object_id int NOT NULL,
  events text[] NOT NULL,
  is_disabled boolean NOT NULL DEFAULT false,
  asks_updated boolean NOT NULL DEFAULT false
);

CREATE TABLE sim.extended_properties (
  major_id int NOT NULL,
  minor_id int NOT NULL,
  name bpchar COLLATE sim.ci NOT NULL,
  value bpchar COLLATE sim.ci,
  PRIMARY KEY (major_id, minor_id, name)
);

CREATE TABLE sim.schemas (schema_id int PRIMARY KEY, name bpchar COLLATE sim.ci NOT NULL UNIQUE);
INSERT INTO sim.schemas VALUES (1, 'dbo'), (3, 'INFORMATION_SCHEMA'), (4, 'sys');

-- Raises SQL Server's error from anywhere; the engine reads DETAIL as number|severity|state|procedure|line.
CREATE FUNCTION sim.fail(number int, severity int, state int, message text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'U0001', MESSAGE = message,
    DETAIL = number || '|' || severity || '|' || state || '||';
END $$;

-- RAISERROR inside a trigger: the statement goes on, unless the caller's batch is inside TRY.
CREATE FUNCTION sim.raise_message(number int, severity int, state int, message text, procedure text, line int)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF severity > 10 AND current_setting('sim.in_try', true) = '1' THEN
    RAISE EXCEPTION USING ERRCODE = 'U0001', MESSAGE = message,
      DETAIL = number || '|' || severity || '|' || state || '|' || procedure || '|' || line;
  END IF;
  RAISE WARNING USING ERRCODE = 'U0002', MESSAGE = message,
    DETAIL = number || '|' || severity || '|' || state || '|' || procedure || '|' || line;
END $$;

-- THROW inside a trigger.
CREATE FUNCTION sim.throw(number int, state int, message text, procedure text, line int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'U0001', MESSAGE = message, DETAIL = number || '|16|' || state || '|' || procedure || '|' || line;
END $$;

-- ROLLBACK inside a trigger ends batch and transaction.
CREATE FUNCTION sim.trigger_rollback(procedure text, line int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'U0003',
    MESSAGE = 'The transaction ended in the trigger. The batch has been aborted.',
    DETAIL = '3609|16|1|' || procedure || '|' || line;
END $$;

-- An explicit value under IDENTITY_INSERT raises the current identity when it lies beyond it.
CREATE FUNCTION sim.identity_insert(sequence regclass, value int8, ascending boolean) RETURNS int8 LANGUAGE plpgsql AS $$
DECLARE
  used boolean;
  last int8;
BEGIN
  EXECUTE format('SELECT last_value, is_called FROM %s', sequence) INTO last, used;
  IF value IS NOT NULL AND (NOT used OR (ascending AND value > last) OR (NOT ascending AND value < last)) THEN
    IF used OR (ascending AND value >= last) OR (NOT ascending AND value <= last) THEN
      PERFORM setval(sequence, value, true);
    END IF;
  END IF;
  RETURN value;
END $$;
