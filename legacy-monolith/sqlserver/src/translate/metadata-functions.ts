/** Functions about the session, the server and the catalog. What only the session knows is a parameter of the plan. */

import { type Builtin, builtin, intOf, nameOf, newText, typed } from "./builtin.ts";
import { decimal, nvarchar } from "./types.ts";

const smallint = { name: "smallint" } as const;

const session = (global: string): Builtin => builtin(0, 1, (_args, t) => t.global(global));
const owner = builtin(0, 1, () => nameOf("'dbo'"));
/** `sa` may everything. */
const allowed = (least: number, most: number): Builtin => builtin(least, most, () => intOf("1", false));

export const metadataFunctions: readonly (readonly [string, Builtin])[] = [
  ["db_name", builtin(0, 1, (a) => nameOf(a.has(0) ? `sim.database_name(${a.int(0)})` : "sim.database_name()"))],
  ["db_id", builtin(0, 1, (a) => typed(`sim.database_id(${a.text(0, "sim.database_name()")})::int2`, smallint, true))],
  ["object_id", builtin(1, 2, (a) => intOf(`sim.object_id(${a.text(0)}, ${a.text(1, "NULL")})`, true))],
  ["object_name", builtin(1, 2, (a) => nameOf(`sim.object_name(${a.int(0)})`))],
  ["object_schema_name", builtin(1, 2, (a) => nameOf(`sim.object_schema_name(${a.int(0)})`))],
  ["schema_id", builtin(0, 1, (a) => intOf(`sim.schema_id(${a.text(0, "NULL")})`, true))],
  ["schema_name", builtin(0, 1, (a) => nameOf(`sim.schema_name(${a.int(0, "NULL")})`))],
  ["col_length", builtin(2, 2, (a) => typed(`sim.col_length(${a.text(0)}, ${a.text(1)})::int2`, smallint, true))],
  ["col_name", builtin(2, 2, (a) => nameOf(`sim.col_name(${a.int(0)}, ${a.int(1)})`))],
  ["objectproperty", builtin(2, 2, (a) => intOf(`sim.objectproperty(${a.int(0)}, ${a.text(1)})`, true))],
  ["columnproperty", builtin(3, 3, (a) => intOf(`sim.columnproperty(${a.int(0)}, ${a.text(1)}, ${a.text(2)})`, true))],
  ["ident_current", builtin(1, 1, (a) => typed(`sim.ident_current(${a.text(0)})`, decimal(38, 0), true))],
  ["serverproperty", builtin(1, 1, (a) => newText(`sim.server_property(${a.text(0)})`, nvarchar(128), true))],
  [
    "databasepropertyex",
    builtin(2, 2, (a) => newText(`sim.database_property(${a.text(0)}, ${a.text(1)})`, nvarchar(128), true)),
  ],
  ["user_name", owner],
  ["current_user", owner],
  ["session_user", owner],
  ["user", owner],
  ["suser_sname", session("suser_sname()")],
  ["suser_name", session("suser_sname()")],
  ["system_user", session("suser_sname()")],
  ["original_login", session("suser_sname()")],
  ["host_name", session("host_name()")],
  ["app_name", session("app_name()")],
  ["scope_identity", session("scope_identity()")],
  ["rowcount_big", session("rowcount_big()")],
  ["xact_state", session("xact_state()")],
  ["error_number", session("error_number()")],
  ["error_severity", session("error_severity()")],
  ["error_state", session("error_state()")],
  ["error_line", session("error_line()")],
  ["error_message", session("error_message()")],
  ["error_procedure", session("error_procedure()")],
  ["has_perms_by_name", allowed(3, 5)],
  ["is_srvrolemember", allowed(1, 2)],
  ["is_member", allowed(1, 1)],
  ["is_rolemember", allowed(1, 2)],
];
