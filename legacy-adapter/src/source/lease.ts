/**
 * One adapter leads for a source. The lease is a row in the legacy database itself, because that is the one thing all adapters
 * of a source share, judged by that server's clock alone. Its fence is a number that rises with every change of leader:
 *
 *   standing by → leading      the lease is free or has lapsed; the fence rises
 *   leading     → leading      renewed every second
 *   leading     → standing by  not renewed for the lease's length by this process's own clock, measured from before the last
 *                              successful renewal was sent; or another one took it
 *
 * A leader that was paused does not know that it was deposed. That is what the fence is for: every write into a service's
 * database, and later into the legacy database, is refused when a higher fence was seen there.
 */

import type { Clock } from "@banyan/kernel";
import { limits } from "../limits.ts";
import { type LegacyDatabase, parameter } from "./legacy-database.ts";

export type Lease = { readonly fence: bigint; readonly isNew: boolean };

const takeStatement = `UPDATE dbo.adapter_lease SET
  fence = CASE WHEN holder = @holder AND expires_at > SYSUTCDATETIME() THEN fence ELSE fence + 1 END,
  holder = @holder, expires_at = DATEADD(millisecond, @ms, SYSUTCDATETIME())
OUTPUT inserted.fence
WHERE id = 1 AND (holder = @holder OR expires_at <= SYSUTCDATETIME())`;

export class LeaseHolder {
  readonly #source: LegacyDatabase;
  readonly #holder: string;
  readonly #clock: Clock;
  readonly #leaseMs: number;
  #held: { fence: bigint; untilMs: number } | undefined;

  /** @param holder name of this process, different for each start. */
  constructor(source: LegacyDatabase, holder: string, clock: Clock, leaseMs: number = limits.leaseMs) {
    this.#source = source;
    this.#holder = holder;
    this.#clock = clock;
    this.#leaseMs = leaseMs;
  }

  /** The fence while the lease is surely held. */
  get fence(): bigint | undefined {
    return this.#held && this.#clock.monotonicMs() < this.#held.untilMs ? this.#held.fence : undefined;
  }

  /** Takes or renews the lease. @returns undefined when another adapter holds it. @throws AppError SOURCE_AWAY, SOURCE_REFUSED */
  async take(): Promise<Lease | undefined> {
    const sentMs = this.#clock.monotonicMs();
    const rows = await this.#source.query<{ fence: string }>("renew the lease", takeStatement, {
      holder: parameter.ansi(this.#holder),
      ms: parameter.int(this.#leaseMs),
    });
    const [row] = rows;
    if (!row) {
      this.#held = undefined;
      return undefined;
    }
    const fence = BigInt(row.fence);
    const isNew = this.#held?.fence !== fence;
    this.#held = { fence, untilMs: sentMs + this.#leaseMs };
    return { fence, isNew };
  }

  /** Makes the fence at least this much, if the lease is held. */
  async raise(fence: bigint): Promise<void> {
    await this.#source.query(
      "raise the fence",
      "UPDATE dbo.adapter_lease SET fence = @fence WHERE id = 1 AND holder = @holder AND fence < @fence",
      { holder: parameter.ansi(this.#holder), fence: parameter.bigint(fence) },
    );
  }

  /** Gives the lease back, so that a stand-by need not wait for it to lapse. */
  async release(): Promise<void> {
    this.#held = undefined;
    await this.#source.query(
      "give the lease back",
      "UPDATE dbo.adapter_lease SET expires_at = SYSUTCDATETIME() WHERE id = 1 AND holder = @holder",
      { holder: parameter.ansi(this.#holder) },
    );
  }
}
