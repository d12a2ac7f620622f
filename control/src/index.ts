/**
 * The control plane: decides and records. It keeps revisions, stages and audit in PostgreSQL, answers the admin API, and pushes
 * every revision to the connected proxy replicas. Clinicians' requests never pass through it, and go on when it is away.
 */

import { fileURLToPath } from "node:url";
import { AppError, type Clock, type Logger, listen, systemClock } from "@banyan/kernel";
import { migrateControl } from "@banyan/migrations";
import { OidcVerifier, type OidcOptions } from "./access/oidc.ts";
import { createApplication } from "./api/application.ts";
import type { ControlContext } from "./context.ts";
import { events } from "./events.ts";
import { Flips } from "./flips/flips.ts";
import type { FlipParticipants } from "./flips/participants.ts";
import { type Head, HeadState } from "./head-state.ts";
import { limits } from "./limits.ts";
import { createMetrics } from "./metrics.ts";
import { Acknowledgements } from "./push/acknowledgements.ts";
import { ModuleConditions } from "./push/module-conditions.ts";
import { ReplicaStreams } from "./push/replica-streams.ts";
import { revisionLine } from "./push/revision-line.ts";
import { seed } from "./seed.ts";
import { type ShadowOptions, startShadow } from "./shadow/index.ts";
import { openDatabase } from "./store/database.ts";
import { RequestCounts } from "./store/request-counts.ts";
import { AdapterClient } from "./sync/adapter-client.ts";
import { SyncWatch } from "./sync/sync-watch.ts";

export type { OidcOptions } from "./access/oidc.ts";
export { httpParticipants } from "./flips/participants.ts";
export type { ModuleConditionReport } from "./push/module-conditions.ts";

export type ControlOptions = {
  /** `postgres://user:password@host:port/database`; the database is made when it is absent. */
  readonly databaseUrl: string;
  /** Folder of rule files: read at the first start, and when an admin asks for a reload. */
  readonly rulesPath: string;
  /** At least 16 characters. */
  readonly adminToken: string;
  /** What proxy replicas show; at least 16 characters. */
  readonly replicaToken: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly oidc?: OidcOptions;
  /** Approvals by other people that a forward move needs. Default 0. */
  readonly approvalsNeeded?: number;
  /** How long a move waits for replicas to acknowledge the revision before, in milliseconds. Default 2,000. */
  readonly acknowledgeMsMax?: number;
  /** Who takes part in a flip. Default: none, and then no module becomes live. */
  readonly participants?: FlipParticipants;
  /** Whether forward moves must pass the gates of readiness, or be forced. Default true. */
  readonly requireReady?: boolean;
  /** Comparison of shadows. Default: the rules shipped with the EHR, and no samples are kept. */
  readonly shadow?: Partial<ShadowOptions>;
  /** The legacy adapters, of which one leads, and the token they share with control. Default: there is no sync. */
  readonly adapters?: { readonly urls: readonly string[]; readonly token: string };
  /** Frees the migrations' lock that a killed start leaves behind; only for the owner of an embedded database. */
  readonly breakLock?: boolean;
};

export type Control = {
  readonly url: string;
  readonly port: number;
  /** For the sync: what replicas are told of a module besides its stage. */
  readonly conditions: Pick<ModuleConditions, "report">;
  close(): Promise<void>;
};

/** @throws AppError CONTROL_MIGRATION_FAILED, RULES_INVALID, RULES_UNREADABLE, PORT_TAKEN, TOKEN_TOO_SHORT */
export async function createControl(options: ControlOptions): Promise<Control> {
  checkTokens(options);
  const clock = options.clock ?? systemClock;
  const { logger } = options;
  await migrateControl({ url: options.databaseUrl, breakLock: options.breakLock ?? false });
  const db = openDatabase(options.databaseUrl);
  const acknowledgements = new Acknowledgements(clock);
  const streams = new ReplicaStreams(clock, (replica) => {
    logger.warn({ event: events.replicaStalled, replica });
    metrics.limitsReached.inc({ limit: "streamStallMsMax" });
  });
  const conditions = new ModuleConditions((line, fences) => streams.publishConditions(line, fences));
  const counts = new RequestCounts(db, clock, logger);
  const head = new HeadState(db, logger, (changed) => announce(changed));
  const metrics = createMetrics({
    revision: () => head.current.revision.number,
    streams: () => streams.count,
    droppedCounts: () => counts.dropped,
  });
  const announce = (changed: Head): void => {
    acknowledgements.published(changed.revision.number);
    streams.publishRevision(revisionLine(changed));
    logger.info({ event: events.published, revision: changed.revision.number });
  };
  streams.publishConditions(conditions.line, conditions.fences);
  const flips = new Flips(() => context);
  const client = new AdapterClient(options.adapters?.token ?? "");
  const watch = new SyncWatch({ urls: options.adapters?.urls ?? [], client, conditions, clock, logger });
  let context: ControlContext;
  let stopShadow: (() => Promise<void>) | undefined;
  const closeStore = async (): Promise<void> => {
    streams.close();
    await watch.stop();
    await flips.stop();
    await stopShadow?.();
    await counts.close();
    await head.close();
    await db.destroy();
  };
  try {
    if (await seed(db, options.rulesPath, clock)) logger.info({ event: events.seeded, revision: 1 });
    await head.refresh();
    const shadow = startShadow(
      { db, clock, logger, model: () => head.current.model },
      { rulesPath: options.shadow?.rulesPath ?? shippedRules, sampleKey: options.shadow?.sampleKey },
    );
    stopShadow = () => shadow.stop();
    context = {
      db,
      clock,
      logger,
      head,
      streams,
      conditions,
      acknowledgements,
      counts,
      shadow,
      flips,
      participants: options.participants ?? { owner: () => undefined, adapter: undefined },
      sync: { watch, client },
      metrics,
      oidc: options.oidc && new OidcVerifier(options.oidc),
      settings: {
        adminToken: options.adminToken,
        replicaToken: options.replicaToken,
        rulesPath: options.rulesPath,
        approvalsNeeded: options.approvalsNeeded ?? 0,
        requireReady: options.requireReady ?? true,
        acknowledgeMsMax: options.acknowledgeMsMax ?? limits.acknowledgeMsMax,
      },
    };
    await flips.start();
    const { host, port } = options;
    const listening = await listen(createApplication(context), {
      host,
      port,
      name: "control",
      portVariable: "CONTROL_PORT",
    });
    head.poll();
    watch.start();
    const close = async (): Promise<void> => {
      // First: a flip is left to another process at once, and whoever waits for it here is told.
      await flips.stop();
      streams.close();
      const late = setTimeout(() => listening.server.closeAllConnections(), limits.stopMsMax);
      await listening.close();
      clearTimeout(late);
      await closeStore();
    };
    return { url: listening.url, port: listening.port, conditions, close };
  } catch (error) {
    await closeStore();
    throw error;
  }
}

const shippedRules = fileURLToPath(new URL("../../comparer/rules/ehr", import.meta.url));

const tokenCharsMin = 16;

function checkTokens(options: ControlOptions): void {
  const short = Object.entries({ CONTROL_ADMIN_TOKEN: options.adminToken, BANYAN_REPLICA_TOKEN: options.replicaToken })
    .filter(([, token]) => token.length < tokenCharsMin)
    .map(([name]) => name);
  if (short.length === 0) return;
  throw new AppError({
    code: "TOKEN_TOO_SHORT",
    op: "start control",
    message: `${short.join(" and ")} must have at least ${tokenCharsMin} characters`,
    hint: "Make one: openssl rand -base64 32",
  });
}
