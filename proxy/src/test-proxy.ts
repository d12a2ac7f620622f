/** For tests: a proxy on real sockets in front of targets that a test describes, and a client that writes raw bytes. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, systemClock } from "@banyan/kernel";
import { compile, type ModuleState, parseRuleSet, type RevisionModel } from "@banyan/routing-rules";
import { createAccessLog } from "./observe/access-log.ts";
import type { ModelState, RevisionSource } from "./replica/model-state.ts";
import { createProxy, type Proxy, type ProxyOptions } from "./server.ts";

/** Two modules: `lab` with reads and writes that follow the stage, `shell` with the catch-all, always legacy. */
export const testRules = `
module: lab
service: lab
foldCase: true
defaults: { timeoutMs: 2000, bodyBytesMax: 1048576 }
routes:
  - { id: lab.read, path: { exact: /Lab/Results.aspx }, methods: [GET], effect: read, shadow: safe, fallback: owner }
  - { id: lab.strict, path: { exact: /Lab/Strict.aspx }, methods: [GET], effect: read }
  - { id: lab.ask, path: { exact: /Lab/Ask.asmx }, methods: [POST], effect: read, shadow: safe, fallback: owner }
  - { id: lab.write, path: { exact: /Lab/Order.aspx }, methods: [POST], effect: write }
  - { id: lab.move, path: { exact: /Lab/Move.aspx }, methods: [POST], effect: write, dryRun: true }
  - { id: lab.feed, path: { prefix: /Lab/Feed }, effect: read }
`;
export const shellRules = `
module: shell
service: shell
foldCase: true
defaults: { timeoutMs: 2000, bodyBytesMax: 67108864 }
routes:
  - { id: shell.read, path: { prefix: /Read }, effect: read, serve: legacy }
  - { id: shell.catch-all, path: { prefix: / }, effect: write, serve: legacy }
`;

export function testModel(states: Readonly<Record<string, ModuleState>> = {}, number = 1): RevisionModel {
  const set = parseRuleSet([
    { file: "lab.yaml", text: testRules },
    { file: "shell.yaml", text: shellRules },
  ]);
  if (set.problems.length > 0) throw new Error(set.problems.map((one) => one.message).join("; "));
  return compile(
    set.files.map((file) => file.config),
    new Map(Object.entries(states)),
    number,
  );
}

/** A source whose model a test swaps through `proxy.state`. */
export function heldRules(model: RevisionModel): RevisionSource {
  return {
    async start(state: ModelState) {
      state.swap(model);
      return { stop: () => undefined };
    },
  };
}

/** May be asynchronous; what it gives back is not looked at. */
export type TargetHandler = (request: IncomingMessage, response: ServerResponse) => unknown;

export type TestTarget = { readonly url: string; readonly server: Server; close(): Promise<void> };

export async function startTarget(handler: TargetHandler): Promise<TestTarget> {
  const server = createServer((request, response) => {
    // The proxy's health checks are not what a test counts.
    if (request.url === "/healthz") response.end("ok");
    else void handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export type TestProxy = Proxy & {
  /** Everything the proxy logged, access log included. */
  logged(): string;
  metrics(): Promise<string>;
};

export async function startProxy(options: Partial<ProxyOptions> & Pick<ProxyOptions, "targets">): Promise<TestProxy> {
  const lines: string[] = [];
  const out = { write: (text: string) => void lines.push(text) };
  const accessLog = createAccessLog(out, () => new Date());
  const proxy = await createProxy({
    rules: heldRules(testModel()),
    host: "127.0.0.1",
    port: 0,
    adminPort: 0,
    clock: systemClock,
    logger: createLogger({ name: "proxy", level: "debug", destination: out }),
    accessLog,
    drainMsMax: 1_000,
    ...options,
  });
  return {
    ...proxy,
    logged: () => {
      accessLog.close();
      return lines.join("");
    },
    metrics: async () => (await fetch(`${proxy.adminUrl}/metrics`)).text(),
  };
}

/** Writes bytes and gives back everything that came until the connection ended, or until `until` is seen. */
export function rawCall(port: number, bytes: string | Buffer, until?: string, msMax = 5_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    const done = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(text);
    };
    const timer = setTimeout(done, msMax);
    socket.on("connect", () => socket.write(bytes));
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (until !== undefined && text.includes(until)) done();
    });
    socket.on("end", done);
    socket.on("error", (error) => (text === "" ? reject(error) : done()));
  });
}

/** Reads a message's body whole. */
export async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of message) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** A folder that is removed afterwards. */
export function temporaryFolder(): { path: string; write(name: string, text: string): string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "banyan-proxy-"));
  return {
    path,
    write: (name, text) => {
      writeFileSync(join(path, name), text);
      return join(path, name);
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
