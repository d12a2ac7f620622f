/** Instants for people: how long ago or ahead, and the day and minute in this machine's time zone. */

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** `3 min`, `now` below a second. */
export function spanOf(ms: number): string {
  const [unit, length] = units.find(([, one]) => ms >= one) ?? [];
  return unit === undefined || length === undefined ? "now" : `${Math.floor(ms / length)} ${unit}`;
}

/** `3 min ago`. @param instant ISO 8601 */
export function ago(instant: string, now: Date): string {
  const span = spanOf(Math.max(0, now.getTime() - Date.parse(instant)));
  return span === "now" ? span : `${span} ago`;
}

/** `2026-03-01 14:05`, local time. */
export function minuteOf(instant: string): string {
  const date = new Date(instant);
  const two = (part: number): string => String(part).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
