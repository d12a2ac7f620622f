/** For tests: the command as a person runs it, a process of its own with its output and exit code. */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childEnvironment } from "@banyan/kernel";

export const root = join(import.meta.dirname, "../..");
const main = join(import.meta.dirname, "main.ts");

export type Finished = { readonly code: number | null; readonly out: string; readonly error: string };
export type Environment = Readonly<Record<string, string>>;

export type Started = {
  readonly pid: number | undefined;
  out(): string;
  /** Resolves with the output once it holds the text; rejects when the process ends first. */
  says(text: string): Promise<string>;
  stop(): Promise<number | null>;
};

/** No state folder of a developer's own is found by it. */
const nowhere: Environment = { BANYAN_DATA_DIR: join(tmpdir(), "banyan-no-such-folder") };

export function startBanyan(args: readonly string[], env: Environment = {}): Started & { ended: Promise<Finished> } {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: root,
    env: childEnvironment({ ...nowhere, ...env }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let error = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (error += chunk.toString()));
  const ended = new Promise<Finished>((resolve) => child.once("close", (code) => resolve({ code, out, error })));
  return {
    pid: child.pid,
    ended,
    out: () => out,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (out.includes(text)) resolve(out);
        };
        child.stdout.on("data", look);
        child.once("close", (code) => reject(new Error(`ended with ${code} before saying ${text}: ${out}${error}`)));
        look();
      }),
    stop: async () => {
      if (child.exitCode === null) child.kill("SIGTERM");
      return (await ended).code;
    },
  };
}

export function banyan(args: readonly string[], env: Environment = {}): Promise<Finished> {
  return startBanyan(args, env).ended;
}

/** A folder that is removed afterwards. */
export function temporaryFolder(): { path: string; write(name: string, text: string): string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "banyan-cli-"));
  return {
    path,
    write: (name, text) => {
      writeFileSync(join(path, name), text);
      return join(path, name);
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
