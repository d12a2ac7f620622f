/**
 * The legacy adapter as a process: `node legacy-adapter/src/main.ts`, configured by the environment. Several may be started for
 * one source; one leads. With ADAPTER_PREPARE it prepares the legacy database itself before, as `banyan sync enable` does.
 */

import { AppError, type Config, createLogger, type Logger, readConfig, runUntilSignal } from "@banyan/kernel";
import { patientsMapping } from "@banyan/patients/mapping";
import { schedulingMapping } from "@banyan/scheduling/mapping";
import type { ServiceMapping } from "@banyan/service-kit/mapping";
import { startAdapter } from "./adapter.ts";
import { prepareSource } from "./prepare/enable.ts";
import type { QueueStore } from "./queue/job-queues.ts";
import { LegacyDatabase } from "./source/legacy-database.ts";

const config = readConfig();
const logger = createLogger({ name: "adapter", level: config.BANYAN_LOG_LEVEL });
const mappings: readonly ServiceMapping[] = [patientsMapping, schedulingMapping];

await runUntilSignal(logger, async () => {
  const legacyUrl = required(config, "LEGACY_MSSQL_URL");
  const services = servicesOf(config.ADAPTER_DATABASES);
  if (config.ADAPTER_PREPARE) await prepare(legacyUrl, logger);
  const adapter = await startAdapter({
    legacyUrl,
    services,
    queue: queueOf(config),
    token: required(config, "BANYAN_SERVICE_TOKEN"),
    host: config.BANYAN_HOST,
    port: config.ADAPTER_PORT,
    logger,
    ...(config.ADAPTER_RECONCILE_AT === undefined ? {} : { reconcileSchedule: config.ADAPTER_RECONCILE_AT }),
  });
  return { stop: () => adapter.close(), details: { url: adapter.url, port: adapter.port } };
});

/** The services whose databases are named; each must be one the adapter has a mapping of. */
function servicesOf(text: string): { mapping: ServiceMapping; databaseUrl: string }[] {
  const pairs = text.split(",").filter(Boolean);
  return pairs.map((pair) => {
    const at = pair.indexOf("=");
    const mapping = mappings.find(({ service }) => service === pair.slice(0, at));
    if (mapping) return { mapping, databaseUrl: pair.slice(at + 1) };
    throw invalid(`ADAPTER_DATABASES names ${pair.slice(0, at)}, of which there is no mapping`);
  });
}

function queueOf({ REDIS_URL, QUEUE_DATABASE_URL }: Config): QueueStore {
  if (REDIS_URL !== undefined) return { kind: "redis", url: REDIS_URL };
  if (QUEUE_DATABASE_URL !== undefined) return { kind: "postgres", url: QUEUE_DATABASE_URL };
  throw invalid("neither REDIS_URL nor QUEUE_DATABASE_URL is set: there is no place for jobs");
}

/** @throws AppError SOURCE_PREPARATION_REFUSED */
async function prepare(legacyUrl: string, to: Logger): Promise<void> {
  const source = new LegacyDatabase(legacyUrl);
  try {
    const { done, refused } = await prepareSource(source, mappings);
    to.info({ event: "adapter.source_prepared", count: done.length });
    if (!refused) return;
    throw new AppError({
      code: "SOURCE_PREPARATION_REFUSED",
      op: "prepare the legacy database",
      message: `the legacy database refused: ${refused.why} (error ${refused.errorNumber})`,
      hint: "Unset ADAPTER_PREPARE, and let a DBA run what `banyan sync enable --print` shows.",
    });
  } finally {
    await source.close();
  }
}

function required(from: Config, name: "LEGACY_MSSQL_URL" | "BANYAN_SERVICE_TOKEN"): string {
  const value = from[name];
  if (value !== undefined) return value;
  throw invalid(`${name} is not set`);
}

const invalid = (message: string): AppError =>
  new AppError({
    code: "CONFIG_INVALID",
    op: "start the legacy adapter",
    message,
    hint: "The adapter needs LEGACY_MSSQL_URL, ADAPTER_DATABASES, BANYAN_SERVICE_TOKEN and QUEUE_DATABASE_URL or REDIS_URL.",
  });
