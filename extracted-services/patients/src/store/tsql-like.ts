/**
 * The beginning of a name as T-SQL's LIKE takes it from the search box: `%`, `_` and `[a-f]` are the user's wild cards, case
 * does not count, accents do. PostgreSQL's LIKE has no sets and knows a backslash that T-SQL does not.
 */

export type LikeCondition = {
  /** To be compared with a `…_key` column: `LIKE` for what an index can find, `~` for sets. */
  readonly operator: "LIKE" | "~";
  readonly operand: string;
};

/** @param typed without the closing `%` */
export function beginsLike(typed: string): LikeCondition {
  const pattern = typed.toLowerCase();
  return pattern.includes("[")
    ? { operator: "~", operand: `^${regexOf(pattern)}` }
    : { operator: "LIKE", operand: `${pattern.replaceAll("\\", "\\\\")}%` };
}

const never = "(?!)";

function regexOf(pattern: string): string {
  let regex = "";
  let at = 0;
  while (at < pattern.length) {
    const char = pattern.charAt(at);
    const end = char === "[" ? pattern.indexOf("]", at + 2) : at;
    if (end < 0) return never;
    if (char === "%") regex += ".*";
    else if (char === "_") regex += ".";
    else regex += char === "[" ? setOf(pattern.slice(at + 1, end)) : escaped(char);
    at = end + 1;
  }
  return regex;
}

/** `[^a-c]`: a range holds the accented letters between its ends, as the collation orders them. */
function setOf(inner: string): string {
  const negated = inner.startsWith("^");
  const members = (negated ? inner.slice(1) : inner).replace(/(.)-(.)/gsu, (_range, low: string, high: string) =>
    letters.filter((letter) => isBetween(letter, low, high)).join(""),
  );
  return members === "" ? never : `[${negated ? "^" : ""}${[...members].map(escaped).join("")}]`;
}

/** Lower-case characters of the code page that have a place among letters and digits. */
const letters = [..."0123456789abcdefghijklmnopqrstuvwxyzàáâãäåçèéêëìíîïñòóôõöùúûüýÿšž"];

function isBetween(letter: string, low: string, high: string): boolean {
  const bare = letter.normalize("NFD").charAt(0);
  return bare >= low && (bare < high || letter === high);
}

const escaped = (char: string): string => (/[\w\s]/u.test(char) || char > "\u007f" ? char : `\\${char}`);
