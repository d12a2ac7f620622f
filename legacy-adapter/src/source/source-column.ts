/**
 * How a legacy column is read so that its value has the form the mapping contract names (`LegacyValue`): exact decimals as
 * text, wall time as text, never through a float or a time zone.
 */

import type { LegacyColumnType, LegacyValue } from "@banyan/service-kit/mapping";

export type SourceColumn = {
  readonly name: string;
  readonly type: LegacyColumnType;
  /** May be large: text, ntext, image. */
  readonly isLarge: boolean;
  /** Largest number of bytes a value holds in memory; 0 for large objects, which are measured. */
  readonly bytes: number;
  /** T-SQL expression of the value, for the alias of the table. */
  expression(alias: string): string;
  /** What the driver gives to what the mapping takes. */
  readonly decode: (value: unknown) => LegacyValue;
};

export const quoted = (name: string): string => `[${name.replaceAll("]", "]]")}]`;

const plain = (value: unknown): LegacyValue => (value ?? null) as LegacyValue;

/** The driver reads datetime with the wall clock as UTC fields (`useUTC`); SQL Server rounds to 1/300 s, shown as .000 .003 .007. */
const wallTime = (value: unknown): LegacyValue => {
  if (value == null) return null;
  const text = (value as Date).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 23)}`;
};

export function sourceColumn(name: string, type: LegacyColumnType): SourceColumn {
  const word = /^[a-z]+/.exec(type)?.[0] ?? type;
  const width = Number(/\((\d+)/.exec(type)?.[1] ?? 8);
  const column = (alias: string): string => `${alias}.${quoted(name)}`;
  const base = { name, type, isLarge: false, bytes: 16 + 2 * width, expression: column, decode: plain };
  switch (word) {
    case "datetime":
      return { ...base, bytes: 40, decode: wallTime };
    case "money":
      return { ...base, bytes: 40, expression: (alias) => `CONVERT(varchar(30), ${column(alias)}, 2)` };
    case "decimal":
      return { ...base, bytes: 48, expression: (alias) => `CONVERT(varchar(42), ${column(alias)})` };
    case "rowversion":
      return { ...base, bytes: 64, expression: (alias) => `CONVERT(binary(8), ${column(alias)})` };
    case "text":
    case "ntext":
    case "image":
      return { ...base, bytes: 0, isLarge: true };
    default:
      return base;
  }
}
