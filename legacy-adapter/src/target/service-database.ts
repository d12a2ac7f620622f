/**
 * A service's database as the adapter sees it: bounded connections, and transactions that hold the leader's fence. Faults come
 * out as AppErrors; what a row caused comes out as PostgreSQL said it, because the caller must tell which row.
 */

import { AppError } from "@banyan/kernel";
import { targetTypes } from "@banyan/service-kit/mapping";
import pg from "pg";
import { limits } from "../limits.ts";
import { targetFailure, targetTrouble } from "./target-errors.ts";

export type Transaction = pg.PoolClient;

export class ServiceDatabase {
  readonly #pool: pg.Pool;

  /** @param url postgres://<service>_sync:password@host:port/database */
  constructor(url: string) {
    this.#pool = new pg.Pool({
      connectionString: url,
      max: limits.targetConnectionsMax,
      connectionTimeoutMillis: limits.connectMsMax,
      statement_timeout: limits.targetStatementMsMax,
      lock_timeout: limits.targetLockMsMax,
      idle_in_transaction_session_timeout: limits.targetStatementMsMax,
      keepAlive: true,
      application_name: "banyan-adapter",
      types: targetTypes,
    });
    // A connection that breaks while idle is replaced by the pool; without a listener the process would end.
    this.#pool.on("error", () => undefined);
  }

  /** @throws AppError TARGET_AWAY, TARGET_REFUSED */
  async query<T extends object>(op: string, text: string, values: readonly unknown[] = []): Promise<T[]> {
    try {
      return (await this.#pool.query<T>(text, [...values])).rows;
    } catch (error) {
      throw targetFailure(op, error);
    }
  }

  /**
   * Runs `work` in a transaction that holds the fence, constraints deferred to its end. Rolls back when it throws.
   * @throws AppError FENCED when another adapter leads, TARGET_AWAY, TARGET_REFUSED; what a row caused as PostgreSQL's error
   */
  async fenced<T>(op: string, fence: bigint, work: (tx: Transaction) => Promise<T>): Promise<T> {
    let broken = true;
    let client: pg.PoolClient | undefined;
    try {
      client = await this.#pool.connect();
      await client.query("BEGIN; SET CONSTRAINTS ALL DEFERRED");
      const held = await client.query("SELECT FROM sync.fence WHERE fence = $1 FOR SHARE", [fence]);
      if (held.rowCount !== 1) throw fencedOff(op);
      const result = await work(client);
      await client.query("COMMIT");
      broken = false;
      return result;
    } catch (error) {
      if (client)
        broken = await client.query("ROLLBACK").then(
          () => false,
          () => true,
        );
      throw targetTrouble(error) === "row" ? error : targetFailure(op, error);
    } finally {
      client?.release(broken);
    }
  }

  /** Several statements on one connection, outside a transaction: for temporary tables. Errors as PostgreSQL gives them. */
  async session<T>(op: string, work: (client: Transaction) => Promise<T>): Promise<T> {
    let client: pg.PoolClient | undefined;
    try {
      client = await this.#pool.connect();
      return await work(client);
    } catch (error) {
      throw targetFailure(op, error);
    } finally {
      // Its temporary tables and settings must not reach whoever is next.
      client?.release(true);
    }
  }

  /** Takes over: waits for writes of an earlier leader that are under way. @throws AppError FENCED when a later one leads already */
  async raiseFence(fence: bigint): Promise<void> {
    const op = "take over the sync";
    const raised = await this.query<{ fence: string }>(
      op,
      "UPDATE sync.fence SET fence = $1 WHERE fence <= $1 RETURNING fence",
      [fence],
    );
    if (raised.length === 0) throw fencedOff(op);
  }

  /** Highest fence this database has seen. */
  async fence(): Promise<bigint> {
    const [row] = await this.query<{ fence: string }>("read the fence", "SELECT fence FROM sync.fence");
    return BigInt(row?.fence ?? 0);
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

function fencedOff(op: string): AppError {
  return new AppError({
    code: "FENCED",
    op,
    message: "another adapter has taken over",
    hint: "Nothing to do: this one stands by. If no other adapter runs, its clock of leases was set back: see docs/OPERATIONS.md.",
  });
}
