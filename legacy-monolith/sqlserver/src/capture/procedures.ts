/**
 * `sys.sp_cdc_*` and the one procedure of Change Tracking, as data for the interpreter's registry. The work is done by functions of
 * schema `capture`; here are the documented parameters, defaults and result sets (learn.microsoft.com, system stored procedures,
 * change data capture).
 */

import { type ColumnMeta, SqlError, type SqlType, type SqlValue } from "../contract.ts";
import {
  type ProcedureArguments,
  type ProcedureContext,
  type ProcedureParameter,
  type SystemProcedure,
  sysname,
} from "../engine/system-procedure.ts";

const bit: SqlType = { name: "bit" };
const int: SqlType = { name: "int" };
const bigint: SqlType = { name: "bigint" };
const lsn: SqlType = { name: "binary", length: 10 };
const datetime: SqlType = { name: "datetime" };
const nvarcharMax: SqlType = { name: "nvarchar", length: -1 };
const uniqueidentifier: SqlType = { name: "uniqueidentifier" };

const required = (name: string, type: SqlType): ProcedureParameter => ({ name, type });
const optional = (name: string, type: SqlType, fallback: SqlValue = null): ProcedureParameter => ({
  name,
  type,
  fallback,
});
const column = (name: string, type: SqlType): ColumnMeta => ({ name, type, nullable: true });

/** Calls `capture.<fn>` with the parameters in their order; they are cast by PostgreSQL to the function's own types. */
async function call(
  context: ProcedureContext,
  fn: string,
  parameters: readonly ProcedureParameter[],
  args: ProcedureArguments,
): Promise<SqlValue[][]> {
  const places = parameters.map((_, index) => `$${index + 1}`).join(", ");
  return context.query(`SELECT * FROM capture.${fn}(${places})`, valuesOf(parameters, args));
}

const valuesOf = (parameters: readonly ProcedureParameter[], args: ProcedureArguments): SqlValue[] =>
  parameters.map(({ name }) => args.get(name.toLowerCase()) ?? null);

type Definition = {
  readonly name: string;
  readonly fn: string;
  readonly parameters: readonly ProcedureParameter[];
  readonly changesCatalog?: boolean;
  readonly columns?: readonly ColumnMeta[];
};

/** A procedure that is one function call. */
function procedure({ name, fn, parameters, changesCatalog, columns }: Definition): SystemProcedure {
  return {
    name,
    parameters,
    async run(context, args) {
      const rows = await call(context, fn, parameters, args);
      if (changesCatalog) context.catalogChanged();
      if (columns) context.resultSet(columns, rows);
    },
  };
}

const jobSettings = [
  optional("@maxtrans", int),
  optional("@maxscans", int),
  optional("@continuous", bit),
  optional("@pollinginterval", bigint),
  optional("@retention", bigint),
  optional("@threshold", bigint),
];

const jobColumns = [
  column("job_id", uniqueidentifier),
  column("job_type", { name: "nvarchar", length: 20 }),
  column("job_name", sysname),
  column("maxtrans", int),
  column("maxscans", int),
  column("continuous", bit),
  column("pollinginterval", bigint),
  column("retention", bigint),
  column("threshold", bigint),
];

const instanceColumns = [
  column("source_schema", sysname),
  column("source_table", sysname),
  column("capture_instance", sysname),
  column("object_id", int),
  column("source_object_id", int),
  column("start_lsn", lsn),
  column("end_lsn", lsn),
  column("supports_net_changes", bit),
  column("has_drop_pending", bit),
  column("role_name", sysname),
  column("index_name", sysname),
  column("filegroup_name", sysname),
  column("create_date", datetime),
  column("index_column_list", nvarcharMax),
  column("captured_column_list", nvarcharMax),
];

/** One chunk after the other, each committed on its own when the caller has no transaction open. */
const cleanUp: SystemProcedure = {
  name: "sp_cdc_cleanup_change_table",
  atomic: false,
  parameters: [
    required("@capture_instance", sysname),
    required("@low_water_mark", lsn),
    optional("@threshold", bigint, "5000"),
  ],
  async run(context, args) {
    const [instance, mark, threshold] = valuesOf(this.parameters, args);
    if (!(Number(threshold) > 0))
      throw new SqlError(
        22850,
        16,
        "The threshold value specified for the Change Data Capture cleanup process must be greater than 0.",
      );
    await context.query("SELECT capture.raise_low_water($1, $2)", [instance ?? null, mark ?? null]);
    for (;;) {
      const [row] = await context.query("SELECT capture.delete_chunk($1)", [threshold ?? null]);
      if (row?.[0] === "0") return;
    }
  },
};

const scan: SystemProcedure = {
  name: "sp_cdc_scan",
  atomic: false,
  parameters: [
    optional("@maxtrans", int, "500"),
    optional("@maxscans", int, "10"),
    optional("@continuous", { name: "tinyint" }, "0"),
    optional("@pollinginterval", bigint, "0"),
    optional("@is_from_job", int, "0"),
  ],
  async run(context, args) {
    const [maxTrans, maxScans] = valuesOf(this.parameters, args);
    await context.query("SELECT capture.require_enabled()");
    const [lock] = await context.query("SELECT pg_try_advisory_lock(capture.reader_lock())");
    if (lock?.[0] !== "t")
      throw new SqlError(
        22903,
        16,
        "Another connection is already running 'sp_replcmds' for Change Data Capture in the current database. If a SQL Server Agent job is running in the current database, stop the job, and try this operation again.",
      );
    try {
      for (let scans = 0; scans < Number(maxScans); scans += 1) {
        const [row] = await context.query("SELECT capture.scan($1, 305, 1)", [maxTrans ?? null]);
        if (Number(row?.[0]) < Number(maxTrans)) return;
      }
    } finally {
      await context.query("SELECT pg_advisory_unlock(capture.reader_lock())");
    }
  },
};

const jobControl = (name: string, run: boolean): SystemProcedure => ({
  name,
  parameters: [optional("@job_type", sysname, "capture")],
  async run(context, args) {
    await context.query("SELECT capture.want_job($1, $2)", [args.get("@job_type") ?? null, String(run)]);
  },
});

export const captureProcedures: readonly SystemProcedure[] = [
  procedure({ name: "sp_cdc_enable_db", fn: "enable_db", parameters: [], changesCatalog: true }),
  procedure({ name: "sp_cdc_disable_db", fn: "disable_db", parameters: [], changesCatalog: true }),
  procedure({
    name: "sp_cdc_enable_table",
    fn: "enable_table",
    changesCatalog: true,
    parameters: [
      required("@source_schema", sysname),
      required("@source_name", sysname),
      required("@role_name", sysname),
      optional("@capture_instance", sysname),
      optional("@supports_net_changes", bit),
      optional("@index_name", sysname),
      optional("@captured_column_list", nvarcharMax),
      optional("@filegroup_name", sysname),
      optional("@allow_partition_switch", bit, "1"),
    ],
  }),
  procedure({
    name: "sp_cdc_disable_table",
    fn: "disable_table",
    changesCatalog: true,
    parameters: [
      required("@source_schema", sysname),
      required("@source_name", sysname),
      required("@capture_instance", sysname),
    ],
  }),
  procedure({
    name: "sp_cdc_help_change_data_capture",
    fn: "help",
    columns: instanceColumns,
    parameters: [optional("@source_schema", sysname), optional("@source_name", sysname)],
  }),
  procedure({ name: "sp_cdc_help_jobs", fn: "help_jobs", columns: jobColumns, parameters: [] }),
  procedure({
    name: "sp_cdc_change_job",
    fn: "change_job",
    parameters: [optional("@job_type", sysname, "capture"), ...jobSettings],
  }),
  procedure({
    name: "sp_cdc_add_job",
    fn: "add_job",
    parameters: [required("@job_type", sysname), optional("@start_job", bit, "1"), ...jobSettings],
  }),
  procedure({ name: "sp_cdc_drop_job", fn: "drop_job", parameters: [required("@job_type", sysname)] }),
  jobControl("sp_cdc_start_job", true),
  jobControl("sp_cdc_stop_job", false),
  cleanUp,
  scan,
  // The simulator's own: seqval_disorder, unchanged_lob_null (on/off), idle_placeholder_seconds, poll_ms.
  procedure({
    name: "sp_sim_capture",
    fn: "set_option",
    parameters: [required("@option", sysname), required("@value", sysname)],
  }),
  procedure({
    name: "sp_flush_ct_internal_table_on_demand",
    fn: "clean_tracking",
    parameters: [],
  }),
];
