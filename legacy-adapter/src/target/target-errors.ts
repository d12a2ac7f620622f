/**
 * Why a service's database refused: away for now, at odds with this row, or not the schema the mapping was written for. Only
 * the second parks a key; the others hold the whole service until they pass.
 */

import { AppError } from "@banyan/kernel";

export type TargetTrouble = "transient" | "row" | "schema" | "unknown";

const awayCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ETIMEDOUT",
  "EPIPE",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

/** SQLSTATE classes: https://www.postgresql.org/docs/current/errcodes-appendix.html */
export function targetTrouble(error: unknown): TargetTrouble {
  if (error instanceof AggregateError && error.errors.some((one) => targetTrouble(one) === "transient"))
    return "transient";
  const code = codeOf(error) ?? "";
  if (awayCodes.has(code)) return "transient";
  // 08 connection, 40 rollback and deadlock, 53 resources, 57 operator, 58 system; 55P03 lock not available; 25P02/25006 read-only or dead transaction.
  if (/^(08|40|53|57|58)|^55P03$|^25|^XX/.test(code)) return "transient";
  // 22 data, 23 integrity, P0 raised by a trigger, 21 cardinality, 44 with check option, 54 program limit.
  if (/^(22|23|P0|21|44|54)/.test(code)) return "row";
  // 42 undefined table or column, missing grant, wrong type; 3F and 3D missing schema and database; 28 refused log-in.
  if (/^(42|3F|3D|28|0A)/.test(code)) return "schema";
  if (
    error instanceof Error &&
    /Connection terminated|timeout exceeded when trying to connect|Client has encountered/.test(error.message)
  )
    return "transient";
  return "unknown";
}

/** Mapping a row failed: a fault of that row, as far as the sync is concerned. */
export class MappingFailure extends AppError {
  constructor(legacyTable: string, cause: unknown) {
    super({
      code: "MAPPING_FAILED",
      op: `map a row of ${legacyTable}`,
      // The cause may quote the row; it stays in `cause`, which is never logged.
      message: `the mapping of ${legacyTable} refused a row (${cause instanceof Error ? cause.name : "no error object"})`,
      hint: "Correct the row in the legacy system or the mapping, then `banyan parked retry`.",
      cause,
    });
  }
}

/** Code and text of a row's failure for people. Holds names of tables, columns and constraints, never values. */
export function describeRowFailure(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof AppError) return { code: error.code, message: error.message };
  const { code, table, column, constraint } = (error ?? {}) as Record<string, unknown>;
  const where = [
    typeof table === "string" ? `table ${table}` : "",
    typeof column === "string" ? `column ${column}` : "",
    typeof constraint === "string" ? `constraint ${constraint}` : "",
  ].filter(Boolean);
  const state = typeof code === "string" ? code : "UNKNOWN";
  return {
    code: state,
    message: `the service's database refused the row with SQLSTATE ${state}${where.length > 0 ? ` (${where.join(", ")})` : ""}`,
  };
}

export function targetFailure(op: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const trouble = targetTrouble(cause);
  const code = codeOf(cause) ?? "no code";
  return new AppError({
    code: trouble === "transient" ? "TARGET_AWAY" : "TARGET_REFUSED",
    op,
    message:
      trouble === "schema"
        ? `the service's database does not fit the mapping, or a grant is missing (SQLSTATE ${code})`
        : `the service's database answered with ${code}`,
    hint:
      trouble === "schema"
        ? "Bring the service's migrations up to date and give the adapter's login its grants; it is tried again by itself."
        : "It is tried again for as long as it takes.",
    retryable: trouble === "transient",
    cause,
  });
}
