/** Whether the process should get requests, and how many it is answering. */

import type { Knex } from "knex";

export type HealthReport = {
  readonly ready: boolean;
  readonly checks: { readonly database: boolean; readonly dryRun: boolean; readonly stopping: boolean };
};

export class ServiceHealth {
  readonly #db: Knex;
  readonly #dryRunProved: () => boolean;
  #running = 0;
  #stopping = false;

  constructor(db: Knex, dryRunProved: () => boolean) {
    this.#db = db;
    this.#dryRunProved = dryRunProved;
  }

  get running(): number {
    return this.#running;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  stop(): void {
    this.#stopping = true;
  }

  /** @returns how many are running now, this one included */
  enter(): number {
    this.#running += 1;
    return this.#running;
  }

  leave(): void {
    this.#running -= 1;
  }

  /** An unproved dry run is told, but leaves the service ready: only dry runs are refused then. */
  async report(): Promise<HealthReport> {
    const database = await this.#db.raw("SELECT 1").then(
      () => true,
      () => false,
    );
    const checks = { database, dryRun: this.#dryRunProved(), stopping: this.#stopping };
    return { ready: database && !this.#stopping, checks };
  }
}
