/** What the parts of a session share: its state, transaction and executor, and the server it belongs to. */

import type { Executor } from "./executor.ts";
import type { PreparedHandles } from "./prepared-procedures.ts";
import type { SimulatedServer } from "./server.ts";
import type { Scope, SessionState } from "./session-state.ts";
import type { Transaction } from "./transaction.ts";

export type SessionCore = {
  readonly state: SessionState;
  readonly transaction: Transaction;
  readonly executor: Executor;
  readonly server: SimulatedServer;
  /** Scopes that are running, outermost first. */
  readonly scopes: Scope[];
  /** TRY blocks, of all scopes, that are running their body. */
  tryDepth: number;
  /** `insert bulk` has named the table that the next rows go to. */
  bulk: BulkTarget | undefined;
  readonly prepared: PreparedHandles;
};

export type BulkTarget = {
  readonly table: readonly string[];
  readonly columns: readonly { readonly name: string }[];
  readonly options: readonly string[];
};
