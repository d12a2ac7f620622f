/**
 * Everything the control plane may refuse, as a closed list with its HTTP status. A refusal says what was refused, why, and
 * what to do next; it is answered as problem JSON and, where a change was asked for, kept in the audit trail.
 */

import { AppError } from "@banyan/kernel";

const refusalStatuses = {
  BODY_INVALID: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  MODULE_UNKNOWN: 404,
  STAGE_UNCHANGED: 409,
  STAGE_NOT_ADJACENT: 409,
  FENCED_MOVE_UNAVAILABLE: 409,
  FLIP_UNDER_WAY: 409,
  FLIP_ABORTED: 409,
  RETIREMENT_UNAVAILABLE: 409,
  MODULE_FIXED: 409,
  MODULE_IN_USE: 409,
  REPLICAS_BEHIND: 409,
  REPLICA_EVICTED: 409,
  FROZEN: 409,
  NOT_READY: 409,
  APPROVAL_MISSING: 409,
  ALREADY_THERE: 409,
  NOTHING_CHANGED: 409,
  LIMIT_REACHED: 409,
  ADAPTER_REFUSED: 409,
  REVISION_STALE: 412,
  BODY_TOO_LARGE: 413,
  RULES_INVALID: 422,
  REVISION_REQUIRED: 428,
  INTERNAL: 500,
  DATABASE_AWAY: 503,
  ADAPTER_AWAY: 503,
  OIDC_AWAY: 503,
} as const;

export type RefusalCode = keyof typeof refusalStatuses;

export type RefusalInit = {
  readonly code: RefusalCode;
  /** What was refused, in a few words: `moving lab to live`. */
  readonly message: string;
  readonly why: string;
  readonly hint: string;
  /** Further members of the problem document. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
};

export class Refusal extends AppError {
  readonly status: number;
  readonly why: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(init: RefusalInit) {
    super({
      code: init.code,
      op: "control",
      message: init.message,
      hint: init.hint,
      retryable: refusalStatuses[init.code] >= 500,
      ...(init.cause === undefined ? {} : { cause: init.cause }),
    });
    this.status = refusalStatuses[init.code];
    this.why = init.why;
    this.details = init.details ?? {};
  }
}
