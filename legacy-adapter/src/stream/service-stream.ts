/**
 * Keeps one service's database equal to the source: reads the next window, applies it, and again, for as long as this adapter
 * leads. The next window is read while the one before is being applied. States:
 *
 *   starting  → following   cursor, tables and parked lanes are read; an empty database begins a copy of every table
 *   following → retrying    a transient fault; everything in memory is dropped and read again after a pause
 *   following → stopped     a person is needed (history purged, source restored, …); looked at again now and then
 *   any       → ended       stop(), or another adapter leads (FENCED)
 *
 * Nothing here is state that a crash could lose: the cursor commits with the rows.
 */

import { AppError, type Clock, type Logger, type Random } from "@banyan/kernel";
import type { ServiceMapping } from "@banyan/service-kit/mapping";
import { applyHuge } from "../apply/huge-transaction.ts";
import { type ApplyContext, type Applied, applyWindow } from "../apply/apply-window.ts";
import {
  beginCopies,
  type Cursor,
  finishCopies,
  placeCursor,
  readCursor,
  readTableStates,
  stopTable,
  type TableState,
} from "../apply/cursor.ts";
import { blockedLanes } from "../apply/parked-store.ts";
import type { Targets } from "../apply/write-set.ts";
import type { FollowedTable, TooBig, WindowContent } from "../capture/change-reader.ts";
import { type Lsn, positionOf } from "../capture/position.ts";
import { driftOf, readSourceSchema } from "../capture/schema-drift.ts";
import type { SourceHead } from "../capture/source-head.ts";
import { publishedUntil, type Window } from "../capture/window.ts";
import { events } from "../events.ts";
import { limits } from "../limits.ts";
import type { LegacyDatabase } from "../source/legacy-database.ts";
import { type TablePlan, tablePlans } from "../table-plan.ts";
import type { ServiceDatabase } from "../target/service-database.ts";
import { targetTable } from "../target/target-table.ts";
import { Backoff } from "./backoff.ts";
import { CdcSource, type WindowRead } from "./cdc-source.ts";
import { pruneHistory } from "./housekeeping.ts";
import { type StreamState, stateAfter } from "./stream-state.ts";
import { WindowSize } from "./window-size.ts";

export type StreamObserver = {
  /** After each commit. `applyMs` from the start of the transaction. */
  applied(
    service: string,
    what: Applied & { readonly transactions: number; readonly readMs: number; readonly applyMs: number },
  ): void;
  /** A heartbeat is applied. */
  heard(service: string, beat: number): void;
  changed(service: string, state: StreamState): void;
};

export type StreamOptions = {
  readonly mapping: ServiceMapping;
  readonly source: LegacyDatabase;
  readonly head: SourceHead;
  readonly database: ServiceDatabase;
  readonly fence: bigint;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly observer: StreamObserver;
  /** Something is to be copied or tried again: whoever runs the jobs is told. */
  readonly onWork: (service: string, kind: "copy" | "parked") => void;
  /** Number of the newest heartbeat this service has applied, whenever the cursor is read. */
  readonly onCursor: (heartbeat: number) => void;
  /** Another adapter leads. */
  readonly onFenced: () => void;
};

export class ServiceStream {
  readonly mapping: ServiceMapping;
  readonly plans: readonly TablePlan[];
  readonly targets: Targets;
  readonly #options: StreamOptions;
  readonly #cdc: CdcSource;
  readonly #size = new WindowSize();
  readonly #backoff: Backoff;
  #state: StreamState = { kind: "starting" };
  #cursor: Cursor | undefined;
  #tables: ReadonlyMap<string, TableState> = new Map();
  #context: ApplyContext | undefined;
  #unmapped: readonly string[] = [];
  #reload = true;
  #stopping = false;
  readonly #awaitingProgress = new Set<() => void>();
  #endPause: (() => void) | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.mapping = options.mapping;
    this.plans = tablePlans(options.mapping);
    this.targets = new Map(options.mapping.tables.map((mapping) => [mapping.legacyTable, targetTable(mapping)]));
    this.#cdc = new CdcSource(options.source, options.head, () => options.clock.monotonicMs());
    this.#backoff = new Backoff(options.random);
  }

  get service(): string {
    return this.mapping.service;
  }

  get state(): StreamState {
    return this.#state;
  }

  get cursor(): Cursor | undefined {
    return this.#cursor;
  }

  get tables(): ReadonlyMap<string, TableState> {
    return this.#tables;
  }

  /** Lanes that are closed because something is parked on them. */
  get blocked(): ReadonlySet<string> {
    return this.#context?.blocked ?? new Set();
  }

  /** Resolves when the stream has applied something more, or after `msMax`. */
  progress(msMax: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#awaitingProgress.delete(done);
        resolve();
      };
      const timer = setTimeout(done, msMax);
      this.#awaitingProgress.add(done);
    });
  }

  /** Columns of the source that no mapping reads and that were added since this process started, as `TABLE.column`. */
  get unmappedColumns(): readonly string[] {
    return this.#unmapped;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const done of this.#awaitingProgress) done();
    this.wake();
    await this.#loop;
  }

  /** Ends a pause at once. */
  wake(): void {
    this.#endPause?.();
    this.#options.head.wake();
  }

  /** What the database says of cursor, tables and parked lanes was changed by another part of the adapter: it is read again. */
  reload(): void {
    this.#reload = true;
    this.wake();
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        await this.#load();
        this.#enter({ kind: "following" });
        await this.#follow();
      } catch (error) {
        if (error instanceof AppError && error.code === "FENCED") return this.#options.onFenced();
        await this.#afterFailure(error);
      }
    }
  }

  async #afterFailure(error: unknown): Promise<void> {
    this.#reload = true;
    if (this.#stopping) return;
    const pauseMs = this.#backoff.next();
    const state = stateAfter(error, this.#state, this.#backoff.failures, this.#options.clock.now());
    this.#enter(state);
    await this.#pause(state.kind === "stopped" ? limits.stoppedRecheckMs : pauseMs);
  }

  async #load(): Promise<void> {
    const { database, fence } = this.#options;
    this.#reload = false;
    await database.raiseFence(fence);
    await this.#cdc.refreshInstances();
    const cursor = (await readCursor(database)) ?? (await this.#begin());
    this.#cursor = cursor;
    this.#options.onCursor(cursor.heartbeat);
    this.#tables = await this.#withNewTables(cursor);
    this.#context = {
      database,
      targets: this.targets,
      fence: this.#options.fence,
      era: cursor.era,
      blocked: await blockedLanes(database),
    };
    await this.#checkSchema(cursor.lsn);
    if (this.#context.blocked.size > 0) this.#options.onWork(this.service, "parked");
    if ([...this.#tables.values()].some(({ state }) => state === "copying")) this.#options.onWork(this.service, "copy");
  }

  /** An empty database: the low watermark first, then every table is copied while changes from there on are applied. */
  async #begin(): Promise<Cursor> {
    const { database, fence } = this.#options;
    const floor = await this.#lowWatermark();
    const position = positionOf(1, floor);
    await database.fenced("begin the sync", fence, async (tx) => {
      await placeCursor(tx, "cdc", position);
      await beginCopies(
        tx,
        this.plans.map(({ legacyTable }) => legacyTable),
        position,
      );
    });
    this.#options.logger.info({ event: events.copyStarted, module: this.mapping.module, count: this.plans.length });
    return { mode: "cdc", era: 1, lsn: floor, heartbeat: 0 };
  }

  /** @throws AppError CAPTURE_INSTANCE_MISSING before anything is copied from a table that is not captured */
  async #lowWatermark(): Promise<Lsn> {
    await this.#cdc.refreshInstances();
    this.#cdc.requireInstances(this.plans);
    const published = await publishedUntil(this.#options.source);
    if (published) return published;
    throw new AppError({
      code: "CAPTURE_INSTANCE_MISSING",
      op: "begin the sync",
      message: "the legacy database has not captured anything yet",
      hint: "`banyan sync check` tells whether the capture job runs; `banyan sync enable` makes what is missing.",
      retryable: true,
    });
  }

  /** A table that the mapping gained is copied; everything else goes on. */
  async #withNewTables(cursor: Cursor): Promise<ReadonlyMap<string, TableState>> {
    const { database, fence } = this.#options;
    const known = await readTableStates(database);
    const added = this.plans.map(({ legacyTable }) => legacyTable).filter((table) => !known.has(table));
    if (added.length === 0) return known;
    const floor = await this.#lowWatermark();
    const position = positionOf(cursor.era, floor);
    await database.fenced("copy a new table", fence, (tx) => beginCopies(tx, added, position));
    return readTableStates(database);
  }

  async #follow(): Promise<void> {
    let ahead: Promise<WindowRead> | undefined;
    try {
      while (!this.#stopping && !this.#reload) {
        const cursor = this.#cursor as Cursor;
        const read = await (ahead ?? this.#read(cursor.lsn));
        ahead = undefined;
        if (read.kind === "nothing") {
          await this.#options.head.waitBeyond(cursor.lsn, limits.stoppedRecheckMs);
          continue;
        }
        if (read.kind === "huge") {
          await this.#applyHuge(read.window);
          continue;
        }
        if (await this.#schemaChanged(read.content, cursor.lsn)) continue;
        if (read.window.hasMore) {
          ahead = this.#read(read.window.until);
          // Awaited in the next turn; if this turn fails, its failure is the one that counts.
          ahead.catch(() => undefined);
        }
        await this.#apply(read);
      }
    } finally {
      await ahead?.catch(() => undefined);
    }
  }

  #read(after: Lsn): Promise<WindowRead> {
    return this.#cdc.read(after, this.#followed(), this.#size.count);
  }

  #followed(): readonly FollowedTable[] {
    return this.plans.flatMap((plan) => {
      const state = this.#tables.get(plan.legacyTable);
      return state && state.state !== "stopped" ? [{ plan, floor: state.floor }] : [];
    });
  }

  async #apply({ window, content, readMs }: WindowRead & { kind: "window" }): Promise<void> {
    const { clock, observer } = this.#options;
    const context = this.#context as ApplyContext;
    const startedMs = clock.monotonicMs();
    const again = (): Promise<WindowContent | TooBig> => this.#cdc.readContent(window, this.#followed(), true);
    const applied = await applyWindow(context, window, content, again);
    if ("kind" in applied) return this.#size.tooBig();
    const applyMs = clock.monotonicMs() - startedMs;
    this.#size.applied(Math.max(applyMs, readMs), window.hasMore);
    this.#advanced(window, content);
    observer.applied(this.service, { ...applied, transactions: window.transactions, readMs, applyMs });
    if (applied.failed + applied.waiting > 0) {
      this.#options.logger.warn({
        event: events.parked,
        module: this.mapping.module,
        count: applied.failed + applied.waiting,
      });
      this.#options.onWork(this.service, "parked");
    }
    await this.#afterHeartbeat(content);
  }

  async #applyHuge(window: Window): Promise<void> {
    const first = await this.#cdc.firstTransaction(window);
    const context = this.#context as ApplyContext;
    if (!first) return;
    // Markers and schema changes of the transaction are read; its rows, however many, are not.
    const content = await this.#cdc.readContent(first, [], false);
    if (content.kind === "too-big") return this.#size.tooBig();
    const startedMs = this.#options.clock.monotonicMs();
    const changes = await applyHuge(
      this.#options.source,
      context,
      { lsn: first.until, tables: this.#followed(), instances: this.#cdc.instances },
      {
        ...first,
        era: context.era,
        fence: context.fence,
        heartbeat: content.heartbeat,
        flipMarkers: content.flipMarkers,
      },
    );
    this.#size.tooBig();
    this.#advanced(first, content);
    const applyMs = this.#options.clock.monotonicMs() - startedMs;
    const what = { changes, rows: changes, failed: 0, waiting: 0, transactions: 1, readMs: 0, applyMs };
    this.#options.observer.applied(this.service, what);
  }

  #advanced(window: Window, content: WindowContent): void {
    const cursor = this.#cursor as Cursor;
    const heartbeat = Math.max(cursor.heartbeat, content.heartbeat?.beat ?? 0);
    this.#cursor = { ...cursor, lsn: window.until, heartbeat };
    for (const done of this.#awaitingProgress) done();
    this.#backoff.reset();
    this.#enter({ kind: "following" });
  }

  async #afterHeartbeat(content: WindowContent): Promise<void> {
    if (!content.heartbeat) return;
    const { beat } = content.heartbeat;
    const { database, fence, observer, logger } = this.#options;
    const proved = [...this.#tables.values()].some(
      ({ state, copyProof }) => state === "copying" && copyProof !== undefined && copyProof <= beat,
    );
    if (proved) {
      const finished = await database.fenced("finish a copy", fence, (tx) => finishCopies(tx, beat));
      for (const table of finished) logger.info({ event: events.copyFinished, module: this.mapping.module, table });
      this.#tables = await readTableStates(database);
    }
    observer.heard(this.service, beat);
    await pruneHistory(database, fence, beat);
  }

  /** @returns whether tables were stopped, so that the window has to be read again without them */
  async #schemaChanged(content: WindowContent, at: Lsn): Promise<boolean> {
    return content.schemaChanges.length > 0 && this.#checkSchema(at);
  }

  async #checkSchema(at: Lsn): Promise<boolean> {
    const { database, fence, logger, source } = this.#options;
    const schema = await readSourceSchema(source);
    const drifts = this.plans.map((plan) => driftOf(plan, schema));
    this.#noteUnmapped(drifts.flatMap(({ table, unmapped }) => unmapped.map((column) => `${table}.${column}`)));
    const broken = drifts.filter(
      ({ table, breaking }) => breaking.length > 0 && this.#tables.get(table)?.state !== "stopped",
    );
    const era = this.#cursor?.era ?? 1;
    for (const { table, breaking } of broken) {
      const message = `dbo.${table} is not what the mapping was written for: ${breaking.join("; ")}`;
      const why = { code: "SCHEMA_DRIFT", message };
      await database.fenced("stop a table", fence, (tx) => stopTable(tx, table, positionOf(era, at), why));
      logger.error({ event: events.tableStopped, module: this.mapping.module, table, code: why.code });
    }
    if (broken.length > 0) this.#tables = await readTableStates(database);
    return broken.length > 0;
  }

  #knownUnmapped: ReadonlySet<string> | undefined;

  /** Columns that were there at the start are left out of the mapping on purpose. */
  #noteUnmapped(columns: readonly string[]): void {
    this.#knownUnmapped ??= new Set(columns);
    const added = columns.filter((column) => !this.#knownUnmapped?.has(column));
    for (const column of added.filter((name) => !this.#unmapped.includes(name)))
      this.#options.logger.warn({ event: events.columnAdded, module: this.mapping.module, table: column });
    this.#unmapped = added;
  }

  #enter(state: StreamState): void {
    const before = this.#state;
    this.#state = state;
    const code = "code" in state ? state.code : undefined;
    if (before.kind === state.kind && ("code" in before ? before.code : undefined) === code) return;
    this.#options.observer.changed(this.service, state);
    const fields = {
      event: events.streamState,
      module: this.mapping.module,
      status: state.kind,
      ...(code ? { code } : {}),
    };
    if (state.kind === "retrying" || state.kind === "stopped") this.#options.logger.warn(fields);
    else this.#options.logger.info(fields);
  }

  #pause(ms: number): Promise<void> {
    if (this.#stopping) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#endPause = done;
    });
  }
}

/** Whether a module may be believed to be up to date at all: every table whole, the stream following. */
export function isWhole(stream: ServiceStream): boolean {
  const states = [...stream.tables.values()];
  return stream.state.kind === "following" && states.length > 0 && states.every(({ state }) => state === "following");
}
