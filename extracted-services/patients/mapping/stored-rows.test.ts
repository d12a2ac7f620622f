/** The laws of the mapping with PostgreSQL in between: the tables take any row, and give back what the mapping wrote. */

import { openServiceDatabase } from "@banyan/service-kit";
import { anyLegacyRow, mappingFaults, storeAndRead } from "@banyan/service-kit/conformance";
import { startTestServices, type TestServices } from "@banyan/service-kit/test-service";
import fc from "fast-check";
import type { Knex } from "knex";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { patientTables } from "./index.ts";

let services: TestServices;
let db: Knex;
beforeAll(async () => {
  services = await startTestServices();
  db = openServiceDatabase((await services.database("patients")).url, "patients");
});
afterAll(async () => {
  await db?.destroy();
  await services?.stop();
});

describe("the service's tables", () => {
  test.each(patientTables.map((table) => [table.target, table] as const))(
    "%s takes any legacy row and gives it back",
    async (_name, table) => {
      await fc.assert(
        fc.asyncProperty(anyLegacyRow(table), async (row) => {
          expect(mappingFaults(table, row, await storeAndRead(db, table, row))).toEqual([]);
        }),
        { numRuns: 60 },
      );
    },
  );
});
