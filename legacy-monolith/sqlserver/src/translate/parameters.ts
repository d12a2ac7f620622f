/** A plan's parameters are exactly those its text names: an argument a function does not need leaves a gap, which is closed here. */

import type { Parameter } from "./plan.ts";

export function compact(
  sql: string,
  parameters: readonly Parameter[],
): { sql: string; parameters: readonly Parameter[] } {
  const used = parameters.map((_, i) => sql.includes(`$${i + 1}::`));
  if (used.every(Boolean)) return { sql, parameters };
  const numbers = new Map<number, number>();
  const kept = parameters.filter((_, i) => {
    if (used[i]) numbers.set(i + 1, numbers.size + 1);
    return used[i];
  });
  // Quoted text and names are passed over: they may hold a dollar.
  const renumbered = sql.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\d+)::/g, (match, number?: string) =>
    number === undefined ? match : `$${numbers.get(Number(number)) ?? number}::`,
  );
  return { sql: renumbered, parameters: kept };
}
