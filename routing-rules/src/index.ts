/** The rule language, its checks, and the one decision every part of Banyan shares. */

export { bucketCount, bucketOf, isInCohort } from "./bucket.ts";
export {
  compile,
  type ModuleModel,
  type ModuleState,
  type PatientSource,
  type RevisionModel,
  type RuleModel,
} from "./compile.ts";
export {
  type Caller,
  type DecideInput,
  type Decision,
  decide,
  describeReason,
  type ModuleCondition,
  type Pins,
  type Reason,
  type Side,
} from "./decide.ts";
export { lint } from "./lint.ts";
export { matchRule, type RoutingRequest } from "./match.ts";
export { routingRequestOf } from "./request-line.ts";
export { type RuleFileConfig, ruleFileSchema } from "./rule-file.ts";
export { type Problem, parseRuleSet, type RuleSet, readRuleSet, type SourcedRuleFile } from "./rule-set.ts";
export {
  checkMove,
  describeStage,
  type MoveCheck,
  type Owner,
  ownerOf,
  type Stage,
  type StageName,
  stageNames,
  stageSchema,
} from "./stage.ts";
export { witnessesOf } from "./witness.ts";
