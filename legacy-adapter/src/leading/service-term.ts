/** One service during a leader's term: its stream, its copying, its parked transactions, and what is known of its lag. */

import type { Clock, Logger, Random } from "@banyan/kernel";
import type { ServiceMapping } from "@banyan/service-kit/mapping";
import { countParked, type ParkedCounts } from "../apply/parked-store.ts";
import { discard, type RetryContext, type RetryOutcome, retryParked } from "../apply/retry-parked.ts";
import type { SourceHead } from "../capture/source-head.ts";
import { beginCopy, type CopyRequest } from "../copy/begin-copy.ts";
import { ServiceCopy } from "../copy/service-copy.ts";
import { events } from "../events.ts";
import {
  openReconciles,
  readReconcile,
  type ReconcileOptions,
  requestReconcile,
  runReconcile,
} from "../reconcile/reconciliation.ts";
import type { SyncMetrics } from "../report/metrics.ts";
import type { Heartbeats } from "../source/heartbeats.ts";
import type { LegacyDatabase } from "../source/legacy-database.ts";
import { isWhole, ServiceStream, type StreamObserver } from "../stream/service-stream.ts";
import type { ServiceDatabase } from "../target/service-database.ts";
import { Rate } from "./rate.ts";
import type { Watermarks } from "./watermarks.ts";

export type ServiceTermOptions = {
  readonly mapping: ServiceMapping;
  readonly source: LegacyDatabase;
  readonly database: ServiceDatabase;
  readonly head: SourceHead;
  readonly heartbeats: Heartbeats;
  readonly watermarks: Watermarks;
  readonly fence: bigint;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: SyncMetrics;
  readonly onWork: (service: string, kind: "copy" | "parked") => void;
  readonly onFenced: () => void;
};

export class ServiceTerm {
  readonly stream: ServiceStream;
  readonly changeRate: Rate;
  readonly copyRate: Rate;
  readonly #options: ServiceTermOptions;
  readonly #copy: ServiceCopy;
  #stopping = false;
  #parked: ParkedCounts = { transactions: 0, changes: 0, oldestAt: null };

  constructor(options: ServiceTermOptions) {
    this.#options = options;
    const { mapping, metrics, clock } = options;
    this.changeRate = new Rate(clock);
    this.copyRate = new Rate(clock);
    this.stream = new ServiceStream({
      ...options,
      observer: this.#observer(),
      onCursor: (heartbeat) => options.heartbeats.notBelow(heartbeat),
    });
    this.#copy = new ServiceCopy({
      ...options,
      stream: this.stream,
      copied: (_table, rows) => {
        metrics.copied.inc({ service: mapping.service }, rows);
        this.copyRate.add(rows);
      },
    });
  }

  get service(): string {
    return this.#options.mapping.service;
  }

  get module(): string {
    return this.#options.mapping.module;
  }

  get database(): ServiceDatabase {
    return this.#options.database;
  }

  /** As of the last `refresh`. */
  get parked(): ParkedCounts {
    return this.#parked;
  }

  /** Whether a key of the service is parked: known at once. */
  get hasParkedKey(): boolean {
    return this.stream.blocked.size > 0;
  }

  /** Milliseconds; undefined while the copy is not whole or nothing is known. */
  get watermarkAgeMs(): number | undefined {
    return isWhole(this.stream) ? this.#options.watermarks.ageMs(this.service) : undefined;
  }

  /** Milliseconds since the newest applied heartbeat was sent, whole or not. */
  get lagMs(): number | undefined {
    return this.#options.watermarks.ageMs(this.service);
  }

  start(): void {
    this.stream.start();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#copy.stop();
    await this.stream.stop();
  }

  /** Brings the service's gauges up to date; `retentionMs` is how long the source keeps history. */
  showGauges(captureLagMs: number | undefined, retentionMs: number | undefined): void {
    const { metrics, clock } = this.#options;
    const labels = { service: this.service };
    const { state } = this.stream;
    metrics.streamState.set({ ...labels, state: state.kind, code: "code" in state ? state.code : "" }, 1);
    metrics.parked.set(labels, this.#parked.transactions);
    const oldestMs = this.#parked.oldestAt === null ? 0 : clock.now().getTime() - Date.parse(this.#parked.oldestAt);
    metrics.oldestParked.set(labels, oldestMs / 1000);
    const { lagMs } = this;
    if (lagMs === undefined) return;
    metrics.watermarkAge.set(labels, lagMs / 1000);
    if (captureLagMs !== undefined) metrics.applyLag.set(labels, Math.max(0, lagMs - captureLagMs) / 1000);
    if (retentionMs !== undefined) metrics.retentionHeadroom.set(labels, (retentionMs - lagMs) / 1000);
  }

  /** Counts that need the database. @throws AppError TARGET_AWAY */
  async refresh(): Promise<void> {
    this.#parked = await countParked(this.#options.database);
  }

  /** @returns whether rows are left to be copied */
  copySlice(): Promise<boolean> {
    return this.#copy.slice();
  }

  /** Tables that cannot be followed as they are; all, when none says so. */
  tablesToCopy(): readonly string[] {
    const all = this.stream.plans.map(({ legacyTable }) => legacyTable);
    const stopped = all.filter((table) => this.stream.tables.get(table)?.state === "stopped");
    return stopped.length > 0 ? stopped : all;
  }

  /** Entries of the service's outbox that the legacy database does not have yet. */
  async relayPending(): Promise<number> {
    const [row] = await this.#options.database.query<{ n: string }>(
      "count the outbox",
      "SELECT count(*) AS n FROM kit.outbox",
    );
    return Number(row?.n ?? 0);
  }

  async beginCopy(request: Omit<CopyRequest, "allTables">): Promise<void> {
    const { source, database, fence, logger } = this.#options;
    const allTables = this.stream.plans.map(({ legacyTable }) => legacyTable);
    await beginCopy(source, database, fence, { ...request, allTables });
    logger.info({ event: events.copyStarted, module: this.module, count: request.tables.length });
    this.stream.reload();
  }

  async retryParked(): Promise<RetryOutcome> {
    const outcome = await retryParked(this.#retryContext());
    if (outcome.applied > 0) {
      this.#options.logger.info({ event: events.parkedApplied, module: this.module, count: outcome.applied });
      this.stream.reload();
    }
    await this.refresh();
    return outcome;
  }

  async discardParked(ids: readonly string[], by: { readonly who: string; readonly reason: string }): Promise<number> {
    const count = await discard(this.#retryContext(), ids, by);
    this.stream.reload();
    await this.refresh();
    return count;
  }

  /** Runs that were asked for and have not ended. */
  openReconciles(): Promise<readonly string[]> {
    return openReconciles(this.#options.database);
  }

  /** Runs every reconcile that was asked for; without one, and when it is the schedule's turn, a new one. */
  async reconcile(id: string | undefined): Promise<void> {
    const { database } = this.#options;
    const wanted = id ?? (await requestReconcile(database, { requestedBy: "schedule", repair: false }));
    await runReconcile(this.#reconcileOptions(), wanted);
    const report = await readReconcile(database, wanted);
    const count = report?.tables.reduce((sum, one) => sum + one.missing + one.extra + one.different, 0) ?? 0;
    this.#options.logger.info({ event: events.reconciled, module: this.module, count });
  }

  #reconcileOptions(): ReconcileOptions {
    return { ...this.#options, stream: this.stream, isStopping: () => this.#stopping };
  }

  #retryContext(): RetryContext {
    const { database, fence } = this.#options;
    return { database, fence, targets: this.stream.targets, plans: this.stream.plans };
  }

  #observer(): StreamObserver {
    const { metrics, watermarks } = this.#options;
    return {
      applied: (service, { changes, transactions, failed, waiting, applyMs }) => {
        metrics.rows.inc({ service }, changes);
        metrics.transactions.inc({ service }, transactions);
        metrics.applySeconds.observe({ service }, applyMs / 1000);
        if (failed + waiting > 0) metrics.parkings.inc({ service }, failed + waiting);
        this.changeRate.add(changes);
      },
      heard: (service, beat) => {
        const ms = watermarks.heard(service, beat);
        if (ms !== undefined) metrics.latencySeconds.observe({ service }, ms / 1000);
      },
      changed: () => undefined,
    };
  }
}
