/**
 * The part of a service's policy that FHIR needs, made of what it serves and of the scopes each kind of caller has: one action an
 * interaction and type, one rule an action. So the table a reviewer reads and the scopes a caller is given cannot disagree.
 */

import type { Action, Policy, Rule, Who } from "../policy.ts";
import { type Principal, staffRoles } from "../principal.ts";
import { scopesOf } from "../scopes.ts";
import { actionOf, verbs } from "./access.ts";
import type { Interaction, ResourceDefinition } from "./definition.ts";
import { parseScopes, scopesFor } from "./scopes.ts";

export const metadataAction = "fhir.metadata";

/** To be spread into the service's own table: `{ actions: { ...fhir.actions, … }, rules: [...fhir.rules, …] }`. */
export function fhirPolicy(
  resources: readonly Pick<ResourceDefinition, "type" | "interactions" | "restricted">[],
): Policy {
  const actions: Record<string, Action> = {
    [metadataAction]: { operation: "R", subtype: "capabilities", unaudited: true },
  };
  const rules: Rule[] = [
    {
      id: "fhir.metadata",
      who: [...callers, "anonymous"],
      may: [metadataAction],
      why: "what the server can do is nobody's data; clients read it before they log in",
    },
  ];
  for (const { type, interactions, restricted } of resources) {
    for (const interaction of new Map(interactions.map((one) => [verbs[one].verb, one])).values()) {
      const action = actionOf(interaction, type);
      actions[action] = { operation: verbs[interaction].operation, subtype: verbs[interaction].verb };
      const who = callers.filter((caller) => grants(caller, type, interaction));
      if (who.length > 0)
        rules.push({
          id: action,
          who,
          may: [action],
          ...(restricted ? { restricted } : {}),
          why: "the SMART scopes of these callers cover it",
        });
    }
  }
  return { actions, rules };
}

const callers = [...staffRoles, "portal", "interface"] as const satisfies readonly Who[];

function grants(caller: (typeof callers)[number], type: string, interaction: Interaction): boolean {
  return (
    scopesFor(parseScopes(scopesOf(principalOf(caller)).join(" ")), type, verbs[interaction].permission).length > 0
  );
}

/** Somebody of this kind, to ask for their scopes. */
function principalOf(caller: (typeof callers)[number]): Principal {
  const identified = { purpose: "care", epoch: 0, session: "", tokenId: undefined, user: "" } as const;
  if (caller === "portal") return { ...identified, kind: "portal", patient: 0, proxyFor: undefined };
  if (caller === "interface") return { ...identified, kind: "interface" };
  return {
    ...identified,
    kind: "staff",
    role: caller,
    name: "",
    site: "",
    provider: false,
    currentPatient: undefined,
    currentEncounter: undefined,
    breakGlassPatient: undefined,
  };
}
