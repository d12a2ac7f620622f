/** Counters, signatures and encrypted samples of the comparison, in the control database. */

import { createHash, randomUUID } from "node:crypto";
import { type Finding, signatureOf } from "@banyan/comparer";
import type { Knex } from "knex";
import { limits } from "../limits.ts";
import type { VerdictName } from "./judge.ts";
import type { Vault } from "./vault.ts";

export type CountKey = { readonly minute: Date; readonly module: string; readonly rule: string };
/**
 * Outcome: a verdict, `eligible`, `<verdict>:<why>`, or `ms:legacy` and `ms:service`, whose amount is milliseconds. A negative
 * amount takes an earlier one back.
 */
export type Count = CountKey & { readonly outcome: string; readonly amount: number };

export const minuteOf = (at: Date): Date => new Date(Math.floor(at.getTime() / 60_000) * 60_000);

export async function addCounts(db: Knex, counts: readonly Count[]): Promise<void> {
  const summed = new Map<string, Count>();
  for (const count of counts) {
    const key = `${count.minute.getTime()} ${count.rule} ${count.outcome}`;
    summed.set(key, { ...count, amount: count.amount + (summed.get(key)?.amount ?? 0) });
  }
  // Always in one order: two processes that add to the same rows never wait for each other in a ring.
  const rows = [...summed.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count);
  if (rows.length === 0) return;
  await db("shadow_counts")
    .insert(rows)
    .onConflict(["minute", "module", "rule", "outcome"])
    .merge({ amount: db.raw("shadow_counts.amount + excluded.amount") });
}

export type SignatureRow = {
  readonly id: string;
  readonly module: string;
  readonly rule: string;
  readonly channel: string;
  readonly path: string;
  readonly kind: string;
  readonly transform: string;
  readonly first_seen: Date;
  readonly last_seen: Date;
  readonly seen: string;
  readonly confirmed: string;
  readonly transient: string;
  readonly unstable: string;
  readonly last_confirmed: Date | null;
};

export function signatureId(rule: string, finding: Finding): string {
  return createHash("sha256").update(signatureOf(rule, finding)).digest("hex").slice(0, 16);
}

/** Counts each finding once an answer. @returns the signatures' ids; those past the module's bound are left out. */
export async function seeFindings(
  trx: Knex,
  seen: { readonly module: string; readonly rule: string; readonly findings: readonly Finding[]; readonly at: Date },
): Promise<string[]> {
  const { module, rule, at } = seen;
  const byId = new Map(seen.findings.map((finding) => [signatureId(rule, finding), finding]));
  const ids: string[] = [];
  for (const [id, finding] of [...byId].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, limits.findingsOfAnswerMax)) {
    const { channel, path, kind, transform } = finding;
    const written: { rowCount: number } = await trx.raw(
      `INSERT INTO shadow_signatures (id, module, rule, channel, path, kind, transform, first_seen, last_seen, seen)
       SELECT :id, :module, :rule, :channel, :path, :kind, :transform, :at, :at, 1
       WHERE EXISTS (SELECT FROM shadow_signatures WHERE id = :id)
          OR (SELECT count(*) FROM shadow_signatures WHERE module = :module) < :max
       ON CONFLICT (id) DO UPDATE SET seen = shadow_signatures.seen + 1, last_seen = excluded.last_seen`,
      { id, module, rule, channel, path, kind, transform, at, max: limits.signaturesOfModuleMax },
    );
    if (written.rowCount === 1) ids.push(id);
  }
  return ids;
}

export async function settleSignatures(
  trx: Knex,
  ids: readonly string[],
  settled: { readonly as: "confirmed" | "transient" | "unstable"; readonly at: Date },
): Promise<void> {
  for (const id of [...ids].sort())
    await trx.raw(
      `UPDATE shadow_signatures SET ${settled.as} = ${settled.as} + 1${settled.as === "confirmed" ? ", last_confirmed = :at" : ""} WHERE id = :id`,
      { id, at: settled.at },
    );
}

export type Sample = {
  readonly observation: string;
  readonly module: string;
  readonly rule: string;
  readonly at: Date;
  readonly signatures: readonly string[];
  /** Of what is kept: both answers and the request's path. */
  readonly plain: () => Buffer;
};

/**
 * Keeps the first and the latest sample of each signature and a reservoir between them, every sighting with the same chance.
 * @param random from 0 to 1
 */
export async function keepSample(trx: Knex, vault: Vault, sample: Sample, random: () => number): Promise<void> {
  const wanted: { signature: string; slot: string }[] = [];
  for (const signature of sample.signatures) {
    const row: { seen: string } | undefined = await trx<SignatureRow>("shadow_signatures")
      .where({ id: signature })
      .first("seen");
    const seen = Number(row?.seen ?? 1);
    wanted.push({ signature, slot: "latest" });
    if (seen === 1) wanted.push({ signature, slot: "first" });
    const place = Math.floor(random() * seen);
    if (place < limits.reservoirSamplesMax) wanted.push({ signature, slot: `reservoir-${place}` });
  }
  if (wanted.length === 0) return;
  const id = randomUUID();
  const { wrappedKey, sealed } = vault.seal(id, sample.plain());
  const { observation, module, rule, at } = sample;
  const written: { rowCount: number } = await trx.raw(
    `INSERT INTO shadow_samples (id, observation, module, rule, taken_at, expires_at, wrapped_key, sealed)
     VALUES (:id, :observation, :module, :rule, :at, :expires, :wrappedKey, :sealed) ON CONFLICT (observation) DO NOTHING`,
    { id, observation, module, rule, at, expires: new Date(at.getTime() + limits.sampleKeepMs), wrappedKey, sealed },
  );
  if (written.rowCount !== 1) return;
  await trx("shadow_sample_signatures")
    .insert(wanted.map((one) => ({ ...one, sample: id })))
    .onConflict(["signature", "slot"])
    .merge();
  await trx.raw(
    `DELETE FROM shadow_samples WHERE module = ? AND NOT EXISTS
       (SELECT FROM shadow_sample_signatures WHERE sample = shadow_samples.id)`,
    [module],
  );
}

export type StoredSample = {
  readonly id: string;
  readonly observation: string;
  readonly module: string;
  readonly rule: string;
  readonly taken_at: Date;
  readonly expires_at: Date;
  readonly wrapped_key: Buffer;
  readonly sealed: Buffer;
  readonly slot: string;
};

export async function samplesOf(db: Knex, signature: string, now: Date): Promise<StoredSample[]> {
  return db<StoredSample>("shadow_samples")
    .join("shadow_sample_signatures", "sample", "id")
    .where({ signature })
    .where("expires_at", ">", now)
    .orderBy("slot")
    .select("shadow_samples.*", "slot");
}

/** Ends what is over its time. @returns samples that ended */
export async function forgetOldShadows(db: Knex, now: Date): Promise<number> {
  await db("shadow_pending")
    .where("at", "<", new Date(now.getTime() - limits.pendingKeepMs))
    .delete();
  for (const table of ["shadow_counts", "shadow_self_tests"])
    await db(table)
      .where("minute", "<", new Date(now.getTime() - limits.shadowCountsKeepMs))
      .delete();
  return db("shadow_samples").where("expires_at", "<=", now).delete();
}

export type ModuleNumbers = Readonly<Record<VerdictName | "eligible", number>> & {
  /** Compared with a result that says something, of all that were eligible. */
  readonly comparableShare: number | null;
  /** Time the service took against the time legacy took for the same requests. */
  readonly latencyRatio: number | null;
};

export async function numbersOf(db: Knex, module: string, since: Date): Promise<ModuleNumbers> {
  const rows: { outcome: string; amount: string }[] = await db("shadow_counts")
    .where({ module })
    .where("minute", ">=", since)
    .groupBy("outcome")
    .select("outcome")
    .sum({ amount: "amount" });
  const of = (outcome: string): number => Number(rows.find((row) => row.outcome === outcome)?.amount ?? 0);
  const eligible = of("eligible");
  const said = ["match", "match-by-rule", "diff-unconfirmed", "diff-confirmed", "transient"] as const;
  const comparable = said.reduce((sum, outcome) => sum + of(outcome), 0);
  const incomparable = of("incomparable");
  return {
    eligible,
    match: of("match"),
    "match-by-rule": of("match-by-rule"),
    "diff-unconfirmed": of("diff-unconfirmed"),
    "diff-confirmed": of("diff-confirmed"),
    transient: of("transient"),
    incomparable,
    // Whatever was eligible and has no verdict was not run: dropped, lost on the way, or without an answer.
    "not-run": Math.max(0, eligible - comparable - incomparable),
    comparableShare: eligible === 0 ? null : comparable / eligible,
    latencyRatio: of("ms:legacy") === 0 ? null : of("ms:service") / of("ms:legacy"),
  };
}
