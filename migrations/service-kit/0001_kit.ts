/**
 * Schema `kit`: what every extracted service keeps beside its own tables. The service's login may read these tables and call
 * the functions below; it may not write audit, outbox or owner rows directly, so that no service code can leave the chain out
 * or forge it. `audit_head` is the one row every write locks last and holds until it commits: the numbers of audit events and
 * outbox entries are therefore given in commit order, and a reader that asks for "the next after n" can never step over one
 * that is still uncommitted (docs/decisions/0008-service-writes.md).
 */

import type { Knex } from "knex";

export async function up(db: Knex): Promise<void> {
  await db.raw(`
    CREATE FUNCTION kit.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
    END $$;

    CREATE TABLE kit.audit_event (
      seq bigint PRIMARY KEY CHECK (seq > 0),
      event jsonb NOT NULL,
      prev_hash bytea NOT NULL,
      hash bytea NOT NULL,
      recorded_ms bigint NOT NULL GENERATED ALWAYS AS ((event ->> 'recordedMs')::bigint) STORED,
      patient text GENERATED ALWAYS AS (event ->> 'patient') STORED,
      agent text GENERATED ALWAYS AS (event -> 'agent' ->> 'id') STORED
    );
    CREATE INDEX audit_event_recorded ON kit.audit_event (recorded_ms);
    CREATE INDEX audit_event_patient ON kit.audit_event (patient, recorded_ms) WHERE patient IS NOT NULL;
    CREATE INDEX audit_event_agent ON kit.audit_event (agent, recorded_ms);
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON kit.audit_event FOR EACH ROW EXECUTE FUNCTION kit.refuse_change();
    CREATE TRIGGER never_emptied BEFORE TRUNCATE ON kit.audit_event FOR EACH STATEMENT EXECUTE FUNCTION kit.refuse_change();

    CREATE TABLE kit.audit_head (
      single boolean PRIMARY KEY DEFAULT true CHECK (single),
      seq bigint NOT NULL,
      hash bytea NOT NULL
    );
    INSERT INTO kit.audit_head (seq, hash) VALUES (0, '');

    CREATE TABLE kit.outbox (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      audit_seq bigint NOT NULL,
      module text NOT NULL,
      epoch bigint NOT NULL,
      request_id text NOT NULL,
      who text NOT NULL,
      -- The changed rows in legacy terms; none in the marker of a flip.
      changes jsonb NOT NULL,
      flip uuid UNIQUE,
      recorded_at timestamptz(3) NOT NULL
    );

    CREATE TABLE kit.idempotency (
      key text PRIMARY KEY,
      token_id text UNIQUE,
      request_hash bytea NOT NULL,
      answer jsonb,
      expires_at timestamptz(3) NOT NULL
    );
    CREATE INDEX idempotency_expires ON kit.idempotency (expires_at);

    CREATE TABLE kit.module_owner (
      module text PRIMARY KEY,
      epoch bigint NOT NULL DEFAULT 0 CHECK (epoch >= 0),
      state text NOT NULL DEFAULT 'sealed' CHECK (state IN ('open', 'sealed')),
      -- The flip that set this state, and by which step.
      flip uuid,
      step text CHECK (step IN ('seal', 'open', 'reopen')),
      changed_at timestamptz(3) NOT NULL DEFAULT now()
    );

    -- What the self-test of dry runs writes and must not find again. Always empty.
    CREATE TABLE kit.dry_run_probe (id text PRIMARY KEY);

    CREATE TABLE kit.id_block (
      name text NOT NULL,
      first_id bigint NOT NULL,
      last_id bigint NOT NULL,
      next_id bigint NOT NULL,
      reserved_at timestamptz(3) NOT NULL DEFAULT now(),
      PRIMARY KEY (name, first_id),
      CHECK (first_id <= last_id AND next_id BETWEEN first_id AND last_id + 1)
    );
  `);
  await functions(db);
}

async function functions(db: Knex): Promise<void> {
  await db.raw(`
    -- Appends events in their order and gives the number of the last; the head stays locked until the transaction ends.
    CREATE FUNCTION kit.append_audit(events jsonb) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = kit, pg_temp AS $$
    DECLARE
      head kit.audit_head;
      one jsonb;
      digest bytea;
    BEGIN
      SELECT * INTO STRICT head FROM kit.audit_head FOR UPDATE;
      FOR one IN SELECT value FROM jsonb_array_elements(events) LOOP
        head.seq := head.seq + 1;
        digest := sha256(head.hash || convert_to(head.seq::text || ' ' || one::text, 'UTF8'));
        INSERT INTO kit.audit_event (seq, event, prev_hash, hash) VALUES (head.seq, one, head.hash, digest);
        head.hash := digest;
      END LOOP;
      UPDATE kit.audit_head SET seq = head.seq, hash = head.hash;
      RETURN head.seq;
    END $$;

    -- Last statement of a write: its audit events, its outbox entry when it changed something that legacy must learn, and the
    -- answer for a repeat.
    CREATE FUNCTION kit.record_write(events jsonb, entry jsonb, answered_key text, new_answer jsonb) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = kit, pg_temp AS $$
    DECLARE
      last_seq bigint;
      entry_id bigint;
    BEGIN
      UPDATE kit.idempotency SET answer = new_answer WHERE key = answered_key;
      last_seq := kit.append_audit(events);
      IF entry IS NULL THEN RETURN NULL; END IF;
      INSERT INTO kit.outbox (audit_seq, module, epoch, request_id, who, changes, recorded_at)
      VALUES (last_seq, entry ->> 'module', (entry ->> 'epoch')::bigint, entry ->> 'requestId', entry ->> 'who',
              entry -> 'changes', (entry ->> 'recordedAt')::timestamptz)
      RETURNING id INTO entry_id;
      RETURN entry_id;
    END $$;

    -- First statement of a write. Locks the owner row for share, so that a change of owner waits for the write, then claims the
    -- request's key; the insert waits for a first request with that key that is still running. 'claimed': the work may run.
    CREATE FUNCTION kit.begin_write(
      wanted text, sent_epoch bigint, new_key text, new_token text, new_hash bytea, until timestamptz,
      OUT verdict text, OUT stored jsonb
    )
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = kit, pg_temp AS $$
    DECLARE
      owner kit.module_owner;
      first kit.idempotency;
    BEGIN
      SELECT * INTO owner FROM kit.module_owner WHERE module = wanted FOR SHARE;
      IF owner.state IS DISTINCT FROM 'open' THEN verdict := 'owner-sealed'; RETURN; END IF;
      IF owner.epoch <> sent_epoch THEN verdict := 'epoch-old'; RETURN; END IF;
      INSERT INTO kit.idempotency (key, token_id, request_hash, expires_at) VALUES (new_key, new_token, new_hash, until)
      ON CONFLICT DO NOTHING;
      IF FOUND THEN verdict := 'claimed'; RETURN; END IF;
      SELECT * INTO first FROM kit.idempotency WHERE key = new_key;
      verdict := CASE
        WHEN first.key IS NULL THEN 'token-replayed'
        WHEN first.request_hash <> new_hash THEN 'idempotency-mismatch'
        WHEN first.answer IS NULL THEN 'idempotency-no-answer'
        ELSE 'stored' END;
      IF verdict = 'stored' THEN stored := first.answer; END IF;
    END $$;

    -- A service knows its module; until a flip opens it, nobody writes here.
    CREATE FUNCTION kit.ensure_module(wanted text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = kit, pg_temp AS $$
      INSERT INTO kit.module_owner (module) VALUES (wanted) ON CONFLICT DO NOTHING;
    $$;

    -- The next id of the lowest block that has one; no row when every block is used up.
    CREATE FUNCTION kit.next_id(wanted text, OUT id bigint, OUT left_ids bigint, OUT block_ids bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = kit, pg_temp AS $$
    BEGIN
      UPDATE kit.id_block b SET next_id = b.next_id + 1
      FROM (SELECT name, first_id FROM kit.id_block WHERE name = wanted AND next_id <= last_id
            ORDER BY first_id LIMIT 1 FOR UPDATE) chosen
      WHERE b.name = chosen.name AND b.first_id = chosen.first_id
      RETURNING b.next_id - 1 INTO id;
      SELECT sum(last_id - next_id + 1), sum(last_id - first_id + 1) INTO left_ids, block_ids
      FROM kit.id_block WHERE name = wanted;
    END $$;

    REVOKE ALL ON ALL FUNCTIONS IN SCHEMA kit FROM PUBLIC;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    DROP FUNCTION kit.next_id(text), kit.ensure_module(text), kit.begin_write(text, bigint, text, text, bytea, timestamptz), kit.record_write(jsonb, jsonb, text, jsonb),
      kit.append_audit(jsonb);
    DROP TABLE kit.dry_run_probe, kit.id_block, kit.module_owner, kit.idempotency, kit.outbox, kit.audit_head, kit.audit_event;
    DROP FUNCTION kit.refuse_change();
  `);
}
