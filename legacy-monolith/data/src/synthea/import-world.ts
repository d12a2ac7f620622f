/** What the parts of the import share: the rows read, the tables being filled, and who in the export is who in the tables. */

import type { Random } from "@banyan/kernel";
import type { Tables } from "../dataset.ts";
import type { Row } from "../schema.ts";
import type { Day } from "../wall-clock.ts";
import type { Export, ExportRow } from "./export-files.ts";
import type { Provider } from "../generate/world.ts";

/** Synthea's ids live only here; the legacy tables have no place for them. */
export type ImportWorld = {
  readonly from: Export["rows"];
  readonly tables: Tables;
  readonly today: Day;
  readonly random: Random;
  readonly sites: Map<string, string>;
  readonly providers: Map<string, Omit<Provider, "days">>;
  readonly payers: Map<string, string>;
  readonly patients: Map<string, Row<"PATMST">>;
  readonly encounters: Map<string, Row<"ENCMST">>;
  readonly codes: CodeBook;
  /** Rows left out, by file and reason; becomes warnings. */
  readonly skipped: Map<string, number>;
};

/** Codes met in the export that CODETBL does not have yet. */
export type CodeBook = {
  add(
    type: "DX" | "PROC" | "LABTST" | "DRUG" | "PAYER",
    code: string,
    title: string,
    more?: { num?: number; flag?: "Y" },
  ): void;
};

export function skip(world: ImportWorld, row: ExportRow, reason: string): void {
  const key = `${row.file}: ${reason}`;
  world.skipped.set(key, (world.skipped.get(key) ?? 0) + 1);
}

/** The patient a row belongs to; undefined, and counted, when the export does not hold that patient. */
export function patientOf(world: ImportWorld, row: ExportRow, column = "PATIENT"): Row<"PATMST"> | undefined {
  const patient = world.patients.get(row.cells[column] ?? "");
  if (!patient) skip(world, row, "rows of a patient who is not in patients.csv");
  return patient;
}

export function encounterOf(world: ImportWorld, row: ExportRow, column = "ENCOUNTER"): Row<"ENCMST"> | undefined {
  const encounter = world.encounters.get(row.cells[column] ?? "");
  if (!encounter) skip(world, row, "rows of an encounter that is not in encounters.csv");
  return encounter;
}
