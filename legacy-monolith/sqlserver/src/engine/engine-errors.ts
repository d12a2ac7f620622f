/**
 * Turns an error of the engine into the one SQL Server gives in the same case: number, severity, state, wording, and the
 * names of objects as they were declared. Values of rows appear only where SQL Server itself puts them (the duplicate key,
 * the value that would not convert).
 */

import { SqlError, type SqlValue } from "../contract.ts";
import { sqlStates } from "../translate/plan.ts";
import { sqlErrors } from "./messages.ts";
import type { EngineError } from "./pg-connection.ts";

export type ErrorSituation = {
  readonly spid: number;
  readonly database: string;
  /** INSERT, UPDATE, DELETE, MERGE …: the statement that failed. */
  readonly verb: string;
  /** The index that the statement was making, as declared. */
  readonly index?: string | undefined;
  /** The transaction reads a snapshot: a conflict is 3960 and not 1205. */
  readonly snapshot: boolean;
  /** Reads the catalog, after the failed statement was undone. */
  query(sql: string, values: readonly SqlValue[]): Promise<SqlValue[][]>;
};

export async function sqlErrorOf(error: EngineError, situation: ErrorSituation): Promise<SqlError> {
  if (error.code === sqlStates.error) return raisedError(error.message, error.fields.detail);
  if (error.code === sqlStates.rollback) return sqlErrors.triggerEnded();
  const mapped = mappings[error.code];
  if (mapped) return mapped(error, situation);
  // Class 42 speaks of the statement, never of a row; other texts may quote data.
  const detail = error.code.startsWith("42") ? `: ${error.message}` : "";
  return new SqlError(
    40000,
    16,
    `not supported by the simulator: the engine refused with SQLSTATE ${error.code}${detail}`,
  );
}

/** DETAIL of what the simulator's own functions and triggers raise: `number|severity|state|procedure|line`. */
export function raisedError(message: string, detail: string): SqlError {
  const [number, severity, state, procedure, line] = detail.split("|");
  return new SqlError(Number(number) || 50000, Number(severity) || 16, message, {
    state: Number(state) || 1,
    ...(procedure ? { procedure } : {}),
    line: Number(line) || 0,
  });
}

type Mapping = (error: EngineError, situation: ErrorSituation) => SqlError | Promise<SqlError>;

const mappings: Readonly<Record<string, Mapping>> = {
  "23505": duplicate,
  "23503": foreignKey,
  "23514": check,
  "23502": notNull,
  "22012": () => sqlErrors.divideByZero(),
  "22003": overflow,
  "22001": () => sqlErrors.truncated(),
  "22P02": invalidText,
  "22007": () => sqlErrors.dateConversion(),
  "22008": () => sqlErrors.outOfRangeDate(),
  "2201F": () => sqlErrors.floatingPoint(),
  "2201E": () => sqlErrors.floatingPoint(),
  "21000": (error) => (error.message.startsWith("MERGE") ? sqlErrors.mergeTwice() : sqlErrors.subqueryRows()),
  "40P01": (_, { spid }) => sqlErrors.deadlock(String(spid)),
  "40001": serialization,
  "55P03": () => sqlErrors.lockTimeout(),
  "54001": () => sqlErrors.nestingTooDeep(),
  "42P01": (error) => sqlErrors.invalidObject(quoted(error.message)),
  "42703": (error) => sqlErrors.invalidColumn(quoted(error.message)),
  "42P07": (error) => sqlErrors.objectExists(quoted(error.message)),
};

const quoted = (message: string): string => /"([^"]+)"/.exec(message)?.[1] ?? "";

/** DETAIL: `Key (a, b)=(1, x) already exists.` */
const keyValue = (detail: string): string =>
  (/^Key \(.*?\)=\((.*)\) (?:already exists|conflicts|is duplicated)/s.exec(detail)?.[1] ?? "").replaceAll(
    /(^|, )null(?=,|$)/g,
    "$1<NULL>",
  );

/** A statement cannot know the declared names of what the engine calls by its own: the catalog does. */
async function declaredTable(error: EngineError, situation: ErrorSituation): Promise<string> {
  const rows = await situation.query(
    "SELECT schema_name || '.' || name FROM sim.objects WHERE physical = $1 AND type IN ('U','V') LIMIT 1",
    [error.fields.table],
  );
  return rows[0]?.[0] ?? error.fields.table;
}

async function duplicate(error: EngineError, situation: ErrorSituation): Promise<SqlError> {
  if (error.message.startsWith("could not create unique index")) {
    const name = situation.index ?? error.fields.constraint.replace(/^[^$]*\$/, "");
    return sqlErrors.duplicateInNewIndex(await declaredTable(error, situation), name, keyValue(error.fields.detail));
  }
  const rows = await situation.query(
    `SELECT i.name, i.is_primary_key, i.is_unique_constraint, o.schema_name || '.' || o.name
     FROM sim.indexes i JOIN sim.objects o USING (object_id) WHERE i.physical = $1 AND o.physical = $2`,
    [error.fields.constraint, error.fields.table],
  );
  const [name, isPrimary, isUnique, table] = rows[0] ?? [error.fields.constraint, "f", "t", error.fields.table];
  const value = keyValue(error.fields.detail);
  if (isPrimary !== "t" && isUnique !== "t") return sqlErrors.duplicateIndexKey(table ?? "", name ?? "", value);
  return sqlErrors.duplicateKey(isPrimary === "t" ? "PRIMARY KEY" : "UNIQUE KEY", name ?? "", table ?? "", value);
}

/** The child refuses an unknown parent (FOREIGN KEY), or the parent may not go (REFERENCE): each names the other table. */
async function foreignKey(error: EngineError, situation: ErrorSituation): Promise<SqlError> {
  const parentGoes = error.message.startsWith("update or delete");
  const rows = await situation.query(
    `SELECT coalesce(f.name, c.conname), coalesce(o.schema_name || '.' || o.name, r.relname),
            CASE WHEN array_length(k.key, 1) = 1 THEN coalesce(s.name, a.attname) END
     FROM pg_constraint c
     CROSS JOIN LATERAL (SELECT CASE WHEN $3 = 't' THEN c.conrelid ELSE c.confrelid END AS rel,
                                CASE WHEN $3 = 't' THEN c.conkey ELSE c.confkey END AS key) k
     JOIN pg_class r ON r.oid = k.rel
     LEFT JOIN sim.objects o ON o.physical = r.relname AND o.type = 'U'
     LEFT JOIN pg_attribute a ON a.attrelid = k.rel AND a.attnum = k.key[1]
     LEFT JOIN sim.columns s ON s.object_id = o.object_id AND s.physical = a.attname
     LEFT JOIN sim.objects f ON f.physical = c.conname AND f.type = 'F'
     WHERE c.conname = $1 AND c.contype = 'f' AND c.conrelid = (SELECT oid FROM pg_class WHERE relname = $2 AND relkind = 'r' LIMIT 1)`,
    [error.fields.constraint, error.fields.table, parentGoes ? "t" : "f"],
  );
  const [name, table, column] = rows[0] ?? [error.fields.constraint, error.fields.table, null];
  const kind = parentGoes ? "REFERENCE" : "FOREIGN KEY";
  return sqlErrors.conflict(situation.verb, kind, name ?? "", situation.database, table ?? "", column ?? "");
}

async function check(error: EngineError, situation: ErrorSituation): Promise<SqlError> {
  const rows = await situation.query(
    `SELECT coalesce(f.name, c.conname), coalesce(o.schema_name || '.' || o.name, r.relname),
            CASE WHEN array_length(c.conkey, 1) = 1 THEN coalesce(s.name, a.attname) END
     FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
     LEFT JOIN sim.objects o ON o.physical = r.relname AND o.type = 'U'
     LEFT JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = c.conkey[1]
     LEFT JOIN sim.columns s ON s.object_id = o.object_id AND s.physical = a.attname
     LEFT JOIN sim.objects f ON f.physical = c.conname AND f.type = 'C'
     WHERE c.conname = $1 AND c.contype = 'c' AND r.relname = $2`,
    [error.fields.constraint, error.fields.table],
  );
  const [name, table, column] = rows[0] ?? [error.fields.constraint, error.fields.table, null];
  return sqlErrors.conflict(situation.verb, "CHECK", name ?? "", situation.database, table ?? "", column ?? "");
}

async function notNull(error: EngineError, situation: ErrorSituation): Promise<SqlError> {
  const rows = await situation.query(
    "SELECT c.name FROM sim.columns c JOIN sim.objects o USING (object_id) WHERE o.physical = $1 AND c.physical = $2",
    [error.fields.table, error.fields.column],
  );
  const table = `${situation.database}.${await declaredTable(error, situation)}`;
  const verb = situation.verb === "UPDATE" ? "UPDATE" : "INSERT";
  return sqlErrors.nullNotAllowed(rows[0]?.[0] ?? error.fields.column, table, verb);
}

function overflow(error: EngineError): SqlError {
  const type = /^(smallint|integer|bigint)|numeric/.exec(error.message)?.[0] ?? "numeric";
  return sqlErrors.overflow("expression", type === "integer" ? "int" : type);
}

/** `invalid input syntax for type integer: "abc"` */
function invalidText(error: EngineError): SqlError {
  const [, type, value] = /for type ([\w ]+): "(.*)"$/s.exec(error.message) ?? ["", "", ""];
  if (type === "integer" || type === "smallint")
    return sqlErrors.conversion(value ?? "", type === "integer" ? "int" : type);
  if (type === "uuid") {
    return new SqlError(8169, 16, "Conversion failed when converting from a character string to uniqueidentifier.", {
      state: 2,
    });
  }
  const names: Readonly<Record<string, string>> = { "double precision": "float", numeric: "numeric" };
  return sqlErrors.conversionOf("varchar", names[type ?? ""] ?? type ?? "");
}

async function serialization(error: EngineError, situation: ErrorSituation): Promise<SqlError> {
  if (!situation.snapshot) return sqlErrors.deadlock(String(situation.spid));
  const table = error.fields.table ? await declaredTable(error, situation) : "";
  return sqlErrors.snapshotConflict(table, situation.database);
}
