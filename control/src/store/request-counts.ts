/**
 * How often each rule was asked, by the minute, for a day. Replicas report counts by rule id in their heartbeats; they are
 * gathered in memory and written every few seconds, so that the database sees one statement and not one a heartbeat.
 */

import type { Clock, Logger } from "@banyan/kernel";
import type { Knex } from "knex";
import { events } from "../events.ts";
import { limits } from "../limits.ts";

const minuteMs = 60_000;

export class RequestCounts {
  readonly #db: Knex;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  #gathered = new Map<string, number>();
  #minute = 0;
  /** Counts that found no room; a metric shows them. */
  dropped = 0;

  constructor(db: Knex, clock: Clock, logger: Logger) {
    this.#db = db;
    this.#clock = clock;
    this.#logger = logger;
    this.#timer = setInterval(() => void this.#flushLogged(), limits.countsFlushMs);
  }

  add(requests: Readonly<Record<string, number>>): void {
    for (const [rule, count] of Object.entries(requests)) {
      if (count <= 0) continue;
      const present = this.#gathered.get(rule);
      if (present === undefined && this.#gathered.size >= limits.gatheredRulesMax) {
        this.dropped += count;
        continue;
      }
      this.#gathered.set(rule, (present ?? 0) + count);
    }
  }

  /** Writes what was gathered, under the present minute; what cannot be written is kept for the next time. */
  async flush(): Promise<void> {
    const now = this.#clock.now().getTime();
    const minute = Math.floor(now / minuteMs) * minuteMs;
    const gathered = this.#gathered;
    this.#gathered = new Map();
    try {
      if (gathered.size > 0) {
        await this.#db.raw(
          `INSERT INTO request_counts (minute, rule, requests)
           SELECT ?::timestamptz, rule, requests FROM unnest(?::text[], ?::bigint[]) AS counted (rule, requests)
           ON CONFLICT (minute, rule) DO UPDATE SET requests = request_counts.requests + excluded.requests`,
          [new Date(minute), [...gathered.keys()], [...gathered.values()]],
        );
      }
    } catch (error) {
      this.add(Object.fromEntries(gathered));
      throw error;
    }
    if (minute === this.#minute) return;
    this.#minute = minute;
    await this.#db("request_counts")
      .where("minute", "<", new Date(now - limits.countsKeepMs))
      .delete();
  }

  /** Requests of the last day by rule id. */
  async lastDay(): Promise<ReadonlyMap<string, number>> {
    await this.flush();
    const since = new Date(this.#clock.now().getTime() - 24 * 60 * minuteMs);
    const rows: { rule: string; requests: string }[] = await this.#db("request_counts")
      .where("minute", ">=", since)
      .groupBy("rule")
      .select("rule")
      .sum("requests as requests");
    return new Map(rows.map((row) => [row.rule, Number(row.requests)]));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#flushLogged();
  }

  async #flushLogged(): Promise<void> {
    try {
      await this.flush();
    } catch {
      // The counts stay in memory, bounded, until the database is back; traffic does not depend on them.
      this.#logger.warn({ event: events.countsWriteFailed, count: this.#gathered.size });
    }
  }
}
