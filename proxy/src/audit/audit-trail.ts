/**
 * Makes an audit event of each audited request after its answer. Who asked is often not known yet, because the legacy system is
 * only asked where the decision needs it; then the event waits, bounded, until the session end point has said so, once a
 * session. Nothing here is waited for by a request.
 */

import type { Decision } from "@banyan/routing-rules";
import type { Clock, Pseudonym } from "@banyan/kernel";
import type { RequestBody } from "../forward/exchange.ts";
import type { Failure } from "../forward/failure.ts";
import type { SessionAnswer, SessionEndPoint } from "../identity/legacy-session.ts";
import { openPatientOf, type Principal, principalOf, showsKey } from "../identity/principal.ts";
import { limits } from "../limits.ts";
import type { ServedBy } from "../observe/rule-counters.ts";
import type { Visit } from "../pipeline/visit.ts";
import { type AuditedAccess, type AuditedCaller, auditLine } from "./audit-event.ts";
import { patientOf } from "./patient-of.ts";

/** Where events go; takes a line or counts why not. */
export type AuditSink = { write(line: string): void };

export type AuditTrailOptions = {
  readonly sink: AuditSink;
  /** Undefined: patients and portal users are not named at all. */
  readonly pseudonym: Pseudonym | undefined;
  readonly endPoint: SessionEndPoint | undefined;
  /** Whom the identities' cache knows by this session; undefined for nobody. */
  readonly known: (session: string) => Principal | undefined;
  readonly interfaceKey: string | undefined;
  readonly clock: Clock;
};

/** Events of one session until it is known whose it is. */
type Waiting = { readonly cookies: string; readonly accesses: AuditedAccess[]; isAsked: boolean };

export class AuditTrail {
  readonly counts = { recorded: 0, waitingFull: 0 };
  readonly #options: AuditTrailOptions;
  /** By session; the holder of a ticket never changes. */
  readonly #callers = new Map<string, AuditedCaller>();
  readonly #pseudonyms = new Map<string, string>();
  readonly #waiting = new Map<string, Waiting>();
  #waitingCount = 0;
  #asking = 0;
  #idle: (() => void) | undefined;

  constructor(options: AuditTrailOptions) {
    this.#options = options;
  }

  record(
    visit: Visit,
    decision: Decision,
    settled: { readonly by: ServedBy; readonly status: number; readonly failure: Failure | undefined },
    body: RequestBody | undefined,
  ): void {
    const { rule } = decision;
    if (!rule?.audited) return;
    const { request, sessionKey, cookies } = visit;
    const patient = patientOf(rule, visit.target, body);
    const openPatient = openPatientOf(request.headers.cookie);
    const access: AuditedAccess = {
      requestId: visit.ids.requestId,
      at: this.#options.clock.now().getTime(),
      module: rule.module.name,
      rule: rule.id,
      effect: rule.effect,
      by: settled.by,
      status: settled.status,
      reason: settled.failure ?? decision.reasons.at(-1)?.code ?? "none",
      failure: settled.failure,
      revision: decision.revision,
      epoch: rule.module.epoch,
      session: sessionKey,
      patient: patient === undefined ? null : this.#pseudonymOf(patient),
      openPatient: openPatient === undefined ? null : this.#pseudonymOf(openPatient),
      address: visit.hop.forwardedFor[0] ?? visit.hop.clientAddress,
    };
    if (showsKey(request.headers["x-ifc-key"], this.#options.interfaceKey))
      return this.#write(access, { kind: "interface" });
    if (cookies === undefined) return this.#write(access, { kind: "anonymous" });
    const caller = this.#callerOf(sessionKey);
    if (caller) this.#write(access, caller);
    else this.#wait(access, cookies);
  }

  /** Resolves when no event waits for its caller; after a bounded time the rest is recorded as it is. */
  async settled(): Promise<void> {
    if (this.#waitingCount === 0) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, limits.auditSettleMsMax);
      this.#idle = () => {
        clearTimeout(late);
        resolve();
      };
    });
    for (const { accesses } of this.#waiting.values())
      for (const access of accesses.splice(0)) this.#write(access, { kind: "unknown" });
  }

  #callerOf(session: string): AuditedCaller | undefined {
    const kept = this.#callers.get(session);
    if (kept) return kept;
    const known = this.#options.known(session);
    return known && this.#keep(session, this.#audited(known));
  }

  #keep(session: string, caller: AuditedCaller): AuditedCaller {
    this.#callers.set(session, caller);
    if (this.#callers.size > limits.identitiesMax) {
      const oldest = this.#callers.keys().next().value;
      if (oldest !== undefined) this.#callers.delete(oldest);
    }
    return caller;
  }

  #wait(access: AuditedAccess, cookies: string): void {
    if (this.#waitingCount >= limits.auditWaitingMax) {
      this.counts.waitingFull += 1;
      this.#write(access, { kind: "unknown" });
      return;
    }
    this.#waitingCount += 1;
    const waiting = this.#waiting.get(access.session);
    if (waiting) {
      waiting.accesses.push(access);
      return;
    }
    this.#waiting.set(access.session, { cookies, accesses: [access], isAsked: false });
    this.#ask();
  }

  /** Asks for those that wait, a few sessions at a time: the legacy system has other work. */
  #ask(): void {
    for (const [session, waiting] of this.#waiting) {
      if (this.#asking >= limits.auditLookupsMax) return;
      if (waiting.isAsked) continue;
      waiting.isAsked = true;
      this.#asking += 1;
      void this.#resolve(session, waiting);
    }
  }

  async #resolve(session: string, { cookies, accesses }: Waiting): Promise<void> {
    const answer: SessionAnswer = (await this.#options.endPoint?.look(cookies)) ?? { kind: "unknown", code: "NO_KEY" };
    const caller: AuditedCaller =
      answer.kind === "session"
        ? this.#keep(session, this.#audited(principalOf(answer.session)))
        : // Nobody now: logged out meanwhile, or a ticket that has ended. Who it was the session's other events tell.
          { kind: answer.kind === "nobody" ? "anonymous" : "unknown" };
    this.#waiting.delete(session);
    this.#waitingCount -= accesses.length;
    for (const access of accesses.splice(0)) this.#write(access, caller);
    this.#asking -= 1;
    this.#ask();
    if (this.#waitingCount === 0) this.#idle?.();
  }

  #audited(principal: Principal): AuditedCaller {
    switch (principal.kind) {
      case "staff":
        return { kind: "staff", who: principal.user, role: principal.role, site: principal.site };
      case "portal":
        return {
          kind: "portal",
          who: this.#options.pseudonym?.("portalUser", principal.user) ?? null,
          patient: this.#pseudonymOf(String(principal.proxyFor ?? principal.patient)),
        };
      default:
        return { kind: principal.kind };
    }
  }

  #pseudonymOf(patient: string): string | null {
    const { pseudonym } = this.#options;
    if (!pseudonym) return null;
    let made = this.#pseudonyms.get(patient);
    if (made === undefined) {
      if (this.#pseudonyms.size >= limits.pseudonymsMax) this.#pseudonyms.clear();
      made = pseudonym("patient", patient);
      this.#pseudonyms.set(patient, made);
    }
    return made;
  }

  #write(access: AuditedAccess, caller: AuditedCaller): void {
    this.counts.recorded += 1;
    this.#options.sink.write(auditLine(access, caller));
  }
}
