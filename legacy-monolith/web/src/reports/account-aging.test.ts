import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ageBalance, fromUnits, toUnits } from "./account-aging.ts";

const asOf = new Date("2008-11-07T00:00:00Z");
const ago = (days: number, amount: bigint) => ({ day: new Date(asOf.getTime() - days * 86_400_000), amount });

describe("ageBalance", () => {
  it("leaves the newest charges open", () => {
    const charges = [ago(5, 100n), ago(40, 100n), ago(70, 100n), ago(200, 100n)];
    expect(ageBalance(250n, charges, asOf)).toEqual({ current: 100n, days31: 100n, days61: 50n, over90: 0n });
  });

  it("counts what no charge explains as oldest", () => {
    expect(ageBalance(300n, [ago(5, 100n)], asOf)).toEqual({ current: 100n, days31: 0n, days61: 0n, over90: 200n });
  });

  it("has buckets that add up to the balance", () => {
    const charge = fc.record({
      days: fc.integer({ min: 0, max: 400 }),
      amount: fc.bigInt({ min: 0n, max: 10_000_000n }),
    });
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 50_000_000n }), fc.array(charge), (balance, drawn) => {
        const charges = drawn.map(({ days, amount }) => ago(days, amount));
        const aged = ageBalance(balance, charges, asOf);
        expect(aged.current + aged.days31 + aged.days61 + aged.over90).toBe(balance);
      }),
    );
  });
});

describe("money text", () => {
  it("is read and written without floating point", () => {
    expect(toUnits("-12.5000")).toBe(-125_000n);
    expect(fromUnits(toUnits("1025.5050"))).toBe("1025.51");
    expect(fromUnits(toUnits("-0.0049"))).toBe("0.00");
    expect(toUnits("abc")).toBe(0n);
  });
});
