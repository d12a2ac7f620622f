/** What the comparison has found: numbers, signatures, samples (revealed and audited), and a second look at kept samples. */

import type { Difference, PoolVerdict } from "@banyan/comparer";
import { z } from "zod";
import type { ControlContext } from "../context.ts";
import { limits } from "../limits.ts";
import { Refusal } from "../refusal.ts";
import { decodeSample, type Sample } from "../shadow/sample.ts";
import { numbersOf, samplesOf, type SignatureRow, type StoredSample } from "../shadow/shadow-store.ts";
import { appendAudit } from "../store/audit.ts";
import { endpoint, nameSchema, reasonSchema } from "./endpoint.ts";

const listQuery = z.strictObject({
  module: nameSchema.optional(),
  limit: z.coerce.number().int().min(1).max(limits.listRowsMax).default(limits.listRowsDefault),
});

export const shadowEndpoints = [
  endpoint({
    method: "get",
    path: "/diffs",
    role: "viewer",
    query: listQuery,
    handle: async ({ context, query }) => {
      const rows: SignatureRow[] = await context
        .db<SignatureRow>("shadow_signatures")
        .modify((builder) => {
          if (query.module !== undefined) void builder.where({ module: query.module });
        })
        .orderBy([
          { column: "confirmed", order: "desc" },
          { column: "last_seen", order: "desc" },
        ])
        .limit(query.limit);
      const modules = query.module === undefined ? [...new Set(rows.map((row) => row.module))] : [query.module];
      const since = new Date(context.clock.now().getTime() - limits.readinessWindowMs);
      const numbers = await Promise.all(
        modules.map(async (module) => [module, await numbersOf(context.db, module, since)] as const),
      );
      return { body: { since, numbers: Object.fromEntries(numbers), signatures: rows.map(signatureView) } };
    },
  }),
  endpoint({
    method: "get",
    path: "/diffs/:id",
    role: "viewer",
    handle: async ({ context, params }) => {
      const row = await signatureOf(context, params["id"] ?? "");
      const samples = await samplesOf(context.db, row.id, context.clock.now());
      return { body: { ...signatureView(row), samples: samples.map(sampleView) } };
    },
  }),
  endpoint({
    method: "post",
    path: "/diffs/:id/reveal",
    role: "admin",
    changes: true,
    body: z.strictObject({ reason: reasonSchema, sample: z.uuid().optional() }),
    handle: async ({ context, caller, params, body }) => {
      const row = await signatureOf(context, params["id"] ?? "");
      const samples = await samplesOf(context.db, row.id, context.clock.now());
      const sample = body.sample === undefined ? samples[0] : samples.find((one) => one.id === body.sample);
      if (!sample) throw noSample(row.id);
      // The entry is there before the data are: a reveal that cannot be recorded does not happen.
      await context.db.transaction((trx) =>
        appendAudit(trx, {
          at: context.clock.now(),
          who: caller.who,
          role: caller.role,
          via: caller.via,
          action: "diffs.reveal",
          outcome: "done",
          module: row.module,
          revision: context.head.current.revision.number,
          reason: body.reason,
          details: { signature: row.id, sample: sample.id },
        }),
      );
      const opened = open(context, sample);
      const compared = await compareAgain(context, sample, opened);
      return { body: { ...sampleView(sample), ...revealed(opened), ...verdictView(compared, row) } };
    },
  }),
  endpoint({
    method: "post",
    path: "/replay",
    role: "operator",
    body: z.strictObject({ module: nameSchema.optional() }),
    changes: true,
    handle: async ({ context, body }) => ({ body: await replay(context, body.module) }),
  }),
];

/** Compares the kept samples again by the rules of now: what a change of rules would do, before anybody relies on it. */
async function replay(context: ControlContext, module: string | undefined) {
  const samples = await context
    .db<StoredSample>("shadow_samples")
    .where("expires_at", ">", context.clock.now())
    .modify((builder) => {
      if (module !== undefined) void builder.where({ module });
    })
    .orderBy("taken_at", "desc")
    .limit(limits.replaySamplesMax);
  const verdicts: Record<string, number> = {};
  for (const sample of samples) {
    const { verdict } = await compareAgain(context, sample, open(context, sample));
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  }
  return { samples: samples.length, verdicts };
}

function open(context: ControlContext, sample: StoredSample): Sample {
  const { vault } = context.shadow;
  if (!vault)
    throw new Refusal({
      code: "NOT_FOUND",
      message: "the sample was not opened",
      why: "this control process has no key for samples",
      hint: "Start it with BANYAN_SAMPLE_KEY.",
    });
  return decodeSample(vault.open(sample.id, { wrappedKey: sample.wrapped_key, sealed: sample.sealed }));
}

function compareAgain(context: ControlContext, { rule }: StoredSample, sample: Sample): Promise<PoolVerdict> {
  return context.shadow.compare(sample.legacy, sample.service, { route: rule, rules: context.shadow.rules() });
}

async function signatureOf(context: ControlContext, id: string): Promise<SignatureRow> {
  const row = await context.db<SignatureRow>("shadow_signatures").where({ id }).first();
  if (row) return row;
  throw new Refusal({
    code: "NOT_FOUND",
    message: "there is no such difference",
    why: "no signature has this id",
    hint: "GET /api/v1/diffs lists them.",
  });
}

function noSample(id: string): Refusal {
  return new Refusal({
    code: "NOT_FOUND",
    message: "there is nothing to reveal",
    why: "no sample of this difference is kept: it ended, or control has no BANYAN_SAMPLE_KEY",
    hint: `Its counts stay: GET /api/v1/diffs/${id}. A new sample is taken at the next sighting.`,
  });
}

function signatureView(row: SignatureRow) {
  const { seen, confirmed, transient, unstable, ...rest } = row;
  return {
    ...rest,
    seen: Number(seen),
    confirmed: Number(confirmed),
    transient: Number(transient),
    unstable: Number(unstable),
  };
}

const sampleView = ({ id, slot, taken_at: takenAt, expires_at: expiresAt }: StoredSample) => ({
  sample: id,
  slot,
  takenAt,
  expiresAt,
});

function revealed({ method, path, at, role, site, served, legacy, service }: Sample) {
  const answer = ({ status, headers, body }: Sample["legacy"]) => ({
    status,
    headers,
    body: Buffer.from(body).toString("base64"),
  });
  return { request: { method, path, at, role, site, served }, legacy: answer(legacy), service: answer(service) };
}

function verdictView(compared: PoolVerdict, row: SignatureRow) {
  const differences: readonly Difference[] = compared.verdict === "different" ? compared.differences : [];
  const here = differences.filter(
    ({ finding }) => finding.path === row.path && finding.channel === row.channel && finding.kind === row.kind,
  );
  return { verdict: compared.verdict, differences: here.slice(0, limits.listRowsDefault), all: differences.length };
}
