/**
 * How well the comparer does on the corpus, by class. Recall of defects: the share of defect pairs called different. Precision: the share of pairs
 * called different that are defects. Named: the share of defect pairs whose expected finding is among those named.
 */

import {
  compareAnswers,
  type Difference,
  type RuleModel,
  type Transform,
  transforms,
  type Verdict,
} from "@banyan/comparer";
import type { Pair } from "./corpus.ts";

export type Outcome = { readonly pair: Pair; readonly verdict: Verdict; readonly named: boolean };

export async function judgeCorpus(pairs: readonly Pair[], rules: RuleModel): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const pair of pairs) {
    const verdict = await compareAnswers(pair.left, pair.right, { route: pair.route, rules });
    const named = verdict.verdict === "different" && verdict.differences.some((one) => isExpected(one, pair));
    outcomes.push({ pair, verdict, named });
  }
  return outcomes;
}

function isExpected({ finding }: Difference, { finds }: Pair): boolean {
  if (!finds) return false;
  return Object.entries(finds).every(([name, value]) => finding[name as keyof typeof finding] === value);
}

export type Score = { readonly recall: number; readonly precision: number; readonly named: number };

export function scoreOf(outcomes: readonly Outcome[]): Score {
  const defects = outcomes.filter(({ pair }) => pair.label === "defect");
  const different = outcomes.filter(({ verdict }) => verdict.verdict === "different");
  const found = different.filter(({ pair }) => pair.label === "defect");
  return {
    recall: share(found.length, defects.length),
    precision: share(found.length, different.length),
    named: share(defects.filter(({ named }) => named).length, defects.length),
  };
}

const share = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole);

/** A line for each class of defect and of harmless change, one for each class of transform, then the totals of both parts. */
export function describeCorpus(outcomes: readonly Outcome[]): string {
  const byClass = Map.groupBy(outcomes, ({ pair }) => `${pair.label} ${pair.class}`);
  const lines = [...byClass].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, some]) => describeClass(name, some));
  const totals = [true, false].map((heldOut) => {
    const some = outcomes.filter(({ pair }) => pair.heldOut === heldOut);
    return describeScore(heldOut ? "held out" : "tuned on", some);
  });
  return [
    "class                            pairs  different  recall  named as expected",
    ...lines,
    "transform named                  pairs  recall  precision",
    ...transforms.map((transform) => describeTransform(transform, outcomes)).filter((line) => line !== ""),
    ...totals,
  ].join("\n");
}

/** Recall only where something is to be found; harmless classes show false alarms as "different". */
function describeClass(name: string, outcomes: readonly Outcome[]): string {
  const different = outcomes.filter(({ verdict }) => verdict.verdict === "different").length;
  const named = outcomes.filter((one) => one.named).length;
  const isDefect = outcomes[0]?.pair.label === "defect";
  const shares = isDefect ? [(different / outcomes.length).toFixed(3), String(named)] : ["-", "-"];
  const numbers = [String(outcomes.length), String(different), ...shares];
  return name.padEnd(31) + numbers.map((one, index) => one.padStart([7, 11, 8, 19][index] ?? 8)).join("");
}

/** Over the pairs that say which transform is to be named, and the harmless ones, where none is. */
function describeTransform(transform: Transform, outcomes: readonly Outcome[]): string {
  const judged = outcomes.filter(({ pair }) => pair.label === "harmless" || pair.finds?.transform !== undefined);
  const expected = judged.filter(({ pair }) => pair.finds?.transform === transform);
  const named = judged.filter(({ verdict }) => names(verdict, transform));
  const right = named.filter(({ pair }) => pair.finds?.transform === transform);
  if (expected.length === 0) return "";
  const numbers = [
    String(expected.length),
    ...[right.length / expected.length, share(right.length, named.length)].map((one) => one.toFixed(3)),
  ];
  return transform.padEnd(31) + numbers.map((one, index) => one.padStart([7, 8, 11][index] ?? 8)).join("");
}

function names(verdict: Verdict, transform: Transform): boolean {
  return verdict.verdict === "different" && verdict.differences.some(({ finding }) => finding.transform === transform);
}

function describeScore(name: string, outcomes: readonly Outcome[]): string {
  const { recall, precision, named } = scoreOf(outcomes);
  const [r, p, n] = [recall, precision, named].map((one) => one.toFixed(3));
  return `${name}: ${outcomes.length} pairs, recall ${r}, precision ${p}, named ${n}`;
}
