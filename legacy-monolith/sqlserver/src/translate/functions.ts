/** T-SQL's scalar functions by name. Each entry checks its arguments and answers text and type; dates are in date-functions.ts. */

import { notSupported, SqlError, type SqlType } from "../contract.ts";
import type { Expression } from "../tsql/ast.ts";
import { bytesOf, convert } from "./coercion.ts";
import { dateFunctions } from "./date-functions.ts";
import { branches, comparison } from "./operators.ts";
import { ciText, type Evaluate, isNullLiteral, type Translation, type Typed } from "./typed.ts";
import {
  asDecimal,
  decimal,
  displayName,
  family,
  float,
  int,
  isLarge,
  isNumber,
  isString,
  isUnicode,
  maxLength,
  nvarchar,
  pgType,
  sysname,
  varchar,
} from "./types.ts";

type Call = Extract<Expression, { kind: "call" }>;
export type Builtin = (args: readonly Typed[], t: Translation) => Typed;
type Entry = { readonly least: number; readonly most: number; readonly build: Builtin };

const entry = (least: number, most: number, build: Builtin): Entry => ({ least, most, build });
export const anyNull = (args: readonly Typed[]): boolean => args.some((argument) => argument.nullable);
const at = (args: readonly Typed[], i: number): Typed => {
  const found = args[i];
  if (!found) throw notSupported("missing argument");
  return found;
};

/** A string argument; numbers and dates become varchar as SQL Server does on the way in. */
export function asText(argument: Typed): Typed {
  if (isString(argument.type) && !isNullLiteral(argument)) return argument;
  return convert(argument, varchar(8000));
}
const asInt = (argument: Typed): string => convert(argument, int).sql;
const textType = (of: SqlType, length: number): SqlType => {
  if (isLarge(of)) return { name: isUnicode(of) ? "nvarchar" : "varchar", length: -1 };
  return isUnicode(of) ? nvarchar(length) : varchar(length);
};
const sameText = (of: Typed): SqlType => textType(of.type, maxLength(of.type));
const plain = (sql: string, type: SqlType, nullable: boolean): Typed => ({ sql, type, nullable });
/** Text functions keep the collation of their argument. */
const text = (sql: string, type: SqlType, nullable: boolean): Typed => plain(`(${sql})::bpchar`, type, nullable);
const name = (sql: string): Typed => plain(ciText(sql), sysname, true);
const literalLength = (argument: Typed, fallback: number): number =>
  argument.type.name === "int" && typeof argument.literal === "string" && /^\d+$/.test(argument.literal)
    ? Number(argument.literal)
    : fallback;

const trim = (fn: "ltrim" | "rtrim" | "btrim"): Entry =>
  entry(1, 1, ([a]) => {
    const x = asText(at([a as Typed], 0));
    return text(`${fn}(${x.sql}::text, ' ')`, sameText(x), x.nullable);
  });

const length: Builtin = (args) => {
  const x = at(args, 0);
  const type: SqlType = x.type.length === -1 ? { name: "bigint" } : int;
  if (family(x.type) === "binary") return plain(`octet_length(${x.sql})::${pgType(type)}`, type, x.nullable);
  return plain(`length(${asText(x).sql})::${pgType(type)}`, type, x.nullable);
};

const fixedBytes: Readonly<Record<string, number>> = {
  bit: 1,
  tinyint: 1,
  smallint: 2,
  int: 4,
  bigint: 8,
  money: 8,
  smallmoney: 4,
  float: 8,
  real: 4,
  datetime: 8,
  smalldatetime: 4,
  date: 3,
  uniqueidentifier: 16,
  timestamp: 8,
};

const dataLength: Builtin = (args) => {
  const x = at(args, 0);
  const type: SqlType = x.type.length === -1 ? { name: "bigint" } : int;
  const of = family(x.type);
  const bytes =
    of === "binary"
      ? `octet_length(${x.sql})`
      : of === "string"
        ? `${isUnicode(x.type) ? "2 * " : ""}length(${x.sql}::text)`
        : undefined;
  if (bytes !== undefined) return plain(`(${bytes})::${pgType(type)}`, type, x.nullable);
  const fixed = fixedBytes[x.type.name];
  if (fixed === undefined) throw notSupported(`DATALENGTH of ${displayName(x.type)}`);
  return plain(`(CASE WHEN ${x.sql} IS NOT NULL THEN ${fixed} END)`, int, x.nullable);
};

const isNull: Builtin = (args) => {
  const [a, b] = [at(args, 0), at(args, 1)];
  if (isNullLiteral(a)) return isNullLiteral(b) ? a : b;
  const second = convert(b, a.type);
  return { sql: `coalesce(${a.sql}, ${second.sql})`, type: a.type, nullable: a.nullable && b.nullable };
};

const coalesce: Builtin = (args) => {
  if (args.every(isNullLiteral)) {
    throw new SqlError(
      4127,
      16,
      "At least one of the arguments to COALESCE must be an expression that is not the NULL constant.",
    );
  }
  const { values, type } = branches(args);
  return {
    sql: `coalesce(${values.map((branch) => branch.sql).join(", ")})`,
    type,
    nullable: args.every((a) => a.nullable),
  };
};

const nullIf: Builtin = (args) => {
  const [a, b] = [at(args, 0), at(args, 1)];
  return { sql: `(CASE WHEN ${comparison("=", a, b)} THEN NULL ELSE ${a.sql} END)`, type: a.type, nullable: true };
};

const round: Builtin = (args) => {
  const x = number(at(args, 0), "round");
  const places = asInt(at(args, 1));
  const truncate = args[2] ? asInt(args[2]) : "0";
  const nullable = anyNull(args);
  if (family(x.type) === "float") return plain(`sim.round_float(${x.sql}, ${places}, ${truncate})`, float, nullable);
  const type = resultOf(x.type);
  return plain(`sim.round_numeric(${x.sql}, ${places}, ${truncate})::${pgType(type)}`, type, nullable);
};

/** tinyint, smallint and bit become int. */
const resultOf = (type: SqlType): SqlType =>
  type.name === "tinyint" || type.name === "smallint" || type.name === "bit" ? int : type;

function number(argument: Typed, of: string): Typed {
  if (isNumber(argument.type)) return argument;
  if (isString(argument.type)) return convert(argument, float);
  throw new SqlError(
    8116,
    16,
    `Argument data type ${displayName(argument.type)} is invalid for argument 1 of ${of} function.`,
  );
}

const math = (pg: string): Entry =>
  entry(1, 1, (args) => plain(`${pg}(${convert(at(args, 0), float).sql})`, float, anyNull(args)));

const whole = (fn: "floor" | "ceil", of: string): Entry =>
  entry(1, 1, (args) => {
    const x = number(at(args, 0), of);
    const type = family(x.type) === "decimal" ? decimal(asDecimal(x.type).precision, 0) : resultOf(x.type);
    return plain(`${fn}(${x.sql})::${pgType(type)}`, type, x.nullable);
  });

const sessionText = (global: string): Entry => entry(0, 1, (_args, t) => t.global(global));

const hashBytes: Builtin = (args) => {
  const [algorithm, input] = [at(args, 0), at(args, 1)];
  const size = { md2: 16, md4: 16, md5: 16, sha: 20, sha1: 20, sha2_256: 32, sha2_512: 64 }[
    (algorithm.literal ?? "").toLowerCase()
  ];
  if (size === undefined || /^md[24]$/i.test(algorithm.literal ?? ""))
    throw notSupported(`HASHBYTES('${algorithm.literal ?? "…"}')`);
  const bytes = family(input.type) === "binary" ? input.sql : bytesOf(asText(input));
  return plain(`sim.hashbytes(${algorithm.sql}, ${bytes})`, { name: "varbinary", length: size }, true);
};

const concat: Builtin = (args) => {
  const parts = args
    .map((argument) => (isNullLiteral(argument) ? undefined : asText(argument)))
    .filter((part) => part !== undefined);
  const unicode = parts.some((part) => isUnicode(part.type));
  const total = parts.reduce((sum, part) => sum + maxLength(part.type), 0);
  const type: SqlType = Number.isFinite(total)
    ? unicode
      ? nvarchar(total)
      : varchar(total)
    : { name: unicode ? "nvarchar" : "varchar", length: -1 };
  return plain(
    ciText(parts.length === 0 ? "''" : `concat(${parts.map((part) => `${part.sql}::text`).join(", ")})`),
    type,
    false,
  );
};

const substring: Builtin = (args) => {
  const x = at(args, 0);
  const [start, count] = [asInt(at(args, 1)), asInt(at(args, 2))];
  const size = Math.min(literalLength(at(args, 2), Number.POSITIVE_INFINITY), maxLength(x.type));
  if (family(x.type) === "binary") {
    const type: SqlType = { name: "varbinary", length: Number.isFinite(size) ? Math.max(1, size) : -1 };
    return plain(`substring(${x.sql} FROM ${start} FOR ${count})`, type, anyNull(args));
  }
  const s = asText(x);
  const type = Number.isFinite(size) ? (isUnicode(s.type) ? nvarchar(size) : varchar(size)) : sameText(s);
  return text(`sim.substring(${s.sql}, ${start}, ${count})`, type, anyNull(args));
};

const side = (fn: "left" | "right"): Entry =>
  entry(2, 2, (args) => {
    const s = asText(at(args, 0));
    const size = Math.min(literalLength(at(args, 1), Number.POSITIVE_INFINITY), maxLength(s.type));
    const type = Number.isFinite(size) ? textType(s.type, size) : sameText(s);
    return text(`sim.${fn}(${s.sql}, ${asInt(at(args, 1))})`, type, anyNull(args));
  });

const replicate: Builtin = (args) => {
  const s = asText(at(args, 0));
  const times = literalLength(at(args, 1), 8000);
  return text(`sim.replicate(${s.sql}, ${asInt(at(args, 1))})`, textType(s.type, maxLength(s.type) * times), true);
};

const replace: Builtin = (args) => {
  const [s, old, put] = [asText(at(args, 0)), asText(at(args, 1)), asText(at(args, 2))];
  const unicode = [s, old, put].some((part) => isUnicode(part.type));
  const type: SqlType = isLarge(s.type) ? sameText(s) : unicode ? nvarchar(4000) : varchar(8000);
  return text(`sim.replace(${s.sql}, ${old.sql}, ${put.sql})`, type, anyNull(args));
};

const entries: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ["len", entry(1, 1, length)],
  ["datalength", entry(1, 1, dataLength)],
  ["isnull", entry(2, 2, isNull)],
  ["coalesce", entry(1, 100, coalesce)],
  ["nullif", entry(2, 2, nullIf)],
  ["ltrim", trim("ltrim")],
  ["rtrim", trim("rtrim")],
  ["trim", trim("btrim")],
  [
    "upper",
    entry(1, 1, (args) => {
      const s = asText(at(args, 0));
      return text(`sim.upper(${s.sql})`, sameText(s), s.nullable);
    }),
  ],
  [
    "lower",
    entry(1, 1, (args) => {
      const s = asText(at(args, 0));
      return text(`lower(${s.sql})`, sameText(s), s.nullable);
    }),
  ],
  ["left", side("left")],
  ["right", side("right")],
  ["substring", entry(3, 3, substring)],
  [
    "charindex",
    entry(2, 3, (args) => {
      const [needle, hay] = [asText(at(args, 0)), asText(at(args, 1))];
      const type: SqlType = isLarge(hay.type) ? { name: "bigint" } : int;
      return plain(
        `sim.charindex(${needle.sql}, ${hay.sql}, ${args[2] ? asInt(args[2]) : "1"})::${pgType(type)}`,
        type,
        anyNull(args),
      );
    }),
  ],
  [
    "patindex",
    entry(2, 2, (args) =>
      plain(`sim.patindex(${asText(at(args, 0)).sql}, ${asText(at(args, 1)).sql})`, int, anyNull(args)),
    ),
  ],
  ["replace", entry(3, 3, replace)],
  ["replicate", entry(2, 2, replicate)],
  [
    "space",
    entry(1, 1, (args) =>
      plain(ciText(`sim.replicate(' ', ${asInt(at(args, 0))})`), varchar(literalLength(at(args, 0), 8000)), true),
    ),
  ],
  [
    "stuff",
    entry(4, 4, (args) => {
      const [s, put] = [asText(at(args, 0)), asText(at(args, 3))];
      return text(
        `sim.stuff(${s.sql}, ${asInt(at(args, 1))}, ${asInt(at(args, 2))}, ${put.sql})`,
        isLarge(s.type)
          ? sameText(s)
          : textType(isUnicode(put.type) ? put.type : s.type, maxLength(s.type) + maxLength(put.type)),
        true,
      );
    }),
  ],
  [
    "reverse",
    entry(1, 1, (args) => {
      const s = asText(at(args, 0));
      return text(`reverse(${s.sql})`, sameText(s), s.nullable);
    }),
  ],
  ["concat", entry(2, 254, concat)],
  [
    "str",
    entry(1, 3, (args) =>
      plain(
        ciText(
          `sim.str(${convert(at(args, 0), float).sql}, ${args[1] ? asInt(args[1]) : "10"}, ${args[2] ? asInt(args[2]) : "0"})`,
        ),
        varchar(args[1] ? literalLength(args[1], 8000) : 10),
        anyNull(args),
      ),
    ),
  ],
  [
    "soundex",
    entry(1, 1, (args) => plain(ciText(`sim.soundex(${asText(at(args, 0)).sql})`), varchar(4), anyNull(args))),
  ],
  [
    "difference",
    entry(2, 2, (args) =>
      plain(`sim.difference(${asText(at(args, 0)).sql}, ${asText(at(args, 1)).sql})`, int, anyNull(args)),
    ),
  ],
  ["ascii", entry(1, 1, (args) => plain(`sim.ascii(${asText(at(args, 0)).sql})`, int, true))],
  ["unicode", entry(1, 1, (args) => plain(`nullif(ascii(${asText(at(args, 0)).sql}), 0)`, int, true))],
  [
    "char",
    entry(1, 1, (args) => plain(`(${ciText(`sim.char(${asInt(at(args, 0))})`)})`, { name: "char", length: 1 }, true)),
  ],
  ["nchar", entry(1, 1, (args) => plain(ciText(`chr(${asInt(at(args, 0))})`), { name: "nchar", length: 1 }, true))],
  [
    "quotename",
    entry(1, 2, (args) =>
      plain(
        ciText(`sim.quotename(${asText(at(args, 0)).sql}, ${args[1] ? asText(args[1]).sql : "'['"})`),
        nvarchar(258),
        true,
      ),
    ),
  ],
  [
    "isnumeric",
    entry(1, 1, (args) =>
      isNumber(at(args, 0).type)
        ? plain(`(CASE WHEN ${at(args, 0).sql} IS NULL THEN 0 ELSE 1 END)`, int, false)
        : plain(`sim.isnumeric(${asText(at(args, 0)).sql})`, int, false),
    ),
  ],
  ["isdate", entry(1, 1, (args) => plain(`sim.isdate(${asText(at(args, 0)).sql})`, int, false))],
  [
    "abs",
    entry(1, 1, (args) => {
      const x = number(at(args, 0), "abs");
      const type = resultOf(x.type);
      return plain(`abs(${x.sql})::${pgType(type)}`, type, x.nullable);
    }),
  ],
  [
    "sign",
    entry(1, 1, (args) => {
      const x = number(at(args, 0), "sign");
      const type = resultOf(x.type);
      return plain(`sign(${x.sql})::${pgType(type)}`, type, x.nullable);
    }),
  ],
  ["round", entry(2, 3, round)],
  ["floor", whole("floor", "floor")],
  ["ceiling", whole("ceil", "ceiling")],
  [
    "power",
    entry(2, 2, (args) => {
      const x = number(at(args, 0), "power");
      const type = resultOf(x.type);
      return plain(
        `power((${x.sql})::float8, ${convert(at(args, 1), float).sql})${family(type) === "float" ? "" : family(type) === "integer" ? `::numeric::${pgType(type)}` : `::numeric::${pgType(type)}`}`,
        type,
        anyNull(args),
      );
    }),
  ],
  ["sqrt", math("sqrt")],
  [
    "square",
    entry(1, 1, (args) => {
      const x = convert(at(args, 0), float).sql;
      return plain(`(${x} * ${x})`, float, anyNull(args));
    }),
  ],
  ["exp", math("exp")],
  ["log", math("ln")],
  ["log10", math("log")],
  ["pi", entry(0, 0, () => plain("pi()", float, false))],
  ["sin", math("sin")],
  ["cos", math("cos")],
  ["radians", math("radians")],
  ["degrees", math("degrees")],
  [
    "atn2",
    entry(2, 2, (args) =>
      plain(`atan2(${convert(at(args, 0), float).sql}, ${convert(at(args, 1), float).sql})`, float, anyNull(args)),
    ),
  ],
  ["newid", entry(0, 0, () => plain("gen_random_uuid()", { name: "uniqueidentifier" }, false))],
  ["hashbytes", entry(2, 2, hashBytes)],
  [
    "db_name",
    entry(0, 1, (args) => (args[0] ? name(`sim.database_name(${asInt(args[0])})`) : name("sim.database_name()"))),
  ],
  [
    "db_id",
    entry(0, 1, (args) =>
      plain(`sim.database_id(${args[0] ? asText(args[0]).sql : "sim.database_name()"})`, { name: "smallint" }, true),
    ),
  ],
  [
    "object_id",
    entry(1, 2, (args) =>
      plain(`sim.object_id(${asText(at(args, 0)).sql}, ${args[1] ? asText(args[1]).sql : "NULL"})`, int, true),
    ),
  ],
  ["object_name", entry(1, 2, (args) => name(`sim.object_name(${asInt(at(args, 0))})`))],
  ["object_schema_name", entry(1, 2, (args) => name(`sim.object_schema_name(${asInt(at(args, 0))})`))],
  ["schema_id", entry(0, 1, (args) => plain(`sim.schema_id(${args[0] ? asText(args[0]).sql : "NULL"})`, int, true))],
  ["schema_name", entry(0, 1, (args) => name(`sim.schema_name(${args[0] ? asInt(args[0]) : "NULL"})`))],
  [
    "col_length",
    entry(2, 2, (args) =>
      plain(`sim.col_length(${asText(at(args, 0)).sql}, ${asText(at(args, 1)).sql})::int2`, { name: "smallint" }, true),
    ),
  ],
  ["col_name", entry(2, 2, (args) => name(`sim.col_name(${asInt(at(args, 0))}, ${asInt(at(args, 1))})`))],
  [
    "objectproperty",
    entry(2, 2, (args) => plain(`sim.objectproperty(${asInt(at(args, 0))}, ${asText(at(args, 1)).sql})`, int, true)),
  ],
  [
    "columnproperty",
    entry(3, 3, (args) =>
      plain(
        `sim.columnproperty(${asInt(at(args, 0))}, ${asText(at(args, 1)).sql}, ${asText(at(args, 2)).sql})`,
        int,
        true,
      ),
    ),
  ],
  [
    "ident_current",
    entry(1, 1, (args) => plain(`sim.ident_current(${asText(at(args, 0)).sql})`, decimal(38, 0), true)),
  ],
  ["user_name", entry(0, 1, () => name("'dbo'"))],
  ["current_user", entry(0, 0, () => name("'dbo'"))],
  ["session_user", entry(0, 0, () => name("'dbo'"))],
  ["user", entry(0, 0, () => name("'dbo'"))],
  ["suser_sname", sessionText("suser_sname()")],
  ["suser_name", sessionText("suser_sname()")],
  ["system_user", sessionText("suser_sname()")],
  ["original_login", sessionText("suser_sname()")],
  ["host_name", sessionText("host_name()")],
  ["app_name", sessionText("app_name()")],
  ["scope_identity", sessionText("scope_identity()")],
  ["rowcount_big", sessionText("rowcount_big()")],
  ["xact_state", sessionText("xact_state()")],
  ["error_number", sessionText("error_number()")],
  ["error_severity", sessionText("error_severity()")],
  ["error_state", sessionText("error_state()")],
  ["error_line", sessionText("error_line()")],
  ["error_message", sessionText("error_message()")],
  ["error_procedure", sessionText("error_procedure()")],
  [
    "serverproperty",
    entry(1, 1, (args) => plain(ciText(`sim.server_property(${asText(at(args, 0)).sql})`), nvarchar(128), true)),
  ],
  [
    "databasepropertyex",
    entry(2, 2, (args) =>
      plain(
        ciText(`sim.database_property(${asText(at(args, 0)).sql}, ${asText(at(args, 1)).sql})`),
        nvarchar(128),
        true,
      ),
    ),
  ],
  ["has_perms_by_name", entry(3, 5, () => plain("1", int, false))],
  ["is_srvrolemember", entry(1, 2, () => plain("1", int, false))],
  ["is_member", entry(1, 1, () => plain("1", int, false))],
  ["is_rolemember", entry(1, 2, () => plain("1", int, false))],
]);

export function callFunction(call: Call, evaluate: Evaluate, t: Translation): Typed {
  const dated = dateFunctions.get(call.name);
  if (dated) return dated(call, evaluate);
  const found = entries.get(call.name);
  if (!found) return databaseFunction(call, evaluate, t);
  if (call.args.length < found.least || call.args.length > found.most) {
    throw new SqlError(174, 15, `The ${call.name} function requires ${found.least} argument(s).`);
  }
  return found.build(call.args.map(evaluate), t);
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
  return plain(isString(type) ? ciText(sql) : `${sql}::${pgType(type)}`, type, true);
}
