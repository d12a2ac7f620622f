/** The proxy as a process of its own, or several, configured by the environment. */

import { createLogger, readConfig, runUntilSignal } from "@banyan/kernel";
import { settingsOf } from "./fleet/settings.ts";
import { startProxyProcess } from "./fleet/start.ts";

const config = readConfig();
const settings = settingsOf(config);
const logger = createLogger({ name: "proxy", level: settings.logLevel });

await runUntilSignal(logger, async () => {
  const proxy = await startProxyProcess({ settings, workers: config.BANYAN_PROXY_WORKERS, logger });
  return { stop: () => proxy.close(), details: { url: proxy.url, adminUrl: proxy.adminUrl } };
});
