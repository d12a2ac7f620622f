import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ruleFileJsonSchema } from "./json-schema.ts";

test("the published JSON Schema is the one that the rule language gives", () => {
  const published: unknown = JSON.parse(readFileSync(join(import.meta.dirname, "../schema.json"), "utf8"));
  expect(published).toEqual(ruleFileJsonSchema());
});
