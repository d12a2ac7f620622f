import { expect, test } from "vitest";
import { pseudonymWith } from "./pseudonym.ts";

test("a pseudonym is the same for the same key, kind and value, and another one for any other", () => {
  const one = pseudonymWith("k".repeat(32));
  const other = pseudonymWith("l".repeat(32));
  expect(one("patient", "100001")).toMatch(/^[0-9a-f]{32}$/);
  expect(one("patient", " 100001 ")).toBe(one("patient", "100001"));
  const all = [
    one("patient", "100001"),
    one("patient", "100002"),
    one("portalUser", "100001"),
    other("patient", "100001"),
  ];
  expect(new Set(all).size).toBe(all.length);
});
