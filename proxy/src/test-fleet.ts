/** For tests: the proxy as real processes, and what they print. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { childEnvironment, type ReadyMessage } from "@banyan/kernel";

export type ProxyProcess = {
  readonly child: ChildProcess;
  readonly url: string;
  readonly adminUrl: string;
  readonly port: number;
  /** Standard output so far. */
  output(): string;
  /** Events logged so far, parsed. */
  events(name: string): Record<string, unknown>[];
  metrics(): Promise<string>;
  /** Process ids of the workers that serve, by place. */
  workers(): Map<number, number>;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
};

/** Starts `src/main.ts` as a deployment does. @param env what differs from ports of 0 and information logged. */
export async function startProxyProcesses(env: Readonly<Record<string, string>>): Promise<ProxyProcess> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("./main.ts", import.meta.url))], {
    env: childEnvironment({
      BANYAN_PROXY_PORT: "0",
      BANYAN_PROXY_ADMIN_PORT: "0",
      BANYAN_LOG_LEVEL: "info",
      ...env,
    }),
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  let output = "";
  child.stdout?.on("data", (chunk) => (output += String(chunk)));
  const [message] = (await once(child, "message")) as [ReadyMessage];
  const { url, adminUrl } = message.details as { url: string; adminUrl: string };
  const events = (name: string): Record<string, unknown>[] =>
    output
      .split("\n")
      .filter((line) => line.includes(`"${name}"`))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return {
    child,
    url,
    adminUrl,
    port: Number(new URL(url).port),
    output: () => output,
    events,
    metrics: async () => (await fetch(`${adminUrl}/metrics`)).text(),
    workers: () => new Map(events("proxy.worker_started").map((one) => [Number(one["count"]), Number(one["pid"])])),
    stop: async (signal = "SIGTERM") => {
      const exit = once(child, "exit");
      child.kill(signal);
      return (await exit)[0] as number | null;
    },
  };
}

/** Waits for something other processes do. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** A connection of its own with one GET on it; the answer is read until `end` is called. */
export function openGet(port: number, path: string): { socket: Socket; text(): string } {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk) => (text += chunk.toString("latin1")));
  socket.on("error", () => undefined);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: clinic\r\n\r\n`);
  return { socket, text: () => text };
}
