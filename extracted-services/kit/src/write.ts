/**
 * The one way a service changes anything. One transaction, in this order:
 *   1. the module's owner row, locked for share: open, and of the epoch the request was sent under
 *   2. in the same statement the request's idempotency key: a repeat gets the stored answer and nothing runs again
 *   3. the service's own work: it asks the policy, changes rows, names what legacy must learn
 *   4. audit events, outbox entry, stored answer and commit, in one message: only for it the audit head is locked
 * A dry run leaves out 1, 2 and the commit, and is always rolled back. What did not commit is still audited, afterwards.
 */

import { AppError } from "@banyan/kernel";
import type { Knex } from "knex";
import { accessEvent, type Asked, refusalEvent } from "./audit-event.ts";
import type { IdempotencyKey } from "./idempotency.ts";
import { nextId } from "./id-block.ts";
import { limits } from "./limits.ts";
import { encodeChange, type RowChange } from "./mapping/row-change.ts";
import { type Access, decide, type Decision } from "./policy.ts";
import { RefusedError, type Refusal, refusal, type RefusalCode } from "./refusal.ts";
import type { ServiceContext } from "./service-context.ts";
import { type Begun, beginWrite, recordWrite } from "./write-statements.ts";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json | undefined };

type Commit<T> = { readonly kind: "commit"; readonly value: T };
type RollBack<R> = { readonly kind: "roll-back"; readonly value: R; readonly reason: string };
/** What the service's work ends with. */
export type WorkResult<T extends Json, R = T> = Commit<T> | RollBack<R>;

/** Keeps what the work did. `value` makes the answer and is stored for a repeat of the request. */
export function commit<T extends Json>(value: T): Commit<T> {
  return { kind: "commit", value };
}

/** Undoes what the work did: the domain refuses (SLOT TAKEN). @param reason a code for the audit, without data */
export function rollBack<R>(value: R, reason: string): RollBack<R> {
  return { kind: "roll-back", value, reason };
}

export type Written<T, R = T> =
  | { readonly kind: "done"; readonly value: T; readonly replayed: boolean; readonly outboxId: number | undefined }
  | { readonly kind: "rolled-back"; readonly value: R }
  | { readonly kind: "denied"; readonly decision: Extract<Decision, { allowed: false }> }
  | { readonly kind: "refused"; readonly refusal: Refusal };

export type WriteTransaction = {
  readonly db: Knex.Transaction;
  /** Ends the write as denied when the policy does not allow it. At least one is needed, before anything is changed. */
  require(access: Access): void;
  /** A row legacy must learn of. */
  changed(change: RowChange): void;
  /** The next id of the block reserved for `name`. @throws RefusedError ids-exhausted */
  nextId(name: string): Promise<number>;
};

/** A request that wants to write, as the shell knows it. */
export type WriteRequest = Asked & {
  /** Undefined: nothing names this one write, and it is refused. */
  readonly key: IdempotencyKey | undefined;
};

/** @throws what the work throws, after the roll-back; RefusedError audit-unavailable */
export async function withWrite<T extends Json, R = T>(
  service: ServiceContext,
  request: WriteRequest,
  work: (tx: WriteTransaction) => Promise<WorkResult<T, R>>,
): Promise<Written<T, R>> {
  const unfit = unfitness(service, request);
  if (unfit) return refuse(service, request, unfit);
  const attempt = new Attempt(service, request);
  const trx = await service.db.transaction();
  try {
    const written = await attempt.run(trx, work);
    if (written.kind === "done" && !written.replayed && !request.dryRun) await trx.commit();
    else await trx.rollback();
    await attempt.auditUncommitted(written);
    return written;
  } catch (error) {
    await undo(trx);
    if (error instanceof AccessDenied) return attempt.denied(error);
    if (error instanceof RefusedError) return refuse(service, request, error.refusal.code);
    await attempt.auditFailure();
    throw error;
  }
}

/** A connection that is gone has rolled back by itself; what went wrong before is what the caller must hear. */
async function undo(trx: Knex.Transaction): Promise<void> {
  if (!trx.isCompleted()) await trx.rollback().catch(() => undefined);
}

function unfitness(service: ServiceContext, request: WriteRequest): RefusalCode | undefined {
  if (request.principal.kind === "anonymous") return "identity-missing";
  if (!request.key && !request.dryRun) return "identity-refused";
  if ((request.principal.purpose === "shadow") !== request.dryRun) return "dry-run-invalid";
  return request.dryRun && !service.dryRunProved ? "dry-run-unproved" : undefined;
}

async function refuse(
  service: ServiceContext,
  request: WriteRequest,
  code: RefusalCode,
): Promise<{ kind: "refused"; refusal: Refusal }> {
  service.metrics.writes.inc({ outcome: code });
  const recordedMs = service.clock.now().getTime();
  await service.audit.append([refusalEvent(service.source, request, { code, reason: code, recordedMs })]);
  return { kind: "refused", refusal: refusal(code) };
}

class AccessDenied extends Error {
  readonly access: Access;
  readonly decision: Extract<Decision, { allowed: false }>;

  constructor(access: Access, decision: Extract<Decision, { allowed: false }>) {
    super(decision.rule);
    this.access = access;
    this.decision = decision;
  }
}

type Asking = { readonly access: Access; readonly decision: Decision };

/** One run of a write: what it asked and what it changed. */
class Attempt {
  readonly #service: ServiceContext;
  readonly #request: WriteRequest;
  readonly #asked: Asking[] = [];
  readonly #changes: RowChange[] = [];
  /** Why the work undid itself. */
  #failed: string | undefined;

  constructor(service: ServiceContext, request: WriteRequest) {
    this.#service = service;
    this.#request = request;
  }

  async run<T extends Json, R>(
    trx: Knex.Transaction,
    work: (tx: WriteTransaction) => Promise<WorkResult<T, R>>,
  ): Promise<Written<T, R>> {
    const { dryRun } = this.#request;
    const begun = dryRun ? undefined : await this.#begin(trx);
    if (begun?.kind === "refused") throw new RefusedError(begun.code);
    if (begun?.kind === "stored")
      return { kind: "done", value: begun.answer as T, replayed: true, outboxId: undefined };
    const result = await work(this.#tools(trx));
    if (this.#asked.length === 0) throw undecided(this.#service);
    if (result.kind === "roll-back") {
      this.#failed = result.reason;
      return { kind: "rolled-back", value: result.value };
    }
    const outboxId = await this.#record(trx, result.value);
    return { kind: "done", value: result.value, replayed: false, outboxId: dryRun ? undefined : outboxId };
  }

  async #begin(trx: Knex.Transaction): Promise<Begun> {
    const { principal, key } = this.#request;
    // `unfitness` has seen to both.
    if (principal.kind === "anonymous" || !key) throw new RefusedError("identity-refused");
    const { module, clock } = this.#service;
    return beginWrite(trx, { module, epoch: principal.epoch, key, clock });
  }

  #tools(trx: Knex.Transaction): WriteTransaction {
    return {
      db: trx,
      require: (access) => {
        const decision = decide(this.#service.policy, this.#request.principal, access);
        this.#service.metrics.decided(decision);
        if (!decision.allowed) throw new AccessDenied(access, decision);
        this.#asked.push({ access, decision });
      },
      changed: (change) => {
        if (this.#changes.length >= limits.changesMax) throw tooManyChanges();
        this.#changes.push(change);
      },
      nextId: (name) => nextId(trx, name, { service: this.#service, dryRun: this.#request.dryRun }),
    };
  }

  /** Step 4. @returns the outbox entry's id */
  #record(trx: Knex.Transaction, value: Json): Promise<number | undefined> {
    const { dryRun, key } = this.#request;
    const answer = JSON.stringify({ value });
    const record = {
      events: this.#events(),
      entry: this.#entry(),
      key: dryRun ? null : (key?.key ?? null),
      answer: Buffer.byteLength(answer) <= limits.storedAnswerBytesMax ? answer : null,
    };
    return recordWrite(trx, record, dryRun ? "leave-open" : "commit");
  }

  #events(failed?: string) {
    const { policy, clock, source } = this.#service;
    const recordedMs = clock.now().getTime();
    const more = { policy, recordedMs, ...(failed === undefined ? {} : { failed }) };
    return this.#asked.map(({ access, decision }) => accessEvent(source, this.#request, access, decision, more));
  }

  #entry(): object | null {
    if (this.#changes.length === 0) return null;
    const { principal } = this.#request;
    return {
      module: this.#service.module,
      epoch: principal.kind === "anonymous" ? 0 : principal.epoch,
      requestId: this.#request.requestId,
      who: principal.kind === "anonymous" ? "anonymous" : principal.user,
      changes: this.#changes.map(encodeChange),
      recordedAt: this.#service.clock.now().toISOString(),
    };
  }

  /** What was asked and did not commit with its own transaction. */
  async auditUncommitted(written: Written<unknown, unknown>): Promise<void> {
    const outcome = written.kind === "done" && written.replayed ? "replayed" : written.kind;
    this.#service.metrics.writes.inc({ outcome: this.#request.dryRun ? "dry-run" : outcome });
    if (written.kind === "rolled-back") await this.#service.audit.append(this.#events(this.#failed ?? "rolled-back"));
    else if (outcome === "replayed") await this.#auditReplay();
    else if (this.#request.dryRun) await this.#service.audit.append(this.#events());
  }

  async #auditReplay(): Promise<void> {
    const recordedMs = this.#service.clock.now().getTime();
    const repeated = { code: "replayed-answer", reason: "the stored answer was given again", recordedMs };
    await this.#service.audit.append([{ ...refusalEvent(this.#service.source, this.#request, repeated), outcome: 0 }]);
  }

  async denied<T, R>({ access, decision }: AccessDenied): Promise<Written<T, R>> {
    this.#service.metrics.writes.inc({ outcome: "denied" });
    this.#asked.push({ access, decision });
    await this.#service.audit.append(this.#events("denied"));
    return { kind: "denied", decision };
  }

  async auditFailure(): Promise<void> {
    this.#service.metrics.writes.inc({ outcome: "failed" });
    await this.#service.audit.append(this.#events("failed"));
  }
}

function undecided(service: ServiceContext): AppError {
  return new AppError({
    code: "POLICY_NOT_ASKED",
    op: `write in ${service.name}`,
    message: "the write asked the policy nothing and was rolled back",
    hint: "Call tx.require({ action, … }) before the change.",
  });
}

function tooManyChanges(): AppError {
  return new AppError({
    code: "TOO_MANY_CHANGES",
    op: "write",
    message: `one write names more than ${limits.changesMax} rows`,
    hint: "Split the work.",
  });
}
