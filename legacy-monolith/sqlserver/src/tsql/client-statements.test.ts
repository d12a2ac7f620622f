/** Every statement the clients are known to send (knex, mssql, tedious) and every one of the capture driver parses. */

import { describe, expect, it } from "vitest";
import { clientStatements, rejectedMutations } from "./test-statements.ts";
import { SqlError } from "../contract.ts";
import { parse } from "./parse.ts";

describe("what the clients send", () => {
  it.each(clientStatements.map(({ text, kinds }) => [text, kinds] as const))("%s", (text, kinds) => {
    expect(
      parse(text)
        .map((statement) => statement.kind)
        .join(" "),
    ).toBe(kinds);
  });

  it.each(rejectedMutations)("a slip in it is an error: %s", (text) => {
    expect(() => parse(text)).toThrow(SqlError);
  });
});
