/** Starts the legacy web application on a database: the parts made from keys and clock, the pages, the listener. */

import { AppError, type Clock, type Logger, listen } from "@banyan/kernel";
import { createApplication, createViewStates, feedKeys } from "@banyan/webforms";
import express from "express";
import { events } from "./events.ts";
import { type Database, openDatabase } from "./kit/database.ts";
import { createFormsTickets } from "./kit/forms-ticket.ts";
import { monolithHost } from "./kit/monolith-host.ts";
import type { Page, ServerParts } from "./kit/page.ts";
import { createSessionStore } from "./kit/session-store.ts";
import { modulePages } from "./module-pages.ts";

export type LegacyWebOptions = {
  /** `mssql://user:password@host:port/EHRPROD[?encrypt=true]`, or a database that is already open (then the caller closes it). */
  readonly database: string | Database;
  /** Secret behind tickets and view states; processes that share it accept each other's. At least 16 characters. */
  readonly machineKey: string;
  /** Value other systems send as `X-Session-Key` to /Interfaces/Session.ashx. At least 16 characters. */
  readonly sessionKey: string;
  /** Value interface partners send as `X-Ifc-Key` (HL7In) and in the SOAP header of RxStatus. At least 16 characters. */
  readonly interfaceKey: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Addresses of proxies whose `X-Forwarded-For` tells the client's address (AUDITLOG.IPAddr); nobody by default. */
  readonly trustedProxies?: readonly string[];
  /** Pages in place of the application's own, for tests of the kit. */
  readonly pages?: readonly Page[];
};

export type LegacyWeb = { readonly url: string; readonly port: number; close(): Promise<void> };

/** @throws AppError WEAK_KEY, CONFIG_INVALID, SQL_UNREACHABLE, SQL_LOGIN_REFUSED, PORT_TAKEN, LISTEN_FAILED. */
export async function createLegacyWeb(options: LegacyWebOptions): Promise<LegacyWeb> {
  requireKeys(options);
  const { clock, logger } = options;
  const ownDatabase = typeof options.database === "string";
  const db = typeof options.database === "string" ? await openDatabase(options.database, logger) : options.database;
  try {
    const application = createApplication(
      monolithHost({
        pages: options.pages ?? modulePages,
        db,
        clock,
        logger,
        server: serverParts(options),
        viewStates: createViewStates(options.machineKey),
        trustedProxies: options.trustedProxies ?? [],
      }),
    );
    const app = express().disable("x-powered-by").disable("etag");
    app.use((request, response) => application.respond(request, response));
    const { host, port } = options;
    const listening = await listen(app, { host, port, name: "legacy web", portVariable: "LEGACY_WEB_PORT" });
    logger.info({ event: events.started, port: listening.port });
    return {
      url: listening.url,
      port: listening.port,
      close: async () => {
        await listening.close();
        if (ownDatabase) await db.close();
        logger.info({ event: events.stopped });
      },
    };
  } catch (error) {
    if (ownDatabase) await db.close();
    throw error;
  }
}

function serverParts(options: LegacyWebOptions): ServerParts {
  return {
    sessions: createSessionStore(options.clock, () => options.logger.warn({ event: events.sessionEvicted })),
    tickets: createFormsTickets(options.machineKey, options.clock),
    sessionKey: options.sessionKey,
    interfaceKey: options.interfaceKey,
    feedKey: feedKeys(options.machineKey),
  };
}

function requireKeys(options: LegacyWebOptions): void {
  const keys = { machineKey: options.machineKey, sessionKey: options.sessionKey, interfaceKey: options.interfaceKey };
  const weak = Object.entries(keys).filter(([, key]) => key.length < 16);
  if (weak.length === 0) return;
  throw new AppError({
    code: "WEAK_KEY",
    op: "start legacy web",
    message: `${weak.map(([name]) => name).join(", ")}: fewer than 16 characters`,
    hint: "Give every key at least 16 random characters, or unset it so that one is generated.",
  });
}
