/** Aggregates and window functions. Types after each function's page in the Transact-SQL reference. */

import { notSupported, SqlError, type SqlType } from "../contract.ts";
import type { Expression } from "../tsql/ast.ts";
import { convert } from "./coercion.ts";
import { orderTerm } from "./ordering.ts";
import type { Scope } from "./scope.ts";
import { ciText, type Evaluate, type Typed } from "./typed.ts";
import { asDecimal, bigint, decimal, displayName, family, float, int, isNumber, isString, pgType } from "./types.ts";

type Call = Extract<Expression, { kind: "call" }>;

export const aggregateNames: ReadonlySet<string> = new Set([
  "count",
  "count_big",
  "sum",
  "avg",
  "min",
  "max",
  "stdev",
  "stdevp",
  "var",
  "varp",
  "string_agg",
]);

export function aggregate(call: Call, scope: Scope, evaluate: Evaluate): Typed {
  if (scope.insideWhere) {
    throw new SqlError(
      147,
      15,
      "An aggregate may not appear in the WHERE clause unless it is in a subquery contained in a HAVING clause or a select list, and the column being aggregated is an outer reference.",
    );
  }
  if (scope.insideAggregate) {
    throw new SqlError(
      130,
      15,
      "Cannot perform an aggregate function on an expression containing an aggregate or a subquery.",
    );
  }
  scope.insideAggregate = true;
  try {
    return finish(call, argumentOf(call, evaluate), "", evaluate);
  } finally {
    scope.insideAggregate = false;
  }
}

function argumentOf(call: Call, evaluate: Evaluate): Typed | undefined {
  if (call.star) return undefined;
  const [argument] = call.args;
  if (!argument) throw new SqlError(174, 15, `The ${call.name} function requires 1 argument(s).`);
  return evaluate(argument);
}

function finish(call: Call, argument: Typed | undefined, over: string, evaluate: Evaluate): Typed {
  const { name } = call;
  const distinct = call.distinct ? "DISTINCT " : "";
  if (name === "count" || name === "count_big") {
    const type = name === "count" ? int : bigint;
    const count = `count(${argument ? `${distinct}${argument.sql}` : "*"})${over}`;
    return { sql: `(${count})::${pgType(type)}`, type, nullable: false };
  }
  if (!argument) throw new SqlError(102, 15, "Incorrect syntax near '*'.");
  if (name === "min" || name === "max") return extreme(name, argument, over);
  if (name === "string_agg") return joined(call, argument, over, evaluate);
  return numeric(name, argument, distinct, over);
}

function invalid(name: string, type: SqlType): SqlError {
  return new SqlError(8117, 16, `Operand data type ${displayName(type)} is invalid for ${name} operator.`);
}

function extreme(name: "min" | "max", argument: Typed, over: string): Typed {
  const { type } = argument;
  if (type.name === "bit" || type.name === "text" || type.name === "ntext" || type.name === "image")
    throw invalid(name, type);
  if (type.name === "uniqueidentifier") throw notSupported(`${name.toUpperCase()} of uniqueidentifier`);
  const sql = `${name}(${argument.sql})${over}`;
  return {
    sql:
      isString(type) && type.length !== undefined && type.name.endsWith("char") && !type.name.includes("var")
        ? `(${sql})::${pgType(type)}`
        : sql,
    type,
    nullable: true,
  };
}

function numeric(name: string, argument: Typed, distinct: string, over: string): Typed {
  const { type } = argument;
  if (!isNumber(type) || type.name === "bit") throw invalid(name, type);
  const of = family(type);
  if (name === "stdev" || name === "stdevp" || name === "var" || name === "varp") {
    const pg = { stdev: "stddev_samp", stdevp: "stddev_pop", var: "var_samp", varp: "var_pop" }[name];
    return { sql: `(${pg}(${distinct}${argument.sql})${over})::float8`, type: float, nullable: true };
  }
  const inner = `${name}(${distinct}${argument.sql})${over}`;
  if (of === "integer") {
    const result = type.name === "bigint" ? bigint : int;
    return {
      sql: `${name === "avg" ? `trunc(${inner})` : `(${inner})`}::${pgType(result)}`,
      type: result,
      nullable: true,
    };
  }
  if (of === "money") {
    const result: SqlType = { name: "money" };
    return {
      sql: `${name === "avg" ? `trunc(${inner}, 4)` : `(${inner})`}::${pgType(result)}`,
      type: result,
      nullable: true,
    };
  }
  if (of === "float") return { sql: `(${inner})::float8`, type: float, nullable: true };
  const { scale } = asDecimal(type);
  const result = decimal(38, name === "avg" ? Math.max(scale, 6) : scale);
  const exact = name === "avg" ? `trunc(${inner}, ${result.scale ?? 0})` : `(${inner})`;
  return { sql: `${exact}::${pgType(result)}`, type: result, nullable: true };
}

/** STRING_AGG without WITHIN GROUP: the order is the rows', as on the real server no one promises more. */
function joined(call: Call, argument: Typed, over: string, evaluate: Evaluate): Typed {
  const [, separator] = call.args;
  if (!separator || over) throw notSupported("this form of STRING_AGG");
  const text = isString(argument.type) ? argument : convert(argument, { name: "nvarchar", length: 4000 });
  const type: SqlType =
    text.type.length === -1
      ? text.type
      : {
          name: text.type.name.startsWith("n") ? "nvarchar" : "varchar",
          length: text.type.name.startsWith("n") ? 4000 : 8000,
        };
  return {
    sql: ciText(`string_agg(${text.sql}::text, ${evaluate(separator).sql}::text)`),
    type,
    nullable: true,
  };
}

export function windowFunction(call: Call, evaluate: Evaluate): Typed {
  const window = call.over;
  if (!window) throw notSupported("window function without OVER");
  const parts: string[] = [];
  if (window.partitionBy.length > 0) {
    parts.push(`PARTITION BY ${window.partitionBy.map((part) => evaluate(part).sql).join(", ")}`);
  }
  if (window.orderBy.length > 0) {
    parts.push(
      `ORDER BY ${window.orderBy.map((order) => orderTerm(evaluate(order.value), order.descending)).join(", ")}`,
    );
  }
  const over = ` OVER (${parts.join(" ")})`;
  const ranking = new Set(["row_number", "rank", "dense_rank", "ntile"]);
  if (ranking.has(call.name)) {
    if (window.orderBy.length === 0) {
      throw new SqlError(4112, 15, `The function '${call.name.toUpperCase()}' must have an OVER clause with ORDER BY.`);
    }
    const argument = call.args[0] && convert(evaluate(call.args[0]), int).sql;
    return { sql: `(${call.name}(${argument ?? ""})${over})::int8`, type: bigint, nullable: false };
  }
  if (aggregateNames.has(call.name)) return finish(call, argumentOf(call, evaluate), over, evaluate);
  if (call.name === "lag" || call.name === "lead" || call.name === "first_value" || call.name === "last_value") {
    const [first, ...rest] = call.args.map((argument) => evaluate(argument));
    if (!first) throw new SqlError(174, 15, `The ${call.name} function requires 1 argument(s).`);
    const others = rest.map((argument, i) => convert(argument, i === 0 ? int : first.type).sql);
    return { sql: `${call.name}(${[first.sql, ...others].join(", ")})${over}`, type: first.type, nullable: true };
  }
  throw notSupported(`${call.name.toUpperCase()} OVER`);
}
