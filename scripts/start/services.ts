/**
 * The extracted services of `npm start`: each gets its database and logins on the control plane's PostgreSQL, then runs as a child
 * of its own. Passwords are made from one secret of the state folder, so that a restart finds the logins as they were.
 */

import { createHmac } from "node:crypto";
import type { Config } from "@banyan/kernel";
import { provisionService } from "@banyan/migrations";
import type { Child } from "./children.ts";
import type { Secrets } from "./state.ts";

/** Every extracted service: its name, its main file, and the variable of its port. */
const services = [
  { name: "patients", script: "extracted-services/patients/src/main.ts", port: "PATIENTS_PORT" },
  { name: "scheduling", script: "extracted-services/scheduling/src/main.ts", port: "SCHEDULING_PORT" },
] as const;

/** As `connections.json` lists it. */
export type StartedService = {
  readonly name: string;
  readonly url: string;
  /** With the service's login. */
  readonly databaseUrl: string;
  /** With the legacy adapter's login. */
  readonly syncUrl: string;
};

/** `BANYAN_SERVICE_URLS` for whoever has to find the services, with what a site names besides. */
export function serviceUrls(config: Config): string {
  const own = services.map(({ name, port }) => `${name}=http://${config.BANYAN_HOST}:${config[port]}`);
  return [...own, ...config.BANYAN_SERVICE_URLS.split(",")].filter((one) => one !== "").join(",");
}

type ServiceStart = {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly serviceToken: string;
  /** Of a login that may make roles and databases. */
  readonly adminUrl: string;
  readonly child: (name: string, script: string, env: Readonly<Record<string, string>>) => Promise<Child>;
};

/** @throws what `provisionService` and the children throw */
export async function startServices(start: ServiceStart): Promise<readonly StartedService[]> {
  const started: StartedService[] = [];
  for (const service of services) started.push(await startService(start, service));
  return started;
}

async function startService(start: ServiceStart, service: (typeof services)[number]): Promise<StartedService> {
  const { config, secrets, adminUrl } = start;
  const { name } = service;
  const password = (login: string): string =>
    createHmac("sha256", secrets.serviceKey).update(`${name} ${login}`).digest("base64url");
  // The databases are this state folder's own: a lock can only be left over from a killed start.
  const { serviceUrl, syncUrl } = await provisionService({
    adminUrl,
    service: name,
    servicePassword: password("service"),
    syncPassword: password("sync"),
    breakLock: true,
  });
  const child = await start.child(`${name} service`, service.script, {
    SERVICE_DATABASE_URL: serviceUrl,
    BANYAN_IDENTITY_KEY_URLS: `http://${config.BANYAN_HOST}:${config.BANYAN_PROXY_ADMIN_PORT}/.well-known/jwks.json`,
    BANYAN_SERVICE_TOKEN: start.serviceToken,
    LEGACY_MACHINE_KEY: secrets.machineKey,
  });
  return { name, url: String(child.details["url"]), databaseUrl: serviceUrl, syncUrl };
}
