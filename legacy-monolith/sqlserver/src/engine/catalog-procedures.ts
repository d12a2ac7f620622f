/**
 * sp_rename and the extended properties: procedures about names and descriptions of objects. Source: "sp_rename",
 * "sp_addextendedproperty" (Transact-SQL); knex calls all of them.
 */

import { notSupported, SqlError, type SqlType, type SqlValue } from "../contract.ts";
import { quoted } from "./engine-databases.ts";
import {
  type ProcedureArguments,
  type ProcedureContext,
  type ProcedureParameter,
  type SystemProcedure,
  sysname,
} from "./system-procedure.ts";

const text: SqlType = { name: "nvarchar", length: 4000 };
const optional = (name: string): ProcedureParameter => ({ name, type: sysname, fallback: null });
const caution = "Caution: Changing any part of an object name could break scripts and stored procedures.";

const badName = (name: string): SqlError =>
  new SqlError(
    15225,
    11,
    `No item by the name of '${name}' could be found in the current database, given that @itemtype was input as '(null)'.`,
  );

/** `dbo.t.c` without brackets, innermost last. */
const partsOf = (name: string): string[] =>
  [...name.matchAll(/\[([^\]]*)\]|"([^"]*)"|([^.[\]"]+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");

async function rename(context: ProcedureContext, args: ProcedureArguments): Promise<void> {
  const name = args.get("@objname") ?? "";
  const newName = args.get("@newname") ?? "";
  const kind = (args.get("@objtype") ?? "OBJECT").toUpperCase();
  const parts = partsOf(name);
  if (kind === "COLUMN") await renameColumn(context, name, parts, newName);
  else if (kind === "INDEX") await renameIndex(context, name, parts, newName);
  else if (kind === "OBJECT") await renameObject(context, name, parts, newName);
  else throw notSupported(`sp_rename of ${kind}`);
  context.catalogChanged();
  context.info(caution, 15477);
}

async function renameColumn(
  context: ProcedureContext,
  name: string,
  parts: readonly string[],
  newName: string,
): Promise<void> {
  const [column, table, schema = "dbo"] = parts.toReversed();
  const rows = await context.query(
    `SELECT o.object_id, o.schema_name, o.physical, c.physical, c.column_id
     FROM sim.objects o JOIN sim.columns c USING (object_id)
     WHERE o.type = 'U' AND lower(o.name) = lower($1) AND lower(o.schema_name) = lower($2) AND lower(c.name) = lower($3)`,
    [table ?? "", schema, column ?? ""],
  );
  const [objectId, schemaName, physicalTable, physicalColumn, columnId] = rows[0] ?? [];
  if (!objectId || !schemaName || !physicalTable || !physicalColumn) throw badName(name);
  await context.query("SELECT capture.before_ddl($1::int4, 'rename_column', $2)", [objectId, physicalColumn]);
  const physical = newName.toLowerCase();
  if (physical !== physicalColumn) {
    await context.query(
      `ALTER TABLE ${quoted(schemaName.toLowerCase())}.${quoted(physicalTable)} RENAME COLUMN ${quoted(physicalColumn)} TO ${quoted(physical)}`,
    );
  }
  await context.query(
    "UPDATE sim.columns SET name = $1, physical = $2 WHERE object_id = $3::int4 AND column_id = $4::int4",
    [newName, physical, objectId, columnId ?? null],
  );
  // Capture's triggers may compare the column under its old name.
  await context.query("SELECT capture.after_ddl($1::int4, NULL)", [objectId]);
}

async function renameIndex(
  context: ProcedureContext,
  name: string,
  parts: readonly string[],
  newName: string,
): Promise<void> {
  const [index, table, schema = "dbo"] = parts.toReversed();
  const rows = await context.query(
    `SELECT i.object_id, i.index_id FROM sim.indexes i JOIN sim.objects o USING (object_id)
     WHERE lower(o.name) = lower($1) AND lower(o.schema_name) = lower($2) AND lower(i.name) = lower($3)`,
    [table ?? "", schema, index ?? ""],
  );
  const [objectId, indexId] = rows[0] ?? [];
  if (!objectId || !indexId) throw badName(name);
  await context.query("UPDATE sim.indexes SET name = $1 WHERE object_id = $2::int4 AND index_id = $3::int4", [
    newName,
    objectId,
    indexId,
  ]);
}

/** Tables are renamed in the engine too; constraints keep the engine's name, and only what clients see changes. */
async function renameObject(
  context: ProcedureContext,
  name: string,
  parts: readonly string[],
  newName: string,
): Promise<void> {
  const [object, schema = "dbo"] = parts.toReversed();
  const rows = await context.query(
    "SELECT object_id, schema_name, physical, type FROM sim.objects WHERE lower(name) = lower($1) AND lower(schema_name) = lower($2)",
    [object ?? "", schema],
  );
  const [objectId, schemaName, physical, type] = rows[0] ?? [];
  if (!objectId || !schemaName || !physical || !type) throw badName(name);
  const taken = await context.query(
    "SELECT 1 FROM sim.objects WHERE lower(name) = lower($1) AND lower(schema_name) = lower($2) AND object_id <> $3::int4",
    [newName, schemaName, objectId],
  );
  if (taken.length > 0) {
    throw new SqlError(
      15335,
      11,
      `Error: The new name '${newName}' is already in use as a OBJECT name and would cause a duplicate that is not permitted.`,
    );
  }
  if (type.trim() !== "U") {
    if (type.trim() === "V" || type.trim() === "TR") throw notSupported("sp_rename of a view or trigger");
    await context.query("UPDATE sim.objects SET name = $1 WHERE object_id = $2::int4", [newName, objectId]);
    await context.query(
      `UPDATE sim.indexes i SET name = $1 FROM sim.objects o
       WHERE o.object_id = $2::int4 AND i.object_id = o.parent_object_id AND i.physical = o.physical`,
      [newName, objectId],
    );
    return;
  }
  const target = newName.toLowerCase();
  if (target !== physical) {
    await context.query(
      `ALTER TABLE ${quoted(schemaName.toLowerCase())}.${quoted(physical)} RENAME TO ${quoted(target)}`,
    );
  }
  await context.query("UPDATE sim.objects SET name = $1, physical = $2 WHERE object_id = $3::int4", [
    newName,
    target,
    objectId,
  ]);
}

const propertyParameters: readonly ProcedureParameter[] = [
  { name: "@name", type: sysname },
  { name: "@value", type: text, fallback: null },
  ...["@level0type", "@level0name", "@level1type", "@level1name", "@level2type", "@level2name"].map(optional),
];

/** (major_id, minor_id) as sys.extended_properties has them. @throws SqlError 15135 */
async function propertyTarget(context: ProcedureContext, args: ProcedureArguments): Promise<SqlValue[]> {
  const [schema, table, column] = ["@level0name", "@level1name", "@level2name"].map((name) => args.get(name) ?? null);
  if (!table) return ["0", "0"];
  const rows = await context.query(
    `SELECT o.object_id, coalesce(c.column_id, 0) FROM sim.objects o
     LEFT JOIN sim.columns c ON c.object_id = o.object_id AND lower(c.name) = lower($3)
     WHERE lower(o.name) = lower($2) AND lower(o.schema_name) = lower($1) AND ($3::text IS NULL OR c.column_id IS NOT NULL)`,
    [schema ?? "dbo", table, column ?? null],
  );
  const found = rows[0];
  if (!found) {
    const spelled = [schema, table, column].filter(Boolean).join(".");
    throw new SqlError(
      15135,
      16,
      `Object is invalid. Extended properties are not permitted on '${spelled}', or the object does not exist.`,
      { state: 8 },
    );
  }
  return found;
}

const property = (
  name: string,
  act: (context: ProcedureContext, target: SqlValue[], name: string, value: SqlValue) => Promise<void>,
): SystemProcedure => ({
  name,
  parameters: propertyParameters,
  async run(context, args) {
    await act(context, await propertyTarget(context, args), args.get("@name") ?? "", args.get("@value") ?? null);
  },
});

const where = "major_id = $1::int4 AND minor_id = $2::int4 AND lower(name) = lower($3)";

async function mustExist(context: ProcedureContext, target: SqlValue[], name: string): Promise<void> {
  const rows = await context.query(`SELECT 1 FROM sim.extended_properties WHERE ${where}`, [...target, name]);
  if (rows.length === 0) {
    throw new SqlError(
      15217,
      16,
      `Property cannot be updated or deleted. Property '${name}' does not exist for the object.`,
      { state: 2 },
    );
  }
}

export const catalogProcedures: readonly SystemProcedure[] = [
  {
    name: "sp_rename",
    parameters: [
      { name: "@objname", type: { name: "nvarchar", length: 1035 } },
      { name: "@newname", type: sysname },
      { name: "@objtype", type: { name: "varchar", length: 13 }, fallback: null },
    ],
    run: rename,
  },
  property("sp_addextendedproperty", async (context, target, name, value) => {
    const rows = await context.query(`SELECT 1 FROM sim.extended_properties WHERE ${where}`, [...target, name]);
    if (rows.length > 0) {
      throw new SqlError(15233, 16, `Property cannot be added. Property '${name}' already exists for the object.`);
    }
    await context.query(
      "INSERT INTO sim.extended_properties (major_id, minor_id, name, value) VALUES ($1::int4, $2::int4, $3, $4)",
      [...target, name, value],
    );
  }),
  property("sp_updateextendedproperty", async (context, target, name, value) => {
    await mustExist(context, target, name);
    await context.query(`UPDATE sim.extended_properties SET value = $4 WHERE ${where}`, [...target, name, value]);
  }),
  property("sp_dropextendedproperty", async (context, target, name) => {
    await mustExist(context, target, name);
    await context.query(`DELETE FROM sim.extended_properties WHERE ${where}`, [...target, name]);
  }),
];
