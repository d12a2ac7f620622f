/**
 * Jobs of the sync in BullMQ, on PostgreSQL or on Redis. A job is a wake-up with ids in it and nothing else: what is to be
 * done is in the services' databases, so a queue that was lost, emptied or doubled costs time and never a row.
 *
 *   sync-copy       one slice of a service's copying
 *   sync-parked     a timer: try a service's parked transactions again
 *   sync-reconcile  one comparison of a service with the source
 */

import { AppError, type Logger } from "@banyan/kernel";
import { createPostgresBackend, Queue, type QueueOptions, Worker, type WorkerOptions, withBackend } from "bullmq";
import { z } from "zod";
import { events } from "../events.ts";
import { limits } from "../limits.ts";

const queueNames = ["sync-copy", "sync-parked", "sync-reconcile"] as const;
export type QueueName = (typeof queueNames)[number];

/** Ids only: queues are shown to operators and lie in a store of their own. */
const jobSchema = z.strictObject({
  service: z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/),
  id: z.uuid().optional(),
});
export type JobData = z.infer<typeof jobSchema>;

export type QueueStore =
  | { readonly kind: "postgres"; readonly url: string }
  /** `redis://…`; jobs under `prefix`. */
  | { readonly kind: "redis"; readonly url: string; readonly prefix?: string };

export type JobHandlers = Readonly<Record<QueueName, (data: JobData) => Promise<void>>>;

type AnyQueue = Pick<Queue, "add" | "getJobs" | "upsertJobScheduler" | "close" | "on" | "waitUntilReady">;
type AnyWorker = Pick<Worker, "close" | "on">;
type Classes = {
  queue(name: string, options: Omit<QueueOptions, "connection">): AnyQueue;
  worker(
    name: string,
    run: (job: { data: unknown }) => Promise<void>,
    options: Omit<WorkerOptions, "connection">,
  ): AnyWorker;
};

const postgresSchema = "bullmq";

function classesFor(store: QueueStore): Classes {
  if (store.kind === "postgres") {
    const backed = withBackend(createPostgresBackend);
    const connection = { connectionString: store.url, schema: postgresSchema, migrate: true, max: 4 };
    return {
      queue: (name, options) => new backed.Queue(name, { ...options, connection }) as unknown as AnyQueue,
      worker: (name, run, options) => new backed.Worker(name, run, { ...options, connection }) as unknown as AnyWorker,
    };
  }
  const connection = { url: store.url, maxRetriesPerRequest: null };
  const prefix = store.prefix ?? "banyan";
  return {
    queue: (name, options) => new Queue(name, { ...options, connection, prefix }),
    worker: (name, run, options) => new Worker(name, run, { ...options, connection, prefix }),
  };
}

export class JobQueues {
  readonly #classes: Classes;
  readonly #logger: Logger;
  readonly #queues: ReadonlyMap<QueueName, AnyQueue>;
  #workers: AnyWorker[] = [];
  #failedCalls = 0;

  constructor(store: QueueStore, logger: Logger) {
    this.#classes = classesFor(store);
    this.#logger = logger;
    const defaultJobOptions = {
      attempts: limits.jobAttemptsMax,
      backoff: { type: "exponential", delay: 500 },
      removeOnComplete: { count: limits.jobsKept },
      removeOnFail: { count: limits.jobsKept },
    };
    this.#queues = new Map(
      queueNames.map((name) => [name, this.#listened(this.#classes.queue(name, { defaultJobOptions }), name)]),
    );
  }

  /** Calls to the queue that failed or took too long since the start. */
  get failedCalls(): number {
    return this.#failedCalls;
  }

  /** @throws AppError QUEUE_AWAY */
  async add(queue: QueueName, data: JobData, delayMs = 0): Promise<void> {
    await this.#bounded(this.#queue(queue).add(queue, jobSchema.parse(data), { delay: delayMs }));
  }

  /** Adds a job unless one of the service waits already. @throws AppError QUEUE_AWAY */
  async ensure(queue: QueueName, data: JobData, delayMs = 0): Promise<void> {
    const pending = await this.#bounded(
      this.#queue(queue).getJobs(["waiting", "active", "delayed", "prioritized"], 0, limits.jobsKept),
    );
    const same = (other: unknown): boolean => {
      const parsed = jobSchema.safeParse(other);
      return parsed.success && parsed.data.service === data.service && parsed.data.id === data.id;
    };
    if (!pending.some((job) => same(job?.data))) await this.add(queue, data, delayMs);
  }

  /** A job at each time of the cron pattern (local time). @throws AppError QUEUE_AWAY */
  async schedule(queue: QueueName, data: JobData, pattern: string): Promise<void> {
    await this.#bounded(
      this.#queue(queue).upsertJobScheduler(`${queue}-${data.service}`, { pattern }, { name: queue, data }),
    );
  }

  /** Begins to work. Only the leader does. */
  work(handlers: JobHandlers): void {
    this.#workers = queueNames.map((name) =>
      this.#listened(
        this.#classes.worker(name, (job) => handlers[name](jobSchema.parse(job.data)), {
          concurrency: 1,
          lockDuration: limits.jobLockMs,
          stalledInterval: limits.jobLockMs / 2,
          // A job that dies with its worker is not to blame for it.
          maxStalledCount: 1_000_000,
        }),
        name,
      ),
    );
  }

  /** Ends the workers after their running jobs. */
  async rest(): Promise<void> {
    const workers = this.#workers;
    this.#workers = [];
    await Promise.all(workers.map((worker) => this.#closed(worker)));
  }

  async close(): Promise<void> {
    await this.rest();
    await Promise.all([...this.#queues.values()].map((queue) => this.#closed(queue)));
  }

  #queue(name: QueueName): AnyQueue {
    return this.#queues.get(name) as AnyQueue;
  }

  #listened<T extends { on(event: "error", listener: (error: Error) => void): unknown }>(one: T, name: QueueName): T {
    // Without a listener the process would end; the next call tells whether the queue is back.
    one.on("error", (error) => {
      this.#failedCalls += 1;
      this.#logger.debug({ event: events.queueFailing, code: error.name, op: name });
    });
    return one;
  }

  async #bounded<T>(call: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error("timed out")), limits.queueMsMax);
    // The losing side of the race may still fail later; that is no news.
    call.catch(() => undefined);
    try {
      return await Promise.race([call, late.promise]);
    } catch (cause) {
      this.#failedCalls += 1;
      throw new AppError({
        code: "QUEUE_AWAY",
        op: "ask the queue",
        message: "the job queue does not answer",
        hint: "Changes are applied without it. Copies, retries of parked transactions and reconciles wait until it is back.",
        retryable: true,
        cause,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** A queue whose store is gone may never say that it has closed. */
  #closed(one: { close(): Promise<void> }): Promise<void> {
    const timer = Promise.withResolvers<void>();
    const late = setTimeout(() => timer.resolve(), limits.queueMsMax);
    const closed = one.close().catch(() => undefined);
    return Promise.race([closed, timer.promise]).finally(() => clearTimeout(late));
  }
}
