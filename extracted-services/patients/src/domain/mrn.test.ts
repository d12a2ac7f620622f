import { expect, test } from "vitest";
import { mrnOf } from "./mrn.ts";

/** Luhn over the whole number: https://www.iso.org/standard/70484.html, annex B. */
const passes = (number: string): boolean =>
  number
    .split("")
    .toReversed()
    .reduce(
      (sum, char, place) => sum + [...String(Number(char) * (1 + (place % 2)))].reduce((a, b) => a + Number(b), 0),
      0,
    ) %
    10 ===
  0;

test("a record number is ten digits that pass the mod-10 check", () => {
  for (const patientNo of [1, 9, 100001, 123456, 999999]) {
    expect(mrnOf(patientNo)).toMatch(new RegExp(`^000${String(patientNo).padStart(6, "0")}\\d$`));
    expect(passes(mrnOf(patientNo))).toBe(true);
  }
});

test("there is no record number for a patient number of seven digits", () => {
  expect(() => mrnOf(1_000_000)).toThrow(expect.objectContaining({ code: "MRN_FULL" }));
});
