/** The first revision of an empty database: the rules of a folder, every module at `legacy`. Bad rules stop the start. */

import { readFileSync } from "node:fs";
import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { AppError, type Clock } from "@banyan/kernel";
import { lint, type Problem, parseRuleSet, readRuleSet } from "@banyan/routing-rules";
import type { Knex } from "knex";
import { processCaller } from "./access/caller.ts";
import { appendAudit } from "./store/audit.ts";
import { insertRevision, lockHead, type RuleFileText } from "./store/revisions.ts";

/** @returns whether a revision was made. @throws AppError RULES_UNREADABLE, RULES_INVALID naming every problem */
export async function seed(db: Knex, rulesPath: string, clock: Clock): Promise<boolean> {
  return db.transaction(async (trx) => {
    if ((await lockHead(trx)) > 0) return false;
    const files = readRuleFiles(rulesPath);
    const problems = lint(parseRuleSet(files));
    if (problems.length > 0) throw badRules(rulesPath, problems);
    const at = clock.now();
    const reason = "first start: rules read from the rules folder";
    await insertRevision(trx, {
      number: 1,
      basedOn: null,
      files,
      modules: {},
      kind: "seed",
      module: null,
      who: processCaller.who,
      role: processCaller.role,
      reason,
      forced: false,
      at,
    });
    await appendAudit(trx, {
      ...processCaller,
      at,
      action: "seed",
      outcome: "done",
      module: null,
      revision: 1,
      reason,
      details: { files: files.map(({ file }) => file) },
    });
    return true;
  });
}

/** @throws AppError RULES_UNREADABLE */
export function readRuleFiles(path: string): RuleFileText[] {
  readRuleSet(path);
  const names = statSync(path).isDirectory()
    ? readdirSync(path)
        .filter((name) => /\.ya?ml$/.test(name))
        .sort()
        .map((name) => join(path, name))
    : [path];
  return names.map((name) => ({ file: basename(name), text: readFileSync(name, "utf8") }));
}

function badRules(path: string, problems: readonly Problem[]): AppError {
  const lines = problems.map(
    ({ file, line, message, suggestion }) => `${file} line ${line}: ${message}. ${suggestion}`,
  );
  return new AppError({
    code: "RULES_INVALID",
    op: "read the first rules",
    message: `${path} has ${problems.length} problem${problems.length === 1 ? "" : "s"}:\n${lines.join("\n")}`,
    hint: "Mend them all (`banyan lint` shows them again) and start again; nothing was stored.",
  });
}
