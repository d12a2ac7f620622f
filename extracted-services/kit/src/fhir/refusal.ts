/**
 * Why a FHIR request is refused, as a closed list, and the HTTP status of each reason. A refusal is thrown as an AppError from
 * any depth and becomes an OperationOutcome at the edge. Its words never repeat what the client sent: a search value or a
 * property name may be a patient's.
 */

import { AppError } from "@banyan/kernel";
import type { OperationOutcome, OperationOutcomeIssue } from "fhir/r4.js";
import { limits } from "./limits.ts";

export type FhirRefusalReason =
  | "structure"
  | "parameter"
  | "version-required"
  | "unauthenticated"
  | "forbidden"
  | "not-found"
  | "method"
  | "not-acceptable"
  | "conflict"
  | "deleted"
  | "stale"
  | "several-matches"
  | "too-large"
  | "media-type"
  | "rule"
  | "unavailable";

type Meaning = { readonly status: number; readonly code: OperationOutcomeIssue["code"]; readonly hint: string };

/** FHIR R4 http.html names the statuses; where it leaves a choice (`version-required`: 400 or 412) this is ours. */
const meanings: Readonly<Record<FhirRefusalReason, Meaning>> = {
  structure: { status: 400, code: "structure", hint: "Send a resource of FHIR R4 (4.0.1)." },
  parameter: {
    status: 400,
    code: "invalid",
    hint: "See /fhir/metadata for what each resource type can be searched by.",
  },
  "version-required": { status: 400, code: "required", hint: "Read the resource and send its ETag back in If-Match." },
  unauthenticated: { status: 401, code: "login", hint: "Log in and try again." },
  forbidden: { status: 403, code: "forbidden", hint: "Ask for an account or a scope that covers this." },
  "not-found": {
    status: 404,
    code: "not-found",
    hint: "Search for the resource; see /fhir/metadata for what is served.",
  },
  method: {
    status: 405,
    code: "not-supported",
    hint: "See /fhir/metadata for the interactions of each resource type.",
  },
  "not-acceptable": { status: 406, code: "not-supported", hint: "Accept application/fhir+json." },
  conflict: { status: 409, code: "conflict", hint: "Read the resource again and repeat the change." },
  deleted: { status: 410, code: "deleted", hint: "Its history is at _history." },
  stale: {
    status: 412,
    code: "conflict",
    hint: "Read the resource again and repeat the change on its newest version.",
  },
  "several-matches": { status: 412, code: "multiple-matches", hint: "Search by something only one resource has." },
  "too-large": { status: 413, code: "too-long", hint: "Send less at a time." },
  "media-type": { status: 415, code: "not-supported", hint: "Send application/fhir+json in UTF-8." },
  rule: { status: 422, code: "business-rule", hint: "Correct the elements named and send the resource again." },
  unavailable: { status: 503, code: "transient", hint: "Try again in a moment." },
};

/** What is wrong with one element. `expression` is a FHIRPath made of element names and indexes only. */
export type Problem = {
  readonly text: string;
  readonly expression?: string;
  readonly code?: OperationOutcomeIssue["code"];
};

export class FhirRefusal extends AppError {
  readonly reason: FhirRefusalReason;
  readonly problems: readonly Problem[];

  constructor(reason: FhirRefusalReason, problems: string | readonly Problem[], cause?: unknown) {
    const list = typeof problems === "string" ? [{ text: problems }] : problems;
    super({
      code: `FHIR_${reason.toUpperCase().replaceAll("-", "_")}`,
      op: "answer a FHIR request",
      message: list.map((problem) => problem.text).join("; "),
      hint: meanings[reason].hint,
      retryable: reason === "unavailable",
      cause,
    });
    this.reason = reason;
    this.problems = list.slice(0, limits.issuesMax);
  }

  get status(): number {
    return meanings[this.reason].status;
  }
}

/** The body of an answer that refuses. */
export function outcomeOf(refusal: FhirRefusal): OperationOutcome {
  const meaning = meanings[refusal.reason];
  return {
    resourceType: "OperationOutcome",
    issue: refusal.problems.map((problem) => ({
      severity: "error",
      code: problem.code ?? meaning.code,
      details: { text: problem.text },
      diagnostics: meaning.hint,
      ...(problem.expression === undefined ? {} : { expression: [problem.expression] }),
    })),
  };
}

/** An OperationOutcome that only informs: what a write did, or what a search left aside. */
export function information(text: string, code: OperationOutcomeIssue["code"] = "informational"): OperationOutcome {
  return {
    resourceType: "OperationOutcome",
    issue: [{ severity: code === "informational" ? "information" : "warning", code, details: { text } }],
  };
}
