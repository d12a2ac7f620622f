/** SELECT … INTO: a table made for the query's columns, then filled. A plain identity column of a single table stays one. */

import { notSupported, SqlError } from "../contract.ts";
import type { ColumnDefinition, Query, QueryBody, SelectCore, Statement } from "../tsql/ast.ts";
import { ddl, tableName } from "./ddl.ts";
import { compact } from "./parameters.ts";
import type { DdlPlan, Environment, Plan } from "./plan.ts";
import { newTranslation, translateQuery } from "./queries.ts";
import { named } from "./sources.ts";
import { type OutputColumn, quoteText, type TranslatedQuery, type Translation, type Typed } from "./typed.ts";

type Select = Extract<Statement, { kind: "query" }>;

const firstCore = (body: QueryBody): SelectCore => (body.kind === "select" ? body : firstCore(body.left));

export const isSelectInto = (statement: Statement): statement is Select =>
  statement.kind === "query" && firstCore(statement.query.body).into !== undefined;

export function selectInto(statement: Select, env: Environment): DdlPlan {
  const core = firstCore(statement.query.body);
  if (!core.into) throw new SqlError(102, 15, "Incorrect syntax near 'into'.");
  const name = tableName(core.into, env);
  const keepsIdentity =
    statement.query.body.kind === "select" && core.from.length === 1 && core.from[0]?.kind === "table";
  const t = newTranslation(env);
  const { sql, columns } = filled(statement.query, t, keepsIdentity, name.sql);
  const list = named(columns, name.name);
  const definitions = list.map((column, i) => definition(column.name, columns[i] as OutputColumn, keepsIdentity));
  const made = ddl({ ...statement, kind: "createTable", name: core.into, columns: definitions, constraints: [] }, env);
  if (!made) throw new SqlError(102, 15, "Incorrect syntax near 'into'.");
  const then: Plan = {
    kind: "select",
    ...compact(`INSERT INTO ${name.sql} (${list.map((column) => column.sql).join(", ")}) ${sql}`, t.parameters),
    ...(t.before.size > 0 && { before: [...t.before] }),
    cacheable: false,
  };
  // oxlint-disable-next-line unicorn/no-thenable -- a plan, not a promise; nothing awaits it
  return { ...made, then };
}

function definition(name: string, column: OutputColumn, keepsIdentity: boolean): ColumnDefinition {
  const source = column.column;
  // A real server copies the values into a new rowversion column, duplicates and all.
  if (column.type.name === "timestamp") throw notSupported("SELECT INTO with a rowversion column");
  return {
    name,
    type: column.type,
    nullable: column.nullable,
    ...(keepsIdentity && source?.identity && { identity: source.identity }),
    constraints: [],
  };
}

/** Copied identity values raise the new table's counter. */
function filled(query: Query, t: Translation, keepsIdentity: boolean, target: string): TranslatedQuery {
  return translateQuery(query, undefined, t, {
    convert: (item: Typed) => {
      const identity = keepsIdentity && item.column?.identity;
      if (!identity || !item.column) return item;
      const sequence = `pg_get_serial_sequence(${quoteText(target)}, ${quoteText(item.column.physical)})::regclass`;
      return { ...item, sql: `sim.identity_insert(${sequence}, ${item.sql}, ${!identity.increment.startsWith("-")})` };
    },
  });
}
