/** A server of the project as a child process of a benchmark: started, ready, watched, stopped. */

import { fork } from "node:child_process";
import { readFileSync } from "node:fs";

export type Child = {
  /** What the process said when it was ready. */
  readonly details: Readonly<Record<string, string | number>>;
  /** Resident memory now; 0 where /proc is not there. */
  residentMiB(): number;
  stop(): Promise<void>;
};

export function startChild(script: string, args: readonly string[]): Promise<Child> {
  const profile = process.execArgv.filter((argument) => argument.startsWith("--cpu-prof"));
  const child = fork(script, args, {
    execArgv: profile,
    stdio: ["ignore", 2, 2, "ipc"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${script} ended with exit code ${code} before it was ready`)));
    child.once("message", (message: { details: Child["details"] }) => {
      resolve({
        details: message.details,
        residentMiB: () => residentMiB(child.pid ?? 0),
        stop: async () => {
          child.kill("SIGTERM");
          await ended;
        },
      });
    });
  });
}

function residentMiB(pid: number): number {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
    return (pages * 4096) / 2 ** 20;
  } catch {
    return 0; // No /proc on this platform.
  }
}
