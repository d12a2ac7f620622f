/** HTML built from templates that escape every value, so that a name with `<` in it can not become markup. */

const brand = Symbol("html");

/** Markup that is already safe. */
export type Html = { readonly [brand]: true; readonly text: string };

type Piece = Html | string | number | null | undefined | false | readonly Piece[];

/** `&`, `<`, `>` and quotes as entities. */
function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** Takes text as markup. Only for constants of this program. */
export function raw(text: string): Html {
  return { [brand]: true, text };
}

/** Template tag: strings and numbers are escaped, `Html` and lists of it go in as they are, null/undefined/false vanish. */
export function html(parts: TemplateStringsArray, ...values: readonly Piece[]): Html {
  let text = parts[0] ?? "";
  values.forEach((value, index) => {
    text += render(value) + (parts[index + 1] ?? "");
  });
  return raw(text);
}

function render(value: Piece): string {
  if (value === null || value === undefined || value === false) return "";
  if (typeof value === "string") return escapeHtml(value);
  if (typeof value === "number") return String(value);
  if (Array.isArray(value)) return value.map(render).join("");
  return (value as Html).text;
}

/** Percent-encoding as `HttpUtility.UrlEncode`: lower-case hex, blank as `+`, UTF-8. */
export function urlEncode(text: string): string {
  let out = "";
  for (const byte of Buffer.from(text, "utf8")) {
    const char = String.fromCharCode(byte);
    if (/[A-Za-z0-9\-_.!*()]/.test(char)) out += char;
    else if (char === " ") out += "+";
    else out += `%${byte.toString(16).padStart(2, "0")}`;
  }
  return out;
}
