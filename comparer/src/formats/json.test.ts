import { systemClock } from "@banyan/kernel";
import fc from "fast-check";
import { LosslessNumber, parse as losslessParse } from "lossless-json";
import { describe, expect, test } from "vitest";
import { Meter } from "../budget.ts";
import { defaultBudget } from "../limits.ts";
import { Forest } from "../tree/forest.ts";
import type { Tree } from "../tree/tree.ts";
import { equalTapes } from "./json-equal.ts";
import { type JsonTape, readJsonTape } from "./json-tape.ts";
import { jsonTree } from "./json-tree.ts";

const meter = () => new Meter(defaultBudget, systemClock);
const tapeOf = (text: string): JsonTape | undefined => readJsonTape(Buffer.from(text), meter());

function same(left: string, right: string): boolean {
  const [a, b] = [tapeOf(left), tapeOf(right)];
  if (!a || !b) throw new Error("not JSON");
  const forest = new Forest(meter());
  const equal = equalTapes(a, b);
  expect(jsonTree(forest, a) === jsonTree(forest, b)).toBe(equal);
  return equal;
}

describe("reading", () => {
  test("takes and refuses what JSON.parse takes and refuses", () => {
    const pieces = [
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"a"',
      '"\\u00e9"',
      '"\\x"',
      "1",
      "-0.5e3",
      "01",
      "1.",
      "true",
      "nul",
      " ",
      "é",
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 8 }), (parts) => {
        const text = parts.join("");
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        expect(tapeOf(text) !== undefined).toBe(valid);
      }),
      { numRuns: 3_000 },
    );
  });

  test("gives the values another exact parser gives", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const tape = tapeOf(text);
        expect(tape && plain(jsonTree(new Forest(meter()), tape))).toEqual(exact(losslessParse(text)));
      }),
    );
  });

  test("keeps every digit of a number", () => {
    const tape = tapeOf("[123456789012345678901234567890.10]");
    expect(tape && jsonTree(new Forest(meter()), tape)).toMatchObject({
      items: [{ text: "123456789012345678901234567890.10" }],
    });
  });

  test("refuses nesting beyond its limit instead of exhausting the stack", () => {
    expect(() => tapeOf("[".repeat(100_000))).toThrow("depth-budget");
  });
});

describe("equality", () => {
  test.each([
    ['{"a":1,"b":[true,null]}', ' { "b" : [ true , null ] , "a" : 1 } '],
    ['{"a":"\\u00e9"}', '{"a":"é"}'],
    ['{"\\u0061":1}', '{"a":1}'],
    ['{"a":1,"b":2,"c":3,"a":4}', '{"b":2,"c":3,"a":1,"a":4}'],
  ])("does not look at blanks, escapes and the order of members: %s", (left, right) => {
    expect(same(left, right)).toBe(true);
  });

  test("does not look at the order of a great many members either", () => {
    const names = Array.from({ length: 500 }, (_, index) => `"n${index % 400}":${index}`);
    expect(
      same(
        `{${names.join(",")}}`,
        `{${[...names.slice(100, 400), ...names.slice(0, 100), ...names.slice(400)].join(",")}}`,
      ),
    ).toBe(true);
    expect(same(`{${names.join(",")}}`, `{${names.toReversed().join(",")}}`)).toBe(false);
  });

  test.each([
    ["[1,2]", "[2,1]"],
    ['{"a":1.0}', '{"a":1}'],
    ['{"a":"1"}', '{"a":1}'],
    ['{"a":1}', '{"a":1,"a":1}'],
    ['{"a":1,"a":2,"b":0}', '{"b":0,"a":2,"a":1}'],
    ['{"a":1,"b":2}', '{"a":1,"c":2}'],
    ["[[1],2]", "[[1,2]]"],
    ['"\\/Date(5)\\/"', '"/Date(5)/"'],
  ])("looks at everything else: %s and %s", (left, right) => {
    expect(same(left, right)).toBe(false);
    expect(same(right, left)).toBe(false);
  });

  test("of tokens and of trees is the same question", () => {
    const small = fc.jsonValue({ maxDepth: 2 });
    fc.assert(fc.property(small, small, (a, b) => void same(JSON.stringify(a), JSON.stringify(b, undefined, 1))));
  });
});

function plain(tree: Tree): unknown {
  if (tree.kind === "scalar") return tree.type === "string" ? tree.text : `${tree.type} ${tree.text}`;
  if (tree.kind === "list" || tree.kind === "repeated") return tree.items.map(plain);
  if (tree.kind === "record") return new Map([...tree.members].map(([name, value]) => [name, plain(value)]));
  throw new Error(tree.kind);
}

function exact(value: unknown): unknown {
  if (value instanceof LosslessNumber) return `number ${value.value}`;
  if (value === null) return "null null";
  if (typeof value === "boolean") return `boolean ${value}`;
  if (Array.isArray(value)) return value.map(exact);
  if (typeof value === "object") return new Map(Object.entries(value).map(([name, one]) => [name, exact(one)]));
  return value;
}
