/**
 * The comparison tests itself: a known defect is worked into a pair that was equal, and the pair is compared again. What is
 * not found then would not have been found in earnest either.
 */

import type { Random } from "@banyan/kernel";
import type { Answer } from "../answer/answer.ts";
import type { PoolVerdict } from "../pool/comparer-pool.ts";
import { mutate, type MutationName, mutationNames } from "./mutations.ts";

type Injected = { readonly mutation: MutationName; readonly answer: Answer };

/** One defect that fits, chosen by chance. */
function inject(answer: Answer, random: Random): Injected | undefined {
  const names = [...mutationNames];
  while (names.length > 0) {
    const [mutation] = names.splice(random.int(0, names.length - 1), 1);
    const mutated = mutation && mutate(answer, mutation, random);
    if (mutation && mutated) return { mutation, answer: mutated };
  }
  return undefined;
}

/** `covered`: a rule takes the defect for noise; `unclear`: the comparison came to no result. */
export type SelfTestOutcome = "found" | "covered" | "missed" | "unclear";

type Compare = (left: Answer, right: Answer) => Promise<PoolVerdict>;

/**
 * @param pair that was equal, or equal by rule
 * @returns undefined when no defect fits the right answer
 */
export async function selfTest(
  pair: { readonly left: Answer; readonly right: Answer },
  compare: Compare,
  random: Random,
): Promise<{ readonly mutation: MutationName; readonly outcome: SelfTestOutcome } | undefined> {
  const injected = inject(pair.right, random);
  if (!injected) return undefined;
  const { mutation, answer } = injected;
  return { mutation, outcome: await outcomeOf(pair, answer, compare) };
}

async function outcomeOf(
  { left, right }: { left: Answer; right: Answer },
  mutated: Answer,
  compare: Compare,
): Promise<SelfTestOutcome> {
  const { verdict } = await compare(left, mutated);
  if (verdict === "different") return "found";
  if (verdict === "incomparable" || verdict === "not-run") return "unclear";
  // Rules may have covered other differences of the pair; between the answer and its defective copy there is only the defect.
  const alone = await compare(right, mutated);
  return alone.verdict === "match-by-rule" ? "covered" : alone.verdict === "match" ? "missed" : "unclear";
}
