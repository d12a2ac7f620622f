/** Ids of schedules and slots, made of what they are about: a provider at a site, and a time there. */

import { directoryCode, directoryId, directoryIdSql } from "@banyan/service-kit/fhir";

/** No id of provider or site holds two hyphens in a row. */
export const scheduleId = (provider: string, site: string): string => `${directoryId(provider)}--${directoryId(site)}`;

export const scheduleIdSql = `(${directoryIdSql('(r.provider_id COLLATE "C")')}) || '--' || (${directoryIdSql('(r.site_code COLLATE "C")')})`;

export type ScheduleKey = { readonly provider: string; readonly site: string };

export function scheduleKey(id: string): ScheduleKey | undefined {
  const [provider, site, ...rest] = id.split("--").map(directoryCode);
  return provider === undefined || site === undefined || rest.length > 0 ? undefined : { provider, site };
}

/** @param day `YYYY-MM-DD` @param time `HH:MM:SS` */
export const slotId = (schedule: string, day: string, time: string): string =>
  `${schedule}-${day.replaceAll("-", "")}-${time.slice(0, 5).replace(":", "")}`;

export function slotKey(id: string): { schedule: string; day: string; time: string } | undefined {
  const found = /^(.+)-(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)$/.exec(id);
  if (!found) return undefined;
  const [, schedule = "", year, month, day, hour, minute] = found;
  return { schedule, day: `${year}-${month}-${day}`, time: `${hour}:${minute}:00` };
}
