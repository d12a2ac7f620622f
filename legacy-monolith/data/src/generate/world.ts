/** What the parts of the generator share: the calendar day, the tables being filled, and a random stream of its own for each part. */

import { type Random, seededRandom } from "@banyan/kernel";
import type { Diagnosis } from "../codes/diagnoses.ts";
import type { Tables } from "../dataset.ts";
import type { Row } from "../schema.ts";
import { type Day, wallTime, type WallTime } from "../wall-clock.ts";

export type Provider = {
  readonly id: string;
  readonly name: string;
  readonly site: string;
  readonly specialty: string;
  /** 1 = Sunday. */
  readonly days: readonly number[];
};

export type Clinic = {
  readonly providers: readonly Provider[];
  readonly desk: readonly string[];
  readonly nurses: readonly string[];
  readonly billers: readonly string[];
};

/** A patient with what is known beyond the row. */
export type Person = {
  readonly patient: Row<"PATMST">;
  readonly birthDay: Day;
  readonly firstDay: Day;
  readonly deathDay: Day | undefined;
  readonly chronic: readonly Diagnosis[];
  readonly policies: readonly Row<"PATINS">[];
  readonly provider: Provider;
  /** Adult size; children are scaled by age. */
  readonly inches: number;
  readonly pounds: number;
};

export type Visit = {
  readonly encounter: Row<"ENCMST">;
  readonly person: Person;
  readonly provider: Provider;
  readonly diagnoses: readonly Diagnosis[];
  readonly day: Day;
  /** The note that belongs to it is signed and the encounter is closed. */
  readonly signed: boolean;
  readonly noteType: string;
};

export type World = {
  readonly today: Day;
  /** First day of history. */
  readonly since: Day;
  readonly clinic: Clinic;
  readonly tables: Tables;
  /** A stream named after its user, so that a change in one part leaves the others' data alone. */
  random(part: string): Random;
};

export function randomStreams(seed: number): (part: string) => Random {
  return (part) => {
    let hash = seed | 0;
    for (const char of part) hash = (Math.imul(hash, 31) + (char.codePointAt(0) ?? 0)) | 0;
    return seededRandom(hash);
  };
}

export const ageOn = (birth: Day, day: Day): number => Math.floor((day - birth) / 365.25);

/** A moment of a working day. */
export const officeTime = (random: Random, day: Day): WallTime =>
  wallTime(day, random.int(8 * 60, 17 * 60), random.int(0, 59));

export const digits = (random: Random, count: number): string =>
  Array.from({ length: count }, () => String(random.int(0, 9))).join("");

/** Upper-case GUID from a seeded stream, version 4 in form. */
export function guid(random: Random): string {
  const hex = Array.from({ length: 32 }, () => random.int(0, 15).toString(16))
    .join("")
    .toUpperCase();
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `A${hex.slice(17, 20)}`, hex.slice(20)];
  return parts.join("-");
}

/** In place; Fisher and Yates. */
export function shuffle<T>(random: Random, list: T[]): T[] {
  for (let last = list.length - 1; last > 0; last -= 1) {
    const other = random.int(0, last);
    [list[last], list[other]] = [list[other] as T, list[last] as T];
  }
  return list;
}
