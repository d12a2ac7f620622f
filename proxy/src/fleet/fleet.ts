/**
 * Several worker processes behind one port. The parent takes connections and hands them round (node:cluster, round robin); it
 * never sees a request. Each worker is a replica of its own with its own last good revision on disk; all sign with one key.
 * Operations talk to the parent: its metrics are the workers' added up. A place's life:
 *
 *   empty --fork--> starting --ready--> serving --exit--> empty, filled again at once, or after a bounded wait
 *                      '--exit, late--> empty    '--silent for workerSilenceMsMax--> killed --> empty
 *
 * A connection's requests stay in one worker. Writes of one session that come over different connections may be in different
 * workers and have no order among each other, as they have none on the way here.
 */

import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { AppError, type Clock, type Logger, systemClock } from "@banyan/kernel";
import { AggregatorRegistry, Registry } from "prom-client";
import { events } from "../events.ts";
import { createTokenIssuer } from "../identity/tokens.ts";
import { limits } from "../limits.ts";
import { startAdminListener } from "../observe/admin-listener.ts";
import { metricOf } from "../observe/metrics.ts";
import { restartDelayMs } from "./restart-delay.ts";
import type { OnLoad, ProxySettings } from "./settings.ts";
import { startWorker, type WorkerProcess } from "./worker-process.ts";

export type RunningProxy = {
  readonly url: string;
  readonly adminUrl: string;
  /** Rules at the start. */
  readonly rules: number;
  close(): Promise<void>;
};

export type FleetOptions = {
  readonly settings: ProxySettings;
  readonly workers: number;
  readonly logger: Logger;
  readonly onLoad?: OnLoad | undefined;
};

/** @throws AppError WORKER_NOT_STARTED, PORT_TAKEN, LISTEN_FAILED, BAD_IDENTITY_KEY */
export async function startFleet(options: FleetOptions): Promise<RunningProxy> {
  const key = options.settings.identityKey ?? newKey();
  const { keys } = await createTokenIssuer(key, systemClock);
  const fleet = new Fleet({ ...options, settings: { ...options.settings, identityKey: key } }, systemClock);
  const { host, adminPort } = options.settings;
  try {
    const { url, rules } = await fleet.start();
    const admin = await startAdminListener({
      host,
      port: adminPort ?? 0,
      contentType: Registry.PROMETHEUS_CONTENT_TYPE,
      metrics: () => fleet.metrics(),
      keys,
      notReady: () => fleet.notReady(),
    });
    const close = async (): Promise<void> => {
      await fleet.stop();
      await admin.close();
    };
    return { url, rules, adminUrl: admin.url, close };
  } catch (error) {
    await fleet.stop();
    throw error;
  }
}

function newKey(): string {
  return generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** One place in the fleet. Its number names the replica and never changes. */
type Slot = {
  readonly number: number;
  worker: WorkerProcess | undefined;
  forkedAtMs: number;
  deaths: number;
  youngDeaths: number;
  refill: NodeJS.Timeout | undefined;
};

class Fleet {
  readonly #options: FleetOptions;
  readonly #clock: Clock;
  readonly #slots: readonly Slot[];
  readonly #own = new Registry();
  #missing = 0;
  #stopping = false;
  #watch: NodeJS.Timeout | undefined;

  constructor(options: FleetOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#slots = Array.from({ length: options.workers }, (_, index) => ({
      number: index + 1,
      worker: undefined,
      forkedAtMs: 0,
      deaths: 0,
      youngDeaths: 0,
      refill: undefined,
    }));
    this.#registerOwn();
  }

  /** The first worker alone, so that a fault all would have is told once; then the others. */
  async start(): Promise<{ url: string; rules: number }> {
    const [first, ...others] = this.#slots as [Slot, ...Slot[]];
    const details = await this.#fill(first);
    await Promise.all(others.map((slot) => this.#fill(slot)));
    this.#watch = setInterval(() => this.#killHung(), limits.workerAliveMs);
    return { url: String(details["url"]), rules: Number(details["rules"]) };
  }

  /** Undefined while at least one worker serves. */
  notReady(): string | undefined {
    if (this.#stopping) return "stopping";
    return this.#slots.some((slot) => slot.worker?.serves) ? undefined : "no worker serves";
  }

  /** All workers' numbers, added up; without those of a worker that does not answer in time. */
  async metrics(): Promise<string> {
    const serving = this.#slots.flatMap(({ worker }) => (worker?.serves ? [worker] : []));
    const answers = await Promise.all(serving.map((worker) => worker.metrics()));
    const known = answers.filter((answer) => answer !== undefined);
    this.#missing += answers.length - known.length;
    const own = await this.#own.getMetricsAsJSON();
    return AggregatorRegistry.aggregate([own, ...known]).metrics();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#watch);
    for (const slot of this.#slots) clearTimeout(slot.refill);
    await Promise.all(this.#slots.map(async (slot) => slot.worker?.stop()));
  }

  /** Starts the worker of a place. @throws AppError WORKER_NOT_STARTED when it ends before it serves. */
  async #fill(slot: Slot): Promise<Readonly<Record<string, string | number>>> {
    const { logger, onLoad } = this.#options;
    const worker = startWorker(this.#settingsOf(slot), this.#clock, (problems) => {
      // Every worker reads the rules; one is enough to be told of.
      if (slot.number === 1) onLoad?.({ problems });
    });
    slot.worker = worker;
    slot.forkedAtMs = this.#clock.monotonicMs();
    const exit = once(worker.process, "exit").then(([code, signal]) => String(signal ?? `exit ${code}`));
    const started = await Promise.race([worker.ready, exit]);
    if (typeof started === "string") {
      slot.worker = undefined;
      throw new AppError({
        code: "WORKER_NOT_STARTED",
        op: "start proxy",
        message: `worker ${slot.number} ended before it served (${started})`,
        hint: "The reason stands above this message.",
      });
    }
    void exit.then((how) => this.#died(slot, how));
    logger.info({ event: events.workerStarted, count: slot.number, pid: worker.process.pid ?? 0 });
    return started;
  }

  #settingsOf(slot: Slot): ProxySettings {
    const { settings } = this.#options;
    const { control } = settings;
    return {
      ...settings,
      adminPort: undefined,
      ...(control ? { control: { ...control, replicaId: `${control.replicaId}-${slot.number}` } } : {}),
    };
  }

  #died(slot: Slot, how: string): void {
    slot.worker = undefined;
    if (this.#stopping) return;
    slot.deaths += 1;
    const lived = this.#clock.monotonicMs() - slot.forkedAtMs;
    slot.youngDeaths = lived >= limits.workerSteadyMs ? 0 : slot.youngDeaths + 1;
    this.#options.logger.error({ event: events.workerDied, count: slot.number, hint: how });
    this.#refillLater(slot);
  }

  #refillLater(slot: Slot): void {
    slot.refill = setTimeout(() => {
      this.#fill(slot).catch(() => {
        if (!this.#stopping) this.#died(slot, "not started");
      });
    }, restartDelayMs(slot.youngDeaths));
  }

  #killHung(): void {
    for (const { number, worker, forkedAtMs } of this.#slots) {
      if (!worker) continue;
      const now = this.#clock.monotonicMs();
      const hung = worker.serves
        ? now - worker.lastSeenMs > limits.workerSilenceMsMax
        : now - forkedAtMs > limits.workerStartMsMax;
      if (!hung) continue;
      this.#options.logger.error({ event: events.workerHung, count: number, pid: worker.process.pid ?? 0 });
      worker.process.kill("SIGKILL");
    }
  }

  #registerOwn(): void {
    const each = (value: (slot: Slot) => number) =>
      this.#slots.map((slot) => ({ labels: { worker: String(slot.number) }, value: value(slot) }));
    for (const source of [
      {
        name: "banyan_proxy_worker_up",
        help: "1 while the worker of a place serves.",
        kind: "gauge",
        labels: ["worker"],
        read: () => each((slot) => Number(slot.worker?.serves === true)),
      },
      {
        name: "banyan_proxy_worker_deaths_total",
        help: "Workers of a place that ended without having been told to.",
        kind: "counter",
        labels: ["worker"],
        read: () => each((slot) => slot.deaths),
      },
      {
        name: "banyan_proxy_worker_metrics_missing_total",
        help: "Times a worker did not give its numbers in time; they are then missing in the sums.",
        kind: "counter",
        read: () => [{ labels: {}, value: this.#missing }],
      },
    ] as const)
      this.#own.registerMetric(metricOf(source));
  }
}
