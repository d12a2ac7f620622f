/** T-SQL's scalar functions by name: those that choose among their arguments, and the way to all others. */

import { notSupported, SqlError, type SqlType } from "../contract.ts";
import type { Expression } from "../tsql/ast.ts";
import { Arguments, type Builtin, builtin, typed } from "./builtin.ts";
import { convert } from "./coercion.ts";
import { dateFunctions } from "./date-functions.ts";
import { metadataFunctions } from "./metadata-functions.ts";
import { numberFunctions } from "./number-functions.ts";
import { branches, collationSuffix, comparison } from "./operators.ts";
import { textFunctions } from "./text-functions.ts";
import { ciText, type Evaluate, isNullLiteral, type Translation, type Typed } from "./typed.ts";
import { int, isString, pgType } from "./types.ts";

type Call = Extract<Expression, { kind: "call" }>;

/** The type is the first argument's, whatever the second is. */
function isNull(args: Arguments): Typed {
  const [a, b] = [args.get(0), args.get(1)];
  if (isNullLiteral(a)) return b;
  return typed(`coalesce(${a.sql}, ${convert(b, a.type).sql})`, a.type, a.nullable && b.nullable);
}

function coalesce({ all }: Arguments): Typed {
  if (all.every(isNullLiteral)) {
    throw new SqlError(
      4127,
      16,
      "At least one of the arguments to COALESCE must be an expression that is not the NULL constant.",
    );
  }
  const { values, type } = branches(all);
  const nullable = all.every((argument) => argument.nullable);
  return typed(`coalesce(${values.map((branch) => branch.sql).join(", ")})`, type, nullable);
}

function nullIf(args: Arguments): Typed {
  const [a, b] = [args.get(0), args.get(1)];
  return typed(`(CASE WHEN ${comparison("=", a, b)} THEN NULL ELSE ${a.sql} END)`, a.type, true);
}

const entries: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ["isnull", builtin(2, 2, isNull)],
  ["coalesce", builtin(1, 100, coalesce)],
  ["nullif", builtin(2, 2, nullIf)],
  ["newid", builtin(0, 0, () => typed("gen_random_uuid()", { name: "uniqueidentifier" }, false))],
  ...textFunctions,
  ...numberFunctions,
  ...metadataFunctions,
]);

/** @throws SqlError 174 (number of arguments), 195 (no such function) */
export function callFunction(call: Call, evaluate: Evaluate, t: Translation): Typed {
  const dated = dateFunctions.get(call.name);
  if (dated) return dated(call, evaluate);
  const found = entries.get(call.name);
  if (!found) return databaseFunction(call, evaluate, t);
  if (call.args.length < found.least || call.args.length > found.most) {
    throw new SqlError(174, 15, `The ${call.name} function requires ${found.least} argument(s).`);
  }
  const args = call.args.map(evaluate);
  return collated(call.name, args, found.build(new Arguments(call.name, args), t));
}

/** What a function makes of text keeps the explicit collation of an argument. @throws SqlError 468 for two of them */
function collated(name: string, args: readonly Typed[], result: Typed): Typed {
  const named = args.filter(({ collation }) => collation !== undefined);
  const [first] = named;
  if (first?.collation === undefined) return result;
  collationSuffix(...named);
  if (name === "patindex" && first.collation !== "sim.ci") throw notSupported("PATINDEX with COLLATE");
  return isString(result.type) ? { ...result, collation: first.collation } : result;
}

/** `sys.fn_cdc_get_max_lsn()` and the like: functions PostgreSQL holds. */
function databaseFunction(call: Call, evaluate: Evaluate, t: Translation): Typed {
  const parts = call.name.split(".");
  const last = parts.at(-1) ?? "";
  const found = t.environment.catalog.function(parts.at(-2) ?? "sys", last);
  if (!found || Array.isArray(found.returns)) {
    if (parts.length === 1)
      throw new SqlError(195, 15, `'${call.name}' is not a recognized built-in function name.`, { state: 10 });
    throw new SqlError(
      4121,
      16,
      `Cannot find either column "${parts[0] ?? ""}" or the user-defined function or aggregate "${call.name}", or the name is ambiguous.`,
    );
  }
  const least = found.parameters.filter((parameter) => !parameter.hasDefault).length;
  if (call.args.length < least || call.args.length > found.parameters.length) {
    throw new SqlError(
      313,
      16,
      `An insufficient number of arguments were supplied for the procedure or function ${call.name}.`,
      { state: 2 },
    );
  }
  const args = call.args.map(
    (argument, i) => convert(evaluate(argument), found.parameters[i]?.type ?? int, { explicit: true }).sql,
  );
  const type = found.returns as SqlType;
  const sql = `${found.sql}(${args.join(", ")})`;
  return typed(isString(type) ? ciText(sql) : `${sql}::${pgType(type)}`, type, true);
}
