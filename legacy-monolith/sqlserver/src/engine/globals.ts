/** Values of `@@…` globals and session functions, as plans ask for them. */

import { notSupported, type SqlValue } from "../contract.ts";
import type { Scope, SessionState } from "./session-state.ts";
import type { Transaction } from "./transaction.ts";

/** What `SERVERPROPERTY` and `@@VERSION` say: a 2019, compatibility 150. */
const serverVersion = "Microsoft SQL Server 2019 (simulated by Banyan) - 15.0.2000.5 (X64)";
export const serverName = "BANYAN-SIM";

type Source = { readonly state: SessionState; readonly scope: Scope; readonly transaction: Transaction };

const globals: Readonly<Record<string, (source: Source) => SqlValue | number>> = {
  "@@rowcount": ({ state }) => state.rowCount,
  "rowcount_big()": ({ state }) => state.rowCount,
  "@@trancount": ({ transaction }) => transaction.count,
  "xact_state()": ({ transaction }) => (transaction.count === 0 ? 0 : transaction.doomed ? -1 : 1),
  "@@error": ({ state }) => state.errorNumber,
  "@@spid": ({ state }) => state.identity.spid,
  "@@identity": ({ state }) => state.lastIdentity,
  "scope_identity()": ({ scope }) => scope.identity,
  "@@nestlevel": ({ scope }) => scope.level,
  "@@options": ({ state }) => 5432 | (state.options.noCount ? 512 : 0) | (state.options.xactAbort ? 16384 : 0),
  "@@datefirst": () => 7,
  "@@language": () => "us_english",
  "@@lock_timeout": ({ state }) => state.options.lockTimeoutMs,
  "@@max_precision": () => 38,
  "@@servername": () => serverName,
  "@@version": () => serverVersion,
  "@@fetch_status": () => 0,
  "error_number()": ({ state }) => state.caught.at(-1)?.number ?? null,
  "error_severity()": ({ state }) => state.caught.at(-1)?.severity ?? null,
  "error_state()": ({ state }) => state.caught.at(-1)?.state ?? null,
  "error_line()": ({ state }) => state.caught.at(-1)?.line ?? null,
  "error_message()": ({ state }) => state.caught.at(-1)?.text ?? null,
  "error_procedure()": ({ state }) => state.caught.at(-1)?.procedure ?? null,
  "suser_sname()": ({ state }) => state.identity.login,
  "host_name()": ({ state }) => state.identity.host,
  "app_name()": ({ state }) => state.identity.application,
};

/** @throws SqlError 40000 for a global that is not known */
export function globalValue(name: string, source: Source): SqlValue {
  const read = globals[name];
  if (!read) throw notSupported(name);
  const value = read(source);
  return typeof value === "number" ? String(value) : value;
}
