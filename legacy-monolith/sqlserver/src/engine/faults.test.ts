import { expect, test } from "vitest";
import { Faults, parseFault } from "./faults.ts";

const fault = (input: Record<string, string>) => parseFault(new Map(Object.entries(input)));

test("strikes the nth matching statement, as often as asked, and is gone", () => {
  const faults = new Faults();
  faults.add(fault({ kind: "deadlock", pattern: "UPDATE dbo.Bed", nth: "2", times: "2" }));
  const struck = ["select 1", "update dbo.bed set a=1", "update dbo.bed", "update dbo.bed", "update dbo.bed"].map(
    (text) => faults.strike(text).length,
  );
  expect(struck).toEqual([0, 0, 1, 1, 0]);
  expect(faults.size).toBe(0);
});

test("strikes every statement until reset when times is 0", () => {
  const faults = new Faults();
  faults.add(fault({ kind: "latency", ms: "5", times: "0" }));
  expect([1, 2, 3].map(() => faults.strike("select 1")[0]?.ms)).toEqual([5, 5, 5]);
  faults.reset();
  expect(faults.strike("select 1")).toEqual([]);
});

test("never strikes the call that sets or resets faults", () => {
  const faults = new Faults();
  faults.add(fault({ kind: "error", number: "4060", times: "0" }));
  expect(faults.strike("EXEC sp_sim_fault_reset")).toEqual([]);
});

test("refuses an unknown kind and a number out of range by name", () => {
  expect(() => fault({ kind: "meteor" })).toThrow(/@kind must be one of latency/);
  expect(() => fault({ kind: "latency", ms: "-1" })).toThrow(/@ms must be/);
});
