/**
 * Reads the CSV files of a Synthea export (version 3 native layout, RFC 4180, UTF-8). A row that is not what it should be
 * ends the import with file, line and reason, before anything is written; a file that is not there is only a warning.
 */

import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@banyan/kernel";
import { CsvError, parse } from "csv-parse/sync";
import { exportFileBytesMax } from "../limits.ts";

/** Columns read from each file. Synthea adds columns from version to version; those are ignored. */
const columns = {
  patients: "Id BIRTHDATE DEATHDATE SSN FIRST LAST SUFFIX MAIDEN MARITAL RACE ETHNICITY GENDER ADDRESS CITY STATE ZIP",
  organizations: "Id NAME ADDRESS CITY STATE ZIP PHONE",
  providers: "Id ORGANIZATION NAME SPECIALITY",
  payers: "Id NAME",
  payer_transitions: "PATIENT MEMBERID START_YEAR END_YEAR PAYER SECONDARY_PAYER OWNERSHIP OWNERNAME",
  encounters: "Id START STOP PATIENT ORGANIZATION PROVIDER ENCOUNTERCLASS DESCRIPTION REASONCODE REASONDESCRIPTION",
  observations: "DATE PATIENT ENCOUNTER CATEGORY CODE DESCRIPTION VALUE UNITS",
  conditions: "START STOP PATIENT ENCOUNTER CODE DESCRIPTION",
  allergies: "START STOP PATIENT ENCOUNTER CODE DESCRIPTION DESCRIPTION1 SEVERITY1",
  immunizations: "DATE PATIENT ENCOUNTER CODE DESCRIPTION",
  medications: "START STOP PATIENT ENCOUNTER CODE DESCRIPTION DISPENSES",
  claims:
    "Id PATIENTID PRIMARYPATIENTINSURANCEID DIAGNOSIS1 DIAGNOSIS2 DIAGNOSIS3 DIAGNOSIS4 APPOINTMENTID SERVICEDATE STATUS1 LASTBILLEDDATE1 HEALTHCARECLAIMTYPEID1",
  claims_transactions:
    "CLAIMID TYPE METHOD AMOUNT FROMDATE PROCEDURECODE MODIFIER1 UNITS NOTES UNITAMOUNT PAYMENTS ADJUSTMENTS",
} as const;

type ExportFile = keyof typeof columns;
const exportFileNames = Object.keys(columns) as ExportFile[];

/** One row; `line` counts from 1, the header being line 1. */
export type ExportRow = {
  readonly file: string;
  readonly line: number;
  readonly cells: Readonly<Record<string, string>>;
};

export type Export = {
  readonly rows: Readonly<Record<ExportFile, readonly ExportRow[]>>;
  readonly warnings: readonly string[];
};

/** @throws AppError SYNTHEA_NOT_FOUND (no patients.csv in the folder), SYNTHEA_MALFORMED. */
export async function readExport(dir: string): Promise<Export> {
  const warnings: string[] = [];
  const entries: [ExportFile, readonly ExportRow[]][] = [];
  for (const name of exportFileNames) {
    const rows = await readFileRows(dir, name);
    if (rows === undefined) warnings.push(`${name}.csv is not in the export: what comes from it is missing`);
    entries.push([name, rows ?? []]);
  }
  const rows = Object.fromEntries(entries) as Record<ExportFile, readonly ExportRow[]>;
  if (rows.patients.length === 0) throw noPatients(dir);
  return { rows, warnings };
}

async function readFileRows(dir: string, name: ExportFile): Promise<ExportRow[] | undefined> {
  const file = `${name}.csv`;
  const size = await sizeOf(join(dir, file));
  if (size === undefined) return undefined;
  if (size > exportFileBytesMax) throw malformed(file, 1, `it is larger than ${exportFileBytesMax / 2 ** 20} MiB`);
  return parseRows(file, decode(file, await readFile(join(dir, file))), columns[name].split(" "));
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function decode(file: string, bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const line = bytes.toString("utf8").split("\uFFFD")[0]?.split("\n").length ?? 1;
    throw malformed(file, line, "it is not UTF-8 text");
  }
}

function parseRows(file: string, text: string, wanted: readonly string[]): ExportRow[] {
  try {
    const parsed = parse(text, { bom: true, columns: true, info: true, skip_empty_lines: true }) as unknown as {
      record: Record<string, string>;
      info: { lines: number };
    }[];
    const missing = wanted.filter((column) => parsed[0] !== undefined && !(column in parsed[0].record));
    if (missing.length > 0) throw malformed(file, 1, `column ${missing.join(", ")} is missing`);
    return parsed.map(({ record, info }) => ({ file, line: info.lines, cells: record }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw malformed(file, Number(error.lines ?? 1), reasons[error.code] ?? "it is not CSV");
  }
}

/** The library's own messages may quote the row. */
const reasons: Readonly<Record<string, string>> = {
  CSV_RECORD_INCONSISTENT_COLUMNS: "it has another number of fields than the header",
  CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: "it has another number of fields than the header",
  CSV_QUOTE_NOT_CLOSED: "a quotation mark is never closed",
  CSV_INVALID_CLOSING_QUOTE: "a quotation mark stands inside a field",
};

export function malformed(file: string, line: number, reason: string): AppError {
  return new AppError({
    code: "SYNTHEA_MALFORMED",
    op: "import the Synthea export",
    message: `${file}, line ${line}: ${reason}`,
    hint: "Nothing was written. Correct the file, or leave it out of the folder to import the rest.",
  });
}

const noPatients = (dir: string) =>
  new AppError({
    code: "SYNTHEA_NOT_FOUND",
    op: "import the Synthea export",
    message: `there is no patients.csv with patients in ${dir}`,
    hint: "Give the folder that Synthea wrote its CSV files to, usually output/csv.",
  });
