/**
 * The promises every service keeps, as tests a service runs with its own examples: `conformance({ … })` in a `*.test.ts`. Each
 * test has a database of its own. Only tests import this folder; it brings vitest.
 */

import { afterAll, beforeAll, describe } from "vitest";
import { startTestServices, type TestServices } from "../test-service.ts";
import { auditTests } from "./audit-tests.ts";
import { identityTests } from "./identity-tests.ts";
import { policyTests } from "./policy-tests.ts";
import { processTests } from "./process-tests.ts";
import { type ServiceUnderTest, type Start, startOne } from "./service-under-test.ts";
import { dryRunTests, writeTests } from "./write-tests.ts";

/** Registers the suite. Call it at the top of a vitest file. */
export function conformance(under: ServiceUnderTest): void {
  let services: TestServices;
  beforeAll(async () => {
    services = await startTestServices();
  });
  afterAll(() => services.stop());
  const start: Start = (open = true) => startOne(services, under, open);
  describe("conformance", () => {
    describe("process", () => processTests(under, start));
    describe("identity", () => identityTests(under, start));
    describe("audit", () => auditTests(under, start));
    describe("writes", () => writeTests(under, start));
    describe("dry run", () => dryRunTests(under, start));
    describe("policy", () => policyTests(under, start));
  });
}
