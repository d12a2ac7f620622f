/**
 * Keeps one capture loop running for every database that is enabled for change data capture or change tracking. Enabling happens inside
 * somebody's transaction, so the service looks at what is committed instead of being told.
 */

import type { Logger } from "@banyan/kernel";
import { Client, DatabaseError } from "pg";
import { events } from "../events.ts";
import { captureLimits } from "../limits.ts";
import { CaptureJob } from "./capture-job.ts";

export type CaptureServiceOptions = {
  /** Connection URL of a database in the engine, by physical name. */
  readonly url: (database: string) => string;
  /** Pause between scans; see `CaptureJobOptions`. */
  readonly pollMs?: number;
  readonly idlePlaceholderSeconds?: number;
  readonly logger: Logger;
};

/** Settings of a database live in PostgreSQL's shared catalog: one connection sees those of all databases. */
const enabledQuery = `SELECT d.datname AS name FROM pg_database d JOIN pg_db_role_setting s ON s.setdatabase = d.oid AND s.setrole = 0
  WHERE NOT d.datistemplate AND s.setconfig && ARRAY['sim.cdc_enabled=1', 'sim.change_tracking=1']
  ORDER BY 1 LIMIT ${captureLimits.databasesMax + 1}`;

export class CaptureService {
  private readonly options: CaptureServiceOptions;
  private readonly jobs = new Map<string, CaptureJob>();
  /** Monotonic milliseconds until which a database is left alone. */
  private readonly releasedUntil = new Map<string, number>();
  private readonly loop: Promise<void>;
  private stopping = false;
  private limitReported = false;
  private endPause: (() => void) | undefined;

  constructor(options: CaptureServiceOptions) {
    this.options = options;
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.endPause?.();
    await this.loop;
    await Promise.all([...this.jobs.values()].map((job) => job.stop()));
  }

  /** Ends the loop of a database and keeps it away for a while, so that the database can be copied or dropped. */
  async release(database: string): Promise<void> {
    this.releasedUntil.set(database, performance.now() + captureLimits.releasedMs);
    await this.jobs.get(database)?.stop();
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      const client = new Client({
        connectionString: this.options.url("postgres"),
        application_name: "banyan capture service",
      });
      // The next query on a broken connection rejects and is reported below; without a listener the process would end.
      client.on("error", () => undefined);
      try {
        await client.connect();
        while (!this.stopping) {
          const { rows } = await client.query<{ name: string }>(enabledQuery);
          for (const { name } of rows.slice(0, captureLimits.databasesMax)) this.ensure(name);
          if (rows.length > captureLimits.databasesMax) this.reportLimit();
          await this.pause(captureLimits.discoverMs);
        }
      } catch (error) {
        this.options.logger.error({
          event: events.captureFailed,
          code: error instanceof DatabaseError ? (error.code ?? "") : "CONNECTION",
        });
        await this.pause(captureLimits.reconnectMs);
      } finally {
        // A broken connection has nothing left to end.
        await client.end().catch(() => undefined);
      }
    }
  }

  /** Once: the databases beyond the limit stay without capture, which must not go unnoticed. */
  private reportLimit(): void {
    if (!this.limitReported)
      this.options.logger.error({
        event: events.captureFailed,
        code: "TOO_MANY_DATABASES",
        count: captureLimits.databasesMax,
      });
    this.limitReported = true;
  }

  private ensure(database: string): void {
    if (this.jobs.has(database) || performance.now() < (this.releasedUntil.get(database) ?? 0)) return;
    this.releasedUntil.delete(database);
    const { url, ...rest } = this.options;
    const job = new CaptureJob({ ...rest, database, url: url(database) });
    this.jobs.set(database, job);
    void job.ended.then(() => this.jobs.delete(database));
  }

  private pause(ms: number): Promise<void> {
    if (this.stopping) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      function done(): void {
        clearTimeout(timer);
        resolve();
      }
      this.endPause = done;
    });
  }
}
