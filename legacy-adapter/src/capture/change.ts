/** A captured change of one row, and the transaction it belongs to. */

import type { LegacyRow } from "@banyan/service-kit/mapping";
import type { TablePlan } from "../table-plan.ts";
import type { Lsn } from "./position.ts";

/** `__$operation`: 1 delete, 2 insert, 3 the image before an update, 4 the image after. */
export type Operation = 1 | 2 | 3 | 4;

export type Change = {
  readonly table: TablePlan;
  /** Commit LSN: the same for every change of a transaction. */
  readonly lsn: Lsn;
  /** Order within the transaction, over all tables. */
  readonly command: number;
  readonly operation: Operation;
  /** Whole row; operation 1 and 3 lack large objects. */
  readonly row: LegacyRow;
};
