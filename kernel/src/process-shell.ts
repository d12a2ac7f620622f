/**
 * The life of a process: start, say so to the parent, wait for SIGINT or SIGTERM (or the parent's end), stop, exit. Every
 * server of the project runs inside it, so that all of them end the same way.
 */

import { describeError } from "./errors.ts";
import type { Logger } from "./logger.ts";

/** The longest a process may take to stop before it is ended anyway. */
const stopMsMax = 20_000;
/** A Ctrl-C reaches a process twice when npm passes on what the terminal sent already: signals this close are one. */
const sameSignalMs = 500;

export type Running = {
  stop(): Promise<void> /** Rejects when something the process needs has died. */;
  failed?: Promise<never>;
};

/** Message a child sends to its parent over IPC once it serves. */
export type ReadyMessage = { readonly type: "ready"; readonly details: Readonly<Record<string, string | number>> };

/**
 * Runs `start` and ends the process with code 0 after a clean stop, 1 after a failure. A second signal ends it at once.
 * Standard error receives the reason of a failure in one paragraph.
 */
export async function runUntilSignal(
  logger: Logger,
  start: () => Promise<Running & { details?: ReadyMessage["details"] }>,
): Promise<void> {
  const ended = Promise.withResolvers<void>();
  let firstSignalAt: number | undefined;
  const onSignal = (): void => {
    const now = performance.now();
    firstSignalAt ??= now;
    if (now - firstSignalAt > sameSignalMs) process.exit(1);
    ended.resolve();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  // The parent is gone: nobody is left to stop this process.
  process.on("disconnect", () => ended.resolve());
  let exitCode = 0;
  try {
    const running = await start();
    process.send?.({ type: "ready", details: running.details ?? {} } satisfies ReadyMessage);
    try {
      await (running.failed ? Promise.race([ended.promise, running.failed]) : ended.promise);
    } catch (error) {
      exitCode = 1;
      process.stderr.write(`${describeError(error)}\n`);
    }
    const late = setTimeout(() => {
      logger.error({ event: "process.stop_timed_out", durationMs: stopMsMax });
      process.exit(1);
    }, stopMsMax);
    await running.stop();
    clearTimeout(late);
  } catch (error) {
    exitCode = 1;
    process.stderr.write(`${describeError(error)}\n`);
  }
  process.exit(exitCode);
}
