/**
 * The processes that `npm start` runs. Each is a child in a process group of its own, so that a Ctrl-C reaches only the
 * parent, which stops them in the reverse order of their start. A child whose parent dies notices the closed channel and
 * stops by itself.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { AppError, childEnvironment, type ReadyMessage } from "@banyan/kernel";

/** Loading and crash recovery are done by then, or something is wrong. */
const readyMsMax = 60_000;
/** A child is given this long to stop before it is killed. */
const stopMsMax = 25_000;
const lastLinesMax = 15;
const outputCharsMax = 32_768;

export type Child = {
  readonly name: string;
  readonly details: ReadyMessage["details"];
  stop(): Promise<void>;
};

export type ChildOptions = {
  readonly name: string;
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  /** Called when the child ends although nobody stopped it. */
  onDeath(error: AppError): void;
};

/** Starts a child and waits until it says that it serves. @throws AppError CHILD_DIED, CHILD_NOT_READY */
export async function startChild(options: ChildOptions): Promise<Child> {
  const child = spawn(process.execPath, [options.script], {
    env: childEnvironment(options.env),
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    detached: true,
  });
  const output = keepOutput(child);
  let stopping = false;
  const died = new Promise<never>((_, reject) => {
    child.once("error", (cause) => reject(deathOf(options.name, cause.message, "")));
    child.once("exit", (code, signal) => reject(deathOf(options.name, signal ?? `exit ${code}`, output())));
  });
  let ready = false;
  let details: ReadyMessage["details"] = {};
  died.catch((error: AppError) => {
    if (stopping || !ready) return;
    endOrphan(details["enginePid"]);
    options.onDeath(error);
  });
  details = await withinBound(options.name, child, Promise.race([untilReady(child), died]));
  ready = true;
  return {
    name: options.name,
    details,
    stop: () => {
      stopping = true;
      return endChild(child);
    },
  };
}

function untilReady(child: ChildProcess): Promise<ReadyMessage["details"]> {
  return new Promise((resolve) => {
    child.on("message", (message: ReadyMessage) => {
      if (message.type === "ready") resolve(message.details);
    });
  });
}

async function withinBound<T>(name: string, child: ChildProcess, start: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    child.kill("SIGKILL");
    late.reject(
      new AppError({
        code: "CHILD_NOT_READY",
        op: `start ${name}`,
        message: `not ready after ${readyMsMax / 1000} s`,
        hint: "The machine may be busy; try again, or start anew with --fresh.",
      }),
    );
  }, readyMsMax);
  try {
    return await Promise.race([start, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** The database engine of a killed child goes on without it; its folder would look like that of a running instance. */
function endOrphan(pid: string | number | undefined): void {
  try {
    if (pid !== undefined) process.kill(Number(pid), "SIGINT");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function keepOutput(child: ChildProcess): () => string {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      text = (text + chunk.toString("utf8")).slice(-outputCharsMax);
    });
  }
  return () => text.trim().split("\n").slice(-lastLinesMax).join("\n");
}

function deathOf(name: string, how: string, lines: string): AppError {
  return new AppError({
    code: "CHILD_DIED",
    op: name,
    message: `ended (${how})${lines ? `; its last lines:\n${lines}` : ", without a word"}`,
    hint: "Everything else is stopped. Mend what the lines above say and start again; the data stay.",
  });
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), stopMsMax);
  await ended;
  clearTimeout(late);
}
