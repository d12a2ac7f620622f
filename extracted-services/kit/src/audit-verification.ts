/**
 * Proves that a service's audit is what was written: recomputes each row's hash over its number, its content and the hash
 * before it, apart from the database's own functions, and names each row that was changed, removed or moved. The hash of the
 * last row, kept elsewhere, proves later that nothing before it was touched.
 */

import { createHash } from "node:crypto";
import type { Knex } from "knex";
import { limits } from "./limits.ts";

export type AuditProblem = { readonly seq: number; readonly problem: string };

export type AuditVerification = {
  readonly intact: boolean;
  readonly rows: number;
  /** SHA-256 of the newest row, hexadecimal; empty when there is none. */
  readonly headHash: string;
  /** At most `limits.auditProblemsMax`. */
  readonly problems: readonly AuditProblem[];
};

type Stored = { readonly seq: string; readonly event: string; readonly prev_hash: Buffer; readonly hash: Buffer };
type Last = { readonly seq: number; readonly hash: string };

/** Reads the whole trail in one snapshot, in batches. @param since a row known from an earlier verification, to start behind it. */
export async function verifyAudit(db: Knex, since: Last = { seq: 0, hash: "" }): Promise<AuditVerification> {
  return db.transaction(
    async (trx) => {
      const head = await trx<{ seq: string; hash: Buffer }>("kit.audit_head").first("seq", "hash");
      const problems: AuditProblem[] = [];
      let last = since;
      let rows = 0;
      for (;;) {
        const batch = await batchAfter(trx, last.seq);
        for (const row of batch) {
          problems.push(...problemsOf(row, last));
          last = { seq: Number(row.seq), hash: row.hash.toString("hex") };
          rows += 1;
        }
        if (batch.length < limits.auditVerifyRows || problems.length >= limits.auditProblemsMax) break;
      }
      if (problems.length < limits.auditProblemsMax) problems.push(...headProblems(head, last));
      return {
        intact: problems.length === 0,
        rows,
        headHash: last.hash,
        problems: problems.slice(0, limits.auditProblemsMax),
      };
    },
    { isolationLevel: "repeatable read", readOnly: true },
  );
}

/** The event as the text that was hashed: PostgreSQL writes a jsonb value in one way only. */
async function batchAfter(trx: Knex.Transaction, seq: number): Promise<readonly Stored[]> {
  const answer: { rows: Stored[] } = await trx.raw(
    "SELECT seq, event::text AS event, prev_hash, hash FROM kit.audit_event WHERE seq > ? ORDER BY seq LIMIT ?",
    [seq, limits.auditVerifyRows],
  );
  return answer.rows;
}

function problemsOf(row: Stored, last: Last): AuditProblem[] {
  const seq = Number(row.seq);
  const problems: AuditProblem[] = [];
  if (seq !== last.seq + 1) problems.push({ seq, problem: `rows ${last.seq + 1} to ${seq - 1} are missing` });
  if (row.prev_hash.toString("hex") !== last.hash)
    problems.push({ seq, problem: "does not follow the row before it: one of the two was moved or replaced" });
  if (!hashOf(row).equals(row.hash)) problems.push({ seq, problem: "its content is not what was written" });
  return problems;
}

function hashOf(row: Stored): Buffer {
  return createHash("sha256").update(row.prev_hash).update(`${row.seq} ${row.event}`, "utf8").digest();
}

function headProblems(head: { readonly seq: string; readonly hash: Buffer } | undefined, last: Last): AuditProblem[] {
  const seq = Number(head?.seq ?? 0);
  if (seq > last.seq) return [{ seq, problem: `rows ${last.seq + 1} to ${seq} are missing at the end` }];
  if (seq < last.seq || (head?.hash.toString("hex") ?? "") !== last.hash)
    return [{ seq: last.seq, problem: "the last row is not the one that was written last" }];
  return [];
}
