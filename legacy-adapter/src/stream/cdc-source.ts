/**
 * What a stream reads, in CDC mode: the next window after an LSN with its content, cut until it fits into memory. Knows the
 * capture instances and looks at them anew when they may have changed.
 */

import { AppError } from "@banyan/kernel";
import { type CaptureInstance, rangesFor, readInstances } from "../capture/capture-instance.ts";
import {
  type FollowedTable,
  ownTables,
  readWindow,
  type TooBig,
  type WindowContent,
} from "../capture/change-reader.ts";
import { lastLsn, type Lsn, sameBytes, zeroLsn } from "../capture/position.ts";
import type { SourceHead } from "../capture/source-head.ts";
import { nextWindow, type Window } from "../capture/window.ts";
import { limits } from "../limits.ts";
import type { LegacyDatabase } from "../source/legacy-database.ts";
import { sqlErrorNumber } from "../source/source-errors.ts";
import type { TablePlan } from "../table-plan.ts";

export type WindowRead =
  | { readonly kind: "window"; readonly window: Window; readonly content: WindowContent; readonly readMs: number }
  /** The first transaction after the cursor does not fit into memory. */
  | { readonly kind: "huge"; readonly window: Window }
  | { readonly kind: "nothing" };

export class CdcSource {
  readonly #source: LegacyDatabase;
  readonly #head: SourceHead;
  readonly #now: () => number;
  #instances: readonly CaptureInstance[] = [];
  #instancesMs = Number.NEGATIVE_INFINITY;

  constructor(source: LegacyDatabase, head: SourceHead, now: () => number) {
    this.#source = source;
    this.#head = head;
    this.#now = now;
  }

  get instances(): readonly CaptureInstance[] {
    return this.#instances;
  }

  async refreshInstances(): Promise<void> {
    this.#instances = await readInstances(this.#source);
    this.#instancesMs = this.#now();
  }

  /** @throws AppError HISTORY_PURGED, SOURCE_BEHIND, CAPTURE_INSTANCE_MISSING, SOURCE_AWAY, SOURCE_REFUSED */
  async read(after: Lsn, tables: readonly FollowedTable[], count: number): Promise<WindowRead> {
    const published = this.#head.published;
    if (!published) return { kind: "nothing" };
    const startedMs = this.#now();
    if (startedMs - this.#instancesMs > limits.instancesMsMax) await this.refreshInstances();
    let window = await nextWindow(this.#source, { after, published, count });
    while (window) {
      const content = await this.readContent(window, tables, false);
      if (content.kind === "content") return { kind: "window", window, content, readMs: this.#now() - startedMs };
      if (sameBytes(content.fits, after)) return { kind: "huge", window };
      window = await nextWindow(this.#source, { after, published: content.fits, count });
      if (window) window = { ...window, hasMore: true };
    }
    return { kind: "nothing" };
  }

  /** A capture instance that vanished meanwhile (208) is looked for again once. */
  async readContent(
    window: Window,
    tables: readonly FollowedTable[],
    beforeImages: boolean,
  ): Promise<WindowContent | TooBig> {
    try {
      return await readWindow(this.#source, window, { tables, instances: this.#instances, beforeImages });
    } catch (error) {
      if (!(error instanceof AppError) || ![207, 208].includes(sqlErrorNumber(error.cause) ?? 0)) throw error;
      await this.refreshInstances();
      return readWindow(this.#source, window, { tables, instances: this.#instances, beforeImages });
    }
  }

  /** @throws AppError CAPTURE_INSTANCE_MISSING for a table that is not captured with all it needs, or not yet */
  requireInstances(plans: readonly TablePlan[]): void {
    const everything = { after: zeroLsn, until: lastLsn };
    for (const { legacyTable, columns } of plans)
      rangesFor(
        legacyTable,
        columns.map(({ name }) => name),
        this.#instances,
        everything,
      );
    for (const table of ownTables) rangesFor(table, [], this.#instances, everything);
  }

  /** The window that holds only the first transaction after `window.after`. */
  async firstTransaction(window: Window): Promise<Window | undefined> {
    return nextWindow(this.#source, { after: window.after, published: window.until, count: 1 });
  }
}
