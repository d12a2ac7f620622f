/** A proxy from its settings: in this process, or as a fleet of workers. */

import type { Logger } from "@banyan/kernel";
import { type RunningProxy, startFleet } from "./fleet.ts";
import { type OnLoad, type ProxySettings, startFrom } from "./settings.ts";

/** @throws what createProxy and startFleet throw. */
export async function startProxyProcess(options: {
  readonly settings: ProxySettings;
  readonly workers: number;
  readonly logger: Logger;
  readonly onLoad?: OnLoad;
}): Promise<RunningProxy> {
  const { settings, workers, logger, onLoad } = options;
  if (workers > 1) return startFleet(options);
  const proxy = await startFrom(settings, logger, onLoad);
  return {
    url: proxy.url,
    adminUrl: proxy.adminUrl,
    rules: proxy.state.model?.rules.length ?? 0,
    close: () => proxy.close(),
  };
}
