/**
 * What a leader does at the source at a steady beat: writes a heartbeat, looks which one the capture has published last, and
 * now and then how long history is kept. Faults are left to the next beat; the watermarks show them by growing old.
 */

import type { Logger } from "@banyan/kernel";
import { events } from "../events.ts";
import { limits } from "../limits.ts";
import type { Heartbeats } from "../source/heartbeats.ts";
import type { LegacyDatabase } from "../source/legacy-database.ts";
import type { Watermarks } from "./watermarks.ts";

export class Pulse {
  readonly #source: LegacyDatabase;
  readonly #heartbeats: Heartbeats;
  readonly #watermarks: Watermarks;
  readonly #logger: Logger;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isRunning = false;
  #beats = 0;
  #retentionMinutes: number | undefined;

  constructor(
    source: LegacyDatabase,
    heartbeats: Heartbeats,
    watermarks: Watermarks,
    options: { readonly logger: Logger; readonly everyMs: number },
  ) {
    this.#source = source;
    this.#heartbeats = heartbeats;
    this.#watermarks = watermarks;
    this.#logger = options.logger;
    this.#everyMs = options.everyMs;
  }

  /** Minutes the clean-up job keeps history; undefined when it cannot be known. */
  get retentionMinutes(): number | undefined {
    return this.#retentionMinutes;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), this.#everyMs);
    this.#tick();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  #tick(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#running = this.#beat()
      .catch((error: unknown) => {
        const code = (error as { code?: string }).code ?? "UNEXPECTED";
        this.#logger.debug({ event: events.heartbeatFailed, code });
      })
      .finally(() => {
        this.#isRunning = false;
      });
  }

  async #beat(): Promise<void> {
    await this.#heartbeats.beat();
    const [row] = await this.#source.query<{ beat: string }>(
      "read the newest captured heartbeat",
      "SELECT TOP (1) beat FROM cdc.dbo_adapter_heartbeat_CT WHERE [__$operation] = 2 ORDER BY [__$start_lsn] DESC",
    );
    if (row) this.#watermarks.captured(Number(row.beat));
    if (this.#beats % Math.ceil(limits.retentionLookMs / this.#everyMs) === 0) await this.#lookAtRetention();
    this.#beats += 1;
  }

  async #lookAtRetention(): Promise<void> {
    const jobs = await this.#source.query<{ job_type: string; retention: string }>(
      "read the clean-up job",
      "EXEC sys.sp_cdc_help_jobs",
    );
    const retention = jobs.find((job) => job.job_type.trim() === "cleanup")?.retention;
    this.#retentionMinutes = retention === undefined ? undefined : Number(retention);
  }
}
