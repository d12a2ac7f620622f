/** `banyan revisions`: what ran when, who made it and why; one with its stages and its rule files. */

import { describeStage, stageSchema } from "@banyan/routing-rules";
import type { Command } from "commander";
import { z } from "zod";
import { limits } from "../limits.ts";
import { clean, doubtful, faint, renderFacts, renderTable, strong } from "../output/table.ts";
import { minuteOf } from "../output/time.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { countOption } from "../written-change.ts";

const revisionSchema = z.looseObject({
  revision: z.number(),
  basedOn: z.number().nullable(),
  kind: z.string(),
  module: z.string().nullable(),
  who: z.string(),
  role: z.string(),
  reason: z.string(),
  forced: z.boolean(),
  at: z.iso.datetime(),
  digest: z.string(),
});
const revisionsSchema = z.looseObject({ revisions: z.array(revisionSchema) });
const wholeSchema = revisionSchema.extend({
  files: z.array(z.looseObject({ file: z.string(), text: z.string() })),
  modules: z.record(z.string(), z.looseObject({ stage: stageSchema, epoch: z.number() })),
});

type ListOptions = { readonly module?: string; readonly limit: number; readonly before?: number };

export function addRevisions(program: Command, session: Session): void {
  const revisions = program.command("revisions").description("show what ran when, who made it, and why");
  revisions
    .command("list", { isDefault: true })
    .description("revisions, newest first")
    .option("--module <module>", "moves of one module")
    .option("--limit <n>", "how many", countOption, limits.auditEntriesDefault)
    .option("--before <n>", "revisions below this number, to page back", countOption)
    .action(async ({ module, limit, before }: ListOptions) => {
      const query = new URLSearchParams({ limit: String(limit) });
      if (module !== undefined) query.set("module", module);
      if (before !== undefined) query.set("before", String(before));
      const call = { op: "banyan revisions", path: `/revisions?${query.toString()}` };
      const data = await session.control().call(call, revisionsSchema);
      session.answer({ data, text: revisionsTable(data) });
    });
  revisions
    .command("show")
    .argument("<number>", "number of the revision", countOption)
    .description("one revision: every module's stage, and its rule files")
    .option("--file <name>", "print one of its rule files as it was published")
    .action(async (number: number, { file }: { readonly file?: string }) => {
      const op = "banyan revisions show";
      const data = await session.control().call({ op, path: `/revisions/${number}` }, wholeSchema);
      session.answer({ data, text: file === undefined ? wholeText(data) : fileText(data, file) });
    });
}

function revisionsTable({ revisions }: z.infer<typeof revisionsSchema>): string {
  if (revisions.length === 0) return faint("no revision");
  return renderTable(
    [{ title: "no", align: "right" }, "when", "kind", "module", "who", "reason"],
    revisions.map((one) => [
      String(one.revision),
      minuteOf(one.at),
      one.forced ? doubtful(`${one.kind} (forced)`) : one.kind,
      one.module ?? "",
      `${clean(one.who)} (${one.role})`,
      clean(one.reason),
    ]),
  );
}

function wholeText(whole: z.infer<typeof wholeSchema>): string {
  const moved = Object.entries(whole.modules);
  return [
    strong(`revision ${whole.revision}`),
    renderFacts([
      ["kind", whole.module === null ? whole.kind : `${whole.kind} of ${whole.module}`],
      ["when", minuteOf(whole.at)],
      ["who", `${clean(whole.who)} (${whole.role})`],
      ["reason", clean(whole.reason)],
      ["based on", whole.basedOn === null ? "nothing" : `revision ${whole.basedOn}`],
      ["rules", `${whole.digest.slice(0, 12)}: ${whole.files.map((one) => one.file).join(", ")}`],
    ]),
    moved.length === 0
      ? faint("every module at legacy")
      : renderTable(
          ["module", "stage", { title: "epoch", align: "right" }],
          moved.map(([module, { stage, epoch }]) => [module, describeStage(stage), String(epoch)]),
        ),
  ].join("\n");
}

/** @throws UsageError */
function fileText({ revision, files }: z.infer<typeof wholeSchema>, name: string): string {
  const file = files.find((one) => one.file === name);
  if (file) return file.text.trimEnd();
  throw new UsageError(
    "banyan revisions show",
    `revision ${revision} has no file "${clean(name)}"`,
    `It has ${files.map((one) => one.file).join(", ")}.`,
  );
}
