/** Tables, constraints, computed columns, rowversion, triggers, views, catalog. */

import { type ConformanceCase, documented, fails } from "./conformance-case.ts";

const t = ["CREATE TABLE t (id int PRIMARY KEY, a int NULL, b varchar(10) NOT NULL CONSTRAINT t_b DEFAULT 'x')"];
const log = "CREATE TABLE log (n int IDENTITY PRIMARY KEY, what varchar(40))";
const logged = "SELECT what FROM log ORDER BY n";

export const schemaCases: readonly ConformanceCase[] = [
  ...documented("Specify Computed Columns in a Table", [
    {
      title: "computed from the row, again after each change",
      setup: ["CREATE TABLE box (w int, h int, area AS w * h)", "INSERT box VALUES (2, 3)"],
      sql: "SELECT area FROM box UPDATE box SET w = 10 SELECT area FROM box",
      sets: [[[6]], [[30]]],
    },
    {
      title: "it takes no value: 271",
      setup: ["CREATE TABLE box (w int, area AS w * 2 PERSISTED)"],
      sql: "INSERT box (w, area) VALUES (1, 2)",
      errors: [271],
    },
    {
      title: "it can be indexed",
      setup: [
        "CREATE TABLE person (id int PRIMARY KEY, name varchar(30), code AS (SOUNDEX(name)))",
        "CREATE INDEX person_code ON person (code)",
        "INSERT person (id, name) VALUES (1, 'Smith'), (2, 'Smythe'), (3, 'Green')",
      ],
      sql: "SELECT id FROM person WHERE code = SOUNDEX('smith') ORDER BY id",
      sets: [[[1], [2]]],
    },
    {
      title: "its type is the expression's",
      setup: ["CREATE TABLE box (w decimal(5,2), h decimal(5,2), area AS w * h)"],
      sql: "SELECT area FROM box",
      types: ["decimal(11,4)"],
    },
  ]),
  ...documented("rowversion", [
    {
      title: "it changes with every update and grows",
      setup: ["CREATE TABLE v (id int PRIMARY KEY, rv rowversion)", "INSERT v (id) VALUES (1), (2)"],
      sql: "DECLARE @a binary(8) = (SELECT rv FROM v WHERE id = 1) UPDATE v SET id = id WHERE id = 1 SELECT CASE WHEN rv > @a THEN 1 ELSE 0 END, DATALENGTH(rv) FROM v WHERE id = 1",
      sets: [[[1, 8]]],
    },
    {
      title: "rows of one statement differ",
      setup: ["CREATE TABLE v (id int PRIMARY KEY, rv rowversion)", "INSERT v (id) VALUES (1), (2)"],
      sql: "SELECT COUNT(DISTINCT rv) FROM v",
      sets: [[[2]]],
    },
    {
      title: "it takes no explicit value: 273",
      setup: ["CREATE TABLE v (id int PRIMARY KEY, rv rowversion)"],
      sql: "INSERT v (id, rv) VALUES (1, 0x01)",
      errors: [273],
    },
    {
      title: "and cannot be updated: 272",
      setup: ["CREATE TABLE v (id int PRIMARY KEY, rv rowversion)"],
      sql: "UPDATE v SET rv = 0x01",
      errors: [272],
    },
    {
      title: "an optimistic update finds no row once another has written",
      setup: ["CREATE TABLE v (id int PRIMARY KEY, a int, rv rowversion)", "INSERT v (id) VALUES (1)"],
      sql: "DECLARE @seen binary(8) = (SELECT rv FROM v) UPDATE v SET a = 1 WHERE id = 1 AND rv = @seen SELECT @@ROWCOUNT UPDATE v SET a = 2 WHERE id = 1 AND rv = @seen SELECT @@ROWCOUNT",
      sets: [[[1]], [[0]]],
    },
  ]),
  ...documented("Unique constraints and check constraints", [
    {
      title: "a unique constraint takes one NULL",
      setup: ["CREATE TABLE u (a int NULL UNIQUE)"],
      sql: "INSERT u VALUES (NULL) INSERT u VALUES (NULL)",
      errors: [2627],
    },
    {
      title: "keys that differ in case or trailing blanks are the same",
      setup: ["CREATE TABLE u (a varchar(10) PRIMARY KEY)", "INSERT u VALUES ('anna')"],
      sql: "INSERT u VALUES ('ANNA') INSERT u VALUES ('anna  ') INSERT u VALUES ('ánna')",
      errors: [2627, 2627],
    },
    {
      title: "a check that is unknown passes",
      setup: ["CREATE TABLE u (a int NULL CHECK (a > 0))"],
      sql: "INSERT u VALUES (NULL) INSERT u VALUES (0)",
      errors: [547],
    },
  ]),
  ...documented("Primary and foreign key constraints", [
    {
      title: "a child without parent is error 547",
      setup: ["CREATE TABLE parent (id int PRIMARY KEY)", "CREATE TABLE child (id int, p int REFERENCES parent (id))"],
      sql: "INSERT child VALUES (1, 5) INSERT child VALUES (2, NULL)",
      errors: [547],
    },
    {
      title: "a parent with children cannot go: 547",
      setup: [
        "CREATE TABLE parent (id int PRIMARY KEY)",
        "CREATE TABLE child (id int, p int REFERENCES parent (id))",
        "INSERT parent VALUES (1) INSERT child VALUES (1, 1)",
      ],
      sql: "DELETE parent",
      errors: [547],
    },
    {
      title: "ON DELETE CASCADE takes the children along",
      setup: [
        "CREATE TABLE parent (id int PRIMARY KEY)",
        "CREATE TABLE child (id int, p int REFERENCES parent (id) ON DELETE CASCADE)",
        "INSERT parent VALUES (1), (2) INSERT child VALUES (1, 1), (2, 2)",
      ],
      sql: "DELETE parent WHERE id = 1 SELECT id FROM child",
      sets: [[[2]]],
    },
    {
      title: "ON DELETE SET NULL keeps them",
      setup: [
        "CREATE TABLE parent (id int PRIMARY KEY)",
        "CREATE TABLE child (id int, p int NULL REFERENCES parent (id) ON DELETE SET NULL)",
        "INSERT parent VALUES (1) INSERT child VALUES (1, 1)",
      ],
      sql: "DELETE parent SELECT id, p FROM child",
      sets: [[[1, null]]],
    },
  ]),
  ...documented("CREATE INDEX", [
    {
      title: "a unique index refuses duplicates with 2601",
      setup: [...t, "CREATE UNIQUE INDEX t_a ON t (a)"],
      sql: "INSERT t (id, a) VALUES (1, 5) INSERT t (id, a) VALUES (2, 5)",
      errors: [2601],
    },
    {
      title: "a filtered one only among its rows",
      setup: [...t, "CREATE UNIQUE INDEX t_a ON t (a) WHERE a IS NOT NULL"],
      sql: "INSERT t (id) VALUES (1), (2) INSERT t (id, a) VALUES (3, 5) INSERT t (id, a) VALUES (4, 5)",
      errors: [2601],
    },
    {
      title: "duplicates that are there already are error 1505",
      setup: [...t, "INSERT t (id, a) VALUES (1, 5), (2, 5)"],
      sql: "CREATE UNIQUE INDEX t_a ON t (a)",
      errors: [1505],
    },
    {
      title: "a name that is there already is error 1913",
      setup: [...t, "CREATE INDEX t_a ON t (a)"],
      sql: "CREATE INDEX t_a ON t (b)",
      errors: [1913],
    },
  ]),
  ...documented("ALTER TABLE", [
    {
      title: "a new NOT NULL column fills with its default",
      setup: [...t, "INSERT t (id) VALUES (1)"],
      sql: "ALTER TABLE t ADD c int NOT NULL CONSTRAINT t_c DEFAULT 7 EXEC('SELECT c FROM t')",
      sets: [[[7]]],
    },
    {
      title: "a new NULL column is NULL, whatever its default",
      setup: [...t, "INSERT t (id) VALUES (1)"],
      sql: "ALTER TABLE t ADD c int NULL DEFAULT 7 EXEC('SELECT c FROM t')",
      sets: [[[null]]],
    },
    {
      title: "NOT NULL without default on a table with rows is error 4901",
      setup: [...t, "INSERT t (id) VALUES (1)"],
      sql: "ALTER TABLE t ADD c int NOT NULL",
      errors: [4901],
    },
    {
      title: "ALTER COLUMN to NOT NULL fails on NULL: 515",
      setup: [...t, "INSERT t (id) VALUES (1)"],
      sql: "ALTER TABLE t ALTER COLUMN a int NOT NULL",
      errors: [515],
    },
    {
      title: "ALTER COLUMN keeps the values",
      setup: [...t, "INSERT t (id, a) VALUES (1, 5)"],
      sql: "ALTER TABLE t ALTER COLUMN a bigint NULL EXEC('SELECT a FROM t')",
      types: ["bigint"],
      sets: [[["5"]]],
    },
    {
      title: "a column with a default cannot be dropped: 5074 and 4922",
      setup: t,
      sql: "ALTER TABLE t DROP COLUMN b",
      errors: [5074, 4922],
    },
    {
      title: "after the constraint it can",
      setup: t,
      sql: "ALTER TABLE t DROP CONSTRAINT t_b ALTER TABLE t DROP COLUMN b EXEC('SELECT * FROM t')",
      names: ["id", "a"],
    },
    {
      title: "a check that rows violate is error 547",
      setup: [...t, "INSERT t (id, a) VALUES (1, -1)"],
      sql: "ALTER TABLE t ADD CONSTRAINT t_ck CHECK (a > 0)",
      errors: [547],
    },
    {
      title: "a second primary key is error 1779",
      setup: t,
      sql: "ALTER TABLE t ADD PRIMARY KEY (b)",
      errors: [1779, 1750],
    },
  ]),
  ...documented("DROP TABLE", [
    {
      title: "a referenced table stays: 3726",
      setup: ["CREATE TABLE parent (id int PRIMARY KEY)", "CREATE TABLE child (id int, p int REFERENCES parent (id))"],
      sql: "DROP TABLE parent",
      errors: [3726],
    },
    { title: "one that is not there is error 3701", sql: "DROP TABLE nowhere", errors: [3701] },
    { title: "IF EXISTS is quiet", sql: "DROP TABLE IF EXISTS nowhere SELECT 1", sets: [[[1]]] },
  ]),
  ...documented("TRUNCATE TABLE", [
    {
      title: "a referenced table is error 4712",
      setup: ["CREATE TABLE parent (id int PRIMARY KEY)", "CREATE TABLE child (id int, p int REFERENCES parent (id))"],
      sql: "TRUNCATE TABLE parent",
      errors: [4712],
    },
    {
      title: "it fires no trigger",
      setup: [
        ...t,
        log,
        "CREATE TRIGGER t_d ON t AFTER DELETE AS INSERT log (what) VALUES ('d')",
        "INSERT t (id) VALUES (1)",
      ],
      sql: `TRUNCATE TABLE t ${logged}`,
      sets: [[]],
    },
  ]),
  ...documented("CREATE TRIGGER", [
    {
      title: "inserted and deleted hold all rows of the statement",
      setup: [
        ...t,
        log,
        "CREATE TRIGGER t_u ON t AFTER UPDATE AS INSERT log (what) SELECT CAST(d.a AS varchar(5)) + '>' + CAST(i.a AS varchar(5)) FROM inserted i JOIN deleted d ON d.id = i.id ORDER BY i.id",
        "INSERT t (id, a) VALUES (1, 1), (2, 2)",
      ],
      sql: `UPDATE t SET a = a * 10 ${logged}`,
      sets: [[["1>10"], ["2>20"]]],
    },
    {
      title: "UPDATE(column) is true for the columns of SET",
      setup: [
        ...t,
        log,
        "CREATE TRIGGER t_u ON t AFTER INSERT, UPDATE AS IF UPDATE(a) INSERT log (what) VALUES ('a') IF UPDATE(b) INSERT log (what) VALUES ('b')",
        "INSERT t (id) VALUES (1)",
        "DELETE log",
      ],
      sql: `UPDATE t SET a = a ${logged}`,
      sets: [[["a"]]],
    },
    {
      title: "UPDATE(column) is true for every column of an INSERT",
      setup: [
        ...t,
        log,
        "CREATE TRIGGER t_i ON t AFTER INSERT AS IF UPDATE(a) AND UPDATE(b) INSERT log (what) VALUES ('both')",
      ],
      sql: `INSERT t (id) VALUES (1) ${logged}`,
      sets: [[["both"]]],
    },
    {
      title: "a rollback undoes the statement and ends the batch: 3609",
      setup: [
        ...t,
        "CREATE TRIGGER t_i ON t AFTER INSERT AS IF EXISTS (SELECT * FROM inserted WHERE a < 0) BEGIN RAISERROR('negative', 16, 1) ROLLBACK TRANSACTION END",
      ],
      sql: "INSERT t (id, a) VALUES (1, 1) INSERT t (id, a) VALUES (2, -1) SELECT 'not reached'",
      errors: [50000, 3609],
      sets: [],
    },
    {
      title: "it fires also when no row changes",
      setup: [...t, log, "CREATE TRIGGER t_u ON t AFTER UPDATE AS INSERT log (what) VALUES ('fired')"],
      sql: `UPDATE t SET a = 1 WHERE id = 99 ${logged}`,
      sets: [[["fired"]]],
    },
    {
      title: "a trigger's own change does not fire it again",
      setup: [
        ...t,
        log,
        "CREATE TRIGGER t_u ON t AFTER UPDATE AS INSERT log (what) VALUES ('fired') UPDATE t SET a = 0",
        "INSERT t (id) VALUES (1)",
      ],
      sql: `UPDATE t SET a = 1 ${logged}`,
      sets: [[["fired"]]],
    },
    {
      title: "a trigger's change of another table fires that one's",
      setup: [
        ...t,
        log,
        "CREATE TABLE copy (id int PRIMARY KEY)",
        "CREATE TRIGGER c_i ON copy AFTER INSERT AS INSERT log (what) VALUES ('nested')",
        "CREATE TRIGGER t_i ON t AFTER INSERT AS INSERT copy SELECT id FROM inserted",
      ],
      sql: `INSERT t (id) VALUES (1) ${logged}`,
      sets: [[["nested"]]],
    },
    {
      title: "text columns cannot be read from inserted: 311",
      setup: ["CREATE TABLE n (id int PRIMARY KEY, body text NULL)"],
      sql: "EXEC('CREATE TRIGGER n_i ON n AFTER INSERT AS DECLARE @x int SELECT @x = DATALENGTH(i.body) FROM inserted i')",
      errors: [311],
    },
    {
      title: "it has to begin the batch: 111",
      setup: t,
      sql: "SELECT 1 CREATE TRIGGER t_i ON t AFTER INSERT AS PRINT 'x'",
      errors: [111],
    },
  ]),
  ...documented("DISABLE TRIGGER", [
    {
      title: "a disabled trigger does not fire",
      setup: [...t, log, "CREATE TRIGGER t_i ON t AFTER INSERT AS INSERT log (what) VALUES ('fired')"],
      sql: `DISABLE TRIGGER t_i ON t; INSERT t (id) VALUES (1); ENABLE TRIGGER t_i ON t; INSERT t (id) VALUES (2) ${logged}`,
      sets: [[["fired"]]],
    },
  ]),
  ...documented("CREATE VIEW", [
    {
      title: "a view is read like a table",
      setup: [...t, "INSERT t (id, a) VALUES (1, 5)", "CREATE VIEW seen (k, twice) AS SELECT id, a * 2 FROM t"],
      sql: "SELECT k, twice FROM seen",
      names: ["k", "twice"],
      sets: [[[1, 10]]],
    },
    {
      title: "ORDER BY is not allowed in it: 1033",
      setup: t,
      sql: "EXEC('CREATE VIEW seen AS SELECT id FROM t ORDER BY id')",
      errors: [1033],
    },
    {
      title: "every column needs a name: 4511",
      setup: t,
      sql: "EXEC('CREATE VIEW seen AS SELECT id + 1 FROM t')",
      errors: [4511],
    },
  ]),
  ...documented("sp_rename", [
    {
      title: "a table gets a new name",
      setup: [...t, "INSERT t (id) VALUES (1)"],
      sql: "EXEC sp_rename 't', 'u' EXEC('SELECT id FROM u') EXEC sp_rename 'u', 't'",
      sets: [[[1]]],
    },
    {
      title: "a column gets a new name",
      setup: [...t, "INSERT t (id, a) VALUES (1, 5)"],
      sql: "EXEC sp_rename 't.a', 'z', 'COLUMN' EXEC('SELECT z FROM t')",
      sets: [[[5]]],
    },
  ]),
  ...documented("OBJECT_ID", [
    {
      title: "NULL for what is not there, or is of another type",
      setup: t,
      sql: "SELECT OBJECT_ID('nowhere'), OBJECT_ID('t', 'V'), CASE WHEN OBJECT_ID('dbo.[t]', 'U') > 0 THEN 1 END",
      sets: [[[null, null, 1]]],
    },
  ]),
  ...documented("sys.columns", [
    {
      title: "lengths in bytes, precision and scale",
      setup: [
        "CREATE TABLE kinds (a nvarchar(10), b varchar(max), c decimal(9,2) NOT NULL, d datetime, e int IDENTITY)",
      ],
      sql: "SELECT name, max_length, precision, scale, is_nullable, is_identity FROM sys.columns WHERE object_id = OBJECT_ID('kinds') ORDER BY column_id",
      sets: [
        [
          ["a", 20, 0, 0, true, false],
          ["b", -1, 0, 0, true, false],
          ["c", 5, 9, 2, false, false],
          ["d", 8, 23, 3, true, false],
          ["e", 4, 10, 0, false, true],
        ],
      ],
    },
  ]),
  ...documented("COLUMNS (INFORMATION_SCHEMA)", [
    {
      title: "types, lengths and defaults",
      setup: t,
      sql: "SELECT COLUMN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, IS_NULLABLE, COLUMN_DEFAULT FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 't' ORDER BY ORDINAL_POSITION",
      names: ["COLUMN_NAME", "DATA_TYPE", "CHARACTER_MAXIMUM_LENGTH", "IS_NULLABLE", "COLUMN_DEFAULT"],
      sets: [
        [
          ["id", "int", null, "NO", null],
          ["a", "int", null, "YES", null],
          ["b", "varchar", 10, "NO", "('x')"],
        ],
      ],
    },
  ]),
  ...documented("TABLES (INFORMATION_SCHEMA)", [
    {
      title: "tables and views",
      setup: [...t, "CREATE VIEW seen AS SELECT id FROM t"],
      sql: "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_NAME IN ('T', 'seen') ORDER BY TABLE_NAME",
      sets: [
        [
          ["dbo", "seen", "VIEW"],
          ["dbo", "t", "BASE TABLE"],
        ],
      ],
    },
  ]),
  ...documented("sys.databases", [
    {
      title: "this database, its collation and level",
      sql: "SELECT collation_name, compatibility_level FROM sys.databases WHERE database_id = DB_ID() AND name = DB_NAME() AND compatibility_level >= 150",
      sets: [[["SQL_Latin1_General_CP1_CI_AS", 150]]],
    },
  ]),
  ...documented("char and varchar", [
    {
      title: "a char column gives its values padded",
      setup: ["CREATE TABLE c (a char(5), b varchar(5))", "INSERT c VALUES ('ab', 'ab')"],
      sql: "SELECT a, b, DATALENGTH(a), DATALENGTH(b) FROM c WHERE a = b",
      types: ["char(5)", "varchar(5)", "int", "int"],
      sets: [[["ab   ", "ab", 5, 2]]],
    },
    {
      title: "trailing blanks that do not fit are cut, other characters are error 2628",
      setup: ["CREATE TABLE c (b varchar(3))"],
      sql: "INSERT c VALUES ('abc   ') INSERT c VALUES ('abcd') SELECT b FROM c",
      errors: [2628],
      sets: [[["abc"]]],
    },
    {
      title: "letters of code page 1252 keep",
      setup: ["CREATE TABLE c (b varchar(10))", "INSERT c VALUES ('Ñandú €')"],
      sql: "SELECT b, DATALENGTH(b) FROM c",
      sets: [[["Ñandú €", 7]]],
    },
  ]),
  ...fails("Database Engine events and errors", [
    ["a table that is there already is 2714", "CREATE TABLE again (a int) CREATE TABLE again (a int)", 2714],
    ["a column named twice is 2705", "CREATE TABLE twice (a int, A int)", 2705],
    ["a foreign key to nowhere is 1767 and 1750", "CREATE TABLE lost (a int REFERENCES nowhere (id))", 1767, 1750],
    ["two primary keys are 8110", "CREATE TABLE two (a int PRIMARY KEY, b int PRIMARY KEY)", 8110],
  ]),
];
