import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide, definePolicy, type Policy, type Rule } from "./policy.ts";
import { anonymous, type Principal, type StaffPrincipal, staffRoles } from "./principal.ts";
import { scopesOf } from "./scopes.ts";

const identified = { purpose: "care" as const, epoch: 1, session: "s", tokenId: undefined };
const nurse: StaffPrincipal = {
  ...identified,
  kind: "staff",
  user: "NURSE1",
  name: "N",
  role: "NURS",
  site: "MAIN",
  provider: false,
  currentPatient: undefined,
  currentEncounter: undefined,
  breakGlassPatient: undefined,
};
const portal: Principal = { ...identified, kind: "portal", user: "p", patient: 1, proxyFor: 2 };
const partner: Principal = { ...identified, kind: "interface", user: "interface" };

const policyOf = (...rules: (Partial<Rule> & Pick<Rule, "who">)[]): Policy =>
  definePolicy({
    actions: { read: { operation: "R", subtype: "read" }, write: { operation: "U", subtype: "update" } },
    rules: rules.map((rule, index) => ({ id: `R${index + 1}`, may: ["read"], why: "test", ...rule })),
  });

describe("decide", () => {
  test("denies what no rule allows, and says why", () => {
    const policy = policyOf({ who: ["NURS"] });
    expect(decide(policy, nurse, { action: "read" })).toEqual({ allowed: true, rule: "R1", breakGlass: false });
    expect(decide(policy, nurse, { action: "write" })).toMatchObject({ allowed: false, rule: "deny:role" });
    expect(decide(policy, nurse, { action: "burn" })).toMatchObject({ rule: "deny:unmapped-action" });
    expect(decide(policy, anonymous, { action: "read" })).toMatchObject({ rule: "deny:anonymous" });
    expect(decide(policy, partner, { action: "read" })).toMatchObject({ rule: "deny:role" });
  });

  test("own site: the patient's, else the object's; what has no site is nobody's own", () => {
    const policy = policyOf({ who: ["NURS"], site: "own" });
    const at = (patientSite: string | undefined, site?: string) =>
      decide(policy, nurse, {
        action: "read",
        ...(patientSite === undefined ? {} : { patient: { id: 1, site: patientSite } }),
        ...(site === undefined ? {} : { site }),
      }).allowed;
    expect([at("MAIN"), at("EAST"), at(undefined, "MAIN"), at(undefined, "EAST"), at(undefined)]).toEqual([
      true,
      false,
      true,
      false,
      false,
    ]);
  });

  test("a restricted chart opens by break-glass for that very patient, and the decision says so", () => {
    const policy = policyOf({ who: ["NURS"] });
    const access = { action: "read", patient: { id: 7, restricted: true } };
    expect(decide(policy, nurse, access)).toMatchObject({ rule: "deny:restricted" });
    expect(decide(policy, { ...nurse, breakGlassPatient: 8 }, access)).toMatchObject({ rule: "deny:restricted" });
    expect(decide(policy, { ...nurse, breakGlassPatient: 7 }, access)).toEqual({
      allowed: true,
      rule: "R1",
      breakGlass: true,
    });
  });

  test("a rule may treat restricted charts as any other, or keep them closed even for break-glass", () => {
    const access = { action: "read", patient: { id: 7, restricted: true } };
    const opened = { ...nurse, breakGlassPatient: 7 };
    expect(decide(policyOf({ who: ["NURS"], restricted: "open" }), nurse, access)).toMatchObject({
      allowed: true,
      breakGlass: false,
    });
    expect(decide(policyOf({ who: ["NURS"], restricted: "never" }), opened, access)).toMatchObject({ allowed: false });
  });

  test("a portal user reaches their own record and that of who they act for, nothing else", () => {
    const policy = policyOf({ who: ["portal"] });
    const about = (id: number) => decide(policy, portal, { action: "read", patient: { id, restricted: true } });
    expect([about(1).allowed, about(2).allowed]).toEqual([true, true]);
    expect(about(3)).toMatchObject({ rule: "deny:other-patient" });
    expect(decide(policy, portal, { action: "read" })).toMatchObject({ rule: "deny:other-patient" });
  });

  test("a directory rule lets a portal user see what is nobody's record, and no other patient's", () => {
    const policy = policyOf({ who: ["portal"], directory: true });
    expect(decide(policy, portal, { action: "read" })).toMatchObject({ allowed: true });
    expect(decide(policy, portal, { action: "read", patient: { id: 3 } })).toMatchObject({
      rule: "deny:other-patient",
    });
  });

  test("the first rule that allows wins; else the last one that came near names the denial", () => {
    const policy = policyOf({ who: ["NURS"], site: "own" }, { who: ["NURS"] });
    expect(decide(policy, nurse, { action: "read", patient: { id: 1, site: "EAST" } })).toMatchObject({ rule: "R2" });
    expect(decide(policyOf({ who: ["NURS"], site: "own" }), nurse, { action: "read" })).toMatchObject({
      rule: "deny:site",
    });
  });

  test("whatever the table: an access is allowed only by a rule that names the caller and the action", () => {
    const rule = fc.record({
      who: fc.uniqueArray(fc.constantFrom(...staffRoles, "portal" as const, "interface" as const)),
      may: fc.subarray(["read", "write"]),
      site: fc.constantFrom("any" as const, "own" as const),
      restricted: fc.constantFrom("break-glass" as const, "open" as const, "never" as const),
    });
    const principal = fc.constantFrom<Principal>(nurse, { ...nurse, role: "ADMN" }, portal, partner, anonymous);
    const action = fc.constantFrom("read", "write", "burn");
    fc.assert(
      fc.property(fc.array(rule), principal, action, (rules, caller, asked) => {
        const decision = decide(policyOf(...rules), caller, { action: asked });
        const who = caller.kind === "staff" ? caller.role : caller.kind;
        const named = rules.some((one) => (one.who as string[]).includes(who) && one.may.includes(asked));
        expect(decision.allowed && !named).toBe(false);
      }),
    );
  });
});

test("a table with a rule id twice or an action it does not define is refused, with every fault named", () => {
  const define = (): unknown =>
    definePolicy({
      actions: {},
      rules: [
        { id: "A", who: ["NURS"], may: ["read"], why: "" },
        { id: "A", who: ["NURS"], may: [], why: "" },
      ],
    });
  expect(define).toThrow(/unknown action read; rule A is there twice/);
});

test("scopes: each role has its own, the portal its patient's, nobody has none", () => {
  expect(scopesOf(nurse)).toContain("user/Patient.rs");
  expect(scopesOf(nurse)).not.toContain("user/Patient.crus");
  expect(scopesOf({ ...nurse, role: "BILL" }).filter((scope) => /DocumentReference|Observation/.test(scope))).toEqual(
    [],
  );
  expect(scopesOf(portal)).toContain("patient/*.rs");
  expect(scopesOf(partner).every((scope) => scope.startsWith("system/"))).toBe(true);
  expect(scopesOf(anonymous)).toEqual([]);
});
