/** A service: its database, policy and faces behind one HTTP listener, from start to a stop that cuts no answer short. */

import { AppError, type Clock, type Logger, listen, systemClock } from "@banyan/kernel";
import { createApplication } from "./application.ts";
import { AuditWriter } from "./audit-writer.ts";
import { isDatabaseAway, openServiceDatabase } from "./database.ts";
import { proveDryRun } from "./dry-run.ts";
import { events } from "./events.ts";
import type { Face } from "./face.ts";
import { ServiceHealth } from "./health.ts";
import { forgetAnswers } from "./idempotency.ts";
import { createIdentityCheck } from "./identity.ts";
import { limits } from "./limits.ts";
import { createMetrics } from "./metrics.ts";
import { definePolicy, type Policy } from "./policy.ts";
import type { ServiceContext } from "./service-context.ts";

export type ServiceOptions = {
  /** Name of the service, `patients`: audience of its tokens, source in its audit. */
  readonly name: string;
  /** Name of its module in the routing rules, `patient`. */
  readonly module: string;
  readonly version: string;
  readonly policy: Policy;
  readonly faces: readonly Face[];
  /** With the service's own login. The schema is there already (`provisionService`). */
  readonly databaseUrl: string;
  /** Where the proxies' public keys are: `http://127.0.0.1:8079/.well-known/jwks.json`. */
  readonly identityKeyUrls: readonly string[];
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The configuration variable that changes the port, for messages. */
  readonly portVariable: string;
  readonly logger: Logger;
  /** By which control is let in at `/ownership`; undefined: nobody is, and the module's owner cannot be changed. */
  readonly controlToken?: string | undefined;
  readonly clock?: Clock;
};

export type Service = {
  readonly url: string;
  readonly port: number;
  readonly context: ServiceContext;
  /** Takes no new requests, gives running ones a bounded time, then closes the database. */
  stop(): Promise<void>;
};

/** @throws AppError PORT_TAKEN, POLICY_INVALID, SERVICE_DATABASE_UNUSABLE */
export async function createService(options: ServiceOptions): Promise<Service> {
  const { name, module, version, logger, clock = systemClock } = options;
  const policy = definePolicy(options.policy);
  const db = openServiceDatabase(options.databaseUrl, name);
  try {
    const audit: AuditWriter = new AuditWriter(db, logger, () => metrics.limitsReached.inc({ limit: "auditQueueMax" }));
    const metrics = createMetrics(name, { auditQueued: () => audit.queued });
    const source = { service: name, module, version };
    const unproved: ServiceContext = {
      name,
      module,
      version,
      db,
      clock,
      logger,
      policy,
      audit,
      metrics,
      source,
      dryRunProved: false,
    };
    const service: ServiceContext = { ...unproved, dryRunProved: await proveDatabase(unproved) };
    const health = new ServiceHealth(db, () => service.dryRunProved);
    const faces = await Promise.all(
      options.faces.map(async (face) => ({ ...face, handler: await face.open(service) })),
    );
    const identify = createIdentityCheck({ service: name, keyUrls: options.identityKeyUrls, clock, logger });
    const app = createApplication({ service, faces, identify, health, controlToken: options.controlToken });
    const { host, port, portVariable } = options;
    const listening = await listen(app, { host, port, name, portVariable });
    listening.server.requestTimeout = limits.requestMsMax;
    const tidying = setInterval(() => tidy(service), limits.tidyMs);
    logger.info({ event: events.started, module, port: listening.port });
    let stopped: Promise<void> | undefined;
    const stop = async (): Promise<void> => {
      logger.info({ event: events.stopping, module, count: health.running });
      health.stop();
      clearInterval(tidying);
      const late = setTimeout(() => {
        logger.warn({ event: events.drainTimedOut, module, count: health.running });
        listening.server.closeAllConnections();
      }, limits.drainMsMax);
      await listening.close();
      clearTimeout(late);
      await audit.flush();
      await db.destroy();
    };
    return { url: listening.url, port: listening.port, context: service, stop: () => (stopped ??= stop()) };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

/** @returns whether dry runs leave nothing. @throws AppError SERVICE_DATABASE_UNUSABLE */
async function proveDatabase(service: ServiceContext): Promise<boolean> {
  try {
    await service.db.raw("SELECT kit.ensure_module(?)", [service.module]);
    return await proveDryRun(service);
  } catch (cause) {
    const { code } = cause as { code?: string };
    throw new AppError({
      code: "SERVICE_DATABASE_UNUSABLE",
      op: `start ${service.name}`,
      message: `the service's database does not do what it must (${code ?? "no answer"})`,
      hint: "Check that it runs and was made by provisionService with the newest migrations, and that the login is the service's.",
      retryable: isDatabaseAway(cause),
      cause,
    });
  }
}

function tidy(service: ServiceContext): void {
  forgetAnswers(service.db, service.clock).catch((error: { code?: string }) => {
    service.logger.warn({ event: events.tidyFailed, module: service.module, code: error.code ?? "UNKNOWN" });
  });
}
