/**
 * The one error class of the project. An error names what was being done, says what went wrong in words a person can act
 * on, and carries a stable code for machines. Messages hold no patient data: they may reach a log.
 */

export type AppErrorInit = {
  /** Stable, upper-case code, for example `PORT_TAKEN`. */
  readonly code: string;
  /** What was being done, for example `start legacy web`. */
  readonly op: string;
  /** What went wrong, for a person. */
  readonly message: string;
  /** What to do next, for a person. */
  readonly hint: string;
  /** Whether the same call may succeed later without a change. Default false. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
};

export class AppError extends Error {
  readonly code: string;
  readonly op: string;
  readonly hint: string;
  readonly retryable: boolean;

  constructor(init: AppErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = "AppError";
    this.code = init.code;
    this.op = init.op;
    this.hint = init.hint;
    this.retryable = init.retryable ?? false;
  }
}

/** One paragraph for a terminal: what failed, why, what next. Holds no stack and no cause: causes may carry data. */
export function describeError(error: unknown): string {
  if (error instanceof AppError) return `${error.op}: ${error.message}\n  ${error.hint} [${error.code}]`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
