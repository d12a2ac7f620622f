/**
 * One row of a service's audit: who did or tried what to whose data, through which system, and which rule decided. The fields
 * are those of FHIR's AuditEvent and of 45 CFR 164.312(b), in one flat, canonical JSON object; the database adds number and
 * chain. Ids and codes only, and the query of a search (base64, as in IHE BALP).
 */

import type { Principal } from "./principal.ts";
import type { Access, Decision, Policy } from "./policy.ts";
import { limits } from "./limits.ts";

/** FHIR AuditEvent.outcome: success, minor failure (refused), serious, major. */
export type AuditOutcome = 0 | 4 | 8 | 12;

export type AuditEvent = {
  readonly recordedMs: number;
  readonly type: "rest" | "security" | "sync";
  readonly subtype: string;
  readonly action: "C" | "R" | "U" | "D" | "E";
  readonly outcome: AuditOutcome;
  readonly reason: string | null;
  readonly agent: {
    readonly id: string;
    readonly kind: Principal["kind"] | "service";
    readonly role: string | null;
    readonly site: string | null;
    /** Hash of the legacy session. */
    readonly session: string | null;
    /** HL7 v3 PurposeOfUse: TREAT, ETREAT (break-glass), HPAYMT, HOPERAT, PATRQT. */
    readonly purposeOfUse: string;
  };
  /** Network address of the one who asked, as the proxy saw it. */
  readonly address: string | null;
  readonly observer: { readonly service: string; readonly module: string; readonly version: string };
  /** Who got the answer: `service` for a clinician's request, `shadow` for one repeated to compare answers. */
  readonly target: "service" | "shadow" | "dry-run";
  readonly patient: string | null;
  readonly object: string | null;
  readonly query: string | null;
  readonly requestId: string;
  readonly rule: string;
  /** The patient opened by break-glass, when the access needed it. */
  readonly breakGlass: string | null;
};

export type AuditSource = {
  readonly service: string;
  readonly module: string;
  readonly version: string;
};

export type Asked = {
  readonly principal: Principal;
  readonly requestId: string;
  readonly address: string | null;
  readonly dryRun: boolean;
};

/** The event of a decided access. */
export function accessEvent(
  source: AuditSource,
  asked: Asked,
  access: Access,
  decision: Decision,
  more: { readonly policy: Policy; readonly recordedMs: number; readonly failed?: string },
): AuditEvent {
  const action = more.policy.actions[access.action];
  const outcome: AuditOutcome = decision.allowed && more.failed === undefined ? 0 : 4;
  const breakGlass = decision.allowed && decision.breakGlass ? String(access.patient?.id) : null;
  return {
    recordedMs: more.recordedMs,
    type: "rest",
    subtype: action?.subtype ?? access.action,
    action: action?.operation ?? "E",
    outcome,
    reason: decision.allowed ? (more.failed ?? null) : decision.reason,
    agent: agentOf(asked.principal, breakGlass !== null),
    address: asked.address,
    observer: source,
    target: asked.dryRun ? "dry-run" : asked.principal.purpose === "shadow" ? "shadow" : "service",
    patient: access.patient ? String(access.patient.id) : null,
    object: objectOf(access),
    query: access.query === undefined ? null : cut(Buffer.from(access.query, "utf8").toString("base64")),
    requestId: asked.requestId,
    rule: decision.rule,
    breakGlass,
  };
}

/** The event of a request that was refused before any policy could be asked: a bad token, an old epoch. */
export function refusalEvent(
  source: AuditSource,
  asked: Asked,
  refused: { readonly code: string; readonly reason: string; readonly recordedMs: number },
): AuditEvent {
  return {
    recordedMs: refused.recordedMs,
    type: "security",
    subtype: refused.code,
    action: "E",
    outcome: 4,
    reason: refused.reason,
    agent: agentOf(asked.principal, false),
    address: asked.address,
    observer: source,
    target: asked.dryRun ? "dry-run" : asked.principal.purpose === "shadow" ? "shadow" : "service",
    patient: null,
    object: null,
    query: null,
    requestId: asked.requestId,
    rule: `refuse:${refused.code}`,
    breakGlass: null,
  };
}

function agentOf(principal: Principal, emergency: boolean): AuditEvent["agent"] {
  const session = principal.kind === "anonymous" ? null : principal.session;
  switch (principal.kind) {
    case "staff": {
      const { user: id, kind, role, site } = principal;
      return { id, kind, role, site, session, purposeOfUse: emergency ? "ETREAT" : staffPurpose(role) };
    }
    case "portal":
      return { id: principal.user, kind: "portal", role: null, site: null, session, purposeOfUse: "PATRQT" };
    case "interface":
      return { id: principal.user, kind: "interface", role: null, site: null, session, purposeOfUse: "TREAT" };
    case "anonymous":
      return { id: "anonymous", kind: "anonymous", role: null, site: null, session, purposeOfUse: "HOPERAT" };
  }
}

function staffPurpose(role: string): string {
  if (role === "BILL") return "HPAYMT";
  return role === "RPTS" || role === "ADMN" ? "HOPERAT" : "TREAT";
}

function objectOf({ object }: Access): string | null {
  if (!object) return null;
  const version = object.version === undefined ? "" : `/_history/${object.version}`;
  return cut(`${object.type}/${object.id}${version}`);
}

const cut = (text: string): string => text.slice(0, limits.auditTextCharsMax);
