/**
 * TYPE_INFO: how a column, parameter or return value announces its type (MS-TDS 2.2.5.6), in both directions, and how
 * a T-SQL type is stepped down for clients of an older protocol version.
 */

import { notSupported, type SqlType, type TypeName } from "../contract.ts";
import { shortValueBytesMax } from "../limits.ts";
import { type ByteReader, type ByteWriter, protocolError } from "./bytes.ts";
import { magnitudeBytes } from "./exact-number.ts";

/** Protocol versions as LOGIN7 carries them, without the revision. */
export const tds71 = 0x71;
export const tds72 = 0x72;
export const tds73 = 0x73;
export const tds74 = 0x74;

/** SQL_Latin1_General_CP1_CI_AS: LCID 1033, flags, sort id 52; code page 1252. */
export const collation = Buffer.from([0x09, 0x04, 0xd0, 0x00, 0x34]);

/** How a value of the type is laid out behind its TYPE_INFO. */
type ValueForm =
  /** Always `bytes` bytes, never null. */
  | { readonly form: "fixed"; readonly bytes: number }
  /** One length byte, 0 = null. */
  | { readonly form: "byte" }
  /** Two length bytes, FFFF = null. */
  | { readonly form: "short" }
  /** Partially length-prefixed: (max) types. */
  | { readonly form: "chunks" }
  /** Text pointer and four length bytes in rows, four length bytes in parameters. */
  | { readonly form: "long" };

export type WireType = { readonly type: SqlType; readonly value: ValueForm };

const codes: Record<TypeName, number> = {
  bit: 0x68,
  tinyint: 0x26,
  smallint: 0x26,
  int: 0x26,
  bigint: 0x26,
  decimal: 0x6a,
  numeric: 0x6c,
  money: 0x6e,
  smallmoney: 0x6e,
  float: 0x6d,
  real: 0x6d,
  datetime: 0x6f,
  smalldatetime: 0x6f,
  datetime2: 0x2a,
  date: 0x28,
  time: 0x29,
  char: 0xaf,
  varchar: 0xa7,
  nchar: 0xef,
  nvarchar: 0xe7,
  text: 0x23,
  ntext: 0x63,
  binary: 0xad,
  varbinary: 0xa5,
  image: 0x22,
  uniqueidentifier: 0x24,
  timestamp: 0xad,
};

/** Bytes of the types whose TYPE_INFO is a code and a size. */
const sizes: Partial<Record<TypeName, number>> = {
  bit: 1,
  tinyint: 1,
  smallint: 2,
  int: 4,
  bigint: 8,
  real: 4,
  float: 8,
  smallmoney: 4,
  money: 8,
  smalldatetime: 4,
  datetime: 8,
  uniqueidentifier: 16,
};

/** Whether values travel in chunks: declared max, or longer than a short value may be, or of unknown length. */
export function isMax(type: SqlType): boolean {
  const { length } = type;
  return length === undefined || length < 0 || length * bytesPerCharacter(type.name) > shortValueBytesMax;
}

export function bytesPerCharacter(name: TypeName): 1 | 2 {
  return name === "nchar" || name === "nvarchar" || name === "ntext" ? 2 : 1;
}

/** What a client of protocol `version` is sent instead of `type`, as SQL Server does it for older clients. */
export function steppedDown(type: SqlType, version: number): SqlType {
  const { name } = type;
  if (version < tds73 && (name === "date" || name === "time" || name === "datetime2")) {
    return { name: "nvarchar", length: name === "date" ? 10 : name === "time" ? 16 : 27 };
  }
  if (version < tds72 && isVariable(name) && isMax(type)) {
    return {
      name: bytesPerCharacter(name) === 2 ? "ntext" : name === "varbinary" || name === "binary" ? "image" : "text",
    };
  }
  return type;
}

function isVariable(name: TypeName): boolean {
  return ["char", "varchar", "nchar", "nvarchar", "binary", "varbinary"].includes(name);
}

export function isLong(name: TypeName): boolean {
  return name === "text" || name === "ntext" || name === "image";
}

export function scaleOf(type: SqlType): number {
  if (type.scale !== undefined) return type.scale;
  return type.name === "datetime2" || type.name === "time" ? 7 : 0;
}

export function precisionOf(type: SqlType): number {
  return type.precision ?? 18;
}

export function writeTypeInfo(writer: ByteWriter, type: SqlType): void {
  const { name } = type;
  const size = sizes[name];
  // A (max) fixed-length type does not exist; an over-long one is sent as its variable sibling.
  const code = name !== "timestamp" && isVariable(name) && isMax(type) ? codes[variableOf(name)] : codes[name];
  writer.u8(code);
  if (size !== undefined) {
    writer.u8(size);
  } else if (name === "decimal" || name === "numeric") {
    const precision = precisionOf(type);
    writer.u8(magnitudeBytes(precision) + 1);
    writer.u8(precision);
    writer.u8(scaleOf(type));
  } else if (name === "datetime2" || name === "time") {
    writer.u8(scaleOf(type));
  } else if (isLong(name)) {
    writer.u32(name === "ntext" ? 0x7ffffffe : 0x7fffffff);
    if (name !== "image") writer.bytes(collation);
  } else if (name === "timestamp") {
    writer.u16(8);
  } else if (name !== "date") {
    writer.u16(isMax(type) ? 0xffff : Math.max(1, type.length ?? 1) * bytesPerCharacter(name));
    if (name !== "binary" && name !== "varbinary") writer.bytes(collation);
  }
}

function variableOf(name: TypeName): TypeName {
  return name === "char" ? "varchar" : name === "nchar" ? "nvarchar" : name === "binary" ? "varbinary" : name;
}

const integers: Record<number, TypeName> = { 1: "tinyint", 2: "smallint", 4: "int", 8: "bigint" };

/** Types without a length of their own: code, name, bytes. */
const fixedTypes: Record<number, readonly [TypeName, number]> = {
  48: ["tinyint", 1],
  50: ["bit", 1],
  52: ["smallint", 2],
  56: ["int", 4],
  58: ["smalldatetime", 4],
  59: ["real", 4],
  60: ["money", 8],
  61: ["datetime", 8],
  62: ["float", 8],
  122: ["smallmoney", 4],
  127: ["bigint", 8],
};

const refusedTypes: Record<number, string> = {
  43: "datetimeoffset",
  98: "sql_variant",
  240: "user-defined type",
  241: "xml",
  243: "table-valued parameter",
};

/** @throws SqlError 40000 for a type the simulator does not have, AppError TDS_PROTOCOL for one that does not exist */
export function readTypeInfo(reader: ByteReader): WireType {
  const code = reader.u8();
  const fixed = fixedTypes[code];
  if (fixed) return { type: { name: fixed[0] }, value: { form: "fixed", bytes: fixed[1] } };
  switch (code) {
    case 0x1f:
      return { type: { name: "nvarchar", length: 4000 }, value: { form: "fixed", bytes: 0 } };
    case 0x68:
      reader.skip(1);
      return byteForm({ name: "bit" });
    case 0x26:
      return byteForm({ name: sized(integers, reader.u8()) });
    case 0x6d:
      return byteForm({ name: sized({ 4: "real", 8: "float" }, reader.u8()) });
    case 0x6e:
      return byteForm({ name: sized({ 4: "smallmoney", 8: "money" }, reader.u8()) });
    case 0x6f:
      return byteForm({ name: sized({ 4: "smalldatetime", 8: "datetime" }, reader.u8()) });
    case 0x6a:
    case 0x6c:
      return readDecimalInfo(reader, code === 0x6a ? "decimal" : "numeric");
    case 0x28:
      return byteForm({ name: "date" });
    case 0x29:
    case 0x2a:
      return byteForm({ name: code === 0x29 ? "time" : "datetime2", scale: scaleUpTo7(reader.u8()) });
    case 0x24:
      reader.skip(1);
      return byteForm({ name: "uniqueidentifier" });
    case 0xaf:
      return readShortInfo(reader, "char");
    case 0xa7:
      return readShortInfo(reader, "varchar");
    case 0xef:
      return readShortInfo(reader, "nchar");
    case 0xe7:
      return readShortInfo(reader, "nvarchar");
    case 0xad:
      return readShortInfo(reader, "binary");
    case 0xa5:
      return readShortInfo(reader, "varbinary");
    case 0x23:
    case 0x63:
      reader.skip(4 + collation.length);
      return { type: { name: code === 0x23 ? "text" : "ntext" }, value: { form: "long" } };
    case 0x22:
      reader.skip(4);
      return { type: { name: "image" }, value: { form: "long" } };
    default:
      throw refusedTypes[code] === undefined
        ? protocolError(`type code ${code} does not exist`)
        : notSupported(`parameter of type ${refusedTypes[code]}`);
  }
}

function byteForm(type: SqlType): WireType {
  return { type, value: { form: "byte" } };
}

function sized(names: Record<number, TypeName>, bytes: number): TypeName {
  const name = names[bytes];
  if (name === undefined) throw protocolError(`a number of ${bytes} bytes does not exist`);
  return name;
}

function scaleUpTo7(scale: number): number {
  if (scale > 7) throw protocolError(`a scale of ${scale} does not exist`);
  return scale;
}

function readDecimalInfo(reader: ByteReader, name: TypeName): WireType {
  reader.skip(1);
  const precision = reader.u8();
  const scale = reader.u8();
  if (precision < 1 || precision > 38 || scale > precision) throw protocolError("precision or scale out of range");
  return byteForm({ name, precision, scale });
}

function readShortInfo(reader: ByteReader, name: TypeName): WireType {
  const bytes = reader.u16();
  if (name !== "binary" && name !== "varbinary") reader.skip(collation.length);
  if (bytes === 0xffff) return { type: { name, length: -1 }, value: { form: "chunks" } };
  return { type: { name, length: Math.max(1, bytes / bytesPerCharacter(name)) }, value: { form: "short" } };
}
