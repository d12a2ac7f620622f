/** CREATE VIEW: a PostgreSQL view over the translated query, its columns' T-SQL types in the catalog. */

import { notSupported, SqlError } from "../contract.ts";
import type { Statement } from "../tsql/ast.ts";
import { addColumn, addObject, objectId, removeObject } from "./catalog-script.ts";
import { alreadyNamed, tableName } from "./ddl.ts";
import type { DdlPlan, Environment } from "./plan.ts";
import { newTranslation, translateQuery } from "./queries.ts";
import { quote } from "./typed.ts";

/** @throws SqlError 2714, 4511, 4506 */
export function createView(statement: Extract<Statement, { kind: "createView" }>, env: Environment): DdlPlan {
  const name = tableName(statement.name, env);
  if (name.temporary) throw new SqlError(4103, 15, `"${name.name}": Temporary views are not allowed.`);
  const existing = env.catalog.table(name.schema, name.name);
  if (existing && !(statement.orAlter && existing.kind === "view")) throw alreadyNamed(name.name);
  const t = newTranslation(env);
  const { sql, columns, assigns } = translateQuery(statement.query, undefined, t);
  if (assigns.length > 0 || t.parameters.length > 0)
    throw new SqlError(156, 15, "Incorrect syntax near the keyword 'SELECT'.");
  if (t.before.size > 0) throw notSupported("table hints in a view");
  const names = columns.map((column, index) => {
    const own = statement.columns?.[index] ?? column.name;
    if (own === "") {
      throw new SqlError(
        4511,
        16,
        `Create View or Function failed because no column name was specified for column ${index + 1}.`,
      );
    }
    return own;
  });
  const twin = names.find(
    (own, index) => names.findIndex((other) => other.toLowerCase() === own.toLowerCase()) !== index,
  );
  if (twin !== undefined) {
    throw new SqlError(
      4506,
      10,
      `Column names in each view or function must be unique. Column name '${twin}' in view or function '${name.name}' is specified more than once.`,
    );
  }
  const id = objectId(name.schema, name.name);
  return {
    kind: "ddl",
    statements: [
      ...(existing ? [`DROP VIEW ${name.sql}`, ...removeObject(id)] : []),
      `CREATE VIEW ${name.sql} (${names.map((own) => quote(own.toLowerCase())).join(", ")}) AS ${sql}`,
      addObject({
        schema: name.schema,
        name: name.name,
        physical: name.name.toLowerCase(),
        type: "V",
        definition: statement.text,
      }),
      ...columns.map((column, index) =>
        addColumn(id, { id: index + 1, name: names[index] ?? "", type: column.type, nullable: column.nullable }),
      ),
    ],
  };
}
