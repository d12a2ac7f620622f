/** Takes the rows of one plan: the client's part goes to the sink, the rest is kept for variables and identity. */

import type { ResultSink, SqlValue } from "../contract.ts";
import type { PgOutcome } from "./pg-connection.ts";
import type { Plan } from "../translate/index.ts";

export class RowReceiver {
  /** The client has been told the columns; a plan may not be run again from here on. */
  announced = false;
  /** Identity value of the last inserted row. */
  identity: SqlValue | undefined;
  /** The last row, for `SELECT @x = …`. */
  last: readonly SqlValue[] | undefined;
  rowCount = 0;
  readonly onRow: (row: SqlValue[]) => void;
  readonly onComplete = ({ rowCount }: PgOutcome): void => {
    this.rowCount = rowCount;
  };
  /** Identity value of the last row that a trigger inserted, empty when none did. */
  readonly onTriggerIdentity = ([identity]: SqlValue[]): void => {
    this.triggerIdentity = identity || undefined;
  };
  triggerIdentity: string | undefined;
  private readonly plan: Plan;
  private readonly sink: ResultSink;

  constructor(plan: Plan, sink: ResultSink) {
    this.plan = plan;
    this.sink = sink;
    const { columns, identityIndex, assigns } = plan;
    const visible = columns?.length ?? 0;
    this.onRow = (row) => {
      if (identityIndex !== undefined) this.identity = row[identityIndex] ?? null;
      if (assigns) this.last = row;
      if (!columns) return;
      if (!this.announced) this.announce();
      if (row.length > visible) row.length = visible;
      sink.row(row);
    };
  }

  /** A result without rows has columns all the same. */
  finish(): void {
    if (this.plan.columns && !this.announced) this.announce();
  }

  private announce(): void {
    this.announced = true;
    if (this.plan.columns) this.sink.columns(this.plan.columns);
  }
}
