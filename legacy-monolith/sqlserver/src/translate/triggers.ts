/** CREATE, ALTER and DROP TRIGGER: one PL/pgSQL function and one statement trigger an event, and the catalog's rows. */

import { notSupported, SqlError } from "../contract.ts";
import type { ObjectName, Statement } from "../tsql/ast.ts";
import type { Table, Trigger } from "./catalog.ts";
import { addObject, objectId, removeObject } from "./catalog-script.ts";
import { alreadyNamed, cannotDrop, dropTriggerFunctions } from "./ddl.ts";
import type { DdlPlan, Environment } from "./plan.ts";
import { mentions, type TranslateData, triggerBody } from "./trigger-body.ts";
import { quote, quoteText } from "./typed.ts";

type CreateTrigger = Extract<Statement, { kind: "createTrigger" }>;
type Found = { readonly table: Table; readonly trigger: Trigger };

/** PostgreSQL cuts names after 63 bytes; the functions' names end in `$insert`. */
const triggerNameBytesMax = 56;

/** @throws SqlError 208, 2714, 8197, and what the body's statements are wrong with */
export function createTrigger(statement: CreateTrigger, env: Environment, translateData: TranslateData): DdlPlan {
  const name = statement.name.at(-1) ?? "";
  const table = parentTable(statement.table, env);
  if (Buffer.byteLength(name) > triggerNameBytesMax) {
    throw notSupported(`trigger names of more than ${triggerNameBytesMax} bytes`);
  }
  const existing = findTrigger(name, env);
  if (statement.mode === "create" && (existing || env.catalog.table(table.schema, name))) throw alreadyNamed(name);
  if (statement.mode === "alter" && !existing) {
    throw new SqlError(208, 16, `Invalid object name '${statement.name.join(".")}'.`, { state: 6 });
  }
  const events = [...new Set(statement.events)];
  const id = objectId(table.schema, name);
  const functions = events.map((event) => {
    const body = triggerBody({ name, table, event, body: statement.body }, env, translateData);
    return `CREATE FUNCTION ${quote(table.schema)}.${quote(`${name.toLowerCase()}$${event}`)}() RETURNS trigger LANGUAGE plpgsql AS ${quoteText(body)}`;
  });
  const asksUpdated = mentions(statement.body, (node) => node.kind === "updated");
  const list = `ARRAY[${events.map(quoteText).join(", ")}]`;
  const row = existing
    ? [
        ...dropTriggerFunctions(table, existing.trigger.name),
        `UPDATE sim.objects SET definition = ${quoteText(statement.text)} WHERE object_id = ${id}`,
        `UPDATE sim.triggers SET events = ${list}, is_disabled = false, asks_updated = ${asksUpdated} WHERE object_id = ${id}`,
      ]
    : [
        addObject({
          schema: table.schema,
          name,
          physical: name.toLowerCase(),
          type: "TR",
          parent: objectId(table.schema, table.name),
          definition: statement.text,
        }),
        `INSERT INTO sim.triggers (object_id, parent_object_id, events, asks_updated) VALUES (${id}, ${objectId(table.schema, table.name)}, ${list}, ${asksUpdated})`,
      ];
  const attach = events.map((event) => `SELECT sim.attach_trigger(${id}, ${quoteText(event)})`);
  return { kind: "ddl", statements: [...row, ...functions, ...attach] };
}

function parentTable(name: ObjectName, env: Environment): Table {
  const table = env.catalog.table(name.at(-2) || undefined, name.at(-1) ?? "");
  if (!table || (name.at(-1) ?? "").startsWith("#")) {
    const text = `The object '${name.join(".")}' does not exist or is invalid for this operation.`;
    throw new SqlError(8197, 16, text, { state: 4 });
  }
  if (table.kind === "view") throw notSupported("triggers on views");
  return table;
}

function findTrigger(name: string, env: Environment): Found | undefined {
  for (const table of env.catalog.tables) {
    const trigger = table.triggers.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
    if (trigger) return { table, trigger };
  }
  return undefined;
}

/** @throws SqlError 3701 */
export function dropTriggers(
  statement: Extract<Statement, { names: readonly ObjectName[] }>,
  env: Environment,
): DdlPlan {
  const statements = statement.names.flatMap((name) => {
    const found = findTrigger(name.at(-1) ?? "", env);
    if (!found) {
      if (statement.ifExists) return [];
      throw cannotDrop("trigger", name);
    }
    const { table, trigger } = found;
    return [...dropTriggerFunctions(table, trigger.name), ...removeObject(objectId(table.schema, trigger.name))];
  });
  return { kind: "ddl", statements };
}
