/**
 * A legacy page of a service: a page of `@banyan/webforms` that says which action of the service's policy each of its requests
 * is, and gets the service's data in place of the monolith's database.
 */

import type { AsmxService, Page, PageContext } from "@banyan/webforms";
import type { Access, Decision } from "../policy.ts";
import type { Principal } from "../principal.ts";
import type { Json, WorkResult, WriteTransaction } from "../write.ts";

/** What a write came to. Denied and refused writes never come back to the page: the face answers them. */
export type LegacyWritten<T, R> =
  | {
      readonly kind: "done";
      readonly value: T;
      /** The answer of an earlier run of the same request. */
      readonly replayed: boolean;
    }
  | { readonly kind: "rolled-back"; readonly value: R };

/** Values a piece of work commits with, and rolls back with. */
export type Committed<Result> = Extract<Result, { kind: "commit" }> extends { value: infer T extends Json } ? T : never;
export type RolledBack<Result> = Extract<Result, { kind: "roll-back" }> extends { value: infer R } ? R : never;

export type LegacyMembers<Store> = {
  /** The service's data, for reading. */
  readonly store: Store;
  readonly principal: Principal;
  /**
   * Asks the policy and has the answer audited. A denial ends the page: break-glass for a restricted record, else NoAccess. What
   * a page does not ask itself is asked for it, by its declared action, before its answer goes out.
   */
  authorise(access: Access): Promise<void>;
  /** Asks without a trace: for the rows of a list that was authorised itself. */
  may(access: Access): Decision;
  /** One transaction with policy, audit, outbox and idempotency; `commit(value)` or `rollBack(value, reason)` ends it. */
  write<Result extends WorkResult<Json, unknown>>(
    work: (tx: WriteTransaction) => Promise<Result>,
  ): Promise<LegacyWritten<Committed<Result>, RolledBack<Result>>>;
};

export type LegacyContext<Store> = PageContext & LegacyMembers<Store>;

/** Names of the policy's actions. */
export type PageActions = {
  /** A GET; for a web service its description, client script and list of operations. */
  readonly get?: string;
  readonly post?: string;
  /** Web methods by name. */
  readonly methods?: Readonly<Record<string, string>>;
};

export type LegacyPage<Store> = Page<LegacyContext<Store>> & { readonly does: PageActions };

export type LegacyService<Store> = AsmxService<LegacyContext<Store>>;
