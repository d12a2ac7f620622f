/**
 * The T-SQL that prepares a legacy database: the adapter's own tables, change data capture on the database and on every mapped
 * table with exactly the mapped columns. Each batch can be run again; `banyan sync enable` runs them, `--print` shows them to
 * a DBA who will run them instead, together with a log-in of the least rights.
 */

import type { ServiceMapping } from "@banyan/service-kit/mapping";
import { ownTables } from "../capture/change-reader.ts";
import type { CaptureInstance } from "../capture/capture-instance.ts";
import { quoted } from "../source/source-column.ts";

/** A table and the columns of it that some service maps. */
export type CapturedTable = { readonly table: string; readonly columns: readonly string[] };

export type Batch = { readonly why: string; readonly sql: string };

/** Tables of all mappings, each with the union of its columns. */
export function capturedTables(mappings: readonly ServiceMapping[]): readonly CapturedTable[] {
  const tables = new Map<string, Set<string>>();
  for (const { legacyTable, legacyColumns } of mappings.flatMap((mapping) => mapping.tables)) {
    const columns = tables.get(legacyTable) ?? new Set<string>();
    tables.set(legacyTable, columns);
    for (const name of Object.keys(legacyColumns)) columns.add(name);
  }
  return [...tables].map(([table, columns]) => ({ table, columns: [...columns] }));
}

const text = (value: string): string => `N'${value.replaceAll("'", "''")}'`;

export const ownObjects: readonly Batch[] = [
  {
    why: "heartbeats: their way through the capture measures how far behind it is",
    sql: `IF OBJECT_ID(N'dbo.adapter_heartbeat') IS NULL
CREATE TABLE dbo.adapter_heartbeat (
  beat bigint NOT NULL CONSTRAINT PK_adapter_heartbeat PRIMARY KEY,
  at datetime2(3) NOT NULL)`,
  },
  {
    why: "markers of a module's move, the barrier behind the last legacy write",
    sql: `IF OBJECT_ID(N'dbo.adapter_flip_marker') IS NULL
CREATE TABLE dbo.adapter_flip_marker (
  flip uniqueidentifier NOT NULL CONSTRAINT PK_adapter_flip_marker PRIMARY KEY,
  module varchar(64) NOT NULL,
  at datetime2(3) NOT NULL CONSTRAINT DF_adapter_flip_marker_at DEFAULT SYSUTCDATETIME())`,
  },
  {
    why: "marks of the adapter's own writes, so that they are not sent back",
    sql: `IF OBJECT_ID(N'dbo.adapter_origin') IS NULL
CREATE TABLE dbo.adapter_origin (
  outbox_id uniqueidentifier NOT NULL CONSTRAINT PK_adapter_origin PRIMARY KEY,
  epoch int NOT NULL,
  keys_json nvarchar(4000) NULL,
  at datetime2(3) NOT NULL CONSTRAINT DF_adapter_origin_at DEFAULT SYSUTCDATETIME())`,
  },
  {
    why: "the lease by which one adapter at a time leads",
    sql: `IF OBJECT_ID(N'dbo.adapter_lease') IS NULL
CREATE TABLE dbo.adapter_lease (
  id tinyint NOT NULL CONSTRAINT PK_adapter_lease PRIMARY KEY CONSTRAINT CK_adapter_lease_one CHECK (id = 1),
  holder varchar(64) NOT NULL,
  fence bigint NOT NULL,
  expires_at datetime2(3) NOT NULL)`,
  },
  {
    why: "a lease that nobody holds",
    sql: `IF NOT EXISTS (SELECT * FROM dbo.adapter_lease WHERE id = 1)
INSERT INTO dbo.adapter_lease (id, holder, fence, expires_at) VALUES (1, '', 0, SYSUTCDATETIME())`,
  },
];

export const enableDatabase: Batch = {
  why: "change data capture for the database (needs sysadmin)",
  sql: `IF NOT EXISTS (SELECT * FROM sys.databases WHERE database_id = DB_ID() AND is_cdc_enabled = 1)
EXEC sys.sp_cdc_enable_db`,
};

/** What captures a table: nothing when an instance holds all columns already. */
export function enableTable(
  { table, columns }: CapturedTable,
  instances: readonly CaptureInstance[],
): Batch | "captured" | "two-instances" {
  const own = instances.filter((one) => one.table.toLowerCase() === table.toLowerCase());
  if (own.some((one) => columns.every((name) => one.columns.has(name)))) return "captured";
  if (own.length >= 2) return "two-instances";
  const name = own.length === 0 ? `dbo_${table}` : `banyan_${table}_${own.length + 1}`;
  const list = columns.map(quoted).join(", ");
  return {
    why:
      own.length === 0 ? `capture of ${table}` : `a second capture instance of ${table}, which holds the new columns`,
    sql: `IF NOT EXISTS (SELECT * FROM cdc.change_tables WHERE capture_instance = ${text(name)})
EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = ${text(table)}, @role_name = NULL,
  @capture_instance = ${text(name)}, @supports_net_changes = 0${columns.length === 0 ? "" : `, @captured_column_list = ${text(list)}`}`,
  };
}

/** The adapter's own captured tables, with all their columns. */
export const ownCaptured: readonly CapturedTable[] = [...ownTables, "adapter_origin"].map((table) => ({
  table,
  columns: [],
}));

/** A log-in that may read what is mapped and write the adapter's own tables, and nothing else. */
export function grants(
  login: string,
  tables: readonly CapturedTable[],
  instances: readonly string[],
): readonly Batch[] {
  const user = quoted(login);
  const changeTables = [
    ...instances.map((name) => quoted(`${name}_CT`)),
    "change_tables",
    "captured_columns",
    "ddl_history",
    "lsn_time_mapping",
  ];
  return [
    {
      why: "the adapter's user; make its log-in first: CREATE LOGIN … WITH PASSWORD = …",
      sql: `IF USER_ID(${text(login)}) IS NULL CREATE USER ${user} FOR LOGIN ${user}`,
    },
    {
      why: "reading what the services map, column by column",
      sql: tables
        .map(
          ({ table, columns }) =>
            `GRANT SELECT (${columns.map(quoted).join(", ")}) ON dbo.${quoted(table)} TO ${user};`,
        )
        .join("\n"),
    },
    {
      why: "reading the captured changes",
      sql: changeTables.map((name) => `GRANT SELECT ON cdc.${name} TO ${user};`).join("\n"),
    },
    {
      why: "the adapter's own tables",
      sql: ["adapter_heartbeat", "adapter_flip_marker", "adapter_origin", "adapter_lease"]
        .map((name) => `GRANT SELECT, INSERT, UPDATE, DELETE ON dbo.${name} TO ${user};`)
        .join("\n"),
    },
    { why: "health of the capture job", sql: `GRANT VIEW DATABASE STATE TO ${user}` },
  ];
}
