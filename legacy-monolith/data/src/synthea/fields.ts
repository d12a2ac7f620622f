/** Values of an export's cells. Each function either understands the cell or ends the import naming file, line and column. */

import { toCodePage } from "../code-page.ts";
import { type Amount, parseAmount } from "../money.ts";
import { newYorkTime, parseDay, type WallTime, wallTime } from "../wall-clock.ts";
import { type ExportRow, malformed } from "./export-files.ts";

export function fail(row: ExportRow, column: string, reason: string): never {
  throw malformed(row.file, row.line, `${column} ${reason}`);
}

/** Empty when absent; letters outside windows-1252 are made to fit; cut to the legacy column's length. */
export function text(row: ExportRow, column: string, length = 255): string {
  return toCodePage((row.cells[column] ?? "").trim())
    .slice(0, length)
    .trimEnd();
}

export function required(row: ExportRow, column: string, length = 255): string {
  const value = text(row, column, length);
  return value === "" ? fail(row, column, "is empty") : value;
}

/** `2023-01-27T16:17:47Z` as the clinic's clock showed it, a plain date as its midnight. Undefined when empty. */
export function moment(row: ExportRow, column: string): WallTime | undefined {
  const value = (row.cells[column] ?? "").trim();
  if (value === "") return undefined;
  const day = parseDay(value);
  if (day !== undefined) return wallTime(day);
  const instant = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(instant) || parseDay(value.slice(0, 10)) === undefined)
    fail(row, column, "is neither a date nor a UTC time");
  return newYorkTime(instant);
}

export function requiredMoment(row: ExportRow, column: string): WallTime {
  return moment(row, column) ?? fail(row, column, "is empty");
}

/** Zero when empty. */
export function amount(row: ExportRow, column: string): Amount {
  const value = (row.cells[column] ?? "").trim();
  if (value === "") return 0;
  return parseAmount(value) ?? fail(row, column, "is not an amount");
}

export function decimal(row: ExportRow, column: string): number {
  const value = (row.cells[column] ?? "").trim();
  return /^-?\d+(?:\.\d+)?(?:[eE]-?\d+)?$/.test(value) ? Number(value) : fail(row, column, "is not a number");
}

/** Zero when empty. */
export function whole(row: ExportRow, column: string): number {
  const value = (row.cells[column] ?? "").trim();
  if (value === "") return 0;
  return /^\d+(?:\.0)?$/.test(value) ? Number(value) : fail(row, column, "is not a whole number");
}

/** Synthea numbers names to keep them apart (`Víctor493`); people do not. */
export const plainName = (name: string): string =>
  toCodePage(name.replace(/\d+/g, "").replace(/\s+/g, " ").trim()).toUpperCase();
