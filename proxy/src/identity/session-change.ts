/**
 * What a service's answer asks of the legacy session. Response headers `x-banyan-current-patient`,
 * `x-banyan-current-encounter` and `x-banyan-break-glass-patient`: a number, or `none` to clear. They never reach a client.
 */

import type { SessionChange } from "./legacy-session.ts";

const names = {
  "x-banyan-current-patient": "currentPatient",
  "x-banyan-current-encounter": "currentEncounter",
  "x-banyan-break-glass-patient": "breakGlassPatient",
} as const;

/** @param rawHeaders flat name-value list. @returns undefined when the answer asks for nothing. */
export function sessionChangeOf(rawHeaders: readonly string[]): SessionChange | undefined {
  let change: { -readonly [Name in keyof SessionChange]: SessionChange[Name] } | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] as string).toLowerCase();
    if (!name.startsWith("x-banyan-")) continue;
    const field = names[name as keyof typeof names];
    const value = (rawHeaders[index + 1] as string).trim();
    if (field === undefined || !/^(\d{1,10}|none)$/.test(value)) continue;
    change ??= {};
    change[field] = value === "none" ? null : Number(value);
  }
  return change;
}
