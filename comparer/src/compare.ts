/**
 * The comparison of two answers. Pure: the same answers, rules and budget give the same verdict (but for the time budget,
 * which is a safety net), exchanged sides give the exchanged verdict.
 *
 * 1. Status, media type, headers, redirect, cookies are compared always.
 * 2. The body only where it means something: both answers have the same status and media type and are no redirect, whose
 *    body nobody sees.
 * 3. Equal bytes under one charset are equal. JSON is then compared from its tokens; what is left becomes trees.
 * 4. The differ walks the trees, the rules decide about each difference, the ledger sums up.
 */

import { type Clock, systemClock } from "@banyan/kernel";
import { type Answer, mediaTypeOf } from "./answer/answer.ts";
import { bodyOf } from "./answer/body.ts";
import { envelopeOf } from "./answer/envelope.ts";
import { compareBodies } from "./body-comparison.ts";
import { Incomparable, Meter } from "./budget.ts";
import { Comparison } from "./comparison.ts";
import { type Budget, defaultBudget } from "./limits.ts";
import { noRules, type RuleModel } from "./rules/rule-model.ts";
import type { Verdict } from "./verdict.ts";

export type CompareOptions = {
  /** Id of the routing rule both requests came by. */
  readonly route: string;
  /** Default: none. */
  readonly rules?: RuleModel;
  readonly budget?: Budget;
  readonly clock?: Clock;
};

export async function compareAnswers(left: Answer, right: Answer, options: CompareOptions): Promise<Verdict> {
  const rules = (options.rules ?? noRules()).forRoute(options.route);
  const meter = new Meter(options.budget ?? defaultBudget, options.clock ?? systemClock);
  const comparison = new Comparison(rules, meter);
  try {
    compareEnvelopes(comparison, left, right);
    if (bodiesMatter(left, right)) {
      const [body, other] = [bodyOf(left, meter), bodyOf(right, meter)];
      await compareBodies(comparison, { answer: left, body }, { answer: right, body: other });
    }
    return comparison.verdict(undefined);
  } catch (error) {
    if (error instanceof Incomparable) return comparison.verdict(error.reason);
    throw error;
  }
}

function compareEnvelopes(comparison: Comparison, left: Answer, right: Answer): void {
  const others = envelopeOf(comparison, right);
  for (const [index, part] of envelopeOf(comparison, left).entries()) comparison.compare(part, others[index] ?? part);
}

function bodiesMatter(left: Answer, right: Answer): boolean {
  const redirect = left.status >= 300 && left.status < 400;
  return left.status === right.status && mediaTypeOf(left).type === mediaTypeOf(right).type && !redirect;
}
