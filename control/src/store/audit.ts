/**
 * The audit trail: who did or tried what, and why. Each entry's hash covers the entry and the hash before it, so that a row
 * changed, removed or moved breaks the chain from there on; the head row tells when the end was cut off.
 */

import { createHash } from "node:crypto";
import type { Knex } from "knex";
import { limits } from "../limits.ts";

export type AuditEntry = {
  readonly at: Date;
  readonly who: string;
  readonly role: string;
  /** How the person was known: adminToken, token, oidc, or process. */
  readonly via: string;
  /** `stage`, `rules`, `freeze.add` … */
  readonly action: string;
  readonly outcome: "done" | "refused";
  readonly module: string | null;
  readonly revision: number | null;
  readonly reason: string | null;
  readonly details: Readonly<Record<string, unknown>>;
};

export type AuditRow = AuditEntry & { readonly seq: number; readonly previousHash: string; readonly hash: string };

type Stored = Omit<AuditEntry, "details"> & {
  seq: string;
  details: Record<string, unknown>;
  previous_hash: string;
  hash: string;
};

export async function appendAudit(trx: Knex.Transaction, entry: AuditEntry): Promise<number> {
  const head = await trx<{ seq: string; hash: string }>("audit_head").first("seq", "hash").forUpdate();
  const seq = Number(head?.seq ?? 0) + 1;
  const previousHash = head?.hash ?? "";
  const hash = hashOf(seq, entry, previousHash);
  await trx("audit").insert({
    ...entry,
    seq,
    details: JSON.stringify(entry.details),
    previous_hash: previousHash,
    hash,
  });
  await trx("audit_head").update({ seq, hash });
  return seq;
}

/** Newest first. */
export async function listAudit(
  db: Knex,
  options: { readonly before?: number | undefined; readonly limit: number; readonly module?: string | undefined },
): Promise<AuditRow[]> {
  const query = db<Stored>("audit").orderBy("seq", "desc").limit(options.limit);
  if (options.before !== undefined) query.where("seq", "<", options.before);
  if (options.module !== undefined) query.where("module", options.module);
  return (await query).map(rowOf);
}

export type AuditProblem = { readonly seq: number; readonly problem: string };
export type AuditVerification = {
  readonly intact: boolean;
  readonly rows: number;
  /** Hash of the last row: kept elsewhere, it proves later that nothing before it was touched. */
  readonly headHash: string;
  readonly problems: readonly AuditProblem[];
};

/** Reads the whole trail in one snapshot, in batches. At most `limits.auditProblemsMax` problems are listed. */
export async function verifyAudit(db: Knex): Promise<AuditVerification> {
  return db.transaction(
    async (trx) => {
      const head = await trx<{ seq: string; hash: string }>("audit_head").first("seq", "hash");
      const problems: AuditProblem[] = [];
      let last = { seq: 0, hash: "" };
      let rows = 0;
      for (;;) {
        const batch = await trx<Stored>("audit")
          .where("seq", ">", last.seq)
          .orderBy("seq")
          .limit(limits.auditBatchRows);
        for (const row of batch.map(rowOf)) {
          problems.push(...problemsOf(row, last));
          last = { seq: row.seq, hash: row.hash };
          rows += 1;
        }
        if (batch.length < limits.auditBatchRows || problems.length >= limits.auditProblemsMax) break;
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

function problemsOf(row: AuditRow, last: { readonly seq: number; readonly hash: string }): AuditProblem[] {
  const problems: AuditProblem[] = [];
  if (row.seq !== last.seq + 1)
    problems.push({ seq: row.seq, problem: `rows ${last.seq + 1} to ${row.seq - 1} are missing` });
  if (row.previousHash !== last.hash)
    problems.push({ seq: row.seq, problem: "does not follow the row before it: one of the two was moved or replaced" });
  if (hashOf(row.seq, row, row.previousHash) !== row.hash)
    problems.push({ seq: row.seq, problem: "its content is not what was written" });
  return problems;
}

function headProblems(
  head: { readonly seq: string; readonly hash: string } | undefined,
  last: { readonly seq: number; readonly hash: string },
): AuditProblem[] {
  const seq = Number(head?.seq ?? 0);
  if (seq > last.seq) return [{ seq, problem: `rows ${last.seq + 1} to ${seq} are missing at the end` }];
  if (seq < last.seq || head?.hash !== last.hash)
    return [{ seq: last.seq, problem: "the last row is not the one that was written last" }];
  return [];
}

function hashOf(seq: number, entry: AuditEntry, previousHash: string): string {
  const content = [
    seq,
    entry.at.toISOString(),
    entry.who,
    entry.role,
    entry.via,
    entry.action,
    entry.outcome,
    entry.module,
    entry.revision,
    entry.reason,
    canonical(entry.details),
    previousHash,
  ];
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}

/** JSON with sorted names: jsonb does not keep their order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    member !== null && typeof member === "object" && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

function rowOf({ previous_hash, ...row }: Stored): AuditRow {
  return { ...row, seq: Number(row.seq), previousHash: previous_hash };
}
