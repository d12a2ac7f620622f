/** A generated clinic in the service's own database, brought there by the published mapping; and forms posted as browsers do. */

import { type Dataset, generateEhr, type TableName } from "@banyan/legacy-data";
import { asLegacyRow } from "@banyan/service-kit/conformance";
import { createViewStates } from "@banyan/service-kit/legacy";
import type { TestDatabase } from "@banyan/service-kit/test-service";
import { patientTables } from "../mapping/index.ts";

export const testMachineKey = "machine key of the tests";
/** The day the data pretends to be; first patient 100001. */
export const testClinic: Dataset = generateEhr({ today: "2026-11-20", patients: 40 });

/** Below the 65,535 parameters of a statement for the widest table. */
const rowsOfStatement = 500;

export async function seedClinic(database: TestDatabase): Promise<void> {
  for (const table of patientTables) {
    const rows = testClinic.tables[table.legacyTable as TableName].map((row) =>
      table.toService(asLegacyRow(table, row)),
    );
    for (let at = 0; at < rows.length; at += rowsOfStatement) {
      await database.owner(table.target).insert(rows.slice(at, at + rowsOfStatement));
    }
  }
  await database.reserveIds("PATMST", 500_001, 500_100);
}

/** A posted form. @param path of the page, without its query. @param fields without `ctl00$cph$` */
export function postedForm(path: string, fields: Readonly<Record<string, string>>): RequestInit {
  const { viewState, eventValidation } = createViewStates(testMachineKey).issue(path, {});
  const named = Object.entries(fields).map(([name, value]): [string, string] => [`ctl00$cph$${name}`, value]);
  return {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams([["__VIEWSTATE", viewState], ["__EVENTVALIDATION", eventValidation], ...named]),
  };
}

/** Every box of PatEdit and PatNew filled in; `change` replaces some. */
export function filledBoxes(change: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    txtLName: "ROE",
    txtFName: "RICHARD",
    txtDOB: "02/03/1961",
    txtAddr1: "1 ELM ST",
    txtHmPhone: "6175550100",
    ddlSex: "M",
    ddlMarCd: "S",
    ddlRaceCd: "WH",
    ddlEthCd: "N",
    ddlLangCd: "EN",
    ddlHomeLoc: "MAIN",
    btnSave: "Save",
    ...change,
  };
}
