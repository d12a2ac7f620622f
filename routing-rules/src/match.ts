/**
 * Finds the rule of a request. Cost grows with the depth of the path, not with the number of rules: the trie is walked once
 * along the request's segments. Precedence: exact, then template (literal segments before parameters), then the longest
 * prefix on a segment boundary; among the rules of one path the order that `compile` sorted them in.
 */

import type { RevisionModel, RuleModel, TrieNode } from "./compile.ts";
import type { Matches } from "./path-pattern.ts";

/** What of a request decides its route. `path` is canonical (see the proxy's canonicalisation): absolute, decoded once, no dot segments. */
export type RoutingRequest = {
  readonly method: string;
  readonly path: string;
  /** Decoded names and values in order. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** Lower-case name to value. */
  header(name: string): string | undefined;
};

/** Deeper paths match by their first segments only, so that no request costs more than this. */
const segmentCountMax = 64;

/** @returns undefined when no rule takes the request; a rule set that passed lint has a catch-all and always has one. */
export function matchRule(revision: RevisionModel, request: RoutingRequest): RuleModel | undefined {
  const sensitive = bestIn(revision.exactCase, request, request.path, false);
  const folded = bestIn(revision.folding, request, request.path.toLowerCase(), true);
  if (!sensitive) return folded;
  if (!folded) return sensitive;
  return isBetter(sensitive, folded) ? sensitive : folded;
}

function bestIn(root: TrieNode, request: RoutingRequest, path: string, foldQuery: boolean): RuleModel | undefined {
  return walk(root, request, path, 1, 0, foldQuery);
}

/** `start` is the offset of the next segment; past the end when all are consumed. */
function walk(
  node: TrieNode,
  request: RoutingRequest,
  path: string,
  start: number,
  depth: number,
  foldQuery: boolean,
): RuleModel | undefined {
  if (depth >= segmentCountMax) return firstThatTakes(node.prefix, request, foldQuery);
  if (start > path.length) {
    return firstThatTakes(node.exact, request, foldQuery) ?? firstThatTakes(node.prefix, request, foldQuery);
  }
  const slash = path.indexOf("/", start);
  const end = slash < 0 ? path.length : slash;
  const segment = path.slice(start, end);
  const child = node.children.get(segment);
  const literal = child && walk(child, request, path, end + 1, depth + 1, foldQuery);
  // A literal prefix deeper down does not beat a template that takes the whole path.
  if (literal && literal.pattern.kind !== "prefix") return literal;
  const parameter =
    segment !== "" && node.parameter ? walk(node.parameter, request, path, end + 1, depth + 1, foldQuery) : undefined;
  return parameter ?? literal ?? firstThatTakes(node.prefix, request, foldQuery);
}

function firstThatTakes(
  rules: readonly RuleModel[],
  request: RoutingRequest,
  foldQuery: boolean,
): RuleModel | undefined {
  for (const rule of rules) {
    if (rule.methods && !rule.methods.has(request.method)) continue;
    if (rule.headers.length > 0 && !takesHeaders(rule.headers, request)) continue;
    if (rule.query.length > 0 && !takesQuery(rule.query, request, foldQuery)) continue;
    return rule;
  }
  return undefined;
}

function takesHeaders(matches: Matches, request: RoutingRequest): boolean {
  return matches.every(({ name, value }) => {
    const present = request.header(name);
    return present !== undefined && (value === undefined || present === value);
  });
}

function takesQuery(matches: Matches, request: RoutingRequest, fold: boolean): boolean {
  return matches.every(({ name, value }) =>
    request.query.some(
      ([key, present]) =>
        (fold ? key.toLowerCase() : key) === name &&
        (value === undefined || (fold ? present.toLowerCase() === value.toLowerCase() : present === value)),
    ),
  );
}

const rank = { exact: 0, template: 1, prefix: 2 } as const;

function isBetter(a: RuleModel, b: RuleModel): boolean {
  const byKind = rank[a.pattern.kind] - rank[b.pattern.kind];
  if (byKind !== 0) return byKind < 0;
  const byDepth = b.pattern.segments.length - a.pattern.segments.length;
  return byDepth !== 0 ? byDepth < 0 : a.order < b.order;
}
