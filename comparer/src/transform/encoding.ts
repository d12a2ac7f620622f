/** Whether two texts are the same words spoiled on the way: read in the wrong charset, escaped twice, letters lost. */

import iconv from "iconv-lite";

export function isEncodingChange(a: string, b: string): boolean {
  return [...repairs(a)].includes(b) || [...repairs(b)].includes(a) || lostLetters(a, b) || lostLetters(b, a);
}

/** What a text becomes when it is spoiled in one of the known ways. */
function* repairs(text: string): Generator<string> {
  if (/[^\0-\x7f]/.test(text)) {
    const utf8 = Buffer.from(text, "utf8");
    yield iconv.decode(utf8, "windows-1252");
    yield utf8.toString("latin1");
    yield iconv.encode(text, "windows-1252").toString("utf8");
    yield iconv.encode(text, "windows-1252").toString("latin1");
    yield text.normalize("NFC");
    yield text.normalize("NFD");
    yield text.normalize("NFD").replaceAll(/\p{M}/gu, "");
  }
  yield text.replaceAll(/[&<>"']/g, (one) => entities[one]?.[0] ?? one);
  yield text.replaceAll(/[&<>"']/g, (one) => entities[one]?.[1] ?? one);
  yield text.replaceAll("\\", "").replaceAll("/", "\\/");
  yield encodeURIComponent(text);
  const plain = percentDecoded(text);
  if (plain !== undefined) yield plain;
}

const entities: Readonly<Record<string, readonly [string, string]>> = {
  "&": ["&amp;", "&amp;"],
  "<": ["&lt;", "&lt;"],
  ">": ["&gt;", "&gt;"],
  '"': ["&quot;", '"'],
  "'": ["&#39;", "&#39;"],
};

function percentDecoded(text: string): string | undefined {
  if (!text.includes("%")) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    // Not a percent-encoded text after all: then it is not spoiled this way.
    return undefined;
  }
}

/** Letters beyond ASCII became `?`, U+FFFD or nothing, everything else stayed. */
function lostLetters(whole: string, spoiled: string): boolean {
  if (!/[^\0-\x7f]/.test(whole)) return false;
  const pattern = [...whole].map((one) => (/[^\0-\x7f]/.test(one) ? "[?\\uFFFD]{0,3}" : escapeRegExp(one))).join("");
  return whole !== spoiled && new RegExp(`^${pattern}$`).test(spoiled);
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}
