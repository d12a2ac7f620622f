/** String functions, and those on the bytes of any value. */

import { notSupported, type SqlType } from "../contract.ts";
import {
  type Arguments,
  type Builtin,
  builtin,
  castTo,
  countType,
  intOf,
  newText,
  sameText,
  textOf,
  textType,
  typed,
} from "./builtin.ts";
import { bytesOf } from "./coercion.ts";
import { collationSuffix } from "./operators.ts";
import { isNullLiteral, type Typed } from "./typed.ts";
import { displayName, family, isNumber, isUnicode, maxLength, nvarchar, varchar } from "./types.ts";

function length(a: Arguments): Typed {
  const { sql, type, nullable } = a.get(0);
  const count = family(type) === "binary" ? `octet_length(${sql})` : `length(${a.text(0)})`;
  return castTo(count, countType(type), nullable);
}

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
};

function dataLength(a: Arguments): Typed {
  const { sql, type, nullable } = a.get(0);
  if (family(type) === "binary") return castTo(`octet_length(${sql})`, countType(type), nullable);
  if (family(type) === "string") {
    return castTo(`(${isUnicode(type) ? "2 * " : ""}length(${sql}::text))`, countType(type), nullable);
  }
  const bytes = fixedBytes[type.name];
  if (bytes === undefined) throw notSupported(`DATALENGTH of ${displayName(type)}`);
  return intOf(`(CASE WHEN ${sql} IS NOT NULL THEN ${bytes} END)`, nullable);
}

const trim = (fn: "ltrim" | "rtrim" | "btrim"): Builtin =>
  builtin(1, 1, (a) => {
    const s = a.string(0);
    return textOf(`${fn}(${s.sql}::text, ' ')`, sameText(s), s.nullable);
  });

/** One string in, a string of the same length out. */
const whole = (fn: string): Builtin =>
  builtin(1, 1, (a) => {
    const s = a.string(0);
    return textOf(`${fn}(${s.sql})`, sameText(s), s.nullable);
  });

const side = (fn: "left" | "right"): Builtin =>
  builtin(2, 2, (a) => {
    const s = a.string(0);
    const size = Math.min(a.literalInt(1) ?? Number.POSITIVE_INFINITY, maxLength(s.type));
    return textOf(`sim.${fn}(${s.sql}, ${a.int(1)})`, textType(s.type, size), a.nullable);
  });

function substring(a: Arguments): Typed {
  const { sql, type } = a.get(0);
  const size = Math.min(a.literalInt(2) ?? Number.POSITIVE_INFINITY, maxLength(type));
  if (family(type) === "binary") {
    const part: SqlType = { name: "varbinary", length: Number.isFinite(size) ? Math.max(1, size) : -1 };
    return typed(`substring(${sql} FROM ${a.int(1)} FOR ${a.int(2)})`, part, a.nullable);
  }
  const s = a.string(0);
  return textOf(`sim.substring(${s.sql}, ${a.int(1)}, ${a.int(2)})`, textType(s.type, size), a.nullable);
}

function charIndex(a: Arguments): Typed {
  const [needle, hay] = [a.string(0), a.string(1)];
  const suffix = collationSuffix(needle, hay);
  const sql = `sim.charindex(${needle.sql}${suffix}, ${hay.sql}${suffix}, ${a.int(2, "1")})`;
  return castTo(sql, countType(hay.type), a.nullable);
}

function replace(a: Arguments): Typed {
  const parts = [a.string(0), a.string(1), a.string(2)];
  const [s] = parts;
  if (!s) throw notSupported("REPLACE without arguments");
  const unicode = parts.some((part) => isUnicode(part.type));
  const type = maxLength(s.type) === Number.POSITIVE_INFINITY ? sameText(s) : unicode ? nvarchar(4000) : varchar(8000);
  const suffix = collationSuffix(...parts);
  return textOf(`sim.replace(${parts.map((part) => `${part.sql}${suffix}`).join(", ")})`, type, a.nullable);
}

function replicate(a: Arguments): Typed {
  const s = a.string(0);
  const type = textType(s.type, maxLength(s.type) * (a.literalInt(1) ?? 8000));
  return textOf(`sim.replicate(${s.sql}, ${a.int(1)})`, type, true);
}

function stuff(a: Arguments): Typed {
  const [s, put] = [a.string(0), a.string(3)];
  const type = textType(isUnicode(put.type) ? put.type : s.type, maxLength(s.type) + maxLength(put.type));
  return textOf(`sim.stuff(${s.sql}, ${a.int(1)}, ${a.int(2)}, ${put.sql})`, type, true);
}

function concat(a: Arguments): Typed {
  const parts = a.all
    .map((argument, i) => (isNullLiteral(argument) ? undefined : a.string(i)))
    .filter((part) => part !== undefined);
  const [first] = parts;
  if (!first) return newText("''", varchar(1), false);
  const widest = parts.find((part) => isUnicode(part.type)) ?? first;
  const total = parts.reduce((sum, part) => sum + maxLength(part.type), 0);
  return newText(
    `concat(${parts.map((part) => `${part.sql}::text`).join(", ")})`,
    textType({ name: widest.type.name, length: 1 }, total),
    false,
  );
}

function hashBytes(a: Arguments): Typed {
  const algorithm = (a.get(0).literal ?? "…").toLowerCase();
  const sizes: Readonly<Record<string, number>> = { md5: 16, sha: 20, sha1: 20, sha2_256: 32, sha2_512: 64 };
  const length = sizes[algorithm];
  if (length === undefined) throw notSupported(`HASHBYTES('${algorithm}')`);
  const input = a.get(1);
  const bytes = family(input.type) === "binary" ? input.sql : bytesOf(a.string(1));
  return typed(`sim.hashbytes(${a.text(0)}, ${bytes})`, { name: "varbinary", length }, true);
}

function isNumeric(a: Arguments): Typed {
  const { sql, type } = a.get(0);
  return intOf(isNumber(type) ? `(CASE WHEN ${sql} IS NULL THEN 0 ELSE 1 END)` : `sim.isnumeric(${a.text(0)})`, false);
}

export const textFunctions: readonly (readonly [string, Builtin])[] = [
  ["len", builtin(1, 1, length)],
  ["datalength", builtin(1, 1, dataLength)],
  ["ltrim", trim("ltrim")],
  ["rtrim", trim("rtrim")],
  ["trim", trim("btrim")],
  ["upper", whole("sim.upper")],
  ["lower", whole("lower")],
  ["reverse", whole("reverse")],
  ["left", side("left")],
  ["right", side("right")],
  ["substring", builtin(3, 3, substring)],
  ["charindex", builtin(2, 3, charIndex)],
  ["patindex", builtin(2, 2, (a) => intOf(`sim.patindex(${a.text(0)}, ${a.text(1)})`, a.nullable))],
  ["replace", builtin(3, 3, replace)],
  ["replicate", builtin(2, 2, replicate)],
  ["space", builtin(1, 1, (a) => newText(`sim.replicate(' ', ${a.int(0)})`, varchar(a.literalInt(0) ?? 8000), true))],
  ["stuff", builtin(4, 4, stuff)],
  ["concat", builtin(2, 254, concat)],
  [
    "str",
    builtin(1, 3, (a) => {
      const width = a.has(1) ? (a.literalInt(1) ?? 8000) : 10;
      return newText(`sim.str(${a.float(0)}, ${a.int(1, "10")}, ${a.int(2, "0")})`, varchar(width), a.nullable);
    }),
  ],
  ["soundex", builtin(1, 1, (a) => newText(`sim.soundex(${a.text(0)})`, varchar(4), a.nullable))],
  ["difference", builtin(2, 2, (a) => intOf(`sim.difference(${a.text(0)}, ${a.text(1)})`, a.nullable))],
  ["ascii", builtin(1, 1, (a) => intOf(`sim.ascii(${a.text(0)})`, true))],
  ["unicode", builtin(1, 1, (a) => intOf(`nullif(ascii(${a.text(0)}), 0)`, true))],
  ["char", builtin(1, 1, (a) => newText(`sim.char(${a.int(0)})`, { name: "char", length: 1 }, true))],
  ["nchar", builtin(1, 1, (a) => newText(`chr(${a.int(0)})`, { name: "nchar", length: 1 }, true))],
  ["quotename", builtin(1, 2, (a) => newText(`sim.quotename(${a.text(0)}, ${a.text(1, "'['")})`, nvarchar(258), true))],
  ["isnumeric", builtin(1, 1, isNumeric)],
  ["isdate", builtin(1, 1, (a) => intOf(`sim.isdate(${a.text(0)})`, false))],
  ["hashbytes", builtin(2, 2, hashBytes)],
];
