/** How a statement's trouble travels through the interpreter. None of these reaches a client as such. */

import { EngineError } from "./pg-connection.ts";
import { SqlError } from "../contract.ts";
import type { ErrorEffect } from "./error-effects.ts";

/** A T-SQL error that is not reported yet: a TRY block may still catch it. */
export class Failure extends Error {
  readonly error: SqlError;
  /** From RAISERROR, which ends nothing by itself. */
  readonly raised: boolean;
  /** Effect that does not follow from the number: THROW, errors inside triggers. */
  readonly effect: ErrorEffect | undefined;
  /** The engine had to end its transaction. */
  readonly engineRolledBack: boolean;
  /** A trigger said ROLLBACK: the transaction is over, not doomed. */
  readonly rolledBackByTrigger: boolean;
  /** Another writer may have made the same key at the same moment. */
  readonly duplicateKey: boolean;
  /** From INSERT, UPDATE, DELETE or MERGE: 3621 follows it. */
  readonly dataChange: boolean;
  /** Scope that could not compile its statement: a TRY block of the same scope does not catch that. -1: not that kind. */
  readonly compileLevel: number;

  constructor(
    error: SqlError,
    more: {
      raised?: boolean;
      effect?: ErrorEffect | undefined;
      engineRolledBack?: boolean;
      rolledBackByTrigger?: boolean;
      duplicateKey?: boolean;
      dataChange?: boolean;
      compileLevel?: number;
    } = {},
  ) {
    super(error.message, { cause: error });
    this.name = "Failure";
    this.error = error;
    this.raised = more.raised ?? false;
    this.effect = more.effect;
    this.engineRolledBack = more.engineRolledBack ?? false;
    this.rolledBackByTrigger = more.rolledBackByTrigger ?? false;
    this.duplicateKey = more.duplicateKey ?? false;
    this.dataChange = more.dataChange ?? false;
    this.compileLevel = more.compileLevel ?? -1;
  }
}

/** The error is reported; the rest of the batch does not run. */
export class BatchEnded extends Error {
  readonly number: number;
  /** The scope that could not compile its statement: only that scope ends. -1: the whole batch. */
  readonly compileLevel: number;

  constructor(number: number, compileLevel = -1) {
    super("the batch ended");
    this.name = "BatchEnded";
    this.number = number;
    this.compileLevel = compileLevel;
  }
}

/** The client sent an attention. */
export class Cancelled extends Error {
  constructor() {
    super("cancelled by the client");
    this.name = "Cancelled";
  }
}

/** A fault asked for the connection to be dropped. */
export class ConnectionDropped extends Error {
  constructor() {
    super("the connection is dropped on request of a fault");
    this.name = "ConnectionDropped";
  }
}

const compileErrors = new Set([102, 105, 137, 156, 207, 208, 209, 213, 4104, 40000]);

/** An error of translation or of a statement's own checks becomes a failure; anything else is not T-SQL's business. */
export function asFailure(error: unknown, level: number): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof SqlError) {
    return new Failure(error, compileErrors.has(error.number) ? { compileLevel: level } : {});
  }
  throw error;
}

export const isCancel = (error: unknown): boolean => error instanceof EngineError && error.code === "57014";
