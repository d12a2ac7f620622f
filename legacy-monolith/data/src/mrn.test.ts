import { expect, test } from "vitest";
import { hasValidCheckDigit, mrnOf } from "./mrn.ts";

test("a record number is 000, the patient number and its Luhn digit", () => {
  // 100001 from the right, every other digit doubled: 2+0+0+0+0+1 = 3, so 7 is missing to 10.
  expect(mrnOf(100_001)).toBe("0001000017");
  expect(mrnOf(100_002)).toBe("0001000025");
});

test("one wrong digit, or two neighbours swapped, is noticed", () => {
  expect(hasValidCheckDigit("0001000017")).toBe(true);
  expect(hasValidCheckDigit("0001000027")).toBe(false);
  expect(hasValidCheckDigit("0001000071")).toBe(false);
});

test("a number that would not fit char(10) is refused", () => {
  expect(() => mrnOf(1_000_000)).toThrow(RangeError);
});
