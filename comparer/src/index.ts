/** The comparer: two answers in, one verdict out. It reads no network, no database and no environment. */

export type { Answer, RawHeaders } from "./answer/answer.ts";
export { answerOfFile, mediaTypes } from "./answer/answer-file.ts";
export { type CompareOptions, compareAnswers } from "./compare.ts";
export { type Budget, defaultBudget } from "./limits.ts";
export { type ComparerPool, type ComparerPoolOptions, comparerPool, type PoolVerdict } from "./pool/comparer-pool.ts";
export { compileRules, noRules, type RuleModel } from "./rules/rule-model.ts";
export { lintComparisonRules } from "./rules/lint.ts";
export {
  type ComparisonRuleSet,
  parseComparisonRules,
  readComparisonRules,
  type RuleProblem,
} from "./rules/rule-set.ts";
export {
  type Channel,
  channels,
  type Difference,
  type DifferingValues,
  type Finding,
  type IncomparableReason,
  incomparableReasons,
  type Kind,
  kinds,
  type RuleHit,
  signatureOf,
  type Transform,
  transforms,
  type Verdict,
} from "./verdict.ts";
export { mutate, type MutationName, mutationNames } from "./mutation/mutations.ts";
export { selfTest, type SelfTestOutcome } from "./mutation/self-test.ts";
