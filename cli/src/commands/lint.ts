/** `banyan lint [DIR]`: everything that is wrong with a folder of rules, at once. Needs no control plane. */

import { statSync } from "node:fs";
import { join } from "node:path";
import { lint, type Problem, readRuleSet } from "@banyan/routing-rules";
import type { Command } from "commander";
import { bad, counted, faint, good, strong } from "../output/table.ts";
import type { Outcome, Session } from "../session.ts";

export function addLint(program: Command, session: Session): void {
  program
    .command("lint")
    .argument("[dir]", "folder of rule files, or one file (default: BANYAN_RULES, routing-rules/ehr)")
    .description("check rules: syntax, unreachable rules, overlapping owners, missing catch-all")
    .action((dir: string | undefined) => session.answer(lintFolder(dir ?? session.config.BANYAN_RULES)));
}

/** @throws AppError RULES_UNREADABLE */
function lintFolder(path: string): Outcome {
  const set = readRuleSet(path);
  const problems = lint(set).map((problem) => ({ ...problem, file: fullName(path, problem.file) }));
  const files = set.files.length + new Set(set.problems.map((problem) => problem.file)).size;
  const rules = set.files.reduce((sum, file) => sum + file.config.routes.length, 0);
  return {
    data: { path, files, rules, problems },
    text: problems.length === 0 ? clear(files, rules) : listed(problems),
    failed: problems.length > 0,
  };
}

function clear(files: number, rules: number): string {
  return `${good("ok")}  ${counted(rules, "rule")} in ${counted(files, "file")}, nothing to mend`;
}

function listed(problems: readonly Problem[]): string {
  return [renderProblems(problems), "", bad(counted(problems.length, "problem"))].join("\n");
}

export function renderProblems(problems: readonly Problem[]): string {
  return problems
    .map(
      ({ file, line, message, suggestion }) =>
        `${strong(`${file}:${line}`)}  ${message}\n    ${faint("->")} ${suggestion}`,
    )
    .join("\n");
}

/** Problems name a file by its last part; a person wants to open it. */
function fullName(path: string, file: string): string {
  return statSync(path).isDirectory() ? join(path, file) : path;
}
