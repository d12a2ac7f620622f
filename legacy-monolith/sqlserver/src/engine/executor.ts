/**
 * Runs plans on the session's connection to the engine: opens the transaction, sets the savepoint, sends rows on, and
 * after an error puts the transaction right again and says in SQL Server's words what happened.
 */

import type { ResultSink, SqlValue } from "../contract.ts";
import { SqlError } from "../contract.ts";
import type { Catalog, DdlPlan, Environment, Plan, PlanKind } from "../translate/index.ts";
import { loadCatalog, sqlStates } from "../translate/index.ts";
import type { Database } from "./database.ts";
import { type ErrorSituation, raisedError, sqlErrorOf } from "./engine-errors.ts";
import { Cancelled, Failure, isCancel } from "./failure.ts";
import { globalValue } from "./globals.ts";
import { engineLimits as limits } from "../limits.ts";
import { sqlErrors } from "./messages.ts";
import { EngineError, type PgConnection, type PgNotice, type PgOutcome, type PgStep } from "./pg-connection.ts";
import { cachedPlan } from "./plan-cache.ts";
import { RowReceiver } from "./row-receiver.ts";
import type { Scope, SessionState } from "./session-state.ts";
import { statementUndo, type Transaction } from "./transaction.ts";

/** Where one statement runs. */
export type Run = {
  readonly scope: Scope;
  readonly sink: ResultSink;
  readonly signal: AbortSignal;
  /** A TRY block will see the error, so triggers must raise theirs. */
  readonly inTry: boolean;
};

const release: PgStep = { sql: "RELEASE SAVEPOINT banyan_statement" };
const announceTry: PgStep = { sql: "SELECT set_config('sim.in_try', '1', true)" };
const withdrawTry: PgStep = { sql: "SELECT set_config('sim.in_try', '', true)" };
const clearContext: PgStep = { sql: "SELECT set_config('sim.tracking_context', '', true)" };
const triggerFrame = /PL\/pgSQL function dbo\."[^"]*\$(insert|update|delete)"/;

export class Executor {
  connection: PgConnection;
  database: Database;
  private readonly state: SessionState;
  private readonly transaction: Transaction;
  /** Catalog of a transaction that changed tables itself. */
  private ownCatalog: Catalog | undefined;
  /** Settings of the engine's session, and whether the engine may have lost them with a rollback. */
  private readonly settings = new Map<string, string>();
  private settingsLost = false;
  /** Version of the database's catalog that the prepared statements were made for. */
  private seenVersion = 0;
  /** sim.in_try may still be set in the engine's transaction. */
  private tryAnnounced = false;

  constructor(connection: PgConnection, database: Database, state: SessionState, transaction: Transaction) {
    this.connection = connection;
    this.database = database;
    this.state = state;
    this.transaction = transaction;
  }

  /** A setting of the engine's session, sent with the next statement. */
  set(name: string, value: string): void {
    this.settings.set(name, value);
    this.settingsLost = true;
  }

  /** The session goes on in another database. */
  moveTo(database: Database, connection: PgConnection): void {
    this.database = database;
    this.connection = connection;
    this.ownCatalog = undefined;
    this.settingsLost = this.settings.size > 0;
  }

  /** The catalog as this session sees it; a promise only when it has to be read. */
  catalog(): Catalog | Promise<Catalog> {
    if (this.transaction.catalogChanged) return this.ownCatalog ?? this.loadOwnCatalog();
    return this.database.committed ?? this.loadCommitted();
  }

  /** Tables, columns or names changed in this session. */
  catalogChanged(): void {
    this.connection.forgetPrepared();
    this.ownCatalog = undefined;
    if (this.transaction.count > 0 && this.transaction.begun) this.transaction.catalogChanged = true;
    else this.database.invalidate();
  }

  async environment(scope: Scope): Promise<Environment> {
    const { version } = this.database;
    if (version !== this.seenVersion) {
      // Statements prepared for the tables as they were would fail with "cached plan must not change result type".
      this.connection.forgetPrepared();
      this.seenVersion = version;
    }
    const catalog = this.catalog();
    return {
      catalog: catalog instanceof Promise ? await catalog : catalog,
      database: this.database.name,
      variables: scope.types,
      tableVariables: scope.tableVariables,
      tempTables: this.state.tempTables,
      identityInsert: this.state.options.identityInsert,
    };
  }

  /** Plan for a syntax tree, from the cache when one fits. @throws SqlError of the translator */
  async plan<P extends Plan | DdlPlan>(node: object, scope: Scope, make: (environment: Environment) => P): Promise<P> {
    const environment = await this.environment(scope);
    const { identityInsert } = this.state.options;
    const signature = identityInsert === undefined ? scope.signature : `${scope.signature}/${identityInsert}`;
    return cachedPlan(environment.catalog, node, signature, () => make(environment));
  }

  /** Runs a plan, its rows going to the client. @returns the number of rows. @throws Failure, Cancelled, EngineGone */
  async run(plan: Plan, run: Run): Promise<number> {
    if (this.transaction.doomed && plan.kind !== "select") throw new Failure(sqlErrors.doomed());
    for (let attempt = 1; ; attempt += 1) {
      const rows = new RowReceiver(plan, run.sink);
      try {
        await this.perform(this.steps(plan, rows, run), run, plan);
        rows.finish();
        return this.settle(plan, rows, run.scope);
      } catch (error) {
        if (error instanceof StalePlan && attempt === 1 && !rows.announced) continue;
        const lost = plan.retryDuplicate === true && error instanceof Failure && error.duplicateKey;
        if (!lost || rows.announced || attempt === limits.duplicateRetriesMax) throw error;
      }
    }
  }

  /** The single value of a plan of one row and one column. */
  async value(plan: Plan, run: Run): Promise<SqlValue> {
    let value: SqlValue = null;
    const step: PgStep = {
      sql: plan.sql,
      values: this.parameters(plan, run.scope),
      onRow: (row) => {
        value = row[0] ?? null;
      },
    };
    await this.perform([...beforeSteps(plan), step], run, plan);
    return value;
  }

  /**
   * Runs the statements of a DDL plan as one.
   * @param source the statement as the client wrote it, for capture's history; the index it makes, for error 1505
   */
  async runDdl(plan: DdlPlan, run: Run, source: { text?: string; index?: string } = {}): Promise<number | undefined> {
    const { text, index } = source;
    if (this.transaction.doomed) throw new Failure(sqlErrors.doomed());
    const steps = plan.statements.map((sql): PgStep => ({ sql, once: true }));
    if (text !== undefined) {
      steps.unshift({ sql: setDdlText, values: [text] });
      steps.push({ sql: setDdlText, values: [""] });
    }
    const then = plan.then;
    const rows = then && new RowReceiver(then, run.sink);
    const tail = then && rows ? this.steps(then, rows, run) : [];
    await this.perform([...steps, ...tail], run, { kind: "other", ...(index === undefined ? {} : { index }) });
    if (!plan.temp) this.catalogChanged();
    else if (plan.temp.table) {
      this.state.tempTables.set(plan.temp.name.toLowerCase(), plan.temp.table);
      run.scope.ownTempTables.add(plan.temp.name.toLowerCase());
    } else this.state.tempTables.delete(plan.temp.name.toLowerCase());
    return then && rows ? this.settle(then, rows, run.scope) : undefined;
  }

  /** One statement of the simulator's own, in the session's transaction. */
  async query(sql: string, values: readonly SqlValue[], run: Run): Promise<SqlValue[][]> {
    const rows: SqlValue[][] = [];
    await this.perform([{ sql, values, onRow: (row) => rows.push(row) }], run, { kind: "other" });
    return rows;
  }

  /** Steps outside any statement: COMMIT, SAVEPOINT, DROP of what a scope leaves. */
  async control(steps: readonly PgStep[]): Promise<void> {
    if (steps.length > 0) await this.connection.run(steps);
  }

  /** Ends the engine's transaction, whatever its state. */
  async rollBackEngine(): Promise<void> {
    if (this.connection.transactionStatus !== "I") await this.connection.run([{ sql: "ROLLBACK" }]);
    this.transaction.begun = false;
    this.rolledBack();
  }

  /** The engine forgot what was set since the transaction, or the savepoint, began. */
  rolledBack(): void {
    this.ownCatalog = undefined;
    this.settingsLost = this.settings.size > 0;
  }

  private steps(plan: Plan, rows: RowReceiver, run: Run): PgStep[] {
    const { onRow, onComplete } = rows;
    const step: PgStep = { sql: plan.sql, values: this.parameters(plan, run.scope), onRow, onComplete };
    if (!plan.before && !plan.firesTriggers && !plan.trackingContext) return [step];
    const steps = [...this.trySteps(plan, run), ...beforeSteps(plan)];
    const { trackingContext } = plan;
    if (trackingContext) steps.push({ sql: trackingContext.sql, values: this.parameters(trackingContext, run.scope) });
    if (plan.firesTriggers) steps.push(forgetIdentity);
    steps.push(step);
    if (plan.firesTriggers) steps.push({ ...tellIdentity, onRow: rows.onTriggerIdentity });
    if (trackingContext) steps.push(clearContext);
    return steps;
  }

  /** Triggers raise their errors only where a TRY block sees them. */
  private trySteps(plan: Plan, run: Run): PgStep[] {
    if (!plan.firesTriggers || (!run.inTry && !this.tryAnnounced)) return [];
    this.tryAnnounced = run.inTry;
    return [run.inTry ? announceTry : withdrawTry];
  }

  private parameters(plan: Pick<Plan, "parameters">, scope: Scope): SqlValue[] {
    return plan.parameters.map(({ source }) => {
      if (source.kind === "variable") return scope.values.get(source.name) ?? null;
      return globalValue(source.name, { state: this.state, scope, transaction: this.transaction });
    });
  }

  private settle(plan: Plan, rows: RowReceiver, scope: Scope): number {
    if (rows.identity !== undefined) {
      scope.identity = rows.identity;
      this.state.lastIdentity = rows.identity;
    }
    if (rows.triggerIdentity !== undefined) this.state.lastIdentity = rows.triggerIdentity;
    for (const { variable, index } of plan.assigns ?? []) {
      if (rows.last) scope.values.set(variable, rows.last[index] ?? null);
    }
    return rows.rowCount;
  }

  /** One round trip of a statement, put right after an error. */
  private async perform(
    steps: readonly PgStep[],
    run: Run,
    plan: { readonly kind: PlanKind; readonly retryDuplicate?: boolean; readonly index?: string },
  ): Promise<readonly PgOutcome[]> {
    const { transaction, state, connection } = this;
    const { xactAbort, isolation } = state.options;
    if (isolation === "snapshot" && !transaction.begun && !transaction.doomed) await this.checkSnapshot();
    const opening = transaction.opening(isolation);
    const settings = this.settingSteps();
    const guard = transaction.begun && (!xactAbort || plan.retryDuplicate === true);
    const all =
      guard || opening.length > 0 || settings.length > 0
        ? [...opening, ...settings, ...transaction.guarded(steps, !guard)]
        : steps;
    const options = {
      signal: run.signal,
      drained: () => run.sink.drained(),
      onNotice: (notice: PgNotice) => this.notice(notice, run),
    };
    try {
      return await connection.run(all, options);
    } catch (error) {
      // The sink could not take a row: the engine has done its part, and its transaction is whole.
      if (error instanceof SqlError) throw new Failure(error);
      if (!(error instanceof EngineError)) throw error;
      await this.undo(error, guard);
      throw await this.failureOf(error, run, plan, guard);
    }
  }

  /** @throws Failure 3952 when the database does not allow SNAPSHOT */
  private async checkSnapshot(): Promise<void> {
    const rows = await this.connection.rows(
      `SELECT 1 FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
       WHERE d.datname = current_database() AND s.setrole = 0 AND 'sim.snapshot_isolation=1' = ANY (s.setconfig)`,
    );
    if (rows.length === 0) throw new Failure(sqlErrors.snapshotNotAllowed(this.database.name));
  }

  private settingSteps(): readonly PgStep[] {
    if (!this.settingsLost) return [];
    this.settingsLost = false;
    return [...this.settings].map(([name, value]) => ({
      sql: "SELECT set_config($1, $2, false)",
      values: [name, value],
    }));
  }

  /** Back to before the statement: to its savepoint, or to before the transaction. */
  private async undo(error: EngineError, guarded: boolean): Promise<void> {
    if (this.settings.size > 0) this.settingsLost = true;
    if (this.connection.transactionStatus !== "E") {
      if (this.connection.transactionStatus === "I") this.transaction.begun = false;
      return;
    }
    const partly = guarded && !fatalStates.has(error.code);
    if (partly) await this.connection.run([statementUndo, release]);
    else await this.rollBackEngine();
  }

  private async failureOf(
    error: EngineError,
    run: Run,
    plan: { readonly kind: PlanKind; readonly index?: string },
    guarded: boolean,
  ): Promise<Error> {
    if (isCancel(error)) return new Cancelled();
    if (error.code === "0A000" && error.message.startsWith("cached plan") && this.recovers(guarded))
      return new StalePlan();
    const { transaction } = this;
    const rolledBack = transaction.count > 0 && !transaction.begun && !transaction.doomed;
    const fromTrigger = triggerFrame.test(error.fields.where);
    const byTrigger = error.code === sqlStates.rollback;
    return new Failure(await sqlErrorOf(error, this.situation(plan)), {
      engineRolledBack: rolledBack,
      rolledBackByTrigger: byTrigger,
      duplicateKey: error.code === "23505",
      dataChange: dataChanges.has(plan.kind),
      effect: fromTrigger || byTrigger || (rolledBack && !guarded) ? "transaction" : undefined,
    });
  }

  /** The failed statement has left nothing behind, so that it may run again. */
  private recovers(guarded: boolean): boolean {
    this.connection.forgetPrepared();
    return guarded || this.transaction.count === 0;
  }

  private situation({ kind, index }: { readonly kind: PlanKind; readonly index?: string }): ErrorSituation {
    return {
      spid: this.state.identity.spid,
      database: this.database.name,
      verb: kind.toUpperCase(),
      index,
      snapshot: this.state.options.isolation === "snapshot",
      query: (sql, values) => this.connection.rows(sql, values),
    };
  }

  /** A trigger's PRINT or RAISERROR: the statement goes on. */
  private notice(notice: PgNotice, run: Run): void {
    if (notice.code !== sqlStates.message) return;
    const error = raisedError(notice.message ?? "", notice.detail ?? "");
    run.sink.message({
      number: error.number,
      severity: error.severity,
      state: error.state,
      text: error.message,
      line: error.line,
      ...(error.procedure === undefined ? {} : { procedure: error.procedure }),
    });
    if (error.severity > 10) this.state.errorNumber = error.number;
  }

  private async loadOwnCatalog(): Promise<Catalog> {
    this.ownCatalog = await loadCatalog((sql) => this.connection.rows(sql));
    return this.ownCatalog;
  }

  private loadCommitted(): Promise<Catalog> {
    const seesNow = !this.transaction.begun || this.transaction.isolation.startsWith("read ");
    return this.database.load(seesNow ? this.connection : undefined);
  }
}

const dataChanges: ReadonlySet<PlanKind> = new Set(["insert", "update", "delete", "merge"]);

/** Triggers note the identity values they make: @@IDENTITY is the last one, whoever made it. */
const forgetIdentity: PgStep = { sql: "SELECT set_config('sim.identity', '', false)" };
const tellIdentity: PgStep = { sql: "SELECT current_setting('sim.identity')" };
const setDdlText = "SELECT set_config('sim.ddl_text', $1, true)";

const beforeSteps = (plan: Plan): PgStep[] => (plan.before ?? []).map((sql) => ({ sql }));

/** SQLSTATEs after which nothing of the transaction can go on: deadlock victim, serialization, ROLLBACK in a trigger. */
const fatalStates: ReadonlySet<string> = new Set(["40P01", "40001", sqlStates.rollback]);

/** A table changed between the preparation of a statement and its run; prepared anew it will do. */
class StalePlan extends Error {}
