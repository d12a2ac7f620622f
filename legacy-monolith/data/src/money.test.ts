import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cents, driverMoney, moneyText, parseAmount, share } from "./money.ts";

/** What a server reads from the two 32-bit words tedious 20 writes: floor of the high half, the low half cut off. */
function received(value: number): number {
  const scaled = value * 10_000;
  const bytes = Buffer.alloc(8);
  bytes.writeInt32LE(Math.floor(scaled / 2 ** 32), 0);
  bytes.writeInt32LE(scaled & -1, 4);
  return Number((BigInt(bytes.readInt32LE(0)) << 32n) + BigInt(bytes.readUInt32LE(4)));
}

describe("money", () => {
  test("text and amount are the same thing twice", () => {
    fc.assert(
      fc.property(fc.integer({ min: -(10 ** 13), max: 10 ** 13 }), (amount) => {
        expect(parseAmount(moneyText(amount))).toBe(amount);
      }),
    );
  });

  test.each([
    ["77.49", 774_900],
    ["-0.5", -5_000],
    ["3798.09", 37_980_900],
    ["0.00005", 1],
    ["12", 120_000],
    [".25", 2_500],
    ["1e3", undefined],
    ["", undefined],
    ["-", undefined],
    ["NaN", undefined],
  ])("reads %s exactly", (text, amount) => {
    expect(parseAmount(text)).toBe(amount);
  });

  test("every amount arrives at the server as it was, although the driver cuts doubles off", () => {
    fc.assert(
      fc.property(fc.integer({ min: -(10 ** 11), max: 10 ** 11 }), (amount) => {
        expect(received(driverMoney(cents(amount)))).toBe(cents(amount));
      }),
      { numRuns: 2000 },
    );
  });

  test("the plain quotient would not always arrive", () => {
    const lost = Array.from({ length: 100_000 }, (_, amount) => amount).filter(
      (amount) => received(amount / 10_000) !== amount,
    );
    expect(lost.length).toBeGreaterThan(0);
  });

  test("a share is rounded to whole cents", () => {
    expect(share(cents(1_001), 33)).toBe(cents(330));
  });
});
