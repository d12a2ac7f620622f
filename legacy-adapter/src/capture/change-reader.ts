/**
 * Reads the changes of a window straight from the change tables, one statement batch for all tables:
 *
 *   1. the low end of every instance       history may have been cleaned up before the read …
 *   2. heartbeats, markers, changes         each in the order (start_lsn, command_id, seqval, operation)
 *   3. the low ends again                   … or while it ran: a direct read of cleaned-up rows is silently empty
 *   4. schema changes of the window
 *
 * What is held in memory is bounded by rows and by bytes. A window that does not fit is given back with the LSN up to which
 * it would.
 */

import { AppError } from "@banyan/kernel";
import { limits } from "../limits.ts";
import { type LegacyDatabase, parameter, type RawRow } from "../source/legacy-database.ts";
import { quoted } from "../source/source-column.ts";
import { largeBytes, type TablePlan } from "../table-plan.ts";
import { type CaptureInstance, type InstanceRange, rangesFor } from "./capture-instance.ts";
import { decrement, isAfter, later, type Lsn, lsnText, sameBytes, zeroLsn } from "./position.ts";
import type { Window } from "./window.ts";

/** Places of `__$start_lsn`, `__$command_id` and `__$operation` in a raw change; the table's columns follow. */
export const raw = { lsn: 0, command: 1, operation: 2, columns: 3 } as const;
export const lsnOfChange = (change: RawRow): Lsn => change[raw.lsn] as Lsn;

export type TableChanges = { readonly table: TablePlan; readonly rows: readonly RawRow[] };
export type Heartbeat = { readonly beat: number; readonly at: Date };
export type SchemaChange = {
  readonly sourceObjectId: number;
  readonly lsn: Lsn;
  readonly altersCapturedColumn: boolean;
};

export type WindowContent = {
  readonly kind: "content";
  readonly changes: readonly TableChanges[];
  /** Newest heartbeat of the window. */
  readonly heartbeat: Heartbeat | undefined;
  /** Ids of flips whose markers are in the window. */
  readonly flipMarkers: readonly string[];
  readonly schemaChanges: readonly SchemaChange[];
};
/** `fits` is the LSN up to which it would fit; the window's `after` when its first transaction alone is too big. */
export type TooBig = { readonly kind: "too-big"; readonly fits: Lsn };

/** A table that takes part in a window, from its own floor on. */
export type FollowedTable = { readonly plan: TablePlan; readonly floor: Lsn };

export type ReadOptions = {
  readonly tables: readonly FollowedTable[];
  readonly instances: readonly CaptureInstance[];
  /** Also the images before updates: wanted where lanes are. */
  readonly beforeImages: boolean;
  readonly rowsMax?: number;
};

type Part = { readonly range: InstanceRange; readonly table: FollowedTable };

/** The adapter's own captured tables, in the order they are read. */
export const ownTables = ["adapter_heartbeat", "adapter_flip_marker"] as const;

/** @throws AppError HISTORY_PURGED, CAPTURE_INSTANCE_MISSING, SOURCE_AWAY, SOURCE_REFUSED */
export async function readWindow(
  source: LegacyDatabase,
  window: Window,
  options: ReadOptions,
): Promise<WindowContent | TooBig> {
  const parts = partsOf(window, options);
  const own = ownTables.map((name) => rangesFor(name, [], options.instances, window)[0] as InstanceRange);
  // Of the adapter's own tables only what is new matters: a heartbeat that was cleaned up is missed by nobody.
  const ranges = parts.map(({ range }) => range);
  const lowEnds = lowEndStatement(ranges);
  const [heartbeats, markers] = own.map(({ instance }) => changeTable(instance));
  const statements = [
    lowEnds,
    `SELECT TOP (1) beat, at FROM ${heartbeats} WHERE [__$start_lsn] > @after AND [__$start_lsn] <= @until AND [__$operation] = 2 ORDER BY beat DESC`,
    `SELECT flip FROM ${markers} WHERE [__$start_lsn] > @after AND [__$start_lsn] <= @until AND [__$operation] = 2`,
    ...parts.map((part, index) => changesStatement(part, index, options.beforeImages)),
    lowEnds,
    "SELECT source_object_id, ddl_lsn, required_column_update FROM cdc.ddl_history WHERE ddl_lsn > @after AND ddl_lsn <= @until",
  ];
  const rowsMax = options.rowsMax ?? limits.windowRowsMax;
  const parameters = {
    after: parameter.lsn(window.after),
    until: parameter.lsn(window.until),
    rows: parameter.int(rowsMax + 1),
    ...Object.fromEntries(
      parts.flatMap(({ range }, index) => [
        [`a${index}`, parameter.lsn(range.after)],
        [`u${index}`, parameter.lsn(range.until)],
      ]),
    ),
  };
  const found = new WindowCollector(window, parts, ranges, rowsMax);
  await source.read("read changes", statements.join(";\n"), parameters, (row, set) => found.take(row, set));
  return found.result();
}

/** Where a table's changes are, cut to its floor. */
function partsOf(window: Window, { tables, instances }: ReadOptions): Part[] {
  return tables.flatMap((table) => {
    const after = later(window.after, table.floor);
    if (!isAfter(window.until, after)) return [];
    const wanted = table.plan.columns.map(({ name }) => name);
    const ranges = rangesFor(table.plan.legacyTable, wanted, instances, { after, until: window.until });
    return ranges.map((range) => ({ range, table }));
  });
}

export const changeTable = (instance: CaptureInstance): string => `cdc.${quoted(`${instance.name}_CT`)}`;

const literal = (text: string): string => `N'${text.replaceAll("'", "''")}'`;

const lowEndStatement = (ranges: readonly InstanceRange[]): string =>
  `SELECT ${["1 AS one", ...ranges.map(({ instance }, index) => `sys.fn_cdc_get_min_lsn(${literal(instance.name)}) AS m${index}`)].join(", ")}`;

function changesStatement({ range, table }: Part, index: number, beforeImages: boolean): string {
  return `SELECT TOP (@rows) c.[__$start_lsn], c.[__$command_id], c.[__$operation], ${table.plan.selectList("c")}
FROM ${changeTable(range.instance)} c WHERE c.[__$start_lsn] > @a${index} AND c.[__$start_lsn] <= @u${index}${beforeImages ? "" : " AND c.[__$operation] <> 3"}
ORDER BY c.[__$start_lsn], c.[__$command_id], c.[__$seqval], c.[__$operation]`;
}

/** Takes the result sets of the batch in their order. */
class WindowCollector {
  readonly #window: Window;
  readonly #parts: readonly Part[];
  readonly #ranges: readonly InstanceRange[];
  readonly #rowsMax: number;
  readonly #rows: RawRow[][];
  readonly #markers: string[] = [];
  readonly #schemaChanges: SchemaChange[] = [];
  #heartbeat: Heartbeat | undefined;
  #bytes = 0;
  #tooBig: TooBig | undefined;
  #checks = 0;

  constructor(window: Window, parts: readonly Part[], ranges: readonly InstanceRange[], rowsMax: number) {
    this.#window = window;
    this.#parts = parts;
    this.#ranges = ranges;
    this.#rowsMax = rowsMax;
    this.#rows = parts.map(() => []);
  }

  take(row: RawRow, set: number): boolean | void {
    const first = 3;
    const last = first + this.#parts.length;
    if (set >= first && set < last) return this.#change(row, set - first);
    if (set === 0 || set === last) return this.#lowEnds(row);
    if (set === 1) this.#heartbeat = { beat: Number(row[0]), at: row[1] as Date };
    else if (set === 2) this.#markers.push(String(row[0]).toLowerCase());
    else
      this.#schemaChanges.push({
        sourceObjectId: row[0] as number,
        lsn: row[1] as Buffer,
        altersCapturedColumn: row[2] === true,
      });
  }

  result(): WindowContent | TooBig {
    if (this.#tooBig) return this.#tooBig;
    if (this.#checks !== 2) throw new Error("the answer of the legacy database was cut short");
    const changes = new Map<TablePlan, RawRow[]>();
    for (const [index, rows] of this.#rows.entries()) {
      const { plan } = (this.#parts[index] as Part).table;
      const known = changes.get(plan);
      if (known) known.push(...rows);
      else changes.set(plan, rows);
    }
    return {
      kind: "content",
      changes: [...changes].map(([table, rows]) => ({ table, rows })),
      heartbeat: this.#heartbeat,
      flipMarkers: this.#markers,
      schemaChanges: this.#schemaChanges,
    };
  }

  #change(row: RawRow, part: number): boolean | void {
    const rows = this.#rows[part] as RawRow[];
    const { plan } = (this.#parts[part] as Part).table;
    rows.push(row);
    this.#bytes += plan.rowBytes + largeBytes(plan, row, raw.columns);
    if (rows.length <= this.#rowsMax && this.#bytes <= limits.windowBytesMax) return;
    // The last row's transaction may be incomplete: everything before it fits.
    const fits = decrement(lsnOfChange(row));
    this.#tooBig = { kind: "too-big", fits: isAfter(fits, this.#window.after) ? fits : this.#window.after };
    return false;
  }

  #lowEnds(row: RawRow): void {
    this.#checks += 1;
    const purged = this.#ranges.filter(({ after }, index) => {
      const low = row[index + 1] as Buffer | null;
      return low === null || sameBytes(low, zeroLsn) || isAfter(decrement(low), after);
    });
    if (purged.length > 0) throw historyPurged(purged, row, this.#ranges);
  }
}

function historyPurged(purged: readonly InstanceRange[], row: RawRow, ranges: readonly InstanceRange[]): AppError {
  const lines = purged.map((range) => {
    const low = row[ranges.indexOf(range) + 1] as Buffer | null;
    const begins = low === null || sameBytes(low, zeroLsn) ? "cannot be read" : `begins at ${lsnText(low)}`;
    return `dbo.${range.instance.table} (${range.instance.name} ${begins}, needed from ${lsnText(range.after)})`;
  });
  return new AppError({
    code: "HISTORY_PURGED",
    op: "read changes",
    message: `the legacy database has cleaned up changes that were not applied yet: ${lines.join("; ")}`,
    hint: "Nothing was skipped. The tables must be copied again: `banyan sync copy MODULE`; clinicians go on working. See docs/OPERATIONS.md, 'Purged history'.",
  });
}
