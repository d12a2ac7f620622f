/** Legacy rows as JSON, for rows that wait in the service's database: bytes as hex, everything else as it is. */

import type { LegacyRow, LegacyValue } from "@banyan/service-kit/mapping";

type Json = string | number | boolean | null | { readonly hex: string };
export type LegacyRowJson = Readonly<Record<string, Json>>;

export function toJson(row: LegacyRow): LegacyRowJson {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? { hex: Buffer.from(value).toString("hex") } : value,
    ]),
  );
}

export function fromJson(row: LegacyRowJson): LegacyRow {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]): [string, LegacyValue] => [
      name,
      value !== null && typeof value === "object" ? Buffer.from(value.hex, "hex") : value,
    ]),
  );
}
