import { readRuleSet, type Stage } from "@banyan/routing-rules";
import { describe, expect, test } from "vitest";
import { rulesPath } from "../test-control.ts";
import { approvalsOf, isForward, type MoveFacts, refuseMove } from "./move-check.ts";

const files = readRuleSet(rulesPath).files.map((file) => file.config);
const canary = (percent: number): Stage => ({ name: "canary", percent });
const window = {
  id: 1,
  module: null,
  startsAt: new Date(0),
  endsAt: new Date(1e13),
  reason: "audit week",
  createdBy: "ann",
};

function facts(extra: Partial<MoveFacts> = {}): MoveFacts {
  return {
    kind: "stage",
    module: "lab",
    from: { name: "legacy" },
    to: { name: "shadow" },
    rules: files.find((file) => file.module === "lab"),
    knownModules: files.map((file) => file.module),
    head: 7,
    who: "bob",
    forced: false,
    windows: [],
    approvals: [],
    approvalsNeeded: 0,
    replicas: [],
    gates: [],
    openFlip: undefined,
    missingForFlip: [],
    ...extra,
  };
}

const codeOf = (extra: Partial<MoveFacts>): string | undefined => refuseMove(facts(extra))?.code;

describe("a stage move", () => {
  test("goes to a neighbour and to another canary share, and nowhere else", () => {
    expect(codeOf({})).toBeUndefined();
    expect(codeOf({ from: { name: "shadow" }, to: canary(5) })).toBeUndefined();
    expect(codeOf({ from: canary(5), to: canary(50) })).toBeUndefined();
    expect(codeOf({ from: canary(5), to: { name: "shadow" } })).toBeUndefined();
    expect(codeOf({ to: canary(5) })).toBe("STAGE_NOT_ADJACENT");
    expect(codeOf({ from: canary(5), to: { name: "legacy" } })).toBe("STAGE_NOT_ADJACENT");
    expect(codeOf({ to: { name: "legacy" } })).toBe("STAGE_UNCHANGED");
  });

  test("changes the owner only where service and adapter are known, forced or not, in either direction", () => {
    const missingForFlip = ["the adapter"];
    for (const forced of [false, true]) {
      expect(codeOf({ from: canary(100), to: { name: "live" }, forced })).toBeUndefined();
      expect(codeOf({ from: { name: "live" }, to: canary(100), forced })).toBeUndefined();
      expect(codeOf({ from: canary(100), to: { name: "live" }, forced, missingForFlip })).toBe(
        "FENCED_MOVE_UNAVAILABLE",
      );
      expect(codeOf({ from: { name: "live" }, to: canary(100), forced, missingForFlip })).toBe(
        "FENCED_MOVE_UNAVAILABLE",
      );
      expect(codeOf({ from: { name: "live" }, to: { name: "retired" }, forced })).toBe("RETIREMENT_UNAVAILABLE");
      expect(codeOf({ from: { name: "shadow" }, to: { name: "live" }, forced })).toBe("STAGE_NOT_ADJACENT");
    }
  });

  test("of a module whose rules follow no stage, or of none at all, is refused", () => {
    expect(codeOf({ module: "shell", rules: files.find((file) => file.module === "shell") })).toBe("MODULE_FIXED");
    expect(refuseMove(facts({ module: "labb", rules: undefined }))).toMatchObject({
      code: "MODULE_UNKNOWN",
      hint: expect.stringContaining("lab,"),
    });
  });

  test("is held up by each replica that has a lease and does not run the newest revision, by name", () => {
    const replica = (standing: MoveFacts["replicas"][number]["standing"]) => ({
      replicas: [{ id: "proxy-9", standing, acknowledged: 6, refusedWhy: null }],
    });
    for (const standing of ["behind", "refused", "ahead"] as const)
      expect(refuseMove(facts(replica(standing)))?.why).toContain("proxy-9");
    for (const standing of ["current", "silent", "evicted"] as const) expect(codeOf(replica(standing))).toBeUndefined();
  });

  test("forward stops at a freeze window unless forced; back passes it", () => {
    expect(codeOf({ windows: [window] })).toBe("FROZEN");
    expect(codeOf({ windows: [window], forced: true })).toBeUndefined();
    expect(codeOf({ windows: [window], from: canary(50), to: canary(10) })).toBeUndefined();
    expect(codeOf({ windows: [window], from: { name: "shadow" }, to: { name: "legacy" } })).toBeUndefined();
  });

  test("forward needs approvals by different other people for this stage or more, forced or not", () => {
    const approval = { id: 1, module: "lab", who: "cid", reason: "fine", at: new Date(), expiresAt: new Date() };
    const given = (who: string, stage: Stage) => ({ ...approval, who, stage });
    const to = canary(10);
    const base = { from: { name: "shadow" } as const, to, approvalsNeeded: 1 };
    expect(codeOf(base)).toBe("APPROVAL_MISSING");
    expect(codeOf({ ...base, forced: true })).toBe("APPROVAL_MISSING");
    expect(codeOf({ ...base, approvals: [given("bob", to)] })).toBe("APPROVAL_MISSING");
    expect(codeOf({ ...base, approvals: [given("cid", canary(5))] })).toBe("APPROVAL_MISSING");
    expect(codeOf({ ...base, approvals: [given("cid", canary(20))] })).toBeUndefined();
    const twice = [given("cid", to), given("cid", to)];
    expect(codeOf({ ...base, approvalsNeeded: 2, approvals: twice })).toBe("APPROVAL_MISSING");
    expect(approvalsOf({ approvals: twice, to, who: "bob", module: "lab" })).toHaveLength(1);
  });
});

describe("rollback and kill", () => {
  test("walk back over several stages, through freeze windows and without approvals", () => {
    for (const kind of ["rollback", "kill"] as const) {
      const back = { kind, from: canary(50), to: { name: "legacy" } as const, windows: [window], approvalsNeeded: 2 };
      expect(codeOf(back)).toBeUndefined();
      expect(codeOf({ ...back, from: { name: "legacy" } })).toBe("STAGE_UNCHANGED");
      expect(codeOf({ ...back, from: { name: "live" } })).toBeUndefined();
      expect(codeOf({ ...back, from: { name: "live" }, missingForFlip: ["the adapter"] })).toBe(
        "FENCED_MOVE_UNAVAILABLE",
      );
      expect(codeOf({ ...back, openFlip: "drain" })).toBe("FLIP_UNDER_WAY");
      expect(codeOf({ ...back, from: { name: "legacy" }, to: { name: "shadow" } })).toBe("STAGE_NOT_ADJACENT");
    }
  });

  test("a kill held up by a stuck replica says how to kill and evict at once", () => {
    const replicas = [{ id: "proxy-9", standing: "behind", acknowledged: 6, refusedWhy: null }] as const;
    const refusal = refuseMove(facts({ kind: "kill", from: canary(1), to: { name: "legacy" }, replicas }));
    expect(refusal?.hint).toContain("--evict proxy-9");
  });
});

test("only a later stage or a higher share is forward", () => {
  expect(isForward(canary(1), canary(2))).toBe(true);
  expect(isForward(canary(2), canary(1))).toBe(false);
  expect(isForward({ name: "legacy" }, canary(1))).toBe(true);
  expect(isForward(canary(1), { name: "shadow" })).toBe(false);
});
