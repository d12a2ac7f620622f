/**
 * Stands in for the legacy adapter in suites about the services' answers: keeps service databases and legacy database in step,
 * by the services' published mappings and nothing else, whenever a test asks (`settle`). A suite is about what pages answer; how
 * the real adapter gets data across, in any order and through any failure, has suites of its own.
 *
 * One turn: what services have put into their outboxes is written to legacy; then every mapped table is read and what differs
 * from the last turn is written to the services. While a service's copy is written its owner row is locked, as a flip does, so
 * that no write of its own falls between.
 */

import {
  decodeChange,
  type EncodedChange,
  type LegacyRow,
  type ServiceMapping,
  type TableMapping,
} from "@banyan/service-kit/mapping";
import type { TestDatabase } from "@banyan/service-kit/test-service";
import type { Knex } from "knex";
import type sql from "mssql";
import { readLegacyRows, writeLegacyChanges } from "./legacy-rows.ts";

export type Kept = { readonly mapping: ServiceMapping; readonly database: TestDatabase };

type Seen = Map<string, string>;

export class StandInSync {
  readonly #pool: sql.ConnectionPool;
  readonly #kept: readonly Kept[];
  readonly #seen = new Map<TableMapping, Seen>();
  readonly #relayed = new Map<Kept, number>();
  #turn: Promise<void> = Promise.resolve();
  #position = 0;

  constructor(pool: sql.ConnectionPool, kept: readonly Kept[]) {
    this.#pool = pool;
    this.#kept = kept;
  }

  /** Resolves when everything committed on either side before the call is on both. */
  settle(): Promise<void> {
    const turn = this.#turn.then(() => this.#settleNow());
    // A turn that failed is its caller's news; the next one starts anew.
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #settleNow(): Promise<void> {
    for (const kept of this.#kept) await this.#relay(kept, kept.database.owner);
    for (const kept of this.#kept) {
      await kept.database.owner.transaction(async (trx) => {
        await trx("kit.module_owner").where({ module: kept.mapping.module }).forUpdate().first("module");
        await this.#relay(kept, trx);
        for (const table of kept.mapping.tables) await this.#copy(table, trx);
      });
    }
  }

  /** Outbox → legacy. */
  async #relay(kept: Kept, db: Knex): Promise<void> {
    const after = this.#relayed.get(kept) ?? 0;
    const entries = await db<{ id: string; changes: EncodedChange[] }>("kit.outbox")
      .where("id", ">", after)
      .orderBy("id")
      .select("id", "changes");
    for (const { id, changes } of entries) {
      await writeLegacyChanges(this.#pool, changes.map(decodeChange), (name) => tableOf(kept.mapping, name));
      this.#relayed.set(kept, Number(id));
    }
  }

  /** Legacy → service: rows that are new, changed or gone since the last turn. */
  async #copy(table: TableMapping, trx: Knex.Transaction): Promise<void> {
    const before = this.#seen.get(table) ?? new Map<string, string>();
    const now: Seen = new Map();
    const changed: LegacyRow[] = [];
    for (const row of await readLegacyRows(this.#pool, table)) {
      const key = JSON.stringify(keyOf(table, row));
      const text = JSON.stringify(row);
      now.set(key, text);
      if (before.get(key) !== text) changed.push(row);
    }
    const gone = [...before.keys()].filter((key) => !now.has(key));
    await this.#store(table, changed, trx);
    for (const key of gone)
      await trx(table.target)
        .where(table.keyToService(JSON.parse(key) as LegacyRow))
        .delete();
    this.#seen.set(table, now);
  }

  async #store(table: TableMapping, rows: readonly LegacyRow[], trx: Knex.Transaction): Promise<void> {
    const made = rows.map((row) => ({ ...table.toService(row), source_position: this.#nextPosition() }));
    for (let at = 0; at < made.length; at += rowsOfStatement) {
      await trx(table.target)
        .insert(made.slice(at, at + rowsOfStatement))
        .onConflict([...table.targetKey])
        .merge();
    }
  }

  /** Twelve bytes that rise, as the contract of the column says. */
  #nextPosition(): Buffer {
    this.#position += 1;
    const bytes = Buffer.alloc(12);
    bytes.writeUInt32BE(this.#position, 8);
    return bytes;
  }
}

/** Far below PostgreSQL's 65,535 parameters for the widest table. */
const rowsOfStatement = 200;

function tableOf({ service, tables }: ServiceMapping, name: string): TableMapping {
  const table = tables.find((one) => one.legacyTable.toLowerCase() === name.toLowerCase());
  if (table) return table;
  throw new Error(`${service} wrote a change of ${name}, which its mapping does not publish`);
}

function keyOf(table: TableMapping, row: LegacyRow): LegacyRow {
  return Object.fromEntries(table.legacyKey.map((name) => [name, row[name] ?? null]));
}
