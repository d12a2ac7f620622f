/**
 * The user's session as a page of a service sees it: what the token told, and what the page changed of it, which goes back to
 * the proxy as response headers (`x-banyan-current-patient` …: a number, or `none`); the proxy changes the legacy session.
 */

import type { SessionValues } from "@banyan/webforms";
import type { Principal } from "../principal.ts";

const headers = {
  CurPatNo: "x-banyan-current-patient",
  CurEncNo: "x-banyan-current-encounter",
  BtgPat: "x-banyan-break-glass-patient",
} as const;

export type TokenSession = {
  readonly values: SessionValues;
  /** Headers for what differs from the token now. */
  changes(): Record<string, string>;
};

export function tokenSession(principal: Principal): TokenSession {
  const told: Readonly<SessionValues> =
    principal.kind === "staff"
      ? {
          LocCd: principal.site,
          CurPatNo: principal.currentPatient,
          CurEncNo: principal.currentEncounter,
          BtgPat: principal.breakGlassPatient,
        }
      : { LocCd: "", CurPatNo: undefined, CurEncNo: undefined, BtgPat: undefined };
  const values = { ...told };
  return {
    values,
    changes() {
      const changed: Record<string, string> = {};
      for (const name of ["CurPatNo", "CurEncNo", "BtgPat"] as const) {
        if (values[name] !== told[name]) changed[headers[name]] = String(values[name] ?? "none");
      }
      return changed;
    },
  };
}
