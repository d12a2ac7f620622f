/** Two clinics on the same generated data, under the same standing clock. */

import { createLogger, fixedClock } from "@banyan/kernel";
import type sql from "mssql";
import { type LegacySide, startLegacySide } from "../clinic/legacy-side.ts";
import { type ClinicWithServices, startClinicWithServices } from "../clinic/services-side.ts";
import type { PairedClinics } from "./pair.ts";

export type StartedPair = PairedClinics & {
  readonly alone: LegacySide;
  readonly live: ClinicWithServices;
  /** Both sides give the next appointment the same number: see the declared difference of kind `numbering`. */
  sameNumbers(): Promise<void>;
  close(): Promise<void>;
};

/** A weekday morning in autumn; every page shows this minute. */
const now = new Date("2026-11-12T14:20:00Z");

/** Patients of each clinic's data set. */
const patients = 40;

export async function startPair(): Promise<StartedPair> {
  const clock = fixedClock(now);
  const logger = createLogger({ name: "pair", level: "silent" });
  const started = await Promise.allSettled([
    startLegacySide({ logger, clock, patients }),
    startClinicWithServices({ logger, clock, patients }),
  ]);
  const [alone, live] = started;
  const close = async (): Promise<void> => {
    for (const one of started) if (one.status === "fulfilled") await one.value.close();
  };
  if (alone.status === "rejected" || live.status === "rejected") {
    await close();
    throw alone.status === "rejected" ? alone.reason : (live as PromiseRejectedResult).reason;
  }
  return {
    alone: alone.value,
    live: live.value,
    monolith: alone.value,
    services: {
      url: live.value.url,
      settleAfter: async (path) => {
        if (live.value.writes("POST", path)) await live.value.settle();
      },
    },
    async sameNumbers() {
      const { recordset } = await alone.value.pool
        .request()
        .query<{ Last: number }>("SELECT IDENT_CURRENT('tblAppointment') AS Last");
      await live.value.databases.scheduling
        .owner("kit.id_block")
        .where({ name: "tblAppointment" })
        .update({ next_id: Number(recordset[0]?.Last) + 1 });
    },
    close,
  };
}

/** Rows of a statement that both databases are asked for. */
export async function rowsOfBoth<Row>({ alone, live }: StartedPair, statement: string): Promise<[Row[], Row[]]> {
  const ask = async (pool: sql.ConnectionPool): Promise<Row[]> =>
    (await pool.request().query<Row>(statement)).recordset;
  return [await ask(alone.pool), await ask(live.legacy.pool)];
}
