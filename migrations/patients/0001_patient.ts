/**
 * The patient record and its coverage. No constraint beyond the primary key: the tables take any row the legacy system can
 * hold, and the service's write path enforces the rules. What searches use is generated, so that rows written by the sync
 * have it too.
 *
 * The legacy collation compares without case and ignores blanks at the end; `legacy_ci` orders and compares as it does,
 * and `…_key` columns hold lower-case text in byte order, which is what a beginning of a name can be looked up in.
 */

import type { Knex } from "knex";

/**
 * SOUNDEX as SQL Server computes it from compatibility level 110 on: H and W do not separate letters of one code, vowels do,
 * the first character that is no letter ends the word; `0000` for what does not begin with a letter.
 */
const soundex = `
  CREATE FUNCTION tsql_soundex(name text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
  DECLARE
    -- Codes of A to Z; H and W are skipped before this is asked.
    digits constant text := '01230120022455012623010202';
    word constant text := upper(name) COLLATE "C";
    sound text;
    letter text;
    digit text;
    previous text;
  BEGIN
    IF word !~ '^[A-Z]' THEN RETURN '0000'; END IF;
    sound := left(word, 1);
    previous := substr(digits, ascii(sound) - 64, 1);
    FOR position IN 2 .. length(word) LOOP
      letter := substr(word, position, 1);
      EXIT WHEN letter !~ '[A-Z]' OR length(sound) = 4;
      CONTINUE WHEN letter IN ('H', 'W');
      digit := substr(digits, ascii(letter) - 64, 1);
      IF digit <> '0' AND digit <> previous THEN sound := sound || digit; END IF;
      previous := digit;
    END LOOP;
    RETURN rpad(sound, 4, '0');
  END $$`;

const tables = `
  CREATE TABLE patient (
    patient_no int PRIMARY KEY,
    mrn text,
    family_name text COLLATE legacy_ci,
    given_name text COLLATE legacy_ci,
    middle_initial text,
    name_suffix text,
    maiden_name text,
    birth_date date,
    sex text,
    ssn text,
    marital_status text,
    race text,
    ethnicity text,
    language text,
    address_line text,
    address_line_2 text,
    city text,
    state text,
    postal_code text,
    home_phone text,
    work_phone text,
    mobile_phone text,
    email text,
    guarantor_no int,
    primary_provider_id text,
    home_site text,
    died_on date,
    vip boolean,
    restricted boolean,
    privacy_notice_on date,
    portal_enabled boolean,
    account_balance numeric(19,4),
    last_visit_on date,
    photo bytea,
    note text,
    merged_into_no int,
    deleted boolean,
    created_by text,
    created_at timestamptz(3),
    modified_by text,
    modified_at timestamptz(3),
    legacy_version bytea,
    legacy_residue jsonb,
    source_position bytea,
    version bigint NOT NULL DEFAULT 1,
    changed_at timestamptz(3) NOT NULL DEFAULT now(),
    form_token bytea DEFAULT '\\x8000000000000001',
    mrn_key text COLLATE "C" GENERATED ALWAYS AS (lower(mrn COLLATE "und-x-icu")) STORED,
    family_key text COLLATE "C" GENERATED ALWAYS AS (lower(coalesce(family_name, '') COLLATE "und-x-icu")) STORED,
    given_key text COLLATE "C" GENERATED ALWAYS AS (lower(coalesce(given_name, '') COLLATE "und-x-icu")) STORED,
    family_sound text COLLATE "C" GENERATED ALWAYS AS (tsql_soundex(coalesce(family_name, '') COLLATE "und-x-icu")) STORED
  );
  COMMENT ON COLUMN patient.version IS 'raised by every change but those of balance and last visit; FHIR versionId';
  COMMENT ON COLUMN patient.form_token IS 'what an edit form carries after the service itself has changed the row; see patient_changed()';
  CREATE INDEX patient_mrn ON patient (mrn_key);
  CREATE INDEX patient_name ON patient (family_key, given_key);
  CREATE INDEX patient_sound ON patient (family_sound);
  CREATE INDEX patient_birth ON patient (birth_date);
  CREATE INDEX patient_guarantor ON patient (guarantor_no) WHERE guarantor_no IS NOT NULL;
  CREATE INDEX patient_changed_at ON patient (changed_at);

  CREATE TABLE coverage (
    patient_no int NOT NULL,
    rank smallint NOT NULL,
    effective_on date NOT NULL,
    effective_time time(3) NOT NULL DEFAULT '00:00',
    terminates_on date,
    payer_code text,
    plan_name text,
    policy_no text,
    group_no text,
    subscriber_name text,
    subscriber_birth_date date,
    relationship text,
    copay numeric(19,4),
    verified_on date,
    deleted boolean,
    legacy_residue jsonb,
    source_position bytea,
    PRIMARY KEY (patient_no, rank, effective_on, effective_time)
  )`;

/** What a reader of the record sees; not balance and last visit, which billing and scheduling keep. */
const record = [
  "mrn, family_name, given_name, middle_initial, name_suffix, maiden_name, birth_date, sex, ssn, marital_status, race, ethnicity",
  "language, address_line, address_line_2, city, state, postal_code, home_phone, work_phone, mobile_phone, email, guarantor_no",
  "primary_provider_id, home_site, died_on, vip, restricted, privacy_notice_on, portal_enabled, photo, note, merged_into_no",
  "deleted, created_by, created_at, modified_by, modified_at",
]
  .join(", ")
  .split(", ");

const differ = (columns: readonly string[]): string =>
  `(${columns.map((name) => `OLD.${name}`).join(", ")}) IS DISTINCT FROM (${columns.map((name) => `NEW.${name}`).join(", ")})`;

/**
 * An edit form carries the version of the row it was made from (hdnTS). Legacy's own is `legacy_version`. A change that does
 * not bring a new one is the service's: the old legacy version names the row no longer, and a token of the service does,
 * its first byte 0x80 so that it never equals a rowversion. When legacy's copy of that change comes back, with nothing else
 * changed, both name the row. A change that legacy made leaves only its own.
 */
const changed = `
  CREATE FUNCTION patient_changed() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE
    record_changed constant boolean := ${differ(record)};
  BEGIN
    IF NOT record_changed AND NOT ${differ(["account_balance", "last_visit_on"])} THEN RETURN NEW; END IF;
    IF record_changed THEN
      NEW.version := OLD.version + 1;
      NEW.changed_at := clock_timestamp();
    END IF;
    IF NEW.legacy_version IS DISTINCT FROM OLD.legacy_version THEN
      NEW.form_token := NULL;
    ELSE
      NEW.legacy_version := NULL;
      NEW.form_token := decode('80' || lpad(to_hex(NEW.version), 14, '0'), 'hex');
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER patient_changed BEFORE UPDATE ON patient FOR EACH ROW EXECUTE FUNCTION patient_changed()`;

export async function up(db: Knex): Promise<void> {
  await db.raw(`CREATE COLLATION legacy_ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`);
  await db.raw(soundex);
  await db.raw(tables);
  await db.raw(changed);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    DROP TABLE coverage, patient;
    DROP FUNCTION patient_changed(), tsql_soundex(text);
    DROP COLLATION legacy_ci;
  `);
}
