/**
 * Windows-1252, the code page of the legacy database: what is outside it would become `?` in a varchar column, so text is
 * checked, or made to fit, before it is loaded.
 */

/** Code points of bytes 0x80-0x9F; 81, 8D, 8F, 90 and 9D are unassigned. Source: unicode.org MAPPINGS CP1252.TXT. */
const upper = new Set("€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ");

export function fitsCodePage(text: string): boolean {
  for (const char of text) {
    const point = char.codePointAt(0) ?? 0;
    if (!(point < 0x80 || (point >= 0xa0 && point <= 0xff) || upper.has(char))) return false;
  }
  return true;
}

/** Accented letters outside the code page lose their accent (ő → o); what still does not fit becomes `?`, as SQL Server does. */
export function toCodePage(text: string): string {
  const composed = text.normalize("NFC");
  if (fitsCodePage(composed)) return composed;
  return Array.from(composed, fitChar).join("");
}

function fitChar(char: string): string {
  if (fitsCodePage(char)) return char;
  const bare = char.normalize("NFD").replace(/\p{M}/gu, "");
  return bare !== "" && fitsCodePage(bare) ? bare : "?";
}
