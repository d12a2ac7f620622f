/** A written time five hours later, in its own spelling: what a service makes of New York time that it takes for UTC. */

import { readMoment } from "../transform/moment.ts";

const shiftHours = 5;
const hourMs = 3_600_000;

/** @returns undefined when the text is no time of day. */
export function changedMoment(text: string): string | undefined {
  const json = /^(\\?\/Date\()(-?\d+)(\)\\?\/)$/.exec(text);
  if (json) return `${json[1]}${Number(json[2]) + shiftHours * hourMs}${json[3]}`;
  const moment = readMoment(text);
  if (!moment || moment.precision === "day") return undefined;
  const later = new Date(moment.wallMs + shiftHours * hourMs);
  const time = /(\d{1,2}):(\d\d)((?::\d\d)?)(?:( ?)([AP]M))?/i.exec(text);
  if (!time || later.getUTCDate() !== new Date(moment.wallMs).getUTCDate()) return undefined;
  const [whole, hour = "", , , , half] = time;
  const hours = later.getUTCHours();
  const written = half === undefined ? hours : hours % 12 === 0 ? 12 : hours % 12;
  const changed = whole
    .replace(/^\d{1,2}/, String(written).padStart(half === undefined ? hour.length : 1, "0"))
    .replace(/[AP]M/i, hours < 12 ? "AM" : "PM");
  return text.replace(whole, changed);
}
