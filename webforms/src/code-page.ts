/** Windows-1252, the code page of the old database: what a text becomes on its way into a char or varchar column. */

import iconv from "iconv-lite";

/**
 * A text as a `varchar(length)` parameter stored it: cut to `length` UTF-16 units, with `?` for every unit the code page does
 * not have (a pair of surrogates becomes two).
 */
export function asStored(text: string, length: number): string {
  return iconv.decode(iconv.encode(text.slice(0, length), "windows-1252"), "windows-1252");
}
