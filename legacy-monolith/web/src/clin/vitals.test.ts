import { describe, expect, it } from "vitest";
import { anyVital, readVitals, type VitalName } from "./vitals.ts";

const typed = (values: Partial<Record<VitalName, string>>) => readVitals((name) => values[name] ?? "");

describe("readVitals", () => {
  it("takes what was measured and leaves the rest unmeasured", () => {
    const read = typed({ temp: "98.64", sys: "120", dia: "80", pain: "0" });
    expect(read).toEqual({
      ok: true,
      vitals: { ht: null, wt: null, temp: 98.6, sys: 120, dia: 80, pulse: null, resp: null, o2: null, pain: 0 },
    });
    expect(read.ok && anyVital(read.vitals)).toBe(true);
  });

  it("measures nothing when nothing was typed", () => {
    const read = typed({});
    expect(read.ok && anyVital(read.vitals)).toBe(false);
  });

  it.each([
    [{ temp: "warm" }, "Temp is not a number."],
    [{ temp: "1e2" }, "Temp is not a number."],
    [{ o2: "101" }, "O2 Sat must be between 20 and 100."],
    [{ pain: "11" }, "Pain must be between 0 and 10."],
    [{ sys: "80", dia: "80" }, "BP systolic must be above BP diastolic."],
  ])("refuses %j", (values, error) => {
    expect(typed(values)).toEqual({ ok: false, error });
  });
});
