/**
 * Change data capture and change tracking, as far as one batch can tell: what the functions compute, what is refused, and
 * the shape of everything the capture driver reads. That rows arrive, in order, is the business of capture's own tests.
 */

import { type ConformanceCase, documented, fails, selects } from "./conformance-case.ts";

const patient = "CREATE TABLE patient (id int PRIMARY KEY, name varchar(30) NULL, ssn char(9) NULL)";
const enabled = [
  "EXEC sys.sp_cdc_enable_db",
  patient,
  "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'patient', @role_name = NULL, @supports_net_changes = 0",
];
const disable = "EXEC sys.sp_cdc_disable_db";
const tracked = [
  "ALTER DATABASE CURRENT SET CHANGE_TRACKING = ON (CHANGE_RETENTION = 2 DAYS, AUTO_CLEANUP = ON)",
  patient,
  "ALTER TABLE patient ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = ON)",
];
const untrack = "ALTER TABLE patient DISABLE CHANGE_TRACKING ALTER DATABASE CURRENT SET CHANGE_TRACKING = OFF";
const changes =
  "SELECT ct.SYS_CHANGE_OPERATION, ct.id, p.name FROM CHANGETABLE(CHANGES patient, 0) AS ct LEFT JOIN patient p ON p.id = ct.id ORDER BY ct.id";

export const captureCases: readonly ConformanceCase[] = [
  ...selects("sys.fn_cdc_increment_lsn", [
    ["the next LSN, with carry", "sys.fn_cdc_increment_lsn(0x0000002A0000089900FF)", "0x0000002A000008990100"],
  ]),
  ...selects("sys.fn_cdc_decrement_lsn", [
    ["the LSN before, with borrow", "sys.fn_cdc_decrement_lsn(0x0000002A000008990000)", "0x0000002A00000898FFFF"],
  ]),
  ...selects("sys.fn_cdc_is_bit_set", [
    [
      "ordinal 1 is the lowest bit of the last byte, ordinal 9 of the byte before",
      "sys.fn_cdc_is_bit_set(1, 0x0101), sys.fn_cdc_is_bit_set(2, 0x0101), sys.fn_cdc_is_bit_set(9, 0x0101), sys.fn_cdc_is_bit_set(9, 0x0001)",
      true,
      false,
      true,
      false,
    ],
  ]),
  ...fails("sys.sp_cdc_enable_table", [
    [
      "without the database enabled it is error 22901",
      "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'nowhere', @role_name = NULL",
      22901,
    ],
  ]),
  ...documented("sys.sp_cdc_enable_db", [
    {
      title: "the database says so",
      setup: ["EXEC sys.sp_cdc_enable_db"],
      sql: `SELECT is_cdc_enabled FROM sys.databases WHERE database_id = DB_ID() ${disable} SELECT is_cdc_enabled FROM sys.databases WHERE database_id = DB_ID()`,
      sets: [[[true]], [[false]]],
    },
  ]),
  ...documented("cdc.<capture_instance>_CT", [
    {
      title: "its columns: five of its own, the captured ones, the command id",
      setup: enabled,
      sql: `SELECT name FROM sys.columns WHERE object_id = OBJECT_ID('cdc.dbo_patient_CT') ORDER BY column_id ${disable}`,
      sets: [
        [
          ["__$start_lsn"],
          ["__$end_lsn"],
          ["__$seqval"],
          ["__$operation"],
          ["__$update_mask"],
          ["id"],
          ["name"],
          ["ssn"],
          ["__$command_id"],
        ],
      ],
    },
    {
      title: "the driver's direct read",
      setup: enabled,
      sql: `DECLARE @cursor binary(10) = 0x, @hi binary(10) = sys.fn_cdc_get_max_lsn()
        SELECT c.[__$start_lsn], c.[__$command_id], c.[__$seqval], c.[__$operation], c.[__$update_mask], c.[id], c.[name]
        FROM cdc.[dbo_patient_CT] c WHERE c.[__$start_lsn] > @cursor AND c.[__$start_lsn] <= @hi
        ORDER BY c.[__$start_lsn], c.[__$command_id], c.[__$seqval], c.[__$operation] ${disable}`,
      types: ["binary(10)", "int", "binary(10)", "int", "varbinary(128)", "int", "varchar(30)"],
      sets: [[]],
    },
  ]),
  ...documented("cdc.captured_columns", [
    {
      title: "names, types and ordinals of the captured columns",
      setup: enabled,
      sql: `SELECT ct.capture_instance, cc.column_name, cc.column_type, cc.column_ordinal FROM cdc.captured_columns cc
        JOIN cdc.change_tables ct ON ct.object_id = cc.object_id ORDER BY ct.capture_instance, cc.column_ordinal ${disable}`,
      sets: [
        [
          ["dbo_patient", "id", "int", 1],
          ["dbo_patient", "name", "varchar", 2],
          ["dbo_patient", "ssn", "char", 3],
        ],
      ],
    },
  ]),
  ...documented("cdc.lsn_time_mapping", [
    {
      title: "the driver's window on commit boundaries",
      setup: enabled,
      sql: `DECLARE @n int = 10, @cursor binary(10) = 0xFFFFFFFFFFFFFFFFFFFF, @max binary(10) = 0xFFFFFFFFFFFFFFFFFFFF
        SELECT MAX(w.start_lsn) AS hi, COUNT(*) AS n FROM (SELECT TOP (@n) start_lsn FROM cdc.lsn_time_mapping
        WHERE start_lsn > @cursor AND start_lsn <= @max AND tran_id <> 0x00 ORDER BY start_lsn) w ${disable}`,
      names: ["hi", "n"],
      sets: [[[null, 0]]],
    },
  ]),
  ...documented("sys.fn_cdc_get_column_ordinal", [
    {
      title: "the ordinal of a captured column",
      setup: enabled,
      sql: `SELECT sys.fn_cdc_get_column_ordinal('dbo_patient', 'ssn') ${disable}`,
      sets: [[[3]]],
    },
  ]),
  ...documented("sys.fn_cdc_get_min_lsn", [
    {
      title: "zero for an instance that is not there",
      setup: enabled,
      sql: `SELECT sys.fn_cdc_get_min_lsn('nowhere') ${disable}`,
      sets: [[["0x00000000000000000000"]]],
    },
  ]),
  ...documented("cdc.fn_cdc_get_all_changes_<capture_instance>", [
    {
      title: "a range that is not there is error 313",
      setup: enabled,
      sql: `SELECT * FROM cdc.fn_cdc_get_all_changes_dbo_patient(NULL, NULL, N'all')`,
      errors: [313],
      cleanup: disable,
    },
  ]),
  ...documented("sys.sp_cdc_disable_table", [
    {
      title: "the change table goes at once",
      setup: enabled,
      sql: `EXEC sys.sp_cdc_disable_table @source_schema = N'dbo', @source_name = N'patient', @capture_instance = N'all' SELECT OBJECT_ID('cdc.dbo_patient_CT') ${disable}`,
      sets: [[[null]]],
    },
  ]),
  ...documented("CHANGETABLE", [
    {
      title: "one net row a key: I, U or D",
      setup: [
        ...tracked,
        "INSERT patient VALUES (1, 'a', NULL), (2, 'b', NULL)",
        "UPDATE patient SET name = 'c' WHERE id = 1",
        "DELETE patient WHERE id = 2",
      ],
      sql: `${changes} ${untrack}`,
      sets: [
        [
          ["I", 1, "c"],
          ["D", 2, null],
        ],
      ],
    },
    {
      title: "only changes after the version",
      setup: [...tracked, "INSERT patient VALUES (1, 'a', NULL)"],
      sql: `DECLARE @v bigint = CHANGE_TRACKING_CURRENT_VERSION() UPDATE patient SET name = 'b' SELECT ct.SYS_CHANGE_OPERATION, ct.id FROM CHANGETABLE(CHANGES patient, @v) AS ct ${untrack}`,
      sets: [[["U", 1]]],
    },
  ]),
  ...documented("WITH CHANGE_TRACKING_CONTEXT", [
    {
      title: "the context comes back with the change",
      setup: [...tracked, "INSERT patient VALUES (1, 'a', NULL)"],
      sql: `DECLARE @o varbinary(128) = 0x0102, @v bigint = CHANGE_TRACKING_CURRENT_VERSION(); WITH CHANGE_TRACKING_CONTEXT(@o) UPDATE patient SET name = 'b'; SELECT ct.SYS_CHANGE_CONTEXT FROM CHANGETABLE(CHANGES patient, @v) AS ct ${untrack}`,
      sets: [[["0x0102"]]],
    },
  ]),
  ...documented("CHANGE_TRACKING_MIN_VALID_VERSION", [
    {
      title: "NULL for a table that is not tracked",
      setup: [patient],
      sql: "SELECT CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID('patient'))",
      sets: [[[null]]],
    },
  ]),
];
