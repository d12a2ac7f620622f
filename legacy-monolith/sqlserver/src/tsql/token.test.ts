import { describe, expect, it } from "vitest";
import { SqlError } from "../contract.ts";
import { tokenize } from "./token.ts";

const kinds = (text: string) => tokenize(text).map((token) => token.kind);
const texts = (text: string) =>
  tokenize(text)
    .slice(0, -1)
    .map((token) => token.text);

function failure(text: string): SqlError {
  try {
    tokenize(text);
  } catch (error) {
    if (error instanceof SqlError) return error;
    throw error;
  }
  throw new Error("no error");
}

describe("the tokenizer", () => {
  it.each([
    ["SELECT", "word"],
    ["#out", "word"],
    ["##all", "word"],
    ["Ñandú", "word"],
    ["a$b@c#", "word"],
    ["$action", "word"],
    ["[select]", "quoted"],
    ['"a b"', "quoted"],
    ["@p0", "variable"],
    ["@@ROWCOUNT", "global"],
    ["'it''s'", "string"],
    ["N'é'", "nstring"],
    ["0", "int"],
    ["2147483647", "int"],
    ["2147483648", "decimal"],
    ["1.", "decimal"],
    [".5", "decimal"],
    ["1e3", "float"],
    ["1.5E-2", "float"],
    ["$12.50", "money"],
    ["$", "money"],
    ["0xAF", "binary"],
    ["0x", "binary"],
    ["!<", "mark"],
  ])("reads %s as one %s", (text, kind) => {
    expect(kinds(text)).toEqual([kind, "end"]);
  });

  it("takes quotes and doubled quotes off", () => {
    expect(texts(`'it''s' N'' [a]]b] "c""d" '' `)).toEqual(["it's", "", "a]b", 'c"d', ""]);
  });

  it("gives a quoted name no keyword", () => {
    expect(tokenize("[select] select")[0]?.word).toBe("");
    expect(tokenize("[select] SELECT")[1]?.word).toBe("select");
  });

  it("pads the hex digits of a binary and lowers them", () => {
    expect(texts("0xABC 0x 0X0a")).toEqual(["0abc", "", "0a"]);
  });

  it("spells the odd comparisons in the standard way", () => {
    expect(tokenize("a != b !< c !> d <> e").map((token) => token.word)).toEqual([
      "a",
      "<>",
      "b",
      ">=",
      "c",
      "<=",
      "d",
      "<>",
      "e",
      "",
    ]);
  });

  it("skips comments, nested ones too, and counts lines through them and through strings", () => {
    const tokens = tokenize("a -- x\r\n/* 1 /* 2 */\n */ b 'x\ny' c");
    expect(tokens.map(({ text, line }) => [text, line])).toEqual([
      ["a", 1],
      ["b", 3],
      ["x\ny", 4],
      ["c", 4],
      ["", 4],
    ]);
  });

  it("joins a string continued with a backslash", () => {
    expect(texts("'ab\\\r\ncd' 'a\\b'")).toEqual(["abcd", "a\\b"]);
  });

  it.each([
    ["'abc", 105, "Unclosed quotation mark after the character string 'abc'.", 1],
    ["a\n\n'x", 105, "Unclosed quotation mark after the character string 'x'.", 3],
    ["[abc", 105, "Unclosed quotation mark after the character string 'abc'.", 1],
    ["\n/* x", 113, "Missing end comment mark '*/'.", 2],
    ["a \n ` b", 102, "Incorrect syntax near '`'.", 2],
    ["@", 102, "Incorrect syntax near '@'.", 1],
  ])("refuses %j", (text, number, message, line) => {
    expect(failure(text)).toMatchObject({ number, message, line, severity: 15 });
  });

  it("refuses names that are too long or empty", () => {
    expect(failure("x".repeat(129)).number).toBe(103);
    expect(kinds("x".repeat(128))).toEqual(["word", "end"]);
    expect(failure("[]").number).toBe(1038);
  });

  it("keeps the place of every token", () => {
    const text = "select [a b] , 'x''y'";
    expect(tokenize(text).map(({ start, end }) => text.slice(start, end))).toEqual([
      "select",
      "[a b]",
      ",",
      "'x''y'",
      "",
    ]);
  });
});
