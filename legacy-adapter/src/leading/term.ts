/**
 * Everything an adapter does while it leads, from one fence to its loss: heartbeats, the shared look at the source's newest
 * LSN, a stream for each service, and the jobs. A term is never resumed; a new fence is a new term.
 */

import { AppError, type Clock, type Logger, type Random } from "@banyan/kernel";
import type { ServiceMapping } from "@banyan/service-kit/mapping";
import { SourceHead } from "../capture/source-head.ts";
import { events } from "../events.ts";
import { limits } from "../limits.ts";
import type { JobData, JobQueues, QueueName } from "../queue/job-queues.ts";
import type { SyncMetrics } from "../report/metrics.ts";
import type { AnnouncedBeats } from "../source/announced-beats.ts";
import { Heartbeats } from "../source/heartbeats.ts";
import type { LegacyDatabase } from "../source/legacy-database.ts";
import type { ServiceDatabase } from "../target/service-database.ts";
import { ParkedTimer } from "./parked-timer.ts";
import { Pulse } from "./pulse.ts";
import { ServiceTerm } from "./service-term.ts";
import { Watermarks } from "./watermarks.ts";

export type ServiceTarget = { readonly mapping: ServiceMapping; readonly database: ServiceDatabase };

export type TermOptions = {
  readonly fence: bigint;
  readonly source: LegacyDatabase;
  /** Connections of their own for heartbeats. */
  readonly pulseSource: LegacyDatabase;
  readonly services: readonly ServiceTarget[];
  readonly queues: JobQueues;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: SyncMetrics;
  readonly announced: AnnouncedBeats;
  readonly pollMs: number;
  readonly heartbeatMs: number;
  /** Cron pattern, local time. */
  readonly reconcileSchedule: string;
  readonly onFenced: () => void;
};

export class Term {
  readonly fence: bigint;
  readonly head: SourceHead;
  readonly heartbeats: Heartbeats;
  readonly watermarks: Watermarks;
  readonly pulse: Pulse;
  readonly services: readonly ServiceTerm[];
  readonly #options: TermOptions;
  readonly #parkedTimers: ReadonlyMap<string, ParkedTimer>;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #stopping = false;

  constructor(options: TermOptions) {
    this.#options = options;
    const { source, pulseSource, clock, logger } = options;
    this.fence = options.fence;
    this.head = new SourceHead(source, { pollMs: options.pollMs, now: () => clock.monotonicMs() });
    this.heartbeats = new Heartbeats(pulseSource, clock, options.announced);
    this.watermarks = new Watermarks(clock, this.heartbeats);
    this.pulse = new Pulse(pulseSource, this.heartbeats, this.watermarks, { logger, everyMs: options.heartbeatMs });
    this.services = options.services.map(
      ({ mapping, database }) =>
        new ServiceTerm({
          ...options,
          mapping,
          database,
          head: this.head,
          heartbeats: this.heartbeats,
          watermarks: this.watermarks,
          onWork: (service, kind) => void this.#ask(kind === "copy" ? "sync-copy" : "sync-parked", service),
        }),
    );
    this.#parkedTimers = new Map(this.services.map(({ service }) => [service, new ParkedTimer()]));
  }

  service(name: string): ServiceTerm | undefined {
    return this.services.find(({ service }) => service === name);
  }

  ofModule(name: string): ServiceTerm | undefined {
    return this.services.find(({ module }) => module === name);
  }

  start(): void {
    this.head.start();
    this.pulse.start();
    for (const service of this.services) service.start();
    this.#options.queues.work({
      "sync-copy": (data) => this.#copy(data),
      "sync-parked": (data) => this.#retryParked(data),
      "sync-reconcile": (data) => this.#reconcile(data),
    });
    const look = (): void => {
      this.#looking = this.#looking
        .then(() => this.#deriveJobs())
        .catch((error: unknown) => {
          // A database that is away holds its own jobs up; the next look is soon.
          this.#options.logger.debug({ event: events.jobFailed, op: "derive jobs", code: codeOf(error) });
        });
    };
    this.#timer = setInterval(look, limits.jobsRederivedMs);
    look();
    void this.#scheduleReconciles();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    await Promise.all([
      this.#looking,
      this.#options.queues.rest(),
      this.pulse.stop(),
      ...this.services.map((service) => service.stop()),
      this.head.stop(),
    ]);
  }

  /** Jobs that ought to be there and are not: the queue is a wake-up, and may have lost it. */
  async #deriveJobs(): Promise<void> {
    for (const service of this.services) {
      if (this.#stopping) return;
      const copying = [...service.stream.tables.values()].some(
        ({ state, copyProof }) => state === "copying" && copyProof === undefined,
      );
      if (copying) await this.#ask("sync-copy", service.service);
      if (service.hasParkedKey) await this.#ask("sync-parked", service.service);
      for (const id of await service.openReconciles()) await this.#ask("sync-reconcile", service.service, id);
    }
  }

  /** Every service is compared once a night. */
  async #scheduleReconciles(): Promise<void> {
    for (const { service } of this.services) {
      await this.#options.queues
        .schedule("sync-reconcile", { service }, this.#options.reconcileSchedule)
        .catch((error: unknown) => {
          this.#options.logger.warn({ event: events.queueFailing, code: codeOf(error), op: "schedule reconcile" });
        });
    }
  }

  /** Asks for a job; when the queue is away, it is asked again as jobs are derived anew. */
  async ask(queue: QueueName, service: string, id?: string): Promise<void> {
    await this.#ask(queue, service, id);
  }

  async #ask(queue: QueueName, service: string, id?: string): Promise<void> {
    const delayMs = queue === "sync-parked" ? (this.#parkedTimers.get(service)?.delayMs ?? 0) : 0;
    await this.#options.queues
      .ensure(queue, { service, ...(id === undefined ? {} : { id }) }, delayMs)
      .catch((error: unknown) => {
        // It is asked again when jobs are derived anew; the queue's own failures are counted where they happen.
        this.#options.logger.debug({ event: events.queueFailing, code: codeOf(error), op: queue });
      });
  }

  async #copy({ service }: JobData): Promise<void> {
    const one = this.service(service);
    if (!one || this.#stopping) return;
    const more = await this.#job("sync-copy", () => one.copySlice());
    if (more && !this.#stopping) await this.#options.queues.add("sync-copy", { service });
  }

  async #retryParked({ service }: JobData): Promise<void> {
    const one = this.service(service);
    if (!one || this.#stopping) return;
    const { applied, failed, waiting } = await this.#job("sync-parked", () => one.retryParked());
    const timer = this.#parkedTimers.get(service);
    if (applied > 0) timer?.reset();
    if (failed + waiting > 0) {
      timer?.failed();
      await this.#options.queues.add("sync-parked", { service }, timer?.delayMs ?? limits.parkedRetryMsMin);
    }
  }

  async #reconcile({ service, id }: JobData): Promise<void> {
    const one = this.service(service);
    if (one && !this.#stopping) await this.#job("sync-reconcile", () => one.reconcile(id));
  }

  async #job<T>(queue: QueueName, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof AppError && error.code === "FENCED") this.#options.onFenced();
      this.#options.logger.warn({ event: events.jobFailed, op: queue, code: codeOf(error) });
      // The queue keeps the text of a failed job: it must not be one that quotes a row.
      throw error instanceof AppError ? error : new Error(`${queue} failed`);
    }
  }
}

const codeOf = (error: unknown): string => (error instanceof AppError ? error.code : "UNEXPECTED");
