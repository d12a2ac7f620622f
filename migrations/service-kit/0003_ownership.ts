/**
 * Commands that seal and open a module's owner row. Each names its flip and step, may be repeated, and may come late: the
 * journal of what was done decides which it is. `change_owner` locks the row for update and so waits for every write
 * transaction that holds it for share; what it answers is therefore true of all writes.
 */

import type { Knex } from "knex";

export async function up(db: Knex): Promise<void> {
  await db.raw(`
    CREATE TABLE kit.owner_change (
      flip uuid NOT NULL,
      step text NOT NULL,
      module text NOT NULL,
      epoch bigint NOT NULL,
      state text NOT NULL,
      changed_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (flip, step)
    );
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON kit.owner_change FOR EACH ROW EXECUTE FUNCTION kit.refuse_change();
    CREATE TRIGGER never_emptied BEFORE TRUNCATE ON kit.owner_change FOR EACH STATEMENT EXECUTE FUNCTION kit.refuse_change();

    -- How far the adapter has relayed the outbox to the legacy side.
    CREATE TABLE kit.relay_position (
      single boolean PRIMARY KEY DEFAULT true CHECK (single),
      outbox_id bigint NOT NULL
    );
    INSERT INTO kit.relay_position (outbox_id) VALUES (0);

    -- 'changed', 'repeated' (done before, still so) or 'late' (nothing done).
    CREATE FUNCTION kit.change_owner(
      wanted text, by_flip uuid, by_step text, new_epoch bigint, new_state text, events jsonb
    ) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = kit, pg_temp AS $$
    DECLARE
      owner kit.module_owner;
    BEGIN
      SELECT * INTO STRICT owner FROM kit.module_owner WHERE module = wanted FOR UPDATE;
      IF EXISTS (SELECT FROM kit.owner_change WHERE flip = by_flip AND step = by_step) THEN
        RETURN CASE WHEN owner.flip = by_flip AND owner.step = by_step THEN 'repeated' ELSE 'late' END;
      END IF;
      IF new_epoch < owner.epoch
        OR EXISTS (SELECT FROM kit.owner_change WHERE flip = by_flip AND step IN ('open', 'reopen'))
        OR (owner.state = 'sealed' AND owner.flip <> by_flip AND new_epoch <= owner.epoch) THEN
        RETURN 'late';
      END IF;
      UPDATE kit.module_owner
      SET epoch = new_epoch, state = new_state, flip = by_flip, step = by_step, changed_at = clock_timestamp()
      WHERE module = wanted;
      INSERT INTO kit.owner_change (flip, step, module, epoch, state) VALUES (by_flip, by_step, wanted, new_epoch, new_state);
      PERFORM kit.append_audit(events);
      RETURN 'changed';
    END $$;

    -- The marker behind the last write of a sealed owner; its number in the outbox, or null when that flip has not sealed.
    CREATE FUNCTION kit.put_marker(wanted text, by_flip uuid, events jsonb, by_request text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = kit, pg_temp AS $$
    DECLARE
      owner kit.module_owner;
      marker bigint;
      last_seq bigint;
    BEGIN
      SELECT * INTO STRICT owner FROM kit.module_owner WHERE module = wanted FOR UPDATE;
      SELECT id INTO marker FROM kit.outbox WHERE flip = by_flip;
      IF marker IS NOT NULL THEN RETURN marker; END IF;
      IF owner.state <> 'sealed' OR owner.flip IS DISTINCT FROM by_flip THEN RETURN NULL; END IF;
      last_seq := kit.append_audit(events);
      INSERT INTO kit.outbox (audit_seq, module, epoch, request_id, who, changes, flip, recorded_at)
      VALUES (last_seq, wanted, owner.epoch, by_request, 'control', '[]', by_flip, clock_timestamp())
      RETURNING id INTO marker;
      RETURN marker;
    END $$;

    REVOKE ALL ON FUNCTION kit.change_owner(text, uuid, text, bigint, text, jsonb), kit.put_marker(text, uuid, jsonb, text)
      FROM PUBLIC;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    DROP FUNCTION kit.put_marker(text, uuid, jsonb, text), kit.change_owner(text, uuid, text, bigint, text, jsonb);
    DROP TABLE kit.relay_position, kit.owner_change;
  `);
}
