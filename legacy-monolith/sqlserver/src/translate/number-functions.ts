/** Mathematical functions. tinyint, smallint and bit come back as int. */

import { SqlError, type SqlType } from "../contract.ts";
import { type Arguments, type Builtin, builtin, castTo, typed } from "./builtin.ts";
import { convert } from "./coercion.ts";
import type { Typed } from "./typed.ts";
import { asDecimal, decimal, displayName, family, float, int, isNumber, isString } from "./types.ts";

const resultOf = (type: SqlType): SqlType =>
  type.name === "tinyint" || type.name === "smallint" || type.name === "bit" ? int : type;

/** @throws SqlError 8116 */
function number(argument: Typed, of: string): Typed {
  if (isNumber(argument.type)) return argument;
  if (isString(argument.type)) return convert(argument, float);
  throw new SqlError(
    8116,
    16,
    `Argument data type ${displayName(argument.type)} is invalid for argument 1 of ${of} function.`,
  );
}

function round(a: Arguments): Typed {
  const x = number(a.get(0), "round");
  const rest = `${a.int(1)}, ${a.int(2, "0")}`;
  if (family(x.type) === "float") return typed(`sim.round_float(${x.sql}, ${rest})`, float, a.nullable);
  return castTo(`sim.round_numeric(${x.sql}, ${rest})`, resultOf(x.type), a.nullable);
}

/** abs and sign. */
const sameType = (fn: "abs" | "sign"): Builtin =>
  builtin(1, 1, (a) => {
    const x = number(a.get(0), fn);
    return castTo(`${fn}(${x.sql})`, resultOf(x.type), x.nullable);
  });

const toWhole = (fn: "floor" | "ceil", of: string): Builtin =>
  builtin(1, 1, (a) => {
    const x = number(a.get(0), of);
    const type = family(x.type) === "decimal" ? decimal(asDecimal(x.type).precision, 0) : resultOf(x.type);
    return castTo(`${fn}(${x.sql})`, type, x.nullable);
  });

const ofFloat = (pg: string): Builtin => builtin(1, 1, (a) => typed(`${pg}(${a.float(0)})`, float, a.nullable));

function power(a: Arguments): Typed {
  const x = number(a.get(0), "power");
  const type = resultOf(x.type);
  const sql = `power((${x.sql})::float8, ${a.float(1)})`;
  return family(type) === "float" ? typed(sql, float, a.nullable) : castTo(`${sql}::numeric`, type, a.nullable);
}

export const numberFunctions: readonly (readonly [string, Builtin])[] = [
  ["abs", sameType("abs")],
  ["sign", sameType("sign")],
  ["round", builtin(2, 3, round)],
  ["floor", toWhole("floor", "floor")],
  ["ceiling", toWhole("ceil", "ceiling")],
  ["power", builtin(2, 2, power)],
  ["square", builtin(1, 1, (a) => typed(`(${a.float(0)} * ${a.float(0)})`, float, a.nullable))],
  ["sqrt", ofFloat("sqrt")],
  ["exp", ofFloat("exp")],
  ["log", ofFloat("ln")],
  ["log10", ofFloat("log")],
  ["sin", ofFloat("sin")],
  ["cos", ofFloat("cos")],
  ["radians", ofFloat("radians")],
  ["degrees", ofFloat("degrees")],
  ["atn2", builtin(2, 2, (a) => typed(`atan2(${a.float(0)}, ${a.float(1)})`, float, a.nullable))],
  ["pi", builtin(0, 0, () => typed("pi()", float, false))],
];
