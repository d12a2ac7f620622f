/**
 * The legacy adapter as one object: connections, leadership, jobs, API. Started twice for one source, one leads and the other
 * stands by; both answer health and status.
 */

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { type Clock, listen, type Logger, type Random, seededRandom, systemClock } from "@banyan/kernel";
import type { ServiceMapping } from "@banyan/service-kit/mapping";
import { adapterActions } from "./api/adapter-actions.ts";
import { createAdapterApplication } from "./api/adapter-application.ts";
import { events } from "./events.ts";
import { Leadership } from "./leading/leadership.ts";
import { Term } from "./leading/term.ts";
import { limits } from "./limits.ts";
import { JobQueues, type QueueStore } from "./queue/job-queues.ts";
import { createSyncMetrics } from "./report/metrics.ts";
import type { AdapterStatus } from "./report/status.ts";
import { AnnouncedBeats } from "./source/announced-beats.ts";
import { LeaseHolder } from "./source/lease.ts";
import { LegacyDatabase } from "./source/legacy-database.ts";
import { ServiceDatabase } from "./target/service-database.ts";

export type AdapterOptions = {
  /** mssql://user:password@host:port/database */
  readonly legacyUrl: string;
  /** Each service with its mapping and its database, as `<service>_sync`. */
  readonly services: readonly { readonly mapping: ServiceMapping; readonly databaseUrl: string }[];
  readonly queue: QueueStore;
  /** What control shows; at least 16 characters. */
  readonly token: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly pollMs?: number;
  readonly heartbeatMs?: number;
  readonly leaseMs?: number;
  /** Cron pattern of the nightly reconcile, local time. */
  readonly reconcileSchedule?: string;
};

export type Adapter = {
  readonly url: string;
  readonly port: number;
  status(): AdapterStatus;
  close(): Promise<void>;
};

/** @throws AppError LEGACY_URL_INVALID, PORT_TAKEN */
export async function startAdapter(options: AdapterOptions): Promise<Adapter> {
  const { logger } = options;
  const clock = options.clock ?? systemClock;
  const holder = `${hostname().slice(0, 27)}-${randomUUID()}`;
  const source = new LegacyDatabase(options.legacyUrl);
  // A long read must neither delay a heartbeat nor cost the lease.
  const pulse = new LegacyDatabase(options.legacyUrl, { statementMs: limits.leaseMs });
  const services = options.services.map(({ mapping, databaseUrl }) => ({
    mapping,
    database: new ServiceDatabase(databaseUrl),
  }));
  const queues = new JobQueues(options.queue, logger);
  const metrics = createSyncMetrics();
  const announced = new AnnouncedBeats(clock);
  const leadership = new Leadership({
    lease: new LeaseHolder(pulse, holder, clock, options.leaseMs),
    clock,
    logger,
    renewMs: (options.leaseMs ?? limits.leaseMs) / 5,
    highestFence: async () => {
      const fences = await Promise.all(services.map(({ database }) => database.fence()));
      return fences.reduce((most, fence) => (fence > most ? fence : most), 0n);
    },
    newTerm: (fence, onFenced) =>
      new Term({
        fence,
        source,
        pulseSource: pulse,
        services,
        queues,
        clock,
        random: options.random ?? seededRandom(process.pid),
        logger,
        metrics,
        announced,
        pollMs: options.pollMs ?? limits.pollMs,
        heartbeatMs: options.heartbeatMs ?? limits.heartbeatMs,
        reconcileSchedule: options.reconcileSchedule ?? limits.reconcileSchedule,
        onFenced,
      }),
  });
  const mappings = services.map(({ mapping }) => mapping);
  const actions = adapterActions({
    leadership,
    source,
    mappings,
    metrics,
    announced,
    holder,
    queueFailures: () => queues.failedCalls,
  });
  const close = async (): Promise<void> => {
    await leadership.stop();
    await queues.close();
    await Promise.all([source.close(), pulse.close(), ...services.map(({ database }) => database.close())]);
  };
  try {
    const { host, port, token } = options;
    const listening = await listen(createAdapterApplication(actions, token, logger), {
      host,
      port,
      name: "legacy adapter",
      portVariable: "ADAPTER_PORT",
    });
    leadership.start();
    logger.info({ event: events.started, port: listening.port });
    return {
      url: listening.url,
      port: listening.port,
      status: () => actions.status(),
      close: async () => {
        await Promise.all([listening.close(), close()]);
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
