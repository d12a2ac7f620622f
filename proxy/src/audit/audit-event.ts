/**
 * The proxy's audit event: who asked for what of whose, which side answered, and why that side. It stands beside the trails of
 * the legacy system and the services, and covers what the legacy system keeps no record of (searches, exports, XML). It
 * holds no name, number or address of a patient: patients and portal users are pseudonyms (kernel/src/pseudonym.ts).
 */

import type { Failure } from "../forward/failure.ts";
import type { ServedBy } from "../observe/rule-counters.ts";

/** Who asked. `unknown`: there was a session, but the legacy system could not say whose. */
export type AuditedCaller =
  | { readonly kind: "staff"; readonly who: string; readonly role: string; readonly site: string }
  | { readonly kind: "portal"; readonly who: string | null; readonly patient: string | null }
  | { readonly kind: "interface" | "anonymous" | "unknown" };

/** What is known at the end of a request without asking anybody. */
export type AuditedAccess = {
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly module: string;
  readonly rule: string;
  readonly effect: "read" | "write";
  readonly by: ServedBy;
  readonly status: number;
  /** Code of the reason that decided, or of the failure. */
  readonly reason: string;
  readonly failure: Failure | undefined;
  readonly revision: number;
  readonly epoch: number;
  /** Stands for the session; "" without one. */
  readonly session: string;
  /** Pseudonym of the patient the request names. */
  readonly patient: string | null;
  /** Pseudonym of the patient the browser had open. */
  readonly openPatient: string | null;
  /** Where staff sat; kept of nobody else, because a patient's address identifies the patient. */
  readonly address: string;
};

/** One line of JSON, put together by hand: it is made for every request. @param caller who asked, as far as known */
export function auditLine(access: AuditedAccess, caller: AuditedCaller): string {
  const staff = caller.kind === "staff" ? caller : undefined;
  const who = caller.kind === "staff" || caller.kind === "portal" ? caller.who : null;
  const patient = access.patient ?? (caller.kind === "portal" ? caller.patient : null);
  return `{"requestId":"${access.requestId}","at":${access.at},"module":"${access.module}","rule":"${access.rule}","effect":"${access.effect}","by":"${access.by}","status":${access.status},"reason":"${access.reason}","failure":${quoted(access.failure)},"revision":${access.revision},"epoch":${access.epoch},"kind":"${caller.kind}","who":${quoted(who)},"role":${quoted(staff?.role)},"site":${quoted(staff?.site)},"session":${quoted(access.session.slice(0, 16))},"patient":${quoted(patient)},"openPatient":${quoted(access.openPatient)},"address":${staff ? quoted(access.address) : "null"}}\n`;
}

const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

function quoted(text: string | null | undefined): string {
  if (text === null || text === undefined || text === "") return "null";
  return plain.test(text) ? `"${text}"` : JSON.stringify(text);
}
