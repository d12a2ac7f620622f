/** The proxy as a process of its own, configured by the environment. */

import { hostname } from "node:os";
import { join } from "node:path";
import { createLogger, readConfig, runUntilSignal, systemClock } from "@banyan/kernel";
import { createAccessLog } from "./observe/access-log.ts";
import { controlLink } from "./replica/control-link.ts";
import { fileRules } from "./replica/file-rules.ts";
import { createProxy } from "./server.ts";
import { targetsOf } from "./target-urls.ts";

const config = readConfig();
const logger = createLogger({ name: "proxy", level: config.BANYAN_LOG_LEVEL });
const files = fileRules({ path: config.BANYAN_RULES, logger });
const id = config.BANYAN_REPLICA_ID ?? `${hostname().replace(/[^A-Za-z0-9-]/g, "-")}-${config.BANYAN_PROXY_PORT}`;

await runUntilSignal(logger, async () => {
  const proxy = await createProxy({
    rules:
      config.CONTROL_URL === undefined
        ? files
        : controlLink({
            url: config.CONTROL_URL,
            token: config.BANYAN_REPLICA_TOKEN,
            id,
            savedFile: join(config.BANYAN_DATA_DIR, "replicas", `${id}.json`),
            first: files,
            logger,
            clock: systemClock,
          }),
    targets: targetsOf(config.LEGACY_URL, config.BANYAN_SERVICE_URLS),
    sessionKey: config.LEGACY_SESSION_KEY,
    interfaceKey: config.LEGACY_INTERFACE_KEY,
    identityKey: config.BANYAN_IDENTITY_KEY,
    trustedHops: config.BANYAN_TRUSTED_HOPS.split(",").filter((one) => one !== ""),
    host: config.BANYAN_HOST,
    port: config.BANYAN_PROXY_PORT,
    adminPort: config.BANYAN_PROXY_ADMIN_PORT,
    clock: systemClock,
    logger,
    ...(config.BANYAN_LOG_LEVEL === "info" || config.BANYAN_LOG_LEVEL === "debug"
      ? { accessLog: createAccessLog(process.stdout, () => systemClock.now()) }
      : {}),
  });
  return { stop: () => proxy.close(), details: { url: proxy.url, adminUrl: proxy.adminUrl } };
});
