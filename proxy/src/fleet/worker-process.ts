/** One forked worker as the parent sees it: its readiness, its signs of life, its numbers, its output, its end. */

import cluster from "node:cluster";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Clock } from "@banyan/kernel";
import { limits } from "../limits.ts";
import type { ProxySettings } from "./settings.ts";
import type { FromWorker, ToWorker } from "./worker-messages.ts";

export type WorkerProcess = {
  readonly process: ChildProcess;
  /** What it says of itself once it serves; pending for ever when it never does. */
  readonly ready: Promise<Readonly<Record<string, string | number>>>;
  readonly serves: boolean;
  /** Monotonic time of its last sign of life. */
  readonly lastSeenMs: number;
  /** Undefined when it does not answer in time. */
  metrics(): Promise<object[] | undefined>;
  /** Lets it drain, bounded, and waits for its end. */
  stop(): Promise<void>;
};

let asked = 0;

/** @param onLoad told of each load of a rule file. */
export function startWorker(
  settings: ProxySettings,
  clock: Clock,
  onLoad: (problems: readonly string[]) => void,
): WorkerProcess {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({
    exec: fileURLToPath(new URL("./worker.ts", import.meta.url)),
    args: [],
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const worker = cluster.fork();
  const child = worker.process;
  const ready = Promise.withResolvers<Readonly<Record<string, string | number>>>();
  const waiting = new Map<number, (metrics: object[] | undefined) => void>();
  let serves = false;
  let lastSeenMs = clock.monotonicMs();
  const tell = (message: ToWorker): void => {
    if (worker.isConnected()) worker.send(message);
  };
  worker.on("message", (message: FromWorker) => {
    lastSeenMs = clock.monotonicMs();
    switch (message.type) {
      case "hello":
        return tell({ type: "settings", settings });
      case "ready":
        serves = true;
        return ready.resolve(message.details);
      case "load":
        return onLoad(message.problems);
      case "metrics":
        return waiting.get(message.id)?.([...message.metrics]);
      case "alive":
        return undefined;
    }
  });
  worker.on("exit", () => {
    serves = false;
    for (const answer of waiting.values()) answer(undefined);
  });
  passLines(child);
  return {
    process: child,
    ready: ready.promise,
    get serves() {
      return serves;
    },
    get lastSeenMs() {
      return lastSeenMs;
    },
    metrics: () =>
      new Promise((resolve) => {
        const id = (asked += 1);
        const answer = (metrics: object[] | undefined): void => {
          clearTimeout(late);
          waiting.delete(id);
          resolve(metrics);
        };
        const late = setTimeout(() => answer(undefined), limits.workerMetricsMsMax);
        waiting.set(id, answer);
        tell({ type: "metrics", id });
      }),
    stop: async () => {
      serves = false;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, "exit");
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), limits.workerStopMsMax);
      await exit;
      clearTimeout(late);
    },
  };
}

/** Whole lines only: workers that wrote into one pipe themselves would write into the middle of each other's lines. */
function passLines(child: ChildProcess): void {
  let rest: Buffer = Buffer.alloc(0);
  child.stdout?.on("data", (chunk: Buffer) => {
    const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = all.lastIndexOf(10) + 1;
    if (end > 0) process.stdout.write(all.subarray(0, end));
    rest = all.subarray(end);
    if (rest.length <= limits.workerLineBytesMax) return;
    process.stdout.write(rest);
    rest = Buffer.alloc(0);
  });
}
