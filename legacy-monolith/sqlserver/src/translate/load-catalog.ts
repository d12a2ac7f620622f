/**
 * Reads a database's catalog: user objects from schema `sim`, system views and functions from PostgreSQL's own catalog,
 * typed by their PostgreSQL types and the prelude's domains.
 */

import type { SqlType } from "../contract.ts";
import type {
  Catalog,
  CatalogFunction,
  CatalogQuery,
  Column,
  Constraint,
  ConstraintKind,
  Index,
  Table,
  Trigger,
} from "./catalog.ts";
import { quote } from "./typed.ts";
import { typeFromStorage } from "./types.ts";

type Row = readonly (string | null)[];

export async function loadCatalog(query: CatalogQuery): Promise<Catalog> {
  const tables = [...(await userTables(query)), ...(await systemTables(query))];
  const functions = await loadFunctions(query);
  const schemas = new Set(
    (
      await query(
        "SELECT lower(name)::bpchar FROM sim.schemas UNION SELECT nspname::bpchar COLLATE sim.ci FROM pg_namespace WHERE nspname IN ('cdc')",
      )
    ).map((row) => text(row, 0)),
  );
  const byName = new Map<string, Table>();
  // A user table comes first: capture registers its tables in both places.
  for (const table of tables) {
    const key = `${table.schema}.${table.name}`.toLowerCase();
    if (!byName.has(key)) byName.set(key, table);
  }
  const byId = new Map(tables.filter((table) => table.objectId > 0).map((table) => [table.objectId, table]));
  const constraints = new Map(tables.flatMap(namedConstraints).map((entry) => [entry.physical, entry]));
  return {
    tables: [...byName.values()],
    table: (schema, name) => byName.get(`${schema ?? "dbo"}.${name}`.toLowerCase()),
    tableById: (objectId) => byId.get(objectId),
    function: (schema, name) => functions.get(`${schema}.${name}`.toLowerCase()),
    hasSchema: (name) => schemas.has(name.toLowerCase()),
    constraint: (physical) => constraints.get(physical),
  };
}

const text = (row: Row, index: number): string => row[index] ?? "";
const number = (row: Row, index: number): number => Number(row[index]);
const flag = (row: Row, index: number): boolean => row[index] === "t";

async function userTables(query: CatalogQuery): Promise<Table[]> {
  const objects = await query(
    "SELECT object_id, schema_name, name, physical, type FROM sim.objects WHERE type IN ('U', 'V') ORDER BY object_id",
  );
  const columns = groupBy(
    await query(
      "SELECT object_id, column_id, name, physical, type_name, max_length, precision, scale, is_nullable, identity_seed, identity_increment, computed_text, is_persisted, default_object_id FROM sim.columns ORDER BY object_id, column_id",
    ),
  );
  const indexes = groupBy(
    await query(
      "SELECT object_id, index_id, name, physical, is_unique, is_primary_key, is_unique_constraint, filter FROM sim.indexes ORDER BY object_id, index_id",
    ),
  );
  const keys = groupBy(
    await query(
      "SELECT object_id, index_id, column_id, descending, included FROM sim.index_columns ORDER BY object_id, index_id, ordinal",
    ),
  );
  const constraints = groupBy(
    await query(
      "SELECT parent_object_id, object_id, type, name, physical, definition FROM sim.objects WHERE type IN ('D', 'C', 'F') ORDER BY object_id",
    ),
  );
  const triggers = groupBy(
    await query(
      "SELECT t.parent_object_id, t.object_id, o.name, array_to_string(t.events, ','), t.is_disabled, t.asks_updated FROM sim.triggers t JOIN sim.objects o ON o.object_id = t.object_id ORDER BY t.object_id",
    ),
  );
  return objects.map((row) => {
    const id = text(row, 0);
    const own = (columns.get(id) ?? []).map(columnOf);
    return {
      objectId: Number(id),
      kind: text(row, 4).trim() === "V" ? "view" : "table",
      schema: text(row, 1),
      name: text(row, 2),
      sql: `${quote(text(row, 1))}.${quote(text(row, 3))}`,
      columns: own,
      indexes: (indexes.get(id) ?? []).map((index) => indexOf(index, keys.get(id) ?? [], own)),
      constraints: (constraints.get(id) ?? []).map(constraintOf),
      triggers: (triggers.get(id) ?? []).map(triggerOf),
    };
  });
}

function groupBy(rows: readonly Row[]): Map<string, Row[]> {
  return Map.groupBy(rows, (row) => text(row, 0));
}

function columnOf(row: Row): Column {
  return {
    id: number(row, 1),
    name: text(row, 2),
    physical: text(row, 3),
    type: typeFromStorage(text(row, 4), number(row, 5), number(row, 6), number(row, 7)),
    nullable: flag(row, 8),
    hasDefault: row[13] !== null,
    ...(row[9] === null ? {} : { identity: { seed: text(row, 9), increment: text(row, 10) } }),
    ...(row[11] === null ? {} : { computed: { text: text(row, 11), persisted: flag(row, 12) } }),
  };
}

function indexOf(row: Row, keys: readonly Row[], columns: readonly Column[]): Index {
  const id = number(row, 1);
  return {
    id,
    name: text(row, 2),
    physical: text(row, 3),
    unique: flag(row, 4),
    primaryKey: flag(row, 5),
    uniqueConstraint: flag(row, 6),
    ...(row[7] === null ? {} : { filter: text(row, 7) }),
    columns: keys
      .filter((key) => number(key, 1) === id)
      .flatMap((key) => {
        const column = columns.find((candidate) => candidate.id === number(key, 2));
        return column ? [{ column, descending: flag(key, 3), included: flag(key, 4) }] : [];
      }),
  };
}

function constraintOf(row: Row): Constraint {
  return {
    objectId: number(row, 1),
    kind: text(row, 2).trim() as "D" | "C" | "F",
    name: text(row, 3),
    physical: text(row, 4),
    definition: text(row, 5),
  };
}

function triggerOf(row: Row): Trigger {
  return {
    objectId: number(row, 1),
    name: text(row, 2),
    events: text(row, 3).split(",") as Trigger["events"],
    enabled: !flag(row, 4),
    asksUpdated: flag(row, 5),
  };
}

function namedConstraints(table: Table): { physical: string; table: Table; name: string; kind: ConstraintKind }[] {
  const indexes = table.indexes.map((index) => ({
    physical: index.physical,
    table,
    name: index.name,
    kind: (index.primaryKey ? "primaryKey" : index.uniqueConstraint ? "unique" : "uniqueIndex") as ConstraintKind,
  }));
  const others = table.constraints
    .filter((constraint) => constraint.kind !== "D")
    .map((constraint) => ({
      physical: constraint.physical,
      table,
      name: constraint.name,
      kind: (constraint.kind === "C" ? "check" : "foreignKey") as ConstraintKind,
    }));
  return [...indexes, ...others];
}

/** T-SQL type of a PostgreSQL one; `typmod` as in pg_attribute. */
function typeOfPg(name: string, typmod: number): SqlType {
  const known: Readonly<Record<string, SqlType>> = {
    bit: { name: "bit" },
    tinyint: { name: "tinyint" },
    int2: { name: "smallint" },
    int4: { name: "int" },
    int8: { name: "bigint" },
    float4: { name: "real" },
    float8: { name: "float" },
    sysname: { name: "nvarchar", length: 128 },
    nvarchar_max: { name: "nvarchar", length: -1 },
    varbinary128: { name: "varbinary", length: 128 },
    lsn: { name: "binary", length: 10 },
    datetime: { name: "datetime" },
    char_1: { name: "char", length: 1 },
    char_2: { name: "char", length: 2 },
    bytea: { name: "varbinary", length: 8000 },
    uuid: { name: "uniqueidentifier" },
    timestamp: { name: "datetime" },
    date: { name: "date" },
    bool: { name: "bit" },
  };
  const type = known[name];
  if (type) return type;
  if (name === "numeric")
    return typmod < 4
      ? { name: "numeric", precision: 38, scale: 10 }
      : { name: "numeric", precision: (typmod - 4) >> 16, scale: (typmod - 4) & 0xffff };
  if (name === "bpchar" && typmod > 4) return { name: "nchar", length: typmod - 4 };
  return { name: "nvarchar", length: 4000 };
}

async function systemTables(query: CatalogQuery): Promise<Table[]> {
  const rows = await query(
    `SELECT n.nspname, c.relname, a.attname, a.attnum, t.typname, a.atttypmod, a.attnotnull FROM pg_attribute a
     JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid
     WHERE n.nspname IN ('sys', 'sim_information_schema', 'cdc') AND c.relkind IN ('v', 'r') AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY n.nspname, c.relname, a.attnum`,
  );
  return [...Map.groupBy(rows, (row) => `${row[0]}.${row[1]}`).values()].map((columns): Table => {
    const [schema, name] = [text(columns[0] as Row, 0), text(columns[0] as Row, 1)];
    const information = schema === "sim_information_schema";
    return {
      objectId: 0,
      kind: "view",
      schema: information ? "INFORMATION_SCHEMA" : schema,
      name: information ? name.toUpperCase() : name,
      sql: `${quote(schema)}.${quote(name)}`,
      columns: columns.map((row) => ({
        id: number(row, 3),
        name: information ? text(row, 2).toUpperCase() : text(row, 2),
        physical: text(row, 2),
        type: typeOfPg(text(row, 4), number(row, 5)),
        nullable: !flag(row, 6),
        hasDefault: false,
      })),
      indexes: [],
      constraints: [],
      triggers: [],
    };
  });
}

async function loadFunctions(query: CatalogQuery): Promise<Map<string, CatalogFunction>> {
  const rows = await query(
    `SELECT n.nspname, p.proname, rt.typname, p.proretset, p.pronargdefaults, a.ordinality, a.mode, coalesce(p.proargnames[a.ordinality], ''), at.typname
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_type rt ON rt.oid = p.prorettype
     LEFT JOIN LATERAL unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]), coalesce(p.proargmodes, array_fill('i'::"char", ARRAY[p.pronargs::int]))) WITH ORDINALITY AS a(type, mode, ordinality) ON true
     LEFT JOIN pg_type at ON at.oid = a.type
     WHERE n.nspname IN ('sys', 'cdc', 'dbo') AND p.prokind = 'f' AND rt.typname <> 'trigger' ORDER BY p.oid, a.ordinality`,
  );
  const functions = [...Map.groupBy(rows, (row) => `${row[0]}.${row[1]}`).entries()];
  const found = new Map(functions.map(([name, parts]) => [name.toLowerCase(), functionOf(parts)]));
  // Capture registers its table functions like tables: declared names and T-SQL types of their columns are known.
  for (const [declared, physical, columns] of await registeredFunctions(query)) {
    const known = found.get(physical);
    if (known) found.set(declared, { ...known, returns: columns });
  }
  return found;
}

async function registeredFunctions(query: CatalogQuery): Promise<[declared: string, physical: string, Column[]][]> {
  const rows = await query(
    `SELECT c.object_id, c.column_id, c.name, c.physical, c.type_name, c.max_length, c.precision, c.scale, c.is_nullable, c.identity_seed, c.identity_increment,
       c.computed_text, c.is_persisted, c.default_object_id, o.schema_name, o.name, o.physical
     FROM sim.objects o JOIN sim.columns c USING (object_id) WHERE o.type = 'IF' ORDER BY c.object_id, c.column_id`,
  );
  return [...groupBy(rows).values()].map((columns) => {
    const [schema, name, physical] = [14, 15, 16].map((index) => text(columns[0] as Row, index).toLowerCase());
    return [`${schema}.${name}`, `${schema}.${physical}`, columns.map(columnOf)];
  });
}

function functionOf(rows: readonly Row[]): CatalogFunction {
  const first = rows[0] as Row;
  const inputs = rows.filter((row) => text(row, 6) === "i");
  const defaults = number(first, 4);
  const results = rows.filter((row) => text(row, 6) === "t");
  return {
    sql: `${quote(text(first, 0))}.${quote(text(first, 1))}`,
    parameters: inputs.map((row, index) => ({
      name: text(row, 7),
      type: typeOfPg(text(row, 8), -1),
      hasDefault: index >= inputs.length - defaults,
    })),
    returns: flag(first, 3)
      ? results.map((row, index) => ({
          id: index + 1,
          name: text(row, 7),
          physical: text(row, 7),
          type: typeOfPg(text(row, 8), -1),
          nullable: true,
          hasDefault: false,
        }))
      : typeOfPg(text(first, 2), -1),
  };
}
