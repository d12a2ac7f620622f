/** A scheduling service for its own tests: a database filled with a generated clinic by the mapping, and people to ask as. */

import { generateEhr, type TableName } from "@banyan/legacy-data";
import { asLegacyRow } from "@banyan/service-kit/conformance";
import type { TestDatabase } from "@banyan/service-kit/test-service";
import { schedulingMapping } from "../mapping/index.ts";

/** The day the clinic's data pretends to be: a Monday. */
const today = "2026-11-23";
export const machineKey = "machine key of the tests";

export const desk = { kind: "staff", sub: "FDESK1", name: "DESK, FRONT", role: "FDSK", site: "MAIN" } as const;
export const lab = { ...desk, sub: "LABTECH1", role: "LABT" } as const;

const rowsAtOnce = 500;
/** Ids of new appointments. */
export const firstId = 900_001;

/** Fills a database as the sync does, and reserves ids. */
export async function seedClinic(database: TestDatabase): Promise<void> {
  const { tables } = generateEhr({ today, patients: 30 });
  for (const table of schedulingMapping.tables) {
    const rows = tables[table.legacyTable as TableName].map((row) => table.toService(asLegacyRow(table, row)));
    await database.owner.batchInsert(table.target, rows, rowsAtOnce);
  }
  await database.reserveIds("tblAppointment", firstId, firstId + 999);
}

/** Body and headers of a web method called as a script. */
export const call = (args: object) => ({
  method: "POST",
  headers: { "content-type": "application/json; charset=utf-8" },
  body: JSON.stringify(args),
});
