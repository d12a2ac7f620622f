/**
 * What FHIR keeps besides a service's own tables, in a schema of its own:
 *   document  resources the legacy system has no table for, whole
 *   history   earlier versions: of documents, and of rows of tracked tables as they were before each change
 *   term      what can be searched in the parts of a resource that no column holds
 * `track` makes the rows of a table versioned: columns `version`, `changed_at` and `fhir_extra` (elements of the resource that the
 * row has no column for), raised by every change that a reader could see, whoever makes it, the sync included. The old images
 * are copied by one statement a statement; inserts cost nothing.
 */

import type { Knex } from "knex";

const tables = `
  CREATE TABLE fhir.document (
    type text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    changed_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    changed_by text,
    -- NULL: deleted.
    resource jsonb,
    PRIMARY KEY (type, id)
  );

  CREATE TABLE fhir.history (
    source text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    changed_at timestamptz(3) NOT NULL,
    -- The whole row but for what is of no use to a reader. NULL: this version is the deletion.
    image jsonb,
    PRIMARY KEY (source, id, version)
  );

  CREATE TABLE fhir.term (
    type text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    parameter text COLLATE "C" NOT NULL,
    folded text COLLATE "C",
    exact text COLLATE "C",
    system text COLLATE "C",
    code text COLLATE "C",
    -- Milliseconds since 1970, infinite at an open end.
    from_ms double precision,
    until_ms double precision,
    target_type text COLLATE "C",
    target_id text COLLATE "C",
    url text COLLATE "C"
  );
  CREATE INDEX term_of ON fhir.term (type, id, parameter);
  CREATE INDEX term_text ON fhir.term (type, parameter, folded) WHERE folded IS NOT NULL;
  CREATE INDEX term_code ON fhir.term (type, parameter, code) WHERE code IS NOT NULL;
  CREATE INDEX term_date ON fhir.term (type, parameter, from_ms) WHERE from_ms IS NOT NULL;
  CREATE INDEX term_target ON fhir.term (type, parameter, target_id) WHERE target_id IS NOT NULL`;

/** As the service folds the words of a search: without accents, case and surplus blanks. Every step names its collation. */
const fold = `
  CREATE FUNCTION fhir.fold(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT btrim(regexp_replace(lower(regexp_replace(normalize(words, NFKD) COLLATE "C",
      '[\\u0300-\\u036f\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff\\ufe20-\\ufe2f]', '', 'g') COLLATE "und-x-icu") COLLATE "C", '\\s+', ' ', 'g'))
  $$`;

const functions = `
  -- TG_ARGV: columns whose change no reader sees. A write of the service that needs two statements (the row, then what the row
  -- has no column for) sets fhir.keeps_version for the second: both make one version.
  CREATE FUNCTION fhir.touch() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF current_setting('fhir.keeps_version', true) = 'on' THEN RETURN NEW; END IF;
    IF NEW.version = OLD.version AND to_jsonb(OLD) - TG_ARGV::text[] IS DISTINCT FROM to_jsonb(NEW) - TG_ARGV::text[] THEN
      NEW.version := OLD.version + 1;
    END IF;
    IF NEW.version <> OLD.version THEN NEW.changed_at := clock_timestamp(); END IF;
    RETURN NEW;
  END $$;

  -- TG_ARGV: source, SQL of the id over alias o, columns left out of the image (as an array literal).
  CREATE FUNCTION fhir.keep_history() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, fhir, pg_temp AS $$
  BEGIN
    EXECUTE format(
      'INSERT INTO fhir.history (source, id, version, changed_at, image)
       SELECT %L, %s, o.version, o.changed_at, to_jsonb(o) - %L::text[] FROM old_rows AS o %s
       ON CONFLICT (source, id, version) DO UPDATE SET changed_at = excluded.changed_at, image = excluded.image',
      TG_ARGV[0], TG_ARGV[1], TG_ARGV[2],
      CASE WHEN TG_OP = 'UPDATE' THEN format(
        'WHERE NOT EXISTS (SELECT FROM new_rows AS n WHERE %s = %s AND n.version = o.version)',
        replace(TG_ARGV[1], 'o.', 'n.'), TG_ARGV[1]) ELSE '' END);
    IF TG_OP = 'DELETE' THEN
      EXECUTE format(
        'INSERT INTO fhir.history (source, id, version, changed_at)
         SELECT %L, %s, o.version + 1, clock_timestamp() FROM old_rows AS o
         ON CONFLICT (source, id, version) DO UPDATE SET changed_at = excluded.changed_at, image = NULL',
        TG_ARGV[0], TG_ARGV[1]);
    END IF;
    RETURN NULL;
  END $$;

  CREATE FUNCTION fhir.keep_history_of(tracked regclass, id text, left_out text[]) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    EXECUTE format('CREATE TRIGGER fhir_history_update AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
      FOR EACH STATEMENT EXECUTE FUNCTION fhir.keep_history(%L, %L, %L)', tracked, tracked, id, left_out);
    EXECUTE format('CREATE TRIGGER fhir_history_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows
      FOR EACH STATEMENT EXECUTE FUNCTION fhir.keep_history(%L, %L, %L)', tracked, tracked, id, left_out);
  END $$;

  -- unseen: columns whose change raises no version. left_out: columns the history does without.
  CREATE FUNCTION fhir.track(tracked regclass, id text, unseen text[], left_out text[]) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    EXECUTE format('ALTER TABLE %s ADD COLUMN IF NOT EXISTS version bigint NOT NULL DEFAULT 1,
      ADD COLUMN IF NOT EXISTS changed_at timestamptz(3) NOT NULL DEFAULT now(), ADD COLUMN IF NOT EXISTS fhir_extra jsonb', tracked);
    EXECUTE format('CREATE TRIGGER fhir_touch BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION fhir.touch(%s)', tracked,
      (SELECT string_agg(quote_literal(name), ', ') FROM unnest(unseen || '{version,changed_at}'::text[]) AS name));
    PERFORM fhir.keep_history_of(tracked, id, left_out);
  END $$;

  CREATE FUNCTION fhir.untrack(tracked regclass) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    EXECUTE format('DROP TRIGGER fhir_touch ON %1$s; DROP TRIGGER fhir_history_update ON %1$s;
      DROP TRIGGER fhir_history_delete ON %1$s; ALTER TABLE %1$s DROP COLUMN fhir_extra', tracked);
  END $$;

  SELECT fhir.keep_history_of('fhir.document', 'o.type || ''/'' || o.id', '{}')`;

export async function up(db: Knex): Promise<void> {
  await db.raw("CREATE SCHEMA fhir");
  await db.raw(tables);
  await db.raw(fold);
  await db.raw(functions);
}

export async function down(db: Knex): Promise<void> {
  await db.raw("DROP SCHEMA fhir CASCADE");
}
