/**
 * How one legacy column is read as values of the domain and written back. Reading is total: what it cannot understand it reads
 * as null and the table's residue keeps. `write` gives the canonical legacy value, the one the legacy application would store.
 *
 * `absent` says what stands for "no value" in the legacy column: null where the column is nullable, else the type's blank
 * (empty or padded text, `N`, 0) or a sentinel date.
 */

import type {
  ConflictPolicy,
  LegacyColumn,
  LegacyColumnType,
  LegacyValue,
  TargetRow,
  TargetType,
  TargetValue,
} from "./index.ts";
import { isStorableText } from "./residue.ts";
import { instantToWall, wallToInstant } from "./wall-time.ts";

export type ColumnMapping = {
  readonly legacy: LegacyColumn;
  /** Columns of the service the legacy column becomes, usually one. */
  readonly targets: Readonly<Record<string, TargetType>>;
  /** Sets the columns of `targets` in a row. */
  readonly readInto: (target: Record<string, TargetValue>, value: LegacyValue) => void;
  readonly write: (row: TargetRow) => LegacyValue;
};

type Traits = { readonly conflict?: ConflictPolicy; readonly issued?: true };
type Nullable = Traits & { readonly nullable?: true };
type DateTraits = Traits & { readonly absent?: "null" | "start" | "end" };

/** "No date" of start columns and of end columns in the upper-case tables. */
export const noStart = "1900-01-01 00:00:00.000";
export const noEnd = "9999-12-31 00:00:00.000";
const midnight = "00:00:00.000";

const legacyColumn = (type: LegacyColumnType, { conflict, issued }: Traits): LegacyColumn => ({
  type,
  ...(conflict ? { conflict } : {}),
  ...(issued ? { issued } : {}),
});

/** A column that becomes one column. @param absent legacy value of a domain null. */
function single(
  name: string,
  target: TargetType,
  legacy: LegacyColumn,
  how: {
    readonly absent: LegacyValue;
    readonly read: (value: Exclude<LegacyValue, null>) => TargetValue;
    readonly write: (value: Exclude<TargetValue, null>) => LegacyValue;
  },
): ColumnMapping {
  return {
    legacy,
    targets: { [name]: target },
    readInto: (row, value) => {
      row[name] = value === null ? null : how.read(value);
    },
    write: (row) => {
      const value = row[name];
      return value === null || value === undefined ? how.absent : how.write(value);
    },
  };
}

export function int(
  name: string,
  traits: Nullable & { readonly type?: "int" | "smallint" | "tinyint" } = {},
): ColumnMapping {
  const type = traits.type ?? "int";
  return single(name, type === "int" ? "int" : "smallint", legacyColumn(type, traits), {
    absent: traits.nullable ? null : 0,
    read: Number,
    write: Number,
  });
}

type TextType = `char(${number})` | `varchar(${number})`;

const blanks = (type: TextType): string => (type.startsWith("char") ? " ".repeat(Number(type.slice(5, -1))) : "");
const padded = (type: TextType, text: string): string =>
  type.startsWith("char") ? text.padEnd(Number(type.slice(5, -1))) : text;
/** Only U+0020 is padding; a no-break space is part of the value. */
function unpadded(type: TextType, text: string): string {
  if (!type.startsWith("char")) return text;
  let length = text.length;
  while (text.charCodeAt(length - 1) === 0x20) length -= 1;
  return text.slice(0, length);
}

const storable = (text: string): string =>
  isStorableText(text) ? text : text.toWellFormed().replaceAll("\0", "\u{fffd}");

/** Text; empty is null in the domain. char comes without its padding. */
export function text(name: string, type: TextType, traits: Nullable = {}): ColumnMapping {
  return mapped(name, type, { read: (value) => value, write: (value) => value }, traits);
}

/** Text of a key, which must have a value: empty stays empty. */
export function keyText(name: string, type: TextType, traits: Traits = {}): ColumnMapping {
  return single(name, "text", legacyColumn(type, traits), {
    absent: blanks(type),
    read: (value) => storable(unpadded(type, String(value))),
    write: (value) => padded(type, String(value)),
  });
}

/** A code by its meaning. Codes that a site has added keep their letters behind `local:`. */
export function code(
  name: string,
  type: TextType,
  meanings: Readonly<Record<string, string>>,
  traits: Nullable = {},
): ColumnMapping {
  const codes = new Map(Object.entries(meanings).map(([legacy, meaning]) => [meaning, legacy]));
  return mapped(
    name,
    type,
    {
      read: (value) => meanings[value.toUpperCase()] ?? `local:${value}`,
      write: (value) => codes.get(value) ?? value.replace(/^local:/, ""),
    },
    traits,
  );
}

/** Text that means something else in the domain. `read` and `write` see it without padding and never see it empty. */
export function mapped(
  name: string,
  type: TextType,
  how: { readonly read: (value: string) => string | null; readonly write: (value: string) => string },
  traits: Nullable = {},
): ColumnMapping {
  return single(name, "text", legacyColumn(type, traits), {
    absent: traits.nullable ? null : blanks(type),
    read(value) {
      const bare = unpadded(type, String(value));
      if (bare === "") return null;
      return how.read(storable(bare));
    },
    write: (value) => padded(type, how.write(String(value))),
  });
}

/** `Y` is true; `N`, a blank and anything else is false. */
export function flag(name: string, traits: Traits = {}): ColumnMapping {
  return single(name, "boolean", legacyColumn("char(1)", traits), {
    absent: "N",
    read: (value) => String(value).toUpperCase() === "Y",
    write: (value) => (value === true ? "Y" : "N"),
  });
}

/** `bit`, of the tables made in 2008. */
export function bit(name: string, traits: Traits = {}): ColumnMapping {
  return single(name, "boolean", legacyColumn("bit", traits), { absent: false, read: Boolean, write: Boolean });
}

const absentDate = (absent: DateTraits["absent"]): string | null =>
  absent === "start" ? noStart : absent === "end" ? noEnd : null;

/** A calendar date; a time of day in the column goes into the residue. */
export function day(name: string, traits: DateTraits = {}): ColumnMapping {
  const absent = absentDate(traits.absent);
  return single(name, "date", legacyColumn("datetime", traits), {
    absent,
    read: (value) => (value === absent ? null : String(value).slice(0, 10)),
    write: (value) => `${String(value)} ${midnight}`,
  });
}

/** A moment: wall reading in legacy, instant in the domain. */
export function instant(name: string, traits: DateTraits = {}): ColumnMapping {
  const absent = absentDate(traits.absent);
  return single(name, "timestamptz", legacyColumn("datetime", traits), {
    absent,
    read: (value) => (value === absent ? null : (wallToInstant(String(value)) ?? null)),
    write: (value) => instantToWall(String(value)),
  });
}

/**
 * A wall reading as a date and a time of day, for datetime columns of a key: no two readings become one, which an instant
 * could not promise in the hour that spring skips.
 */
export function dayAndTime(names: { readonly day: string; readonly time: string }, traits: Traits = {}): ColumnMapping {
  return {
    legacy: legacyColumn("datetime", traits),
    targets: { [names.day]: "date", [names.time]: "time" },
    readInto: (row, value) => {
      row[names.day] = typeof value === "string" ? value.slice(0, 10) : null;
      row[names.time] = typeof value === "string" ? value.slice(11) : null;
    },
    write: (row) => {
      const [date, time] = [row[names.day], row[names.time]];
      return typeof date === "string" ? `${date} ${timeWithMs(typeof time === "string" ? time : midnight)}` : null;
    },
  };
}

/** PostgreSQL leaves trailing zeros of a fraction out. */
const timeWithMs = (time: string): string => `${time.slice(0, 8)}.${time.slice(9).padEnd(3, "0")}`;

/** `HHMM` text of a char(4) as a time of day; anything else is null. */
export function clockTime(name: string, traits: Traits = {}): ColumnMapping {
  return single(name, "time", legacyColumn("char(4)", traits), {
    absent: "    ",
    read(value) {
      const match = /^([01]\d|2[0-3])([0-5]\d)$/.exec(String(value));
      return match ? `${match[1]}:${match[2]}:00` : null;
    },
    write: (value) => String(value).slice(0, 5).replace(":", ""),
  });
}

export function money(name: string, traits: Nullable = {}): ColumnMapping {
  return single(name, "numeric", legacyColumn("money", traits), {
    absent: traits.nullable ? null : "0.0000",
    read: String,
    write: (value) => withScale(String(value), 4),
  });
}

export function decimal(name: string, precision: number, scale: number, traits: Nullable = {}): ColumnMapping {
  return single(name, "numeric", legacyColumn(`decimal(${precision},${scale})`, traits), {
    absent: traits.nullable ? null : withScale("0", scale),
    read: String,
    write: (value) => withScale(String(value), scale),
  });
}

/** Decimal text with just so many digits after the point; more digits are not rounded away silently but left as they are. */
function withScale(value: string, scale: number): string {
  const [whole = "0", fraction = ""] = value.split(".");
  return `${whole}.${fraction.padEnd(scale, "0")}`;
}

/** image, varbinary, rowversion. */
export function bytes(
  name: string,
  type: "image" | "rowversion" | `varbinary(${number})`,
  traits: Traits = {},
): ColumnMapping {
  return single(name, "bytea", legacyColumn(type, traits), {
    absent: null,
    read: (value) => (value instanceof Uint8Array ? value : null),
    write: (value) => (value instanceof Uint8Array ? value : null),
  });
}
