import { describe, expect, it } from "vitest";
import { beginsLike } from "./tsql-like.ts";

const matches = (typed: string, name: string): boolean => {
  const { operator, operand } = beginsLike(typed);
  if (operator === "~") return new RegExp(operand, "u").test(name);
  const regex = operand
    .replaceAll(/[.*+?^$()|[\]{}]/g, "\\$&")
    .replaceAll("%", ".*")
    .replaceAll("_", ".");
  return new RegExp(`^${regex}$`, "su").test(name);
};

describe("a beginning in the search box", () => {
  it("is a plain prefix, which an index finds, unless it holds a set", () => {
    expect(beginsLike("Smi")).toEqual({ operator: "LIKE", operand: "smi%" });
    expect(beginsLike("Sm[iy]")).toEqual({ operator: "~", operand: "^sm[iy]" });
  });

  it("takes %, _ and sets as wild cards", () => {
    expect([matches("S%N", "smith-nunn"), matches("SM_TH", "smyth"), matches("SM_TH", "smth")]).toEqual([
      true,
      true,
      false,
    ]);
    expect([matches("SM[IY]TH", "smyth"), matches("SM[^IY]TH", "smyth"), matches("[A-C]", "brown")]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("takes a backslash as a letter like any other", () => {
    expect(beginsLike("O\\").operand).toBe("o\\\\%");
  });

  it("finds accented letters between the ends of a range, and nothing for a set that is not closed", () => {
    expect([matches("[d-f]", "énard"), matches("[a-b", "adams"), matches("[^]x", "adams")]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("takes the signs of regular expressions literally", () => {
    expect([matches("[a].b", "a.bc"), matches("[a].b", "axbc"), matches("[.]", "x")]).toEqual([true, false, false]);
  });
});
