/**
 * One server under measurement, as a process of its own so that it can be pinned to a core: `ours` (the whole request path,
 * identity cached, metrics and access log on) or `bare` (http-proxy-middleware on Express as its documentation shows it).
 * Sends its port to the parent over IPC.
 */

import { createWriteStream } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createLogger, systemClock } from "@banyan/kernel";
import { createAccessLog, createProxy } from "@banyan/proxy";
import { compile, parseRuleSet } from "@banyan/routing-rules";
import express from "express";
import { createProxyMiddleware } from "http-proxy-middleware";

const [kind = "ours", target = "http://127.0.0.1:9"] = process.argv.slice(2);

/** A module at canary, so that every read needs the caller's identity; the salt leaves the bench's user outside the cohort. */
const rules = `
module: bench
service: bench
foldCase: true
routes:
  - { id: bench.read, path: { template: "/bench/{size}" }, methods: [GET], effect: read, fallback: owner }
  - { id: bench.write, path: { template: "/bench/{size}" }, methods: [POST], effect: write, serve: legacy }
  - { id: bench.catch-all, path: { prefix: / }, effect: write, serve: legacy }
`;

async function startOurs(): Promise<number> {
  const set = parseRuleSet([{ file: "bench.yaml", text: rules }]);
  if (set.problems.length > 0) throw new Error(set.problems.map((one) => one.message).join("; "));
  const states = new Map([["bench", { stage: { name: "canary", percent: 0.01 } as const, epoch: 0 }]]);
  const model = compile(
    set.files.map((file) => file.config),
    states,
    1,
  );
  const proxy = await createProxy({
    rules: {
      start: async (state) => {
        state.swap(model);
        return { stop: () => undefined };
      },
    },
    targets: { legacy: target },
    sessionKey: "bench session key",
    host: "127.0.0.1",
    port: 0,
    adminPort: 0,
    clock: systemClock,
    logger: createLogger({ name: "bench", level: "error" }),
    accessLog: createAccessLog(createWriteStream("/dev/null"), () => new Date()),
  });
  return proxy.port;
}

function startBare(): Promise<number> {
  const app = express();
  app.use(createProxyMiddleware({ target, changeOrigin: true }));
  const server: Server = createServer(app);
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)));
}

process.send?.({ port: await (kind === "bare" ? startBare() : startOurs()) });
process.on("disconnect", () => process.exit(0));
