/**
 * The proxies' audit events, stored batch by batch as they come and never changed. A batch's hash covers its events' digest and
 * the hash of the batch before. Nobody is named in them but staff: patients are pseudonyms made by the proxies.
 */

import { createHash } from "node:crypto";
import type { Knex } from "knex";
import { z } from "zod";
import { limits } from "../limits.ts";

const word = z.string().max(limits.nameCharsMax);
const pseudonym = z.string().regex(/^[0-9a-f]{32}$/, "a pseudonym, never a number");

/** One event as a replica tells it (proxy/src/audit/audit-event.ts). */
export const accessEventSchema = z.strictObject({
  requestId: z.string().regex(/^[0-9a-f]{32}$/),
  at: z.number().int().min(0).max(8.64e15),
  module: word,
  rule: word,
  effect: z.enum(["read", "write"]),
  by: z.enum(["legacy", "service", "proxy"]),
  status: z.number().int().min(0).max(999),
  reason: word,
  failure: word.nullable(),
  revision: z.number().int().min(0),
  epoch: z.number().int().min(0),
  kind: z.enum(["staff", "portal", "interface", "anonymous", "unknown"]),
  who: word.nullable(),
  role: word.nullable(),
  site: word.nullable(),
  session: z.string().max(64).nullable(),
  patient: pseudonym.nullable(),
  openPatient: pseudonym.nullable(),
  address: z
    .string()
    .regex(/^[0-9A-Fa-f:.]{2,45}$/)
    .nullable(),
});
export type AccessEvent = z.infer<typeof accessEventSchema>;

export type AccessBatch = {
  readonly replica: string;
  /** Name the sender gave it: stored once however often it comes. */
  readonly spool: string;
  readonly segment: number;
  readonly receivedAt: Date;
  /** Events the replica could not keep since its batch before. */
  readonly dropped: number;
  readonly events: readonly AccessEvent[];
};

type Head = { readonly seq: string; readonly hash: string };

type StoredBatch = {
  readonly seq: string;
  readonly replica: string;
  readonly spool: string;
  readonly segment: string;
  readonly received_at: Date;
  readonly events: number;
  readonly dropped: string;
  readonly digest: string;
  readonly previous_hash: string;
  readonly hash: string;
};

/** @returns whether it was new. */
export async function storeAccessBatch(db: Knex, batch: AccessBatch): Promise<boolean> {
  return db.transaction(async (trx) => {
    const head = await trx<Head>("access_head").first("seq", "hash").forUpdate();
    const known = await trx("access_batches").where({ spool: batch.spool, segment: batch.segment }).first("seq");
    if (known) return false;
    const seq = Number(head?.seq ?? 0) + 1;
    const previousHash = head?.hash ?? "";
    const digest = digestOf(batch.events);
    const hash = hashOf({ ...batch, seq, events: batch.events.length, digest, previousHash });
    await trx("access_batches").insert({
      seq,
      replica: batch.replica,
      spool: batch.spool,
      segment: batch.segment,
      received_at: batch.receivedAt,
      events: batch.events.length,
      dropped: batch.dropped,
      digest,
      previous_hash: previousHash,
      hash,
    });
    await insertEvents(trx, seq, batch.events);
    await trx("access_head").update({ seq, hash });
    return true;
  });
}

/** One statement for the whole batch: a parameter a column, however many events. */
async function insertEvents(trx: Knex.Transaction, batch: number, events: readonly AccessEvent[]): Promise<void> {
  if (events.length === 0) return;
  await trx.raw(
    `INSERT INTO access_events (batch, line, at, request_id, module, rule, effect, served_by, status, reason, failure, revision,
       epoch, kind, who, role, site, session, patient, open_patient, address)
     SELECT ?, ordinality, to_timestamp((event->>'at')::numeric / 1000), event->>'requestId', event->>'module', event->>'rule',
       event->>'effect', event->>'by', (event->>'status')::integer, event->>'reason', event->>'failure',
       (event->>'revision')::integer, (event->>'epoch')::integer, event->>'kind', event->>'who', event->>'role', event->>'site',
       event->>'session', event->>'patient', event->>'openPatient', event->>'address'
     FROM jsonb_array_elements(?::jsonb) WITH ORDINALITY AS told (event, ordinality)`,
    [batch, JSON.stringify(events)],
  );
}

export type AccessRow = Omit<AccessEvent, "at"> & { readonly at: Date; readonly batch: number; readonly line: number };

export type AccessQuery = {
  /** Pseudonym. */
  readonly patient?: string | undefined;
  readonly who?: string | undefined;
  readonly module?: string | undefined;
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  /** Batches below this one. */
  readonly before?: number | undefined;
  readonly limit: number;
};

/** Newest first. */
export async function listAccess(db: Knex, asked: AccessQuery): Promise<AccessRow[]> {
  const query = db<StoredEvent>("access_events")
    .orderBy([
      { column: "batch", order: "desc" },
      { column: "line", order: "desc" },
    ])
    .limit(asked.limit);
  if (asked.patient !== undefined) query.where("patient", asked.patient);
  if (asked.who !== undefined) query.where("who", asked.who);
  if (asked.module !== undefined) query.where("module", asked.module);
  if (asked.since) query.where("at", ">=", asked.since);
  if (asked.until) query.where("at", "<", asked.until);
  if (asked.before !== undefined) query.where("batch", "<", asked.before);
  return (await query).map((row) => ({ ...eventOf(row), at: row.at, batch: Number(row.batch), line: row.line }));
}

export type AccessProblem = { readonly batch: number; readonly problem: string };
export type AccessVerification = {
  readonly intact: boolean;
  readonly batches: number;
  readonly events: number;
  /** Events the replicas said they could not keep: gaps, known ones. */
  readonly dropped: number;
  readonly headHash: string;
  readonly problems: readonly AccessProblem[];
};

/** Reads everything in one snapshot, a few batches at a time. At most `limits.auditProblemsMax` problems are listed. */
export async function verifyAccess(db: Knex): Promise<AccessVerification> {
  return db.transaction(
    async (trx) => {
      const head = await trx<Head>("access_head").first("seq", "hash");
      const problems: AccessProblem[] = [];
      let last = { seq: 0, hash: "" };
      const sums = { batches: 0, events: 0, dropped: 0 };
      for (;;) {
        const batches = await trx<StoredBatch>("access_batches")
          .where("seq", ">", last.seq)
          .orderBy("seq")
          .limit(limits.accessVerifyBatches);
        const events = await eventsOf(trx, batches);
        for (const batch of batches) {
          const seq = Number(batch.seq);
          problems.push(...problemsOf(batch, events.get(seq) ?? [], last));
          last = { seq, hash: batch.hash };
          sums.batches += 1;
          sums.events += batch.events;
          sums.dropped += Number(batch.dropped);
        }
        if (batches.length < limits.accessVerifyBatches || problems.length >= limits.auditProblemsMax) break;
      }
      const headSeq = Number(head?.seq ?? 0);
      if (problems.length < limits.auditProblemsMax && (headSeq !== last.seq || head?.hash !== last.hash))
        problems.push({ batch: headSeq, problem: `the last batch is not number ${headSeq} as it was written` });
      return {
        intact: problems.length === 0,
        ...sums,
        headHash: last.hash,
        problems: problems.slice(0, limits.auditProblemsMax),
      };
    },
    { isolationLevel: "repeatable read", readOnly: true },
  );
}

type StoredEvent = {
  readonly batch: string;
  readonly line: number;
  readonly at: Date;
  readonly request_id: string;
  readonly module: string;
  readonly rule: string;
  readonly effect: AccessEvent["effect"];
  readonly served_by: AccessEvent["by"];
  readonly status: number;
  readonly reason: string;
  readonly failure: string | null;
  readonly revision: number;
  readonly epoch: number;
  readonly kind: AccessEvent["kind"];
  readonly who: string | null;
  readonly role: string | null;
  readonly site: string | null;
  readonly session: string | null;
  readonly patient: string | null;
  readonly open_patient: string | null;
  readonly address: string | null;
};

async function eventsOf(trx: Knex.Transaction, batches: readonly StoredBatch[]): Promise<Map<number, AccessEvent[]>> {
  const [first, last] = [batches[0], batches.at(-1)];
  if (!first || !last) return new Map();
  const rows = await trx<StoredEvent>("access_events")
    .whereBetween("batch", [first.seq, last.seq])
    .orderBy(["batch", "line"]);
  const events = new Map<number, AccessEvent[]>();
  for (const row of rows) {
    const batch = Number(row.batch);
    const list = events.get(batch) ?? [];
    events.set(batch, list);
    list.push(eventOf(row));
  }
  return events;
}

function problemsOf(
  batch: StoredBatch,
  events: readonly AccessEvent[],
  last: { readonly seq: number; readonly hash: string },
): AccessProblem[] {
  const seq = Number(batch.seq);
  const problems: AccessProblem[] = [];
  if (seq !== last.seq + 1) problems.push({ batch: seq, problem: `batches ${last.seq + 1} to ${seq - 1} are missing` });
  if (batch.previous_hash !== last.hash)
    problems.push({ batch: seq, problem: "does not follow the batch before it: one of the two was moved or replaced" });
  if (events.length !== batch.events)
    problems.push({ batch: seq, problem: `holds ${events.length} events, ${batch.events} were written` });
  else if (digestOf(events) !== batch.digest)
    problems.push({ batch: seq, problem: "one of its events is not what was written" });
  const hash = hashOf({
    seq,
    replica: batch.replica,
    spool: batch.spool,
    segment: Number(batch.segment),
    receivedAt: batch.received_at,
    events: batch.events,
    dropped: Number(batch.dropped),
    digest: batch.digest,
    previousHash: batch.previous_hash,
  });
  if (hash !== batch.hash) problems.push({ batch: seq, problem: "its content is not what was written" });
  return problems;
}

function hashOf(batch: {
  readonly seq: number;
  readonly replica: string;
  readonly spool: string;
  readonly segment: number;
  readonly receivedAt: Date;
  readonly events: number;
  readonly dropped: number;
  readonly digest: string;
  readonly previousHash: string;
}): string {
  const { seq, replica, spool, segment, receivedAt, events, dropped, digest, previousHash } = batch;
  const content = [seq, replica, spool, segment, receivedAt.toISOString(), events, dropped, digest, previousHash];
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}

/** Over the fields in the order of the schema. */
function digestOf(events: readonly AccessEvent[]): string {
  const names = Object.keys(accessEventSchema.shape) as (keyof AccessEvent)[];
  const digest = createHash("sha256");
  for (const event of events) digest.update(JSON.stringify(names.map((name) => event[name])));
  return digest.digest("hex");
}

function eventOf(row: StoredEvent): AccessEvent {
  return {
    requestId: row.request_id,
    at: row.at.getTime(),
    module: row.module,
    rule: row.rule,
    effect: row.effect,
    by: row.served_by,
    status: row.status,
    reason: row.reason,
    failure: row.failure,
    revision: row.revision,
    epoch: row.epoch,
    kind: row.kind,
    who: row.who,
    role: row.role,
    site: row.site,
    session: row.session,
    patient: row.patient,
    openPatient: row.open_patient,
    address: row.address,
  };
}
