/** The legacy adapter of `npm start`, with the database of its job queue on the control plane's PostgreSQL. */

import { createHmac } from "node:crypto";
import type { Config } from "@banyan/kernel";
import { provisionQueue } from "@banyan/migrations";
import type { Child } from "./children.ts";
import type { StartedService } from "./services.ts";
import type { Secrets } from "./state.ts";

type AdapterStart = {
  readonly child: (name: string, script: string, env: Readonly<Record<string, string>>) => Promise<Child>;
  readonly config: Config;
  readonly secrets: Secrets;
  readonly serviceToken: string;
  /** Of a login that may make roles and databases. */
  readonly adminUrl: string;
  readonly legacyMssqlUrl: string;
  readonly services: readonly StartedService[];
};

/** @returns the adapter's address. @throws what `provisionQueue` and the child throw */
export async function startAdapter(start: AdapterStart): Promise<string> {
  const { config, secrets, adminUrl } = start;
  const password = createHmac("sha256", secrets.serviceKey).update("queue").digest("base64url");
  const queue =
    config.REDIS_URL === undefined
      ? { QUEUE_DATABASE_URL: config.QUEUE_DATABASE_URL ?? (await provisionQueue({ adminUrl, password })) }
      : { REDIS_URL: config.REDIS_URL };
  const child = await start.child("legacy adapter", "legacy-adapter/src/main.ts", {
    LEGACY_MSSQL_URL: start.legacyMssqlUrl,
    ADAPTER_DATABASES: start.services.map(({ name, syncUrl }) => `${name}=${syncUrl}`).join(","),
    BANYAN_SERVICE_TOKEN: start.serviceToken,
    // The simulated legacy database is this installation's own.
    ADAPTER_PREPARE: "true",
    ...queue,
  });
  return String(child.details["url"]);
}
