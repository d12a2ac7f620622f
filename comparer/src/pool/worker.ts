/** A worker of the pool: compares one pair after the other by the rules it was last given, and answers with the verdict. */

import { parentPort } from "node:worker_threads";
import type { Answer } from "../answer/answer.ts";
import { compareAnswers } from "../compare.ts";
import type { Budget } from "../limits.ts";
import { compileSource, noRules, type RuleModel, type RuleSource } from "../rules/rule-model.ts";
import type { Verdict } from "../verdict.ts";

export type Job = {
  readonly left: Answer;
  readonly right: Answer;
  readonly route: string;
  readonly budget: Budget;
  /** Only when they differ from those of the job before; null: none. */
  readonly rules?: RuleSource | null;
};

/** `failed`: a fault of the comparer itself. Its message stays here, because it may quote an answer. */
export type Reply = { readonly ready: true } | { readonly verdict: Verdict } | { readonly failed: true };

let rules: RuleModel = noRules();

async function take(job: Job): Promise<Reply> {
  if (job.rules !== undefined) rules = job.rules === null ? noRules() : compileSource(job.rules);
  try {
    return { verdict: await compareAnswers(job.left, job.right, { route: job.route, rules, budget: job.budget }) };
  } catch {
    return { failed: true };
  }
}

const answer = (reply: Reply): void => parentPort?.postMessage(reply, []);

answer({ ready: true });
parentPort?.on("message", (job: Job) => {
  void take(job).then(answer);
});
