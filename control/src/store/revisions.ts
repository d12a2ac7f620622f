/** Revisions in the database. They are only ever added, each on the one before, under the lock of the head row. */

import { createHash } from "node:crypto";
import { AppError } from "@banyan/kernel";
import { type Stage, stageSchema } from "@banyan/routing-rules";
import type { Knex } from "knex";
import { z } from "zod";

const fileSchema = z.array(z.object({ file: z.string(), text: z.string() }));
const modulesSchema = z.record(z.string(), z.object({ stage: stageSchema, epoch: z.number().int().min(0) }));

export type RuleFileText = { readonly file: string; readonly text: string };
export type ModuleStates = Readonly<Record<string, { readonly stage: Stage; readonly epoch: number }>>;
export type RevisionKind = "seed" | "rules" | "stage" | "rollback" | "kill";

export type RevisionEntry = {
  readonly number: number;
  readonly basedOn: number | null;
  readonly kind: RevisionKind;
  /** The module that was moved, where one was. */
  readonly module: string | null;
  readonly who: string;
  readonly role: string;
  readonly reason: string;
  readonly forced: boolean;
  readonly at: Date;
  /** Of the rule files: equal digests are equal rules. */
  readonly digest: string;
};

export type StoredRevision = RevisionEntry & {
  readonly files: readonly RuleFileText[];
  readonly modules: ModuleStates;
};

export type NewRevision = Omit<StoredRevision, "digest">;

/** Locks the head for the rest of the transaction: of two changes, one waits and then finds its revision stale. */
export async function lockHead(trx: Knex.Transaction): Promise<number> {
  const row = await trx<{ number: number }>("revision_head").first("number").forUpdate();
  return row?.number ?? 0;
}

export async function headNumber(db: Knex): Promise<number> {
  const row = await db<{ number: number }>("revision_head").first("number");
  return row?.number ?? 0;
}

/** The head must be locked. */
export async function insertRevision(trx: Knex.Transaction, revision: NewRevision): Promise<void> {
  const digest = digestOf(revision.files);
  await trx("rule_sets")
    .insert({ digest, files: JSON.stringify(revision.files), created_at: revision.at })
    .onConflict("digest")
    .ignore();
  await trx("revisions").insert({
    number: revision.number,
    based_on: revision.basedOn,
    digest,
    modules: JSON.stringify(revision.modules),
    kind: revision.kind,
    module: revision.module,
    who: revision.who,
    role: revision.role,
    reason: revision.reason,
    forced: revision.forced,
    created_at: revision.at,
  });
  await trx("revision_head").update({ number: revision.number });
}

/** @throws AppError REVISION_UNREADABLE when the row is not what this build writes. */
export async function readRevision(db: Knex, number: number): Promise<StoredRevision | undefined> {
  const row: (Row & { files: unknown }) | undefined = await db("revisions")
    .join("rule_sets", "revisions.digest", "rule_sets.digest")
    .where({ number })
    .first("revisions.*", "rule_sets.files");
  if (!row) return undefined;
  const files = fileSchema.safeParse(row.files);
  const modules = modulesSchema.safeParse(row.modules);
  if (files.success && modules.success) return { ...entryOf(row), files: files.data, modules: modules.data };
  throw new AppError({
    code: "REVISION_UNREADABLE",
    op: "read a revision",
    message: `revision ${number} in the database is not of a form this build knows`,
    hint: "It was written by another version of Banyan, or by hand. Start the version that wrote it, or restore the database.",
  });
}

/** Newest first. @param before only revisions below this number */
export async function listRevisions(
  db: Knex,
  options: { readonly before?: number | undefined; readonly limit: number; readonly module?: string | undefined },
): Promise<RevisionEntry[]> {
  const query = db<Row>("revisions").orderBy("number", "desc").limit(options.limit);
  if (options.before !== undefined) query.where("number", "<", options.before);
  if (options.module !== undefined) query.where("module", options.module);
  return (await query).map(entryOf);
}

export function digestOf(files: readonly RuleFileText[]): string {
  const hash = createHash("sha256");
  for (const { file, text } of files.toSorted((a, b) => a.file.localeCompare(b.file)))
    hash.update(JSON.stringify([file, text]));
  return hash.digest("hex");
}

type Row = {
  number: number;
  based_on: number | null;
  digest: string;
  modules: unknown;
  kind: RevisionKind;
  module: string | null;
  who: string;
  role: string;
  reason: string;
  forced: boolean;
  created_at: Date;
};

function entryOf(row: Row): RevisionEntry {
  return {
    number: row.number,
    basedOn: row.based_on,
    kind: row.kind,
    module: row.module,
    who: row.who,
    role: row.role,
    reason: row.reason,
    forced: row.forced,
    at: row.created_at,
    digest: row.digest,
  };
}
