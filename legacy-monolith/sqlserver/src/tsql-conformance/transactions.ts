/** Transactions, savepoints, XACT_ABORT, TRY…CATCH, THROW and RAISERROR, lock time-outs. */

import { type ConformanceCase, documented, fails } from "./conformance-case.ts";

const t = ["CREATE TABLE t (id int PRIMARY KEY, a int NULL)"];
const parentAndChild = [
  "CREATE TABLE parent (id int PRIMARY KEY)",
  "CREATE TABLE child (id int PRIMARY KEY REFERENCES parent (id))",
  "INSERT parent VALUES (1), (3), (4), (6)",
];
const count = "SELECT COUNT(*) FROM t";
const caught = "SELECT ERROR_NUMBER(), ERROR_SEVERITY(), ERROR_STATE()";

export const transactionCases: readonly ConformanceCase[] = [
  ...documented("@@TRANCOUNT", [
    {
      title: "BEGIN adds one, COMMIT takes one",
      sql: "SELECT @@TRANCOUNT BEGIN TRAN BEGIN TRAN SELECT @@TRANCOUNT COMMIT SELECT @@TRANCOUNT COMMIT SELECT @@TRANCOUNT",
      sets: [[[0]], [[2]], [[1]], [[0]]],
    },
    { title: "ROLLBACK makes it 0", sql: "BEGIN TRAN BEGIN TRAN ROLLBACK SELECT @@TRANCOUNT", sets: [[[0]]] },
    {
      title: "ROLLBACK to a savepoint leaves it",
      sql: "BEGIN TRAN SAVE TRAN s ROLLBACK TRAN s SELECT @@TRANCOUNT ROLLBACK",
      sets: [[[1]]],
    },
  ]),
  ...documented("COMMIT TRANSACTION", [
    {
      title: "an inner commit makes nothing permanent",
      setup: t,
      sql: `BEGIN TRAN BEGIN TRAN INSERT t VALUES (1, 1) COMMIT ROLLBACK ${count}`,
      sets: [[[0]]],
    },
    { title: "without a transaction it is error 3902", sql: "COMMIT", errors: [3902] },
  ]),
  ...documented("ROLLBACK TRANSACTION", [
    {
      title: "everything since the outermost BEGIN is undone",
      setup: t,
      sql: `BEGIN TRAN INSERT t VALUES (1, 1) BEGIN TRAN INSERT t VALUES (2, 2) ROLLBACK ${count}`,
      sets: [[[0]]],
    },
    { title: "without a transaction it is error 3903", sql: "ROLLBACK", errors: [3903] },
    {
      title: "to a name that is no savepoint is error 6401",
      sql: "BEGIN TRAN ROLLBACK TRAN nowhere ROLLBACK",
      errors: [6401],
    },
    {
      title: "variables keep their values",
      sql: "DECLARE @x int = 1 BEGIN TRAN SET @x = 2 ROLLBACK SELECT @x",
      sets: [[[2]]],
    },
  ]),
  ...documented("SAVE TRANSACTION", [
    {
      title: "only what came after the savepoint is undone",
      setup: t,
      sql: `BEGIN TRAN INSERT t VALUES (1, 1) SAVE TRANSACTION s INSERT t VALUES (2, 2) ROLLBACK TRANSACTION s INSERT t VALUES (3, 3) COMMIT SELECT id FROM t ORDER BY id`,
      sets: [[[1], [3]]],
    },
    {
      title: "of one name used twice the last counts",
      setup: t,
      sql: `BEGIN TRAN SAVE TRAN s INSERT t VALUES (1, 1) SAVE TRAN s INSERT t VALUES (2, 2) ROLLBACK TRAN s COMMIT SELECT id FROM t`,
      sets: [[[1]]],
    },
    { title: "outside a transaction it is error 628", sql: "SAVE TRANSACTION s", errors: [628] },
  ]),
  ...documented("SET XACT_ABORT", [
    {
      title: "OFF: only the failing statement is undone",
      setup: parentAndChild,
      sql: "SET XACT_ABORT OFF BEGIN TRAN INSERT child VALUES (1) INSERT child VALUES (2) INSERT child VALUES (3) COMMIT SELECT id FROM child ORDER BY id",
      errors: [547],
      sets: [[[1], [3]]],
    },
    {
      title: "ON: the whole transaction is undone and the batch ends",
      setup: parentAndChild,
      sql: "SET XACT_ABORT ON BEGIN TRAN INSERT child VALUES (4) INSERT child VALUES (5) INSERT child VALUES (6) COMMIT SELECT 'not reached'",
      errors: [547],
      sets: [],
    },
    {
      title: "ON: THROW rolls back, RAISERROR does not",
      setup: t,
      sql: "SET XACT_ABORT ON BEGIN TRAN INSERT t VALUES (1, 1) RAISERROR('x', 16, 1) SELECT @@TRANCOUNT ROLLBACK",
      errors: [50000],
      sets: [[[1]]],
    },
  ]),
  ...documented("TRY...CATCH", [
    {
      title: "an error goes to CATCH with its number, severity and state",
      sql: `BEGIN TRY DECLARE @x int = 1 / 0 END TRY BEGIN CATCH ${caught} END CATCH`,
      sets: [[[8134, 16, 1]]],
    },
    {
      title: "ERROR_LINE tells the line, ERROR_MESSAGE the text",
      sql: "BEGIN TRY\n\nSET NOCOUNT ON DECLARE @x int = 1 / 0 END TRY BEGIN CATCH SELECT ERROR_LINE(), ERROR_MESSAGE() END CATCH",
      sets: [[[3, "Divide by zero error encountered."]]],
    },
    {
      title: "without an error CATCH is passed by",
      sql: "BEGIN TRY SELECT 1 END TRY BEGIN CATCH SELECT 2 END CATCH SELECT 3",
      sets: [[[1]], [[3]]],
    },
    {
      title: "severity 10 is not caught",
      sql: "BEGIN TRY RAISERROR('note', 10, 1) SELECT 1 END TRY BEGIN CATCH SELECT 2 END CATCH",
      messages: ["note"],
      sets: [[[1]]],
    },
    {
      title: "the functions are NULL outside CATCH",
      sql: "SELECT ERROR_NUMBER(), ERROR_MESSAGE()",
      sets: [[[null, null]]],
    },
    {
      title: "an unknown table in the same batch is not caught",
      sql: "BEGIN TRY SELECT * FROM nowhere END TRY BEGIN CATCH SELECT 1 END CATCH",
      errors: [208],
      sets: [],
    },
    {
      title: "but it is caught when EXEC runs it",
      sql: "BEGIN TRY EXEC('SELECT * FROM nowhere') END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH",
      sets: [[[208]]],
    },
    {
      title: "CATCH may be nested, the inner error counts within",
      sql: "BEGIN TRY RAISERROR('a', 11, 1) END TRY BEGIN CATCH BEGIN TRY DECLARE @x int = 1 / 0 END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH SELECT ERROR_NUMBER() END CATCH",
      sets: [[[8134]], [[50000]]],
    },
  ]),
  ...documented("XACT_STATE", [
    {
      title: "0 without, 1 within a transaction",
      sql: "SELECT XACT_STATE() BEGIN TRAN SELECT XACT_STATE() ROLLBACK",
      sets: [[[0]], [[1]]],
    },
    {
      title: "-1 when XACT_ABORT doomed it",
      setup: t,
      sql: `SET XACT_ABORT ON BEGIN TRY BEGIN TRAN INSERT t VALUES (1, 1) INSERT t VALUES (1, 1) END TRY BEGIN CATCH SELECT XACT_STATE() ROLLBACK END CATCH ${count}`,
      sets: [[[-1]], [[0]]],
    },
    {
      title: "a doomed transaction cannot write: 3930",
      setup: t,
      sql: `SET XACT_ABORT ON BEGIN TRY BEGIN TRAN DECLARE @x int = 1 / 0 END TRY BEGIN CATCH INSERT t VALUES (2, 2) END CATCH`,
      errors: [3930],
    },
    {
      title: "an ordinary error leaves it committable",
      setup: t,
      sql: `SET XACT_ABORT OFF BEGIN TRY BEGIN TRAN INSERT t VALUES (1, 1) INSERT t VALUES (1, 2) END TRY BEGIN CATCH SELECT XACT_STATE() COMMIT END CATCH ${count}`,
      sets: [[[1]], [[1]]],
    },
  ]),
  ...fails("Database Engine events and errors", [
    [
      "a batch that ends in a doomed transaction gets 3998",
      "SET XACT_ABORT ON BEGIN TRY BEGIN TRAN DECLARE @x int = 1 / 0 END TRY BEGIN CATCH PRINT 'caught' END CATCH",
      3998,
    ],
  ]),
  ...documented("THROW", [
    {
      title: "an error of its own, severity 16",
      sql: `BEGIN TRY THROW 51000, 'The record does not exist.', 1 END TRY BEGIN CATCH ${caught} END CATCH`,
      sets: [[[51000, 16, 1]]],
    },
    { title: "it ends the batch", sql: "SELECT 1; THROW 51000, 'x', 1; SELECT 2", errors: [51000], sets: [[[1]]] },
    {
      title: "alone it raises the caught error again",
      sql: "BEGIN TRY DECLARE @x int = 1 / 0 END TRY BEGIN CATCH PRINT 'caught'; THROW END CATCH",
      errors: [8134],
      messages: ["caught"],
    },
    { title: "alone outside CATCH it is error 10704", sql: "THROW", errors: [10704] },
    { title: "numbers below 50000 are refused: 35100", sql: "THROW 49999, 'x', 1", errors: [35100] },
  ]),
  ...documented("RAISERROR", [
    {
      title: "severity 11 and more is an error 50000, and the batch goes on",
      sql: "RAISERROR('bad', 16, 1) SELECT 1",
      errors: [50000],
      sets: [[[1]]],
    },
    { title: "severity 10 and less is a message", sql: "RAISERROR('note', 10, 1)", messages: ["note"] },
    {
      title: "arguments are put in as printf does",
      sql: "RAISERROR('%s has %d of %5d|%-5s|%05d|%x', 10, 1, 'a', 3, 42, 'b', 7, 255)",
      messages: ["a has 3 of    42|b    |00007|ff"],
    },
    {
      title: "inside TRY it goes to CATCH with its state",
      sql: `BEGIN TRY RAISERROR('x', 14, 5) END TRY BEGIN CATCH ${caught} END CATCH`,
      sets: [[[50000, 14, 5]]],
    },
  ]),
  ...documented("PRINT", [
    { title: "the text comes as a message", sql: "PRINT 'a' + CAST(1 AS varchar(5))", messages: ["a1"] },
  ]),
  ...documented("@@ERROR", [
    {
      title: "the number of the error, for one statement",
      setup: t,
      sql: "INSERT t VALUES (1, 1) INSERT t VALUES (1, 1) SELECT @@ERROR SELECT @@ERROR",
      errors: [2627],
      sets: [[[2627]], [[0]]],
    },
  ]),
  ...documented("SET LOCK_TIMEOUT", [
    {
      title: "a row locked longer than that is error 1222",
      setup: [...t, "INSERT t VALUES (1, 1)"],
      beside: "BEGIN TRAN UPDATE t SET a = 2 WHERE id = 1",
      sql: "SET LOCK_TIMEOUT 50 UPDATE t SET a = 3 WHERE id = 1 SELECT @@TRANCOUNT",
      errors: [1222],
      sets: [[[0]]],
    },
    {
      title: "another row is not locked",
      setup: [...t, "INSERT t VALUES (1, 1), (2, 2)"],
      beside: "BEGIN TRAN UPDATE t SET a = 2 WHERE id = 1",
      sql: "SET LOCK_TIMEOUT 1000 UPDATE t SET a = 3 WHERE id = 2 SELECT @@ROWCOUNT",
      sets: [[[1]]],
    },
    {
      title: "@@LOCK_TIMEOUT shows it, -1 without",
      sql: "SELECT @@LOCK_TIMEOUT SET LOCK_TIMEOUT 1800 SELECT @@LOCK_TIMEOUT",
      sets: [[[-1]], [[1800]]],
    },
    {
      title: "in a transaction it ends only the statement",
      setup: [...t, "INSERT t VALUES (1, 1)"],
      beside: "BEGIN TRAN UPDATE t SET a = 2 WHERE id = 1",
      sql: "SET LOCK_TIMEOUT 50 BEGIN TRAN INSERT t VALUES (5, 5) UPDATE t SET a = 3 WHERE id = 1 SELECT @@TRANCOUNT COMMIT SELECT COUNT(*) FROM t WHERE id = 5",
      errors: [1222],
      sets: [[[1]], [[1]]],
    },
  ]),
  ...documented("Table Hints", [
    {
      title: "READPAST passes locked rows by",
      setup: [...t, "INSERT t VALUES (1, 1), (2, 2)"],
      beside: "BEGIN TRAN UPDATE t SET a = 9 WHERE id = 1",
      sql: "BEGIN TRAN SELECT id FROM t WITH (UPDLOCK, READPAST, ROWLOCK) ORDER BY id ROLLBACK",
      sets: [[[2]]],
    },
    {
      title: "UPDLOCK makes a second reader with UPDLOCK wait",
      setup: [...t, "INSERT t VALUES (1, 1)"],
      beside: "BEGIN TRAN SELECT a FROM t WITH (UPDLOCK) WHERE id = 1",
      sql: "SET LOCK_TIMEOUT 50 SELECT a FROM t WITH (UPDLOCK) WHERE id = 1",
      errors: [1222],
    },
  ]),
  ...documented("SET TRANSACTION ISOLATION LEVEL", [
    {
      title: "READ COMMITTED with row versions reads what was committed",
      setup: [
        "IF (SELECT is_read_committed_snapshot_on FROM sys.databases WHERE database_id = DB_ID()) = 0 ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE",
        ...t,
        "INSERT t VALUES (1, 1)",
      ],
      beside: "BEGIN TRAN UPDATE t SET a = 2 WHERE id = 1",
      sql: "SET LOCK_TIMEOUT 50 SELECT a FROM t WHERE id = 1",
      sets: [[[1]]],
    },
  ]),
];
