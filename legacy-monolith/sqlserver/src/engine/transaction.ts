/**
 * A session's transaction as T-SQL knows it, on one of PostgreSQL.
 *
 *   count 0 ──begin──▶ count 1 ──begin──▶ count 2 …      PostgreSQL's BEGIN is sent with the first statement
 *   count n ──commit─▶ count n-1; at 0 PostgreSQL's COMMIT
 *   count n ──rollback─▶ count 0
 *   doomed: XACT_STATE() = -1; only a full rollback ends it
 *
 * With XACT_ABORT OFF every statement runs under a savepoint, so that its failure undoes only itself.
 */

import type { EnvironmentChange, IsolationLevel, ResultSink } from "../contract.ts";
import type { Table } from "../translate/index.ts";
import { sqlErrors } from "./messages.ts";
import type { PgStep } from "./pg-connection.ts";

type SavePoint = { readonly name: string; readonly engineName: string; readonly tempTables: Map<string, Table> };

/** SQL Server's levels on PostgreSQL's: what SQL Server prevents by shared locks, SERIALIZABLE prevents by refusing. */
const engineLevels: Readonly<Record<IsolationLevel, string>> = {
  "read uncommitted": "READ COMMITTED",
  "read committed": "READ COMMITTED",
  "repeatable read": "SERIALIZABLE",
  serializable: "SERIALIZABLE",
  snapshot: "REPEATABLE READ",
};

const statementSavePoint: PgStep = { sql: "SAVEPOINT banyan_statement" };
const statementRelease: PgStep = { sql: "RELEASE SAVEPOINT banyan_statement" };
export const statementUndo: PgStep = { sql: "ROLLBACK TO SAVEPOINT banyan_statement" };

export class Transaction {
  /** @@TRANCOUNT */
  count = 0;
  doomed = false;
  /** PostgreSQL's BEGIN has been sent and its transaction is open. */
  begun = false;
  /** The level that PostgreSQL's transaction was begun with. */
  isolation: IsolationLevel = "read committed";
  /** The transaction changed tables, columns or names. */
  catalogChanged = false;
  /** The transaction wrote to a table variable, which PostgreSQL would roll back and SQL Server would not. */
  wroteTableVariable = false;
  private name = "";
  private nextDescriptor = 1n;
  private descriptor = Buffer.alloc(8);
  private savePoints: SavePoint[] = [];
  private nextSavePoint = 1;
  private tempTables = new Map<string, Table>();

  begin(name: string, tempTables: ReadonlyMap<string, Table>, sink: ResultSink): void {
    this.count += 1;
    if (this.count > 1) return;
    this.name = name.toLowerCase();
    this.tempTables = new Map(tempTables);
    this.descriptor = Buffer.alloc(8);
    this.descriptor.writeBigUInt64LE(this.nextDescriptor++);
    sink.environment({ kind: "begin", descriptor: this.descriptor });
  }

  /** Steps that open PostgreSQL's transaction when that is still to be done. */
  opening(level: IsolationLevel): readonly PgStep[] {
    if (this.count === 0 || this.begun || this.doomed) return [];
    this.begun = true;
    this.isolation = level;
    return [{ sql: `BEGIN ISOLATION LEVEL ${engineLevels[level]}` }];
  }

  /** Puts the steps of one statement under a savepoint when the transaction asks for it. */
  guarded(steps: readonly PgStep[], xactAbort: boolean): readonly PgStep[] {
    return this.begun && !xactAbort ? [statementSavePoint, ...steps, statementRelease] : steps;
  }

  /** Whether reading at this level fits the transaction that is open in PostgreSQL. */
  admits(level: IsolationLevel): boolean {
    return !this.begun || engineLevels[this.isolation] === engineLevels[level];
  }

  /** Step for SAVE TRANSACTION. @throws SqlError 628, 3931 */
  save(name: string, tempTables: ReadonlyMap<string, Table>): PgStep {
    if (this.count === 0) throw sqlErrors.noTransactionToSave();
    if (this.doomed) throw sqlErrors.doomedSavepoint();
    const engineName = `banyan_save_${this.nextSavePoint++}`;
    this.savePoints.push({ name: name.toLowerCase(), engineName, tempTables: new Map(tempTables) });
    return { sql: `SAVEPOINT ${engineName}`, once: true };
  }

  /** The latest savepoint of that name; undefined: the name means the whole transaction. @throws SqlError 3903, 3931, 6401 */
  savePoint(name: string): SavePoint | undefined {
    if (this.count === 0) throw sqlErrors.noTransactionToRollBack();
    const wanted = name.toLowerCase();
    const found = this.savePoints.findLastIndex((point) => point.name === wanted);
    if (found < 0) {
      if (wanted === this.name) return undefined;
      throw sqlErrors.noSuchSavepoint(name);
    }
    if (this.doomed) throw sqlErrors.doomedSavepoint();
    this.savePoints.length = found + 1;
    return this.savePoints[found];
  }

  /** All is over; @returns the temp tables of before, when they are to be taken back */
  end(kind: "commit" | "rollback", sink: ResultSink | undefined): ReadonlyMap<string, Table> {
    this.count = 0;
    this.doomed = false;
    this.begun = false;
    this.catalogChanged = false;
    this.wroteTableVariable = false;
    this.savePoints = [];
    const before = this.tempTables;
    this.tempTables = new Map();
    sink?.environment({ kind, descriptor: this.descriptor } satisfies EnvironmentChange);
    return before;
  }
}
