/** A service as a process: what every `main.ts` shares. Configuration comes from the environment (kernel/src/config.ts). */

import { AppError, type Config, createLogger, readConfig, runUntilSignal } from "@banyan/kernel";
import { collectDefaultMetrics } from "prom-client";
import { createService, type ServiceOptions } from "./service.ts";

export type ServiceDefinition = Pick<ServiceOptions, "name" | "module" | "version" | "policy" | "faces" | "port">;

/** Runs until SIGINT or SIGTERM, then stops without cutting an answer short. Reasons of a failed start go to standard error. */
export async function runService(define: (config: Config) => ServiceDefinition): Promise<void> {
  const config = readConfig();
  const definition = define(config);
  const logger = createLogger({ name: definition.name, level: config.BANYAN_LOG_LEVEL });
  await runUntilSignal(logger, async () => {
    const service = await createService({
      ...definition,
      databaseUrl: databaseUrlOf(config, definition.name),
      identityKeyUrls: config.BANYAN_IDENTITY_KEY_URLS.split(",").filter((one) => one !== ""),
      host: config.BANYAN_HOST,
      port: config.SERVICE_PORT ?? definition.port,
      portVariable: "SERVICE_PORT",
      logger,
      controlToken: config.BANYAN_SERVICE_TOKEN,
    });
    collectDefaultMetrics({ register: service.context.metrics.registry });
    return { stop: () => service.stop(), details: { url: service.url, port: service.port } };
  });
}

function databaseUrlOf(config: Config, service: string): string {
  if (config.SERVICE_DATABASE_URL !== undefined) return config.SERVICE_DATABASE_URL;
  throw new AppError({
    code: "SERVICE_DATABASE_MISSING",
    op: `start ${service}`,
    message: "no database is named",
    hint: `Set SERVICE_DATABASE_URL to postgres://${service}_service:password@host:port/banyan_${service}, as provisionService gives it.`,
  });
}
