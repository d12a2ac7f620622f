import { describe, expect, it } from "vitest";
import { controlledClass, readPrescription } from "./prescription-form.ts";

const drug = { CodeVal: "LISI10", ShortDs: "lisinopril", LongDs: "Lisinopril 10 mg tablet", NumVal: null, Flag1: "N" };
const morphine = { CodeVal: "MORP", ShortDs: "morphine", LongDs: "", NumVal: 2, Flag1: "Y" };

function read(values: Record<string, string>, of = drug as typeof drug | typeof morphine) {
  return readPrescription({ field: (name) => values[name] ?? "", hasField: (name) => name in values }, of);
}

const good = { txtSig: "1 daily", txtQty: "30", txtRef: "3", ddlPhrm: "CVS01" };

describe("readPrescription", () => {
  it("keeps the quantity as text, as the table does", () => {
    expect(read({ ...good, txtQty: "1 bottle", chkDAW: "on" })).toEqual({
      ok: true,
      form: { strength: "", sig: "1 daily", quantity: "1 bottle", refills: 3, daw: true, phrmCd: "CVS01", ctrlCl: " " },
    });
  });

  it.each([
    [{ ...good, txtSig: " " }, "Sig is required."],
    [{ ...good, txtSig: "x".repeat(141) }, "Sig is longer than 140 characters."],
    [{ ...good, txtQty: "" }, "Quantity is required."],
    [{ ...good, txtQty: "12345678901" }, "Quantity is longer than 10 characters."],
    [{ ...good, txtRef: "-1" }, "Refills must be a number."],
    [{ ...good, txtRef: "12" }, "No more than 11 refills."],
  ])("refuses %j", (values, error) => {
    expect(read(values)).toEqual({ ok: false, error });
  });

  it("gives schedule II no refills and the others five", () => {
    expect(read(good, morphine)).toMatchObject({ error: "A schedule II substance has no refills." });
    expect(read({ ...good, txtRef: "6" }, { ...morphine, NumVal: 4 })).toMatchObject({ ok: false });
    expect(read({ ...good, txtRef: "0" }, morphine)).toMatchObject({ ok: true, form: { ctrlCl: "2" } });
  });
});

it("takes a controlled drug without a schedule for the strictest", () => {
  expect(controlledClass({ Flag1: "Y", NumVal: null })).toBe("2");
  expect(controlledClass({ Flag1: "N", NumVal: 4 })).toBe(" ");
});
