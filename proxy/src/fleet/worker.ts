/**
 * A worker of a fleet: a whole proxy without an address for operations. It gets its settings from the parent, says when it
 * serves and that it still does, and gives its numbers when asked. It drains at SIGTERM like a proxy of its own.
 */

import { createLogger, runUntilSignal } from "@banyan/kernel";
import { limits } from "../limits.ts";
import { type ProxySettings, startFrom } from "./settings.ts";
import type { FromWorker, ToWorker } from "./worker-messages.ts";

const tell = (message: FromWorker): void => {
  // The parent may be gone already; this process then ends by itself.
  if (process.connected) process.send?.(message);
};

const settings = await new Promise<ProxySettings>((resolve) => {
  process.once("message", (message: ToWorker) => {
    if (message.type === "settings") resolve(message.settings);
  });
  tell({ type: "hello" });
});
const logger = createLogger({ name: "proxy", level: settings.logLevel });

await runUntilSignal(logger, async () => {
  const proxy = await startFrom(settings, logger, ({ problems }) => tell({ type: "load", problems }));
  process.on("message", (message: ToWorker) => {
    if (message.type !== "metrics") return;
    void proxy.metricsAsJson().then((metrics) => tell({ type: "metrics", id: message.id, metrics }));
  });
  const alive = setInterval(() => tell({ type: "alive" }), limits.workerAliveMs);
  return {
    stop: async () => {
      await proxy.close();
      clearInterval(alive);
    },
    details: { url: proxy.url, port: proxy.port, rules: proxy.state.model?.rules.length ?? 0 },
  };
});
