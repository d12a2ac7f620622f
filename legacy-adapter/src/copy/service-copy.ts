/** One slice of a service's copying: goes through its tables in the mapping's order for a few seconds, then makes way. */

import type { Clock, Logger } from "@banyan/kernel";
import { readCursor, readTableStates } from "../apply/cursor.ts";
import { type Lsn, zeroLsn } from "../capture/position.ts";
import type { SourceHead } from "../capture/source-head.ts";
import { events } from "../events.ts";
import { limits } from "../limits.ts";
import type { Heartbeats } from "../source/heartbeats.ts";
import type { LegacyDatabase } from "../source/legacy-database.ts";
import type { ServiceStream } from "../stream/service-stream.ts";
import type { ServiceDatabase } from "../target/service-database.ts";
import { ChunkSize } from "./chunk-size.ts";
import { type CopyContext, copyTable } from "./table-copy.ts";

export type CopyOptions = {
  readonly stream: ServiceStream;
  readonly source: LegacyDatabase;
  readonly database: ServiceDatabase;
  readonly head: SourceHead;
  readonly heartbeats: Heartbeats;
  readonly fence: bigint;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly copied: (table: string, rows: number, readMs: number) => void;
  readonly chunkRows?: number;
};

export class ServiceCopy {
  readonly #options: CopyOptions;
  readonly #size: ChunkSize;
  #stopping = false;

  constructor(options: CopyOptions) {
    this.#options = options;
    this.#size = new ChunkSize(options.chunkRows);
  }

  /** Ends the running slice after its chunk; no other begins. */
  stop(): void {
    this.#stopping = true;
  }

  /** @returns whether rows are left to be read. @throws AppError as reading and writing do */
  async slice(sliceMs: number = limits.copySliceMs): Promise<boolean> {
    const { stream, database, clock } = this.#options;
    const untilMs = clock.monotonicMs() + sliceMs;
    const isOver = (): boolean => this.#stopping || clock.monotonicMs() >= untilMs;
    const cursor = await readCursor(database);
    if (!cursor) return false;
    const context = this.#context(cursor.era, isOver);
    for (const plan of stream.plans) {
      const state = (await readTableStates(database)).get(plan.legacyTable);
      if (state?.state !== "copying" || state.copyProof !== undefined) continue;
      if (isOver()) return true;
      const { kind, parked } = await copyTable(context, plan, state);
      if (parked > 0) this.#options.logger.warn({ event: events.parked, module: stream.mapping.module, count: parked });
      // The stream learns of the proof it has to wait for, and of lanes that were closed.
      if (kind === "read" || parked > 0) stream.reload();
      if (kind !== "read") return true;
    }
    return false;
  }

  #context(era: number, isOver: () => boolean): CopyContext {
    const { source, database, head, heartbeats, fence, clock, copied, stream } = this.#options;
    return {
      source,
      database,
      targets: stream.targets,
      fence,
      era,
      size: this.#size,
      published: (): Lsn => head.published ?? zeroLsn,
      beat: () => heartbeats.beat(),
      now: () => clock.monotonicMs(),
      isOver,
      rest: (ms) => (ms > 0 && !isOver() ? new Promise((resolve) => setTimeout(resolve, ms)) : Promise.resolve()),
      copied,
    };
  }
}
