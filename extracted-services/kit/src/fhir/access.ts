/**
 * May this caller do this? Three things must say yes: a SMART scope of the caller, the service's policy (which audits), and, for
 * what belongs to a patient, the caller's relation to that patient. The first and last become conditions, so that a search
 * leaves out what a read would refuse.
 */

import type { Access, Decision, Operation } from "../policy.ts";
import type { Principal } from "../principal.ts";
import { scopesOf } from "../scopes.ts";
import type { Interaction } from "./definition.ts";
import type { ServedResource, FhirContext } from "./exchange.ts";
import { FhirRefusal } from "./refusal.ts";
import { parseScopes, type Permission, type Scope, scopesFor } from "./scopes.ts";
import {
  type AllOf,
  type AnyOf,
  type Condition,
  matchesAny,
  referenceCondition,
  tokenCondition,
} from "./search/condition.ts";
import { commonParameters, type SearchParameter, securityParameter } from "./search/parameter.ts";
import { conditionOf } from "./search/request.ts";
import type { Version } from "./store.ts";
import { present } from "./representation.ts";

/** Policy action of an interaction: `fhir.read.Patient`. */
export const actionOf = (interaction: Interaction, type: string): string => `fhir.${verbs[interaction].verb}.${type}`;

type Verb = { readonly verb: string; readonly permission: Permission; readonly operation: Operation };

const read: Verb = { verb: "read", permission: "r", operation: "R" };
export const verbs: Readonly<Record<Interaction, Verb>> = {
  read,
  vread: read,
  "history-instance": read,
  "search-type": { verb: "search", permission: "s", operation: "E" },
  create: { verb: "create", permission: "c", operation: "C" },
  update: { verb: "update", permission: "u", operation: "U" },
  delete: { verb: "delete", permission: "d", operation: "D" },
};

/** Confidentiality of a chart that needs break-glass. */
export const restrictedCode = "R";

/** Groups of conditions; what is seen must fulfil each. @throws FhirRefusal unauthenticated, forbidden */
export function boundsOf(context: FhirContext, definition: ServedResource, interaction: Interaction): readonly AnyOf[] {
  const { principal } = context;
  if (principal.kind === "anonymous") throw new FhirRefusal("unauthenticated", "the request carries no identity");
  const scopes = scopesFor(parseScopes(scopesOf(principal).join(" ")), definition.type, verbs[interaction].permission);
  if (scopes.length === 0)
    throw new FhirRefusal("forbidden", `no scope of the caller covers this on ${definition.type}`);
  const open = patientParameter(definition);
  const restricted = context.may({
    action: actionOf(interaction, definition.type),
    patient: { id: patientOf(principal) ?? 0, restricted: true },
  });
  const needsGlass = open !== undefined && !restricted.allowed && restricted.reason === "restricted";
  return [
    scopes.map((scope) => conditionsOf(scope, definition, principal)),
    ...(needsGlass ? [unrestrictedOr(open, principal)] : []),
  ];
}

function conditionsOf(scope: Scope, definition: ServedResource, principal: Principal): AllOf {
  const filters = scope.filter.map(([name, value]) => {
    const parameter = definition.search.find((one) => one.name === name);
    // A filter that cannot be applied must not widen the scope.
    if (!parameter)
      throw new FhirRefusal("forbidden", `a scope's filter is none ${definition.type} can be searched by`);
    return conditionOf(parameter, undefined, value, "");
  });
  const open = patientParameter(definition);
  if (scope.context !== "patient" || !open) return filters;
  const ids = principal.kind === "portal" ? [principal.patient, principal.proxyFor] : [];
  return [
    ...filters,
    ofPatients(
      open,
      ids.filter((id) => id !== undefined),
    ),
  ];
}

function unrestrictedOr(parameter: SearchParameter, principal: Principal): AnyOf {
  const opened = principal.kind === "staff" ? principal.breakGlassPatient : undefined;
  return [
    [tokenCondition(securityParameter, [restrictedCode], "not")],
    ...(opened === undefined ? [] : [[ofPatients(parameter, [opened])]]),
  ];
}

const ofPatients = (parameter: SearchParameter, ids: readonly number[]): Condition =>
  parameter.type === "token"
    ? tokenCondition(parameter, ids.map(String))
    : referenceCondition(parameter, "Patient", ids.map(String));

function patientParameter({ patient, search }: ServedResource): SearchParameter | undefined {
  return [...commonParameters, ...search].find((parameter) => parameter.name === patient);
}

/** A portal user's accesses are all on behalf of one patient, those to the directory too. */
const patientOf = (principal: Principal): number | undefined =>
  principal.kind === "portal" ? principal.patient : undefined;

/** The access of an interaction, as policy and audit take it. */
export function accessTo(
  principal: Principal,
  definition: ServedResource,
  interaction: Interaction,
  about: { readonly version?: Version; readonly query?: string },
): Access {
  const { version, query } = about;
  const own = patientOf(principal);
  const known = version?.subject ?? (own === undefined ? undefined : { id: own });
  // Nobody needs break-glass for the record they make.
  const subject = known && interaction === "create" ? { ...known, restricted: false } : known;
  return {
    action: actionOf(interaction, definition.type),
    ...(subject === undefined ? {} : { patient: subject }),
    ...(version === undefined ? {} : { object: { type: definition.type, id: version.id, version: version.number } }),
    ...(query === undefined ? {} : { query }),
  };
}

/** Whether the bounds let this version be seen. A deletion shows nothing and is not bounded. */
export const isWithin = (version: Version, bounds: readonly AnyOf[], nowMs: number): boolean =>
  version.resource === undefined || bounds.every((any) => matchesAny(any, present(version), nowMs));

/** @throws FhirRefusal forbidden */
export function requireAllowed(decision: Decision): void {
  if (decision.allowed) return;
  const text =
    decision.reason === "restricted"
      ? "the chart is restricted: break-glass is needed first"
      : "the policy does not allow this";
  throw new FhirRefusal("forbidden", text);
}
