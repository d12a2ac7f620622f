/** What a person sees when everything is up: where to go and how to log in. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "@banyan/kernel";

type Login = { readonly user: string; readonly password: string; readonly role: string };

/** @param seconds how long the start took */
export function summary(statePath: string, config: Config, seconds: number): string {
  const connections = JSON.parse(readFileSync(join(statePath, "connections.json"), "utf8")) as {
    logins: readonly Login[];
  };
  const width = Math.max(...connections.logins.map((login) => login.user.length));
  const logins = connections.logins.map(
    (login) => `    ${login.user.padEnd(width)}  ${login.password.padEnd(14)}  ${login.role}`,
  );
  return `
  Banyan is ready (${seconds} s).

    clinicians' address   http://${config.BANYAN_HOST}:${config.BANYAN_PROXY_PORT}  (the proxy; bookmarks stay as they are)
    control, admin API    http://${config.BANYAN_HOST}:${config.CONTROL_PORT}  (npx banyan status; npx banyan --help)
    services              patients :${config.PATIENTS_PORT}, scheduling :${config.SCHEDULING_PORT}  (reached through the proxy, by stage)
    legacy adapter        http://${config.BANYAN_HOST}:${config.ADAPTER_PORT}  (npx banyan sync)
    legacy EHR, directly  http://${config.BANYAN_HOST}:${config.LEGACY_WEB_PORT}
    simulated SQL Server  ${config.BANYAN_HOST}:${config.LEGACY_SQL_PORT}  (database EHRPROD, user sa, password in the file below)
    all addresses, keys   ${join(statePath, "connections.json")}

  Log in at the clinicians' address with one of:

${logins.join("\n")}

  Everyone in it is made up. Ctrl-C stops everything; the data stay for the next start.
`;
}
