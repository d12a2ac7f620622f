/** `banyan dry-run` and `banyan publish`: what a change would do to the last day's requests, and making it. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { readRuleSet, stageNames } from "@banyan/routing-rules";
import type { Command } from "commander";
import { z } from "zod";
import { type DryRunView, dryRunSchema } from "../control-answers.ts";
import { bad, counted, faint, good, renderTable, strong } from "../output/table.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { type ChangeOptions, stageOf, withReason } from "../written-change.ts";

type DryRunOptions = { readonly module?: string; readonly stage?: string; readonly percent?: string };

export function addRulesChange(program: Command, session: Session): void {
  program
    .command("dry-run")
    .argument("[dir]", "folder of changed rules (default: BANYAN_RULES, routing-rules/ehr)")
    .description("say what changed rules, or a stage, would do to the last day's requests")
    .option("--module <module>", "try a move of this module instead of rules")
    .addOption(program.createOption("--stage <stage>", "stage to try").choices(stageNames))
    .option("--percent <n>", "share of the cohort, for --stage canary")
    .action(async (dir: string | undefined, options: DryRunOptions) => {
      const body = bodyOf(dir ?? session.config.BANYAN_RULES, dir !== undefined, options);
      const call = { op: "banyan dry-run", method: "POST", path: "/dry-run", body } as const;
      const view = await session.control().call(call, dryRunSchema);
      session.answer({ data: view, text: dryRunText(view), failed: view.refusal !== null });
    });
  withReason(program.command("publish"))
    .argument("[dir]", "folder of rules (default: BANYAN_RULES, routing-rules/ehr)")
    .description("make a folder of rules the newest revision")
    .action(async (dir: string | undefined, { reason, ifRevision }: ChangeOptions) => {
      const control = session.control();
      const op = "banyan publish";
      const files = ruleTexts(dir ?? session.config.BANYAN_RULES);
      const ifMatch = ifRevision ?? (await control.newestRevision(op));
      const shape = z.looseObject({ revision: z.number(), modules: z.array(z.string()) });
      const data = await control.call({ op, method: "POST", path: "/rules", body: { files, reason }, ifMatch }, shape);
      const text = `${strong(`revision ${data.revision}`)}  ${counted(files.length, "file")}, ${counted(data.modules.length, "module")}`;
      session.answer({ data, text });
    });
}

function bodyOf(folder: string, namesFolder: boolean, { module, stage, percent }: DryRunOptions): unknown {
  if (module === undefined && stage === undefined) return { files: ruleTexts(folder) };
  if (module !== undefined && stage !== undefined && !namesFolder) return { module, stage: stageOf(stage, percent) };
  throw new UsageError(
    "banyan dry-run",
    namesFolder ? "rules and a stage are tried one at a time" : "--module and --stage belong together",
    "Either banyan dry-run DIR, or banyan dry-run --module lab --stage shadow",
  );
}

/** @throws AppError RULES_UNREADABLE */
function ruleTexts(path: string): { file: string; text: string }[] {
  readRuleSet(path);
  const names = statSync(path).isDirectory()
    ? readdirSync(path)
        .filter((name) => /\.ya?ml$/.test(name))
        .sort()
        .map((name) => join(path, name))
    : [path];
  return names.map((name) => ({ file: basename(name), text: readFileSync(name, "utf8") }));
}

function dryRunText(view: DryRunView): string {
  const rows = view.changes.map(({ template, methods, requestsLastDay, before, after }) => [
    methods.join(","),
    template,
    String(requestsLastDay),
    `${before.module}: ${before.served}`,
    `${after.module}: ${after.served}`,
  ]);
  const unseen = counted(view.requestsOfCatchAll, "request");
  return [
    strong(view.summary),
    ...(rows.length === 0
      ? []
      : ["", renderTable(["methods", "template", { title: "last day", align: "right" }, "now", "then"], rows)]),
    ...(view.requestsOfCatchAll > 0 ? [faint(`${unseen} took the catch-all: what they were is not known`)] : []),
    "",
    view.refusal
      ? `${bad("control would refuse it")}\n  why   ${view.refusal.why}\n  next  ${view.refusal.hint}`
      : good("control would accept it; nothing was changed"),
  ].join("\n");
}
