/**
 * The core of an extracted service: HTTP shell, identity, policy, audit, and the one way to write. docs/HACKING.md shows how to
 * make a service from it; faces for legacy pages and for FHIR are in `@banyan/service-kit/legacy` and `/fhir`.
 */

export { sessionHeaders } from "./answer-guard.ts";
export type { AuditEvent } from "./audit-event.ts";
export { type AuditProblem, type AuditVerification, verifyAudit } from "./audit-verification.ts";
export { isDatabaseAway, openServiceDatabase } from "./database.ts";
export { type Face, refusePlainly } from "./face.ts";
export { dryRunId } from "./id-block.ts";
export {
  type Access,
  type Action,
  type Decision,
  decide,
  definePolicy,
  type Denial,
  type Operation,
  type Policy,
  type Rule,
  type Who,
} from "./policy.ts";
export {
  type AnonymousPrincipal,
  anonymous,
  type InterfacePrincipal,
  type PortalPrincipal,
  type Principal,
  type Purpose,
  type StaffPrincipal,
  type StaffRole,
  staffRoles,
} from "./principal.ts";
export { type Refusal, type RefusalCode, RefusedError, refusal } from "./refusal.ts";
export { type RequestContext, requestContext } from "./request-context.ts";
export { scopesOf } from "./scopes.ts";
export { createService, type Service, type ServiceOptions } from "./service.ts";
export { runService, type ServiceDefinition } from "./service-process.ts";
export type { ServiceContext } from "./service-context.ts";
export { commit, type Json, rollBack, type WorkResult, type WriteTransaction, type Written } from "./write.ts";
