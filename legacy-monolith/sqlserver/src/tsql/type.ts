/**
 * Data types. What is left out is filled in here, so that a SqlType is always complete: decimal (18,0), datetime2 and
 * time 7 digits, one character (30 in CAST and CONVERT), float(1..24) is real.
 * Source: "Data types", "char and varchar", "float and real", "decimal and numeric" (Transact-SQL).
 */

import { notSupported, SqlError, type SqlType, type TypeName } from "../contract.ts";
import type { Cursor } from "./cursor.ts";

type Shape = "plain" | "string" | "decimal" | "scale" | "float";

const shapes: ReadonlyMap<string, { readonly name: TypeName; readonly shape: Shape; readonly lengthMax?: number }> =
  new Map([
    ["bit", { name: "bit", shape: "plain" }],
    ["tinyint", { name: "tinyint", shape: "plain" }],
    ["smallint", { name: "smallint", shape: "plain" }],
    ["int", { name: "int", shape: "plain" }],
    ["integer", { name: "int", shape: "plain" }],
    ["bigint", { name: "bigint", shape: "plain" }],
    ["decimal", { name: "decimal", shape: "decimal" }],
    ["dec", { name: "decimal", shape: "decimal" }],
    ["numeric", { name: "numeric", shape: "decimal" }],
    ["money", { name: "money", shape: "plain" }],
    ["smallmoney", { name: "smallmoney", shape: "plain" }],
    ["float", { name: "float", shape: "float" }],
    ["real", { name: "real", shape: "plain" }],
    ["datetime", { name: "datetime", shape: "plain" }],
    ["smalldatetime", { name: "smalldatetime", shape: "plain" }],
    ["datetime2", { name: "datetime2", shape: "scale" }],
    ["date", { name: "date", shape: "plain" }],
    ["time", { name: "time", shape: "scale" }],
    ["char", { name: "char", shape: "string", lengthMax: 8000 }],
    ["character", { name: "char", shape: "string", lengthMax: 8000 }],
    ["varchar", { name: "varchar", shape: "string", lengthMax: 8000 }],
    ["nchar", { name: "nchar", shape: "string", lengthMax: 4000 }],
    ["nvarchar", { name: "nvarchar", shape: "string", lengthMax: 4000 }],
    ["text", { name: "text", shape: "plain" }],
    ["ntext", { name: "ntext", shape: "plain" }],
    ["binary", { name: "binary", shape: "string", lengthMax: 8000 }],
    ["varbinary", { name: "varbinary", shape: "string", lengthMax: 8000 }],
    ["image", { name: "image", shape: "plain" }],
    ["uniqueidentifier", { name: "uniqueidentifier", shape: "plain" }],
    ["timestamp", { name: "timestamp", shape: "plain" }],
    ["rowversion", { name: "timestamp", shape: "plain" }],
  ]);

const refused = new Set([
  "datetimeoffset",
  "sql_variant",
  "xml",
  "json",
  "hierarchyid",
  "geography",
  "geometry",
  "cursor",
]);
const varyingOf: ReadonlyMap<string, string> = new Map([
  ["char", "varchar"],
  ["character", "varchar"],
  ["nchar", "nvarchar"],
  ["binary", "varbinary"],
]);

/** @throws SqlError 102, 131, 192, 1001, 1002, 2715, 2716, 2750; 40000 for types the simulator does not have */
export function dataType(c: Cursor, context: "declaration" | "cast"): SqlType {
  const { token } = c;
  const name = typeWord(c);
  const entry = shapes.get(name);
  if (!entry) {
    if (name === "sysname") return { name: "nvarchar", length: 128 };
    if (refused.has(name)) throw notSupported(`type ${name}`);
    if (context === "cast")
      throw new SqlError(243, 16, `Type ${token.text} is not a defined system type.`, { line: token.line });
    throw new SqlError(2715, 16, `Column, parameter, or variable #1: Cannot find data type ${token.text}.`, {
      state: 6,
      line: token.line,
    });
  }
  const args = c.at("(") ? typeArguments(c) : [];
  switch (entry.shape) {
    case "plain":
      if (args.length === 0) return { name: entry.name };
      throw new SqlError(
        2716,
        16,
        `Column, parameter, or variable #1: Cannot specify a column width on data type ${name}.`,
        {
          line: token.line,
        },
      );
    case "string":
      return stringType(c, { name: entry.name, lengthMax: entry.lengthMax ?? 8000, args, isCast: context === "cast" });
    case "decimal":
      return decimalType(c, entry.name, args);
    case "scale":
      return scaledType(c, entry.name, args);
    case "float": {
      const bits = checkPrecision(c, args[0] ?? 53, 53);
      return { name: bits <= 24 ? "real" : "float" };
    }
  }
}

/** Also the two- and three-word ISO spellings. */
function typeWord(c: Cursor): string {
  if (c.accept("national")) {
    const base = c.expectAny(["char", "character", "text"]);
    if (base === "text") return "ntext";
    return c.accept("varying") ? "nvarchar" : "nchar";
  }
  if (c.accept("double")) {
    c.expect("precision");
    return "float";
  }
  if (c.token.kind === "quoted") return c.take().text.toLowerCase();
  if (c.at("cursor")) throw notSupported("CURSOR");
  if (!c.atName()) throw c.fail();
  const word = c.take().word;
  const varying = varyingOf.get(word);
  return varying !== undefined && c.accept("varying") ? varying : word;
}

/** -1 stands for max. */
function typeArguments(c: Cursor): number[] {
  return c.parenthesised(() =>
    c.list(() => {
      if (c.accept("max")) return -1;
      if (c.token.kind !== "int") throw c.fail();
      return Number(c.take().text);
    }),
  );
}

function stringType(
  c: Cursor,
  from: { name: TypeName; lengthMax: number; args: readonly number[]; isCast: boolean },
): SqlType {
  const { name, lengthMax, args } = from;
  if (args.length > 1) throw c.fail(c.previous);
  const length = args[0] ?? (from.isCast ? 30 : 1);
  if (length === 0) throw c.error(1001, `Line ${c.token.line}: Length or precision specification 0 is invalid.`);
  if (length === -1 && !name.includes("var")) throw c.fail(c.previous);
  if (length > lengthMax) {
    const text = `The size (${length}) given to the type '${name}' exceeds the maximum allowed for any data type (8000).`;
    throw c.error(131, text);
  }
  return { name, length };
}

function decimalType(c: Cursor, name: TypeName, args: readonly number[]): SqlType {
  const precision = checkPrecision(c, args[0] ?? 18, 38);
  const scale = args[1] ?? 0;
  if (scale > precision) throw c.error(192, "The scale must be less than or equal to the precision.");
  return { name, precision, scale };
}

function checkPrecision(c: Cursor, precision: number, most: number): number {
  if (precision < 1)
    throw c.error(1001, `Line ${c.token.line}: Length or precision specification ${precision} is invalid.`);
  if (precision <= most) return precision;
  const text = `Column or parameter #1: Specified column precision ${precision} is greater than the maximum precision of ${most}.`;
  throw new SqlError(2750, 16, text, { line: c.token.line });
}

function scaledType(c: Cursor, name: TypeName, args: readonly number[]): SqlType {
  const scale = args[0] ?? 7;
  if (scale < 0 || scale > 7) throw c.error(1002, `Line ${c.token.line}: Specified scale ${scale} is invalid.`);
  return { name, scale };
}
