/**
 * A policy written out: every action, in every relation, for every kind of caller, with the rule that allows or the reason that
 * denies. The text is kept beside the service's policy and read by reviewers; a changed cell is a changed line.
 */

import { type Access, decide, type Decision, type Policy } from "../policy.ts";
import { anonymous, type Principal, staffRoles } from "../principal.ts";

/** Patient of the cases; the portal user of the cases is this one. */
const patient = 100_001;

export type PolicyCase = {
  readonly action: string;
  readonly relation: string;
  readonly caller: string;
  readonly principal: Principal;
  readonly access: Access;
  readonly decision: Decision;
};

const relations = {
  "no patient": () => ({}),
  "own site": () => ({ patient: { id: patient, site: "MAIN", restricted: false } }),
  "other site": () => ({ patient: { id: patient, site: "EAST", restricted: false } }),
  "restricted chart": () => ({ patient: { id: patient, site: "MAIN", restricted: true } }),
  "break-glass": () => ({ patient: { id: patient, site: "MAIN", restricted: true } }),
} as const satisfies Readonly<Record<string, () => Pick<Access, "patient">>>;

const identified = { purpose: "care" as const, epoch: 1, session: "session-of-the-cases", tokenId: undefined };

function callers(relation: keyof typeof relations): ReadonlyMap<string, Principal> {
  const staff = staffRoles.map((role): [string, Principal] => [
    role,
    {
      ...identified,
      kind: "staff",
      user: `U${role}`,
      name: "CASE, POLICY",
      role,
      site: "MAIN",
      provider: false,
      currentPatient: undefined,
      currentEncounter: undefined,
      breakGlassPatient: relation === "break-glass" ? patient : undefined,
    },
  ]);
  const portal = { ...identified, kind: "portal" as const, user: "UPORTAL", proxyFor: undefined };
  return new Map<string, Principal>([
    ...staff,
    ["portal, own", { ...portal, patient }],
    ["portal, other", { ...portal, patient: patient + 1 }],
    ["interface", { ...identified, kind: "interface", user: "interface" }],
    ["no token", anonymous],
  ]);
}

/** role × action × relation. */
export function policyCases(policy: Policy): PolicyCase[] {
  return Object.keys(policy.actions).flatMap((action) =>
    (Object.keys(relations) as (keyof typeof relations)[]).flatMap((relation) =>
      [...callers(relation)].map(([caller, principal]) => {
        const access = { action, ...relations[relation]() };
        return { action, relation, caller, principal, access, decision: decide(policy, principal, access) };
      }),
    ),
  );
}

/** The cases as a Markdown document, the rules with their reasons first. Relations decided alike share a line. */
export function policyDocument(service: string, policy: Policy): string {
  const columns = [...callers("own site").keys()];
  return [
    `# Policy of ${service}`,
    "",
    "Written by the conformance suite from the rules and compared with them at every test run. Bold: the rule that allows.",
    "Otherwise: why it is denied. A shadow is judged as the one it repeats, and changes nothing.",
    "",
    "| rule | who | may | site | restricted chart | why |",
    "|---|---|---|---|---|---|",
    ...policy.rules.map(
      (rule) =>
        `| ${rule.id} | ${rule.who.join(", ")} | ${rule.may.join(", ")} | ${rule.site ?? "any"} | ${rule.restricted ?? "break-glass"} | ${rule.why} |`,
    ),
    "",
    `| action | relation | ${columns.join(" | ")} |`,
    `|---|---|${columns.map(() => "---").join("|")}|`,
    ...Object.entries(Object.groupBy(policyCases(policy), ({ action }) => action)).flatMap(([action, cases = []]) =>
      linesOf(action, cases),
    ),
    "",
  ].join("\n");
}

function linesOf(action: string, cases: readonly PolicyCase[]): string[] {
  const relationsOf = new Map<string, string[]>();
  for (const [relation, row = []] of Object.entries(Object.groupBy(cases, (one) => one.relation))) {
    const cells = row.map(({ decision }) => (decision.allowed ? `**${decision.rule}**` : decision.reason)).join(" | ");
    relationsOf.set(cells, [...(relationsOf.get(cells) ?? []), relation]);
  }
  return [...relationsOf].map(([cells, alike]) => {
    const relation = alike.length === Object.keys(relations).length ? "any" : alike.join(", ");
    return `| ${action} | ${relation} | ${cells} |`;
  });
}
