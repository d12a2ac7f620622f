/**
 * Makes a revision's model of rule files: two tries over path segments (one that folds case, one that does not), built
 * once and never changed. A replica swaps the whole model; a request uses one model from start to end.
 */

import { type Matches, matchesOf, type PathPattern, pathPatternOf } from "./path-pattern.ts";
import type { RouteConfig, RuleFileConfig } from "./rule-file.ts";
import type { Stage } from "./stage.ts";

export type RuleModel = {
  readonly id: string;
  readonly module: ModuleModel;
  readonly pattern: PathPattern;
  /** Undefined = any. Holds HEAD where it holds GET. */
  readonly methods: ReadonlySet<string> | undefined;
  readonly query: Matches;
  readonly headers: Matches;
  readonly effect: "read" | "write";
  readonly dryRun: boolean;
  readonly shadow: "safe" | "never";
  readonly serve: "stage" | "legacy" | "service";
  readonly timeoutMs: number;
  readonly bodyBytesMax: number;
  readonly fallback: "none" | "owner";
  /** Whether a request is worth an audit event. */
  readonly audited: boolean;
  /** Where a request names the patient. */
  readonly patient: PatientSource | undefined;
  /** Path with parameter names, for logs and metrics: never holds a value of a request. */
  readonly template: string;
  /** Place in the rule set, the last tie-break. */
  readonly order: number;
};

export type PatientSource =
  | { readonly kind: "query"; readonly name: string }
  /** @property segment place in the path, 0 is the first. */
  | { readonly kind: "path"; readonly segment: number }
  | { readonly kind: "json"; readonly name: string };

export type ModuleModel = {
  readonly name: string;
  readonly service: string;
  readonly tables: readonly string[];
  readonly cohortSalt: string;
  readonly foldCase: boolean;
  readonly watermarkAgeMsMax: number;
  readonly stage: Stage;
  /** Raised by each change of owner. */
  readonly epoch: number;
};

export type TrieNode = {
  readonly children: Map<string, TrieNode>;
  parameter: TrieNode | undefined;
  /** Rules that end here, best first. */
  readonly exact: RuleModel[];
  /** Prefix rules that begin here, best first. */
  readonly prefix: RuleModel[];
};

export type RevisionModel = {
  /** Number of the revision; 0 for rules from a file, without control. */
  readonly number: number;
  readonly modules: ReadonlyMap<string, ModuleModel>;
  readonly rules: readonly RuleModel[];
  readonly folding: TrieNode;
  readonly exactCase: TrieNode;
};

export type ModuleState = { readonly stage: Stage; readonly epoch: number };

const unmoved: ModuleState = { stage: { name: "legacy" }, epoch: 0 };

/** @param states stages by module name; a module that is not named is at `legacy`. The files must have passed lint. */
export function compile(
  files: readonly RuleFileConfig[],
  states: ReadonlyMap<string, ModuleState> = new Map(),
  number = 0,
): RevisionModel {
  const modules = new Map(files.map((file) => [file.module, moduleOf(file, states.get(file.module) ?? unmoved)]));
  const rules: RuleModel[] = [];
  for (const file of files) {
    const module = modules.get(file.module) as ModuleModel;
    for (const route of file.routes) rules.push(ruleOf(route, file, module, rules.length));
  }
  const folding = emptyNode();
  const exactCase = emptyNode();
  for (const rule of rules) insert(rule.module.foldCase ? folding : exactCase, rule);
  for (const root of [folding, exactCase]) sortRules(root);
  return { number, modules, rules, folding, exactCase };
}

function moduleOf(file: RuleFileConfig, state: ModuleState): ModuleModel {
  return {
    name: file.module,
    service: file.service,
    tables: file.tables,
    cohortSalt: file.cohortSalt ?? file.module,
    foldCase: file.foldCase,
    watermarkAgeMsMax: file.watermarkAgeMsMax,
    stage: state.stage,
    epoch: state.epoch,
  };
}

function ruleOf(route: RouteConfig, file: RuleFileConfig, module: ModuleModel, order: number): RuleModel {
  const pattern = pathPatternOf(route.path, file.foldCase);
  const methods = route.methods && new Set<string>(route.methods);
  if (methods?.has("GET")) methods.add("HEAD");
  return {
    id: route.id,
    module,
    pattern,
    methods,
    query: matchesOf(route.query, file.foldCase),
    headers: matchesOf(route.headers, true),
    effect: route.effect,
    dryRun: route.dryRun,
    shadow: route.shadow,
    serve: route.serve,
    timeoutMs: route.timeoutMs ?? file.defaults.timeoutMs,
    bodyBytesMax: route.bodyBytesMax ?? file.defaults.bodyBytesMax,
    fallback: route.fallback ?? file.defaults.fallback,
    audited: route.audit,
    patient: patientSourceOf(route.patient ?? file.patient, pattern, file.foldCase),
    template: pattern.text,
    order,
  };
}

function patientSourceOf(
  written: RouteConfig["patient"],
  pattern: PathPattern,
  foldCase: boolean,
): PatientSource | undefined {
  if (written === undefined) return undefined;
  if ("query" in written) return { kind: "query", name: foldCase ? written.query.toLowerCase() : written.query };
  if ("json" in written) return { kind: "json", name: written.json };
  const segment = pattern.segments.findIndex((one) => one.kind === "parameter" && one.name === written.path);
  return segment < 0 ? undefined : { kind: "path", segment };
}

function emptyNode(): TrieNode {
  return { children: new Map(), parameter: undefined, exact: [], prefix: [] };
}

function insert(root: TrieNode, rule: RuleModel): void {
  let node = root;
  for (const segment of rule.pattern.segments) {
    if (segment.kind === "parameter") {
      node.parameter ??= emptyNode();
      node = node.parameter;
      continue;
    }
    let child = node.children.get(segment.text);
    if (!child) {
      child = emptyNode();
      node.children.set(segment.text, child);
    }
    node = child;
  }
  (rule.pattern.kind === "prefix" ? node.prefix : node.exact).push(rule);
}

function sortRules(node: TrieNode): void {
  node.exact.sort(byPrecedence);
  node.prefix.sort(byPrecedence);
  for (const child of node.children.values()) sortRules(child);
  if (node.parameter) sortRules(node.parameter);
}

/** Among rules of one path: a method match before none, more headers, more query parameters, then order (Kubernetes Gateway API, HTTPRouteRule). */
function byPrecedence(a: RuleModel, b: RuleModel): number {
  return (
    Number(b.methods !== undefined) - Number(a.methods !== undefined) ||
    b.headers.length - a.headers.length ||
    b.query.length - a.query.length ||
    a.order - b.order
  );
}
