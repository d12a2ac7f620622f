/**
 * Positions in the source's history. An LSN is 10 bytes and compares bytewise (specs of SQL Server's log: VLF, block, record).
 * A position is an era and an LSN, 12 bytes: the era is raised when the source was restored, so that everything copied
 * afterwards is newer than everything before.
 */

export type Lsn = Uint8Array;
export type Position = Uint8Array;

export const zeroLsn: Lsn = Buffer.alloc(10);
export const lastLsn: Lsn = Buffer.alloc(10, 0xff);

export const compareBytes = (a: Uint8Array, b: Uint8Array): number => Buffer.compare(a, b);
export const isAfter = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) > 0;
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
export const later = (a: Lsn, b: Lsn): Lsn => (isAfter(a, b) ? a : b);

export function positionOf(era: number, lsn: Lsn): Position {
  const position = Buffer.alloc(12);
  position.writeUInt16BE(era, 0);
  position.set(lsn, 2);
  return position;
}

export const eraOf = (position: Position): number => Buffer.from(position).readUInt16BE(0);
export const lsnOf = (position: Position): Lsn => Buffer.from(position.subarray(2));

/** 80-bit minus one, as sys.fn_cdc_decrement_lsn. */
export function decrement(lsn: Lsn): Lsn {
  const result = Buffer.from(lsn);
  for (let index = result.length - 1; index >= 0; index -= 1) {
    const byte = result[index] ?? 0;
    result[index] = (byte + 255) & 255;
    if (byte > 0) break;
  }
  return result;
}

/** As SQL Server shows it: `0000002a:00000899:0004`. */
export function lsnText(lsn: Lsn): string {
  const hex = Buffer.from(lsn).toString("hex");
  return `${hex.slice(0, 8)}:${hex.slice(8, 16)}:${hex.slice(16)}`;
}
