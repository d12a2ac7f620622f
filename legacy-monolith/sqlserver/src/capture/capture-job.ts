/**
 * The capture and clean-up jobs of one database, which the SQL Server Agent runs on a real server. States:
 *
 *   connecting → waiting  (no job, or stopped by sp_cdc_stop_job; woken by a notification)
 *              → running  (scan … scan, pause, scan …; woken by a notification to look whether it is still wanted)
 *   any        → connecting, when the engine's connection breaks
 *   any        → ended, after stop() or when the database is gone
 *
 * A scan is one statement and one transaction of the engine (`capture.scan`), so nothing is lost or doubled wherever it dies.
 * Writers do not notify: they would queue for PostgreSQL's notification lock at every COMMIT. Polling is also what SQL Server does.
 */

import type { Logger } from "@banyan/kernel";
import { Client, DatabaseError } from "pg";
import { events } from "../events.ts";
import { captureLimits } from "../limits.ts";

export type CaptureJobOptions = {
  readonly database: string;
  /** Connection URL of the database in the engine. */
  readonly url: string;
  /** Pause between scans while `pollinginterval` is at its default of 5 s; without it that default holds. */
  readonly pollMs?: number;
  readonly idlePlaceholderSeconds?: number;
  readonly logger: Logger;
};

type Settings = {
  readonly maxTrans: number;
  readonly maxScans: number;
  readonly continuous: boolean;
  readonly pollMs: number;
  readonly idleSeconds: number;
  readonly starts: number;
};

const pollingIntervalDefaultSeconds = 5;

const jobsQuery = `SELECT
  (SELECT row_to_json(j) FROM capture.jobs j WHERE job_type = 'capture') AS capture,
  (SELECT row_to_json(o) FROM capture.options o) AS options,
  (SELECT wanted FROM capture.jobs WHERE job_type = 'cleanup') AS cleanup_wanted,
  EXISTS (SELECT FROM capture.tracking_database WHERE auto_cleanup) AS tracking,
  extract(epoch FROM date_trunc('day', local - interval '2 hours') + interval '26 hours' - local) * 1000 AS cleanup_ms
  FROM (SELECT capture.now() AS local) n`;

type JobsRow = {
  readonly capture: null | {
    readonly maxtrans: number;
    readonly maxscans: number;
    readonly continuous: boolean;
    readonly pollinginterval: number;
    readonly wanted: boolean;
    readonly starts: number;
  };
  readonly options: { readonly idle_placeholder_seconds: number | null; readonly poll_ms: number | null };
  readonly cleanup_wanted: boolean | null;
  readonly tracking: boolean;
  readonly cleanup_ms: string;
};

export class CaptureJob {
  readonly database: string;
  /** Resolves when the job has ended: after `stop()`, or because the database is gone. */
  readonly ended: Promise<void>;
  private readonly options: CaptureJobOptions;
  private client: Client | undefined;
  private settings: Settings | undefined;
  private stopping = false;
  private news = true;
  private emptyScans = 0;
  /** Monotonic milliseconds of the next daily clean-up. */
  private cleanupAt = Number.POSITIVE_INFINITY;
  private endPause: (() => void) | undefined;

  constructor(options: CaptureJobOptions) {
    this.options = options;
    this.database = options.database;
    this.ended = this.run();
  }

  /** Ends the loop after the running scan. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.endPause?.();
    await this.ended;
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      try {
        await this.connected();
      } catch (error) {
        if (error instanceof DatabaseError && error.code === "3D000") return;
        this.failed(error);
        this.news = false;
        await this.pause(captureLimits.reconnectMs);
      }
    }
  }

  /** One connection's life. */
  private async connected(): Promise<void> {
    const client = new Client({ connectionString: this.options.url, application_name: "banyan capture" });
    let broken: unknown;
    client.on("error", (error) => {
      broken = error;
      this.endPause?.();
    });
    client.on("notification", () => this.look());
    try {
      await client.connect();
      this.client = client;
      await client.query("LISTEN sim_capture");
      this.settings = undefined;
      this.news = true;
      while (!this.stopping) {
        if (broken !== undefined) throw broken;
        await this.turn(client);
      }
    } finally {
      this.client = undefined;
      // A broken connection has nothing left to end; the reason is already on its way up.
      await client.end().catch(() => undefined);
    }
  }

  private look(): void {
    this.news = true;
    this.endPause?.();
  }

  private async turn(client: Client): Promise<void> {
    if (this.news) await this.readJobs(client);
    if (performance.now() >= this.cleanupAt) await this.cleanUp(client);
    if (!this.settings) return this.pause(captureLimits.idleMsMax);
    const more = await this.scans(client, this.settings);
    if (!this.settings.continuous) return this.finishOnce(client);
    if (!more || this.settings.pollMs > captureLimits.pollMsMin) await this.pause(this.settings.pollMs);
  }

  private async readJobs(client: Client): Promise<void> {
    this.news = false;
    const { rows } = await client.query<JobsRow>(jobsQuery);
    const row = rows[0] as JobsRow;
    const job = row.capture?.wanted ? row.capture : undefined;
    this.cleanupAt = performance.now() + (row.cleanup_wanted === true ? 0 : Number(row.cleanup_ms));
    if (job?.starts === this.settings?.starts) return;
    if (this.settings) await client.query("SELECT pg_advisory_unlock(capture.reader_lock())");
    this.settings = undefined;
    if (!job) return;
    // A running sp_cdc_scan holds the log reader: its end is awaited.
    await client.query("SELECT pg_advisory_lock(capture.reader_lock())");
    this.settings = {
      maxTrans: job.maxtrans,
      maxScans: job.maxscans,
      continuous: job.continuous,
      pollMs: this.pollMs(job.pollinginterval, row.options.poll_ms ?? this.options.pollMs),
      idleSeconds:
        row.options.idle_placeholder_seconds ??
        this.options.idlePlaceholderSeconds ??
        captureLimits.idlePlaceholderSeconds,
      starts: job.starts,
    };
    this.options.logger.info({ event: events.captureStarted, database: this.database });
  }

  private pollMs(intervalSeconds: number, pollMs: number | undefined): number {
    const wanted =
      pollMs !== undefined && intervalSeconds === pollingIntervalDefaultSeconds ? pollMs : intervalSeconds * 1000;
    return Math.max(captureLimits.pollMsMin, wanted);
  }

  /** @returns whether the last scan was full, so that more is waiting */
  private async scans(client: Client, settings: Settings): Promise<boolean> {
    for (let scan = 0; scan < settings.maxScans; scan += 1) {
      const recorded = this.emptyScans >= captureLimits.unrecordedEmptyScansMax ? this.emptyScans : 0;
      const published = await this.scan(client, settings, recorded);
      this.emptyScans = published > 0 || recorded > 0 ? 0 : this.emptyScans + 1;
      if (published < settings.maxTrans) return false;
    }
    return true;
  }

  private async scan(client: Client, { maxTrans, idleSeconds }: Settings, emptyScans: number): Promise<number> {
    try {
      const { rows } = await client.query<{ scan: number }>({
        name: "scan",
        text: "SELECT capture.scan($1, $2, $3) AS scan",
        values: [maxTrans, idleSeconds, emptyScans],
      });
      return rows[0]?.scan ?? 0;
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.severity === "FATAL") throw error;
      // The database was disabled, or an image did not fit: shown in sys.dm_cdc_errors, and tried again.
      this.failed(error);
      await client.query("SELECT capture.record_error($1, $2)", [
        22859,
        `Log scan failed with SQLSTATE ${error.code ?? ""}.`,
      ]);
      await this.pause(captureLimits.reconnectMs);
      this.look();
      return 0;
    }
  }

  /** Low end points go up and are committed first; then rows go in chunks. */
  private async cleanUp(client: Client): Promise<void> {
    this.news = true;
    await client.query("UPDATE capture.jobs SET wanted = false WHERE job_type = 'cleanup' AND wanted");
    const { rows } = await client.query<{ mark: Buffer | null; threshold: string }>(
      `SELECT capture.retention_mark() AS mark, threshold FROM capture.jobs WHERE job_type = 'cleanup'`,
    );
    const job = rows[0];
    if (job?.mark) {
      await client.query("SELECT capture.raise_low_water(NULL, $1)", [job.mark]);
      for (let deleted = "1"; deleted !== "0"; ) {
        const chunk = await client.query<{ n: string }>("SELECT capture.delete_chunk($1) AS n", [job.threshold]);
        deleted = chunk.rows[0]?.n ?? "0";
      }
    }
    await client.query(
      "SELECT capture.clean_tracking() WHERE EXISTS (SELECT FROM capture.tracking_database WHERE auto_cleanup)",
    );
  }

  private async finishOnce(client: Client): Promise<void> {
    this.news = true;
    await client.query("UPDATE capture.jobs SET wanted = false WHERE job_type = 'capture'");
  }

  private pause(ms: number): Promise<void> {
    if (this.stopping || this.news) return Promise.resolve();
    const untilCleanup = Math.max(0, this.cleanupAt - performance.now());
    return new Promise((resolve) => {
      const timer = setTimeout(done, Math.min(ms, untilCleanup, captureLimits.idleMsMax));
      function done(): void {
        clearTimeout(timer);
        resolve();
      }
      this.endPause = done;
    });
  }

  private failed(error: unknown): void {
    const code = error instanceof DatabaseError ? (error.code ?? "") : "CONNECTION";
    this.options.logger.error({ event: events.captureFailed, database: this.database, code });
  }
}
