/** Publishes rules: all problems are reported at once, and rules that have any never become a revision. */

import { lint, type Problem, parseRuleSet } from "@banyan/routing-rules";
import type { Caller } from "../access/caller.ts";
import { change } from "../change.ts";
import type { ControlContext } from "../context.ts";
import type { Head } from "../head-state.ts";
import { Refusal } from "../refusal.ts";
import { digestOf, insertRevision, type RuleFileText } from "../store/revisions.ts";
import { headAt } from "./move.ts";

export type PublishRequest = {
  readonly caller: Caller;
  readonly basedOn: number;
  readonly files: readonly RuleFileText[];
  readonly reason: string;
  /** `rules`, `rules.reload`, `rules.restore` */
  readonly action: string;
};

export type PublishResult = { readonly revision: number; readonly modules: readonly string[] };

/** @throws Refusal RULES_INVALID, MODULE_IN_USE, NOTHING_CHANGED, REVISION_STALE */
export async function publish(context: ControlContext, request: PublishRequest): Promise<PublishResult> {
  const asked = { files: request.files.map(({ file }) => file) };
  return change(context, { ...request, asked }, async (trx, now) => {
    const head = await headAt(context, request.basedOn);
    const modules = checkRules(request.files, head);
    if (digestOf(request.files) === head.revision.digest) throw nothingChanged(head);
    const number = request.basedOn + 1;
    await insertRevision(trx, {
      number,
      basedOn: request.basedOn,
      files: request.files,
      modules: Object.fromEntries(Object.entries(head.revision.modules).filter(([module]) => modules.includes(module))),
      kind: "rules",
      module: null,
      who: request.caller.who,
      role: request.caller.role,
      reason: request.reason,
      forced: false,
      at: now,
    });
    return { revision: number, result: { revision: number, modules }, details: { ...asked, modules } };
  });
}

/** @returns the module names of the set. @throws Refusal RULES_INVALID, MODULE_IN_USE */
export function checkRules(files: readonly RuleFileText[], head: Head): string[] {
  const set = parseRuleSet(files);
  const problems = lint(set);
  if (problems.length > 0) throw invalidRules(problems);
  const configs = set.files.map((file) => file.config);
  for (const [module, state] of Object.entries(head.revision.modules)) {
    if (state.stage.name === "legacy") continue;
    const next = configs.find((config) => config.module === module);
    if (!next) throw inUse(module, `it is at ${state.stage.name}, and the new rules do not have it`);
    const salt = head.model.modules.get(module)?.cohortSalt;
    if (state.stage.name === "canary" && salt !== undefined && (next.cohortSalt ?? module) !== salt)
      throw inUse(module, "it is at canary, and another cohortSalt would move users of the cohort back");
  }
  return configs.map((config) => config.module);
}

function invalidRules(problems: readonly Problem[]): Refusal {
  return new Refusal({
    code: "RULES_INVALID",
    message: "the rules were not published",
    why: `they have ${problems.length} problem${problems.length === 1 ? "" : "s"}`,
    hint: "All are listed, each with file, line and a suggestion. The last good rules stay in force.",
    details: { problems },
  });
}

function inUse(module: string, why: string): Refusal {
  return new Refusal({
    code: "MODULE_IN_USE",
    message: "the rules were not published",
    why: `${module}: ${why}`,
    hint: `Take the module back first: banyan rollback ${module} --reason "…".`,
    details: { module },
  });
}

function nothingChanged(head: Head): Refusal {
  return new Refusal({
    code: "NOTHING_CHANGED",
    message: "the rules were not published",
    why: `revision ${head.revision.number} has exactly these rules`,
    hint: "Nothing is to be done.",
  });
}
