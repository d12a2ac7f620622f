/** Columns that name something and may be part of a key: blank stays blank, since a key cannot be NULL. */

import { type ColumnMapping, columns } from "@banyan/service-kit/mapping";

export function identifier(name: string, type: `char(${number})`): ColumnMapping {
  const base = columns.text(name, type);
  return { ...base, read: (value) => ({ [name]: base.read(value)[name] ?? "" }) };
}
