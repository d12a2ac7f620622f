/**
 * The first and the last statement of a write transaction, one round trip each. The last one travels with its COMMIT: the audit
 * head, which every write of the service queues for, is then never locked while this process is busy with something else.
 */

import type { Clock } from "@banyan/kernel";
import type { Knex } from "knex";
import type { AuditEvent } from "./audit-event.ts";
import type { IdempotencyKey } from "./idempotency.ts";
import { limits } from "./limits.ts";
import type { RefusalCode } from "./refusal.ts";

type Refused = Extract<
  RefusalCode,
  "owner-sealed" | "epoch-old" | "token-replayed" | "idempotency-mismatch" | "idempotency-no-answer"
>;
export type Begun =
  /** The owner row and the key are this write's until it ends. */
  | { readonly kind: "claimed" }
  | { readonly kind: "stored"; readonly answer: unknown }
  | { readonly kind: "refused"; readonly code: Refused };

/** Waits, within the lock time-out, for a change of owner and for a first request with the same key. */
export async function beginWrite(
  trx: Knex.Transaction,
  write: { readonly module: string; readonly epoch: number; readonly key: IdempotencyKey; readonly clock: Clock },
): Promise<Begun> {
  const { module, epoch, key, clock } = write;
  const until = new Date(clock.now().getTime() + limits.idempotencyMs);
  const answer: { rows: { verdict: Refused | "claimed" | "stored"; stored: { value: unknown } | null }[] } =
    await trx.raw("SELECT * FROM kit.begin_write(?, ?, ?, ?, ?, ?)", [
      module,
      epoch,
      key.key,
      key.tokenId,
      key.requestHash,
      until,
    ]);
  const begun = answer.rows[0];
  if (!begun || begun.verdict === "claimed") return { kind: "claimed" };
  if (begun.verdict === "stored") return { kind: "stored", answer: begun.stored?.value };
  return { kind: "refused", code: begun.verdict };
}

export type WriteRecord = {
  readonly events: readonly AuditEvent[];
  /** The outbox entry; null when legacy has nothing to learn. */
  readonly entry: object | null;
  /** Null: a dry run, which stores no answer. */
  readonly key: string | null;
  /** Null: too long to be kept. */
  readonly answer: string | null;
};

/**
 * @param end `commit`: the transaction is committed when this resolves; an empty one is left for knex to end.
 * @returns the outbox entry's id
 */
export async function recordWrite(
  trx: Knex.Transaction,
  record: WriteRecord,
  end: "commit" | "leave-open",
): Promise<number | undefined> {
  const { events, entry, key, answer } = record;
  const values = [JSON.stringify(events), entry && JSON.stringify(entry), key, answer];
  const [list, change, name, kept] = values.map(literal);
  const statement = `SELECT kit.record_write(${list}::jsonb, ${change}::jsonb, ${name}, ${kept}::jsonb) AS id`;
  type Result = { rows: { id: string | null }[] };
  const results: Result | readonly Result[] = await trx.raw(
    end === "commit" ? `${statement}; COMMIT; BEGIN` : statement,
  );
  const recorded = "rows" in results ? results : results[0];
  const id = recorded?.rows[0]?.id;
  return id === null || id === undefined ? undefined : Number(id);
}

/** Several statements in one message take no parameters. As base64 a value holds nothing that SQL or knex could read. */
function literal(value: string | null): string {
  if (value === null) return "NULL";
  return `convert_from(decode('${Buffer.from(value, "utf8").toString("base64")}', 'base64'), 'UTF8')`;
}
