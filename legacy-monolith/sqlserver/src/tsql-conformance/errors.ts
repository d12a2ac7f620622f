/** Errors by number: names, syntax, arguments, constraints, and what they do to the batch. */

import { type ConformanceCase, documented, fails } from "./conformance-case.ts";

const t = [
  "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, s varchar(3) NULL, b tinyint NULL, d decimal(5,2) NULL)",
  "INSERT t (id, a) VALUES (1, 1)",
];
const page = "Database Engine events and errors";

export const errorCases: readonly ConformanceCase[] = [
  ...documented(page, [
    {
      title: "a duplicate key is 2627, and the batch goes on",
      setup: t,
      sql: "INSERT t (id, a) VALUES (1, 2) SELECT COUNT(*) FROM t",
      errors: [2627],
      sets: [[[1]]],
    },
    {
      title: "NULL for a NOT NULL column is 515",
      setup: t,
      sql: "INSERT t (id, a) VALUES (2, NULL) UPDATE t SET a = NULL SELECT a FROM t",
      errors: [515, 515],
      sets: [[[1]]],
    },
    { title: "a column left out that has no default is 515", setup: t, sql: "INSERT t (id) VALUES (2)", errors: [515] },
    {
      title: "text too long for its column is 2628",
      setup: t,
      sql: "INSERT t (id, a, s) VALUES (2, 1, 'abcd')",
      errors: [2628],
    },
    {
      title: "a number too large for its column is 220 or 8115",
      setup: t,
      sql: "UPDATE t SET b = 300 UPDATE t SET d = 1000",
      errors: [220, 8115],
    },
    {
      title: "an unknown table is 208 and ends the batch",
      sql: "SELECT 1 SELECT * FROM nowhere SELECT 2",
      errors: [208],
      sets: [[[1]]],
    },
    {
      title: "an unknown column is 207, found before anything runs",
      setup: t,
      sql: "SELECT nothing FROM t",
      errors: [207],
      sets: [],
    },
    {
      title: "an update of the identity column is 8102",
      setup: ["CREATE TABLE n (id int IDENTITY, a int)"],
      sql: "UPDATE n SET id = 1",
      errors: [8102],
    },
    {
      title: "a conversion error ends the batch and the transaction",
      setup: t,
      sql: "BEGIN TRAN UPDATE t SET a = 5 DECLARE @x int SET @x = CAST('x' AS int) SELECT 'not reached'",
      errors: [245],
      sets: [],
    },
    {
      title: "division by zero ends only the statement",
      sql: "DECLARE @x int SET @x = 1 / 0 SELECT @x",
      errors: [8134],
      sets: [[[null]]],
    },
    {
      title: "a syntax error anywhere keeps the whole batch from running",
      setup: t,
      sql: "UPDATE t SET a = 9 SELEC 1",
      errors: [102],
    },
  ]),
  ...documented("Data types text and ntext", [
    {
      title: "text and varchar cannot be compared: 402",
      setup: ["CREATE TABLE n (body text NULL)"],
      sql: "SELECT 1 FROM n WHERE body = 'x'",
      errors: [402],
    },
    {
      title: "LIKE reads text",
      setup: ["CREATE TABLE n (body text NULL)", "INSERT n VALUES ('D|long'), ('x')"],
      sql: "SELECT COUNT(*), MAX(DATALENGTH(body)) FROM n WHERE body LIKE 'd|%'",
      sets: [[[1, 6]]],
    },
  ]),
  ...fails(page, [
    ["a keyword out of place is 156", "SELECT FROM sys.tables", 156],
    ["an unclosed quotation mark is 105", "SELECT 'abc", 105],
    ["an unclosed comment is 113", "SELECT 1 /* abc", 113],
    ["an undeclared variable is 137", "SELECT @nothing", 137],
    ["an undeclared table variable is 1087", "SELECT * FROM @nothing", 1087],
    ["a variable declared twice is 134", "DECLARE @x int DECLARE @x int", 134],
    ["an unknown function is 195", "SELECT nonsense(1)", 195],
    ["an unknown function of a schema is 4121", "SELECT dbo.nonsense(1)", 4121],
    ["too few arguments are 174", "SELECT LEFT('abc')", 174],
    ["an unknown procedure is 2812", "EXEC nowhere", 2812],
    ["an unknown database is 911", "USE nowhere", 911],
    ["an unknown SET option is 195", "SET nonsense ON", 195],
    ["an unknown type is 2715", "DECLARE @x nonsense", 2715],
    ["an operand of a wrong type is 8117", "SELECT -'abc'", 8117],
    ["a value where a condition is wanted is 4145", "SELECT 1 WHERE 1", 4145],
    ["an identifier of 129 characters is 103", `SELECT 1 AS ${"x".repeat(129)}`, 103],
    ["an empty name is 1038", "SELECT 1 AS []", 1038],
    ["a name of five parts is 117", "SELECT * FROM a.b.c.d.e", 117],
    ["GROUP BY of a constant is 164", "SELECT 1 FROM sys.tables GROUP BY 1", 164],
    ["a bad date part is 155", "SELECT DATEADD(nonsense, 1, GETDATE())", 155],
    ["an alias of CHANGETABLE is needed: 22104", "SELECT * FROM CHANGETABLE(CHANGES t, 0)", 22104],
  ]),
];
