/** A plan's parameters are exactly those its text names: an argument a function does not need leaves a gap, which is closed here. */

import type { Parameter } from "./plan.ts";

/** Quoted text and names, which may hold a dollar, or a parameter. */
const tokens = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\d+)::/g;

export function compact(
  sql: string,
  parameters: readonly Parameter[],
): { sql: string; parameters: readonly Parameter[] } {
  if (parameters.length === 0) return { sql, parameters };
  const used = new Set(
    [...sql.matchAll(tokens)].flatMap(([, number]) => (number === undefined ? [] : [Number(number)])),
  );
  if (used.size === parameters.length) return { sql, parameters };
  const kept = [...used].sort((a, b) => a - b);
  const numbers = new Map(kept.map((old, i) => [old, i + 1]));
  const renumbered = sql.replaceAll(tokens, (match, number?: string) =>
    number === undefined ? match : `$${numbers.get(Number(number)) ?? number}::`,
  );
  return { sql: renumbered, parameters: parameters.filter((_, i) => used.has(i + 1)) };
}
