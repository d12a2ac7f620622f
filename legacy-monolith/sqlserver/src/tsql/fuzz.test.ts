import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SqlError } from "../contract.ts";
import { parse, parseExpression, splitDeclarations } from "./parse.ts";
import { clientStatements } from "./test-statements.ts";
import { tokenize } from "./token.ts";

/** A tree or an SqlError with a line; anything else is a bug of the parser. */
function parsesOrRefuses(run: () => unknown): void {
  try {
    expect(run()).toBeDefined();
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    expect(error.message).not.toBe("");
  }
}

const texts = clientStatements.map(({ text }) => text);
const pieces = [...new Set(texts.flatMap((text) => tokenize(text).map(({ start, end }) => text.slice(start, end))))];
const words = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.constantFrom(..."()[]'\"@#$.,;=<>!*/-+0x")), {
  maxLength: 40,
});

describe("the parser on anything", () => {
  it("gives a tree or an SqlError for random tokens", () => {
    fc.assert(
      fc.property(words, (list) => {
        parsesOrRefuses(() => parse(list.join(" ")));
        parsesOrRefuses(() => parseExpression(list.join(" ")));
        parsesOrRefuses(() => splitDeclarations(list.join("")));
      }),
      { numRuns: 1_500 },
    );
  });

  it("gives a tree or an SqlError for random text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => parsesOrRefuses(() => parse(text))),
      { numRuns: 1_000 },
    );
  });

  it("survives every truncation of every known statement", () => {
    for (const text of texts) {
      for (let end = 0; end < text.length; end++) parsesOrRefuses(() => parse(text.slice(0, end)));
    }
  });

  it("survives a known statement with one token left out, doubled or replaced", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        fc.nat(),
        fc.constantFrom(...pieces),
        fc.nat(2),
        (text, at, other, how) => {
          const tokens = tokenize(text).slice(0, -1);
          const token = tokens[at % tokens.length];
          if (!token) return;
          const own = text.slice(token.start, token.end);
          const changed = how === 0 ? "" : how === 1 ? `${own} ${own}` : other;
          parsesOrRefuses(() => parse(`${text.slice(0, token.start)} ${changed} ${text.slice(token.end)}`));
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it("keeps every statement's offsets within the text and in order", () => {
    for (const text of texts) {
      let last = 0;
      for (const { start, end } of parse(text)) {
        expect(start).toBeGreaterThanOrEqual(last);
        expect(end).toBeGreaterThan(start);
        last = end;
      }
      expect(last).toBeLessThanOrEqual(text.length);
    }
  });

  it("takes time in proportion to the text", () => {
    const hostile = [
      `select ${"(".repeat(100_000)}`,
      "/*".repeat(100_000),
      `'${"''".repeat(100_000)}`,
      `select ${"a.".repeat(100_000)}`,
      `select 1 where ${"not ".repeat(100_000)}`,
      `select * from t ${"join u ".repeat(50_000)}`,
      `x${" ".repeat(200_000)}y`,
    ];
    const start = performance.now();
    for (const text of hostile) parsesOrRefuses(() => parse(text));
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});
