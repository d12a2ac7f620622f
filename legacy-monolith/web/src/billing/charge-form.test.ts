import { describe, expect, it } from "vitest";
import { readChargeLines } from "./charge-form.ts";

const read = (values: Record<string, string>) => readChargeLines({ field: (name) => values[name] ?? "" });

describe("readChargeLines", () => {
  it("takes filled lines wherever they stand, with their defaults", () => {
    expect(
      read({ txtProc2: "99213", txtProc4: "j1100", txtUnits4: "2.5", txtAmt4: "$12.50", txtDx4: "12", txtMod4: "25" }),
    ).toEqual({
      ok: true,
      lines: [
        { procCd: "99213", mod1: "", units: 1, unitAmt: "", dxPtr: "1" },
        { procCd: "J1100", mod1: "25", units: 2.5, unitAmt: "12.50", dxPtr: "12" },
      ],
    });
  });

  it.each([
    [{}, "Enter at least one charge."],
    [{ txtProc1: "X", txtUnits1: "0" }, "Line 1: units must be a positive number."],
    [{ txtProc3: "X", txtAmt3: "-5" }, "Line 3: amount is not a number."],
    [{ txtProc1: "X", txtDx1: "15" }, "Line 1: diagnosis pointer holds digits 1 to 4."],
    [{ txtProc1: "X", txtDx1: "11" }, "Line 1: diagnosis pointer holds digits 1 to 4."],
    [{ txtProc1: "X", txtMod1: "2" }, "Line 1: modifier must have two characters."],
  ])("refuses %j", (values, error) => {
    expect(read(values)).toEqual({ ok: false, error });
  });
});
