/** Rows 6-16 of the URL inventory once more, answered by the patients service. */

import { describe, expect, test } from "vitest";
import { servicesBehind, targetServices } from "./target.ts";

targetServices();
await import("./patient.contract.test.ts");

describe("with the module live", () => {
  test("every rule that follows the stage was answered by the service, and never by legacy", () => {
    const { answered, rulesOf } = servicesBehind();
    const rules = rulesOf("patient");
    expect(rules.filter((rule) => !answered.service.has(rule))).toEqual([]);
    expect(rules.filter((rule) => answered.legacy.has(rule))).toEqual([]);
  });

  test("what the services hold is, mapped back, what the legacy database holds", async () => {
    expect(await servicesBehind().differences()).toEqual([]);
  });
});
