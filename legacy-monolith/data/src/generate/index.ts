/**
 * The generator: a whole clinic out of a seed and a day. Same seed, same number of patients, same day: the same data to the
 * last byte, on any machine, because time and randomness come in from outside and every part draws from a stream of its own.
 */

import { AppError } from "@banyan/kernel";
import { codeRows } from "../codes/rows.ts";
import { type Dataset, emptyTables } from "../dataset.ts";
import { deriveDaily, deriveTotals, sequenceRows } from "../derived.ts";
import { generatedPatientsMax, historyDays } from "../limits.ts";
import { parseDay, wallTime } from "../wall-clock.ts";
import { addBilling } from "./billing.ts";
import { addAppointments, arrivals } from "./bookings.ts";
import { addNotes } from "./notes.ts";
import { addLabOrders } from "./orders.ts";
import { addDeaths, addPatients, addRetired } from "./people.ts";
import { addPortalMessages, addPortalUsers } from "./portal.ts";
import { addPrescriptions } from "./prescriptions.ts";
import { addStaff, clinic } from "./staff.ts";
import { addAudit, addQueue } from "./traffic.ts";
import { addEncounters, addLists, addVitals } from "./visits.ts";
import { randomStreams, type World } from "./world.ts";

export type GenerateOptions = {
  /** Default 1. */
  readonly seed?: number;
  /** Patients with a chart, default 300; merged and deleted records come on top. */
  readonly patients?: number;
  /** `YYYY-MM-DD` in the clinic's time zone: the day the data pretends to be. */
  readonly today: string;
};

/** @throws AppError GENERATE_INVALID for a day that is none or a number of patients out of bounds. */
export function generateEhr(options: GenerateOptions): Dataset {
  const { seed = 1, patients: count = 300 } = options;
  const today = parseDay(options.today);
  if (today === undefined) throw invalid("`today` is not a date written as YYYY-MM-DD");
  if (!Number.isInteger(count) || count < 1 || count > generatedPatientsMax) {
    throw invalid(`the number of patients must be a whole number from 1 to ${generatedPatientsMax}`);
  }
  const random = randomStreams(seed);
  const world: World = { today, since: today - historyDays, clinic, tables: emptyTables(), random };
  const logins = addStaff(world.tables, random("staff"), today);
  const people = addDeaths(world, addPatients(world, count));
  const bookings = addAppointments(world, people);
  const visits = addEncounters(world, arrivals(world, bookings, people));
  addVitals(world, visits);
  addNotes(world, visits);
  addLists(world, people, visits);
  const orders = addLabOrders(world, visits);
  addPrescriptions(world, visits);
  const claims = addBilling(world, visits, orders);
  const portalLogins = addPortalUsers(world, people);
  addPortalMessages(world, orders);
  addRetired(world, people, Math.max(2, Math.floor(count / 50)));
  addQueue(world, orders);
  addAudit(world, visits);
  deriveTotals(world.tables);
  deriveDaily(world.tables, wallTime(today));
  const issued = { LABORD: orders.length, ACCN: orders.length, CLAIM: claims, EDIBAT: 1000, PMTBAT: 1000, MRN: 0 };
  world.tables.CODETBL.push(...codeRows(wallTime(world.since)), ...sequenceRows(issued, wallTime(today)));
  return {
    source: `generated, seed ${seed}`,
    today: options.today,
    tables: world.tables,
    logins,
    portalLogins,
    warnings: [],
  };
}

const invalid = (message: string) =>
  new AppError({
    code: "GENERATE_INVALID",
    op: "generate the legacy data",
    message,
    hint: "Give the day as 2026-11-22 and a reasonable number of patients.",
  });
