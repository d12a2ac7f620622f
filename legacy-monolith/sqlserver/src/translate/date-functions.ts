/**
 * Date and time functions. DATEFIRST is 7. Source: the pages of DATEADD, DATEDIFF ("counts boundaries crossed"), DATEPART,
 * DATENAME.
 */

import { SqlError, type SqlType } from "../contract.ts";
import type { Expression } from "../tsql/ast.ts";
import { convert } from "./coercion.ts";
import { ciText, type Evaluate, isNullLiteral, type Typed } from "./typed.ts";
import { bigint, datetime, displayName, family, int, isNumber, isString, nvarchar, pgType } from "./types.ts";

type Call = Extract<Expression, { kind: "call" }>;
type Builder = (call: Call, evaluate: Evaluate) => Typed;

const precise: SqlType = { name: "datetime2", scale: 7 };

const partNames: ReadonlyMap<string, string> = new Map(
  Object.entries({
    year: "year yy yyyy",
    quarter: "quarter qq q",
    month: "month mm m",
    dayofyear: "dayofyear dy y",
    day: "day dd d",
    week: "week wk ww",
    weekday: "weekday dw w",
    hour: "hour hh",
    minute: "minute mi n",
    second: "second ss s",
    millisecond: "millisecond ms",
    microsecond: "microsecond mcs",
    nanosecond: "nanosecond ns",
    iso_week: "iso_week isowk isoww",
  }).flatMap(([part, names]) => names.split(" ").map((name) => [name, part] as const)),
);

/** @throws SqlError 155 */
function partOf(argument: Expression | undefined, call: string): string {
  const name = argument?.kind === "column" && argument.parts.length === 1 ? (argument.parts[0] ?? "") : "";
  const part = partNames.get(name.toLowerCase());
  if (part === undefined) throw new SqlError(155, 15, `'${name}' is not a recognized ${call} option.`);
  return part;
}

function count(call: Call, wanted: number): void {
  if (call.args.length !== wanted)
    throw new SqlError(174, 15, `The ${call.name} function requires ${wanted} argument(s).`);
}

/** A date argument: numbers become datetime, strings too unless the function's page says datetime2. */
function moment(argument: Typed, ofString: SqlType = datetime): Typed {
  if (family(argument.type) === "datetime") return argument;
  if (isString(argument.type) && !isNullLiteral(argument)) return convert(argument, ofString);
  if (isNullLiteral(argument) || isNumber(argument.type) || isString(argument.type)) return convert(argument, datetime);
  throw new SqlError(
    8116,
    16,
    `Argument data type ${displayName(argument.type)} is invalid for argument 1 of date function.`,
  );
}

/** As a timestamp, for functions that take one. */
const stamp = (argument: Typed): string =>
  argument.type.name === "date"
    ? `(${argument.sql})::timestamp`
    : argument.type.name === "time"
      ? `(date '1900-01-01' + ${argument.sql})`
      : argument.sql;

const arg = (call: Call, i: number, evaluate: Evaluate): Typed => {
  const expression = call.args[i];
  if (!expression) throw new SqlError(174, 15, `The ${call.name} function requires ${i + 1} argument(s).`);
  return evaluate(expression);
};

const dateAdd: Builder = (call, evaluate) => {
  count(call, 3);
  const part = partOf(call.args[0], "dateadd");
  const n = convert(arg(call, 1, evaluate), int, { explicit: true });
  const from = moment(arg(call, 2, evaluate));
  const nullable = n.nullable || from.nullable;
  const months = { year: 12, quarter: 3, month: 1 }[part];
  const smaller = ["hour", "minute", "second", "millisecond", "microsecond", "nanosecond"].includes(part);
  if ((from.type.name === "date" && smaller) || (from.type.name === "time" && !smaller)) {
    throw new SqlError(
      9810,
      16,
      `The datepart ${part} is not supported by date function dateadd for data type ${from.type.name}.`,
    );
  }
  let sql: string;
  if (months !== undefined)
    sql = `${stamp(from)} + make_interval(months => ${months === 1 ? n.sql : `${n.sql} * ${months}`})`;
  else if (part === "nanosecond") sql = `${stamp(from)} + (${n.sql}::float8 / 1000) * interval '1 microsecond'`;
  else {
    const unit = part === "dayofyear" || part === "weekday" ? "day" : part;
    sql = `${stamp(from)} + ${n.sql} * interval '1 ${unit}'`;
  }
  if (part === "millisecond" && from.type.name === "datetime") sql = `sim.dt(${sql})`;
  if (from.type.name === "smalldatetime") sql = `date_trunc('minute', ${sql})`;
  if (from.type.name !== "time") sql = `sim.added(${sql}, '${from.type.name}')`;
  return { sql: `(${sql})::${pgType(from.type)}`, type: from.type, nullable };
};

const microseconds: Readonly<Record<string, string>> = {
  hour: "3600000000",
  minute: "60000000",
  second: "1000000",
  millisecond: "1000",
  microsecond: "1",
};

const dateDiff =
  (big: boolean): Builder =>
  (call, evaluate) => {
    count(call, 3);
    const part = partOf(call.args[0], "datediff");
    const [a, b] = [moment(arg(call, 1, evaluate), precise), moment(arg(call, 2, evaluate), precise)];
    const [x, y] = [stamp(a), stamp(b)];
    const nullable = a.nullable || b.nullable;
    const type = big ? bigint : int;
    const months = (s: string): string => `(extract(year FROM ${s}) * 12 + extract(month FROM ${s}))`;
    let sql: string;
    switch (part) {
      case "year":
        sql = `(extract(year FROM ${y}) - extract(year FROM ${x}))`;
        break;
      case "quarter":
        sql = `(extract(year FROM ${y}) * 4 + extract(quarter FROM ${y}) - extract(year FROM ${x}) * 4 - extract(quarter FROM ${x}))`;
        break;
      case "month":
        sql = `(${months(y)} - ${months(x)})`;
        break;
      case "day":
      case "dayofyear":
      case "weekday":
        sql = `((${y})::date - (${x})::date)`;
        break;
      case "week":
        // Weeks begin on Sunday whatever DATEFIRST says; 1899-12-31 was one.
        sql = `(((${y})::date - date '1753-01-07') / 7 - ((${x})::date - date '1753-01-07') / 7)`;
        break;
      case "nanosecond":
        sql = `(sim.boundaries(${x}, ${y}, 1) * 1000)`;
        break;
      default:
        sql = `sim.boundaries(${x}, ${y}, ${microseconds[part] ?? "1"})`;
        if (part !== "hour" && part !== "minute" && !big) sql = `sim.difference_int(${sql}, '${part}')`;
    }
    return { sql: `${sql}::${pgType(type)}`, type, nullable };
  };

const datePart: Builder = (call, evaluate) => {
  count(call, 2);
  const part = partOf(call.args[0], "datepart");
  return partNumber(part, moment(arg(call, 1, evaluate), precise));
};

function partNumber(part: string, of: Typed): Typed {
  const x = stamp(of);
  const number = (sql: string): Typed => ({ sql: `${sql}::int4`, type: int, nullable: of.nullable });
  switch (part) {
    case "weekday":
      return number(`(extract(dow FROM ${x}) + 1)`);
    case "dayofyear":
      return number(`extract(doy FROM ${x})`);
    case "week":
      return number(`sim.week_number(${x})`);
    case "iso_week":
      return number(`extract(week FROM ${x})`);
    case "second":
      return number(`floor(extract(second FROM ${x}))`);
    case "millisecond":
      return number(`(floor(extract(milliseconds FROM ${x}))::int4 % 1000)`);
    case "microsecond":
      return number(`(floor(extract(microseconds FROM ${x}))::int4 % 1000000)`);
    case "nanosecond":
      return number(`(floor(extract(microseconds FROM ${x}))::int4 % 1000000 * 1000)`);
    default:
      return number(`extract(${part} FROM ${x})`);
  }
}

const dateName: Builder = (call, evaluate) => {
  count(call, 2);
  const part = partOf(call.args[0], "datename");
  const of = moment(arg(call, 1, evaluate), precise);
  const name =
    part === "month"
      ? `sim.month_name(${stamp(of)})`
      : part === "weekday"
        ? `sim.day_name(${stamp(of)})`
        : `${partNumber(part, of).sql}::text`;
  return { sql: ciText(name), type: nvarchar(30), nullable: of.nullable };
};

const single =
  (part: string): Builder =>
  (call, evaluate) => {
    count(call, 1);
    return partNumber(part, moment(arg(call, 0, evaluate), precise));
  };

const now =
  (fn: string, type: SqlType): Builder =>
  (call) => {
    count(call, 0);
    return { sql: `sim.${fn}()${type.name === "datetime" ? "::timestamp(3)" : ""}`, type, nullable: false };
  };

const endOfMonth: Builder = (call, evaluate) => {
  const from = moment(arg(call, 0, evaluate));
  const offset = call.args[1] ? convert(arg(call, 1, evaluate), int).sql : "0";
  const sql = `(date_trunc('month', ${stamp(from)}) + make_interval(months => ${offset} + 1) - interval '1 day')::date`;
  return { sql, type: { name: "date" }, nullable: from.nullable };
};

const fromParts: Builder = (call, evaluate) => {
  count(call, 3);
  const parts = [0, 1, 2].map((i) => convert(arg(call, i, evaluate), int));
  return {
    sql: `make_date(${parts.map((part) => part.sql).join(", ")})`,
    type: { name: "date" },
    nullable: parts.some((part) => part.nullable),
  };
};

export const dateFunctions: ReadonlyMap<string, Builder> = new Map([
  ["dateadd", dateAdd],
  ["datediff", dateDiff(false)],
  ["datediff_big", dateDiff(true)],
  ["datepart", datePart],
  ["datename", dateName],
  ["year", single("year")],
  ["month", single("month")],
  ["day", single("day")],
  ["getdate", now("getdate", datetime)],
  ["current_timestamp", now("getdate", datetime)],
  ["getutcdate", now("getutcdate", datetime)],
  ["sysdatetime", now("sysdatetime", precise)],
  ["sysutcdatetime", now("sysutcdatetime", precise)],
  ["eomonth", endOfMonth],
  ["datefromparts", fromParts],
]);
