/** Builders for the comparer's own tests: answers of each type, short to write. */

import type { Answer, RawHeaders } from "./answer/answer.ts";
import { compareAnswers } from "./compare.ts";
import { compileRules, type RuleModel } from "./rules/rule-model.ts";
import { parseComparisonRules } from "./rules/rule-set.ts";
import type { Verdict } from "./verdict.ts";

export function answerOf(
  type: string,
  body: string | Uint8Array,
  more: { status?: number; headers?: RawHeaders } = {},
): Answer {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return { status: more.status ?? 200, headers: [["Content-Type", type], ...(more.headers ?? [])], body: bytes };
}

export const json = (value: unknown): Answer =>
  answerOf("application/json; charset=utf-8", typeof value === "string" ? value : JSON.stringify(value));

export const html = (body: string): Answer =>
  answerOf("text/html; charset=utf-8", `<!DOCTYPE html><html><head><title>T</title></head><body>${body}</body></html>`);

export const xml = (body: string): Answer => answerOf("text/xml; charset=utf-8", body);

export function rulesOf(yaml: string, asOf = "2026-01-01"): RuleModel {
  return compileRules(parseComparisonRules([{ file: "rules.yaml", text: yaml }]), asOf);
}

/** Compares on an invented route. */
export function compare(left: Answer, right: Answer, rules?: RuleModel): Promise<Verdict> {
  return compareAnswers(left, right, { route: "test.route", ...(rules && { rules }) });
}

/** Findings as short text, in order: `json $.a value case`. */
export async function findings(left: Answer, right: Answer, rules?: RuleModel): Promise<string[]> {
  const verdict = await compare(left, right, rules);
  if (verdict.verdict !== "different") return [verdict.verdict];
  return verdict.differences.map(({ finding }) => Object.values(finding).join(" ")).sort();
}
