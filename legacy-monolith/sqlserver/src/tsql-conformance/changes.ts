/** INSERT, UPDATE, DELETE, MERGE, OUTPUT, identity, row counts. */

import { type ConformanceCase, documented, fails } from "./conformance-case.ts";

const item = [
  "CREATE TABLE item (id int PRIMARY KEY, name varchar(10) NOT NULL, n int NOT NULL DEFAULT 0)",
  "INSERT item VALUES (1, 'a', 10), (2, 'b', 20), (3, 'c', 30)",
];
const counted = ["CREATE TABLE numbered (id int IDENTITY(10,5) PRIMARY KEY, s varchar(10) NOT NULL UNIQUE)"];
const rows = "SELECT id, s FROM numbered ORDER BY id";

export const changeCases: readonly ConformanceCase[] = [
  ...documented("INSERT", [
    {
      title: "columns left out take their default",
      setup: item,
      sql: "INSERT item (id, name) VALUES (4, 'd') SELECT n FROM item WHERE id = 4",
      sets: [[[0]]],
    },
    {
      title: "DEFAULT stands for the default",
      setup: item,
      sql: "INSERT item VALUES (4, 'd', DEFAULT), (5, 'e', 7) SELECT n FROM item WHERE id > 3 ORDER BY id",
      sets: [[[0], [7]]],
    },
    {
      title: "a failing row undoes the whole statement",
      setup: item,
      sql: "INSERT item VALUES (4, 'd', 1), (1, 'x', 1) SELECT COUNT(*) FROM item",
      errors: [2627],
      sets: [[[3]]],
    },
    {
      title: "rows of a query",
      setup: item,
      sql: "INSERT item (id, name) SELECT id + 10, name FROM item WHERE n > 10 SELECT @@ROWCOUNT SELECT id FROM item WHERE id > 10 ORDER BY id",
      sets: [[[2]], [[12], [13]]],
    },
    {
      title: "DEFAULT VALUES",
      setup: ["CREATE TABLE plain (id int IDENTITY PRIMARY KEY, at int DEFAULT 5)"],
      sql: "INSERT plain DEFAULT VALUES SELECT id, at FROM plain",
      sets: [[[1, 5]]],
    },
  ]),
  ...documented("Database Engine events and errors", [
    { title: "fewer values than columns: 109", setup: item, sql: "INSERT item (id, name) VALUES (4)", errors: [109] },
    {
      title: "more values than columns: 110",
      setup: item,
      sql: "INSERT item (id, name) VALUES (4, 'd', 1, 2)",
      errors: [110],
    },
    {
      title: "values that do not match the table: 213",
      setup: item,
      sql: "INSERT item VALUES (4, 'd')",
      errors: [213],
    },
    {
      title: "a column named twice: 264",
      setup: item,
      sql: "INSERT item (id, id, name) VALUES (4, 4, 'd')",
      errors: [264],
    },
    {
      title: "1001 rows of VALUES: 10738",
      setup: item,
      sql: `INSERT item (id, name) VALUES ${Array.from({ length: 1001 }, (_, i) => `(${i + 10}, 'x')`).join(",")}`,
      errors: [10738],
    },
  ]),
  ...documented("OUTPUT Clause", [
    {
      title: "inserted values come back as a result set",
      setup: item,
      sql: "INSERT item (id, name) OUTPUT inserted.id, inserted.n VALUES (4, 'd')",
      names: ["id", "n"],
      sets: [[[4, 0]]],
    },
    {
      title: "UPDATE gives old and new",
      setup: item,
      sql: "UPDATE item SET n = n + 1 OUTPUT deleted.n, inserted.n WHERE id = 2",
      sets: [[[20, 21]]],
    },
    {
      title: "DELETE gives what is gone",
      setup: item,
      sql: "DELETE FROM item OUTPUT deleted.* WHERE id = 3",
      names: ["id", "name", "n"],
      sets: [[[3, "c", 30]]],
    },
    {
      title: "INTO a table variable",
      setup: item,
      sql: "DECLARE @t TABLE (id int, old int) UPDATE item SET n = 0 OUTPUT inserted.id, deleted.n INTO @t WHERE id > 1 SELECT id, old FROM @t ORDER BY id",
      sets: [
        [
          [2, 20],
          [3, 30],
        ],
      ],
    },
    {
      title: "without INTO not on a table with an enabled trigger: 334",
      setup: [...item, "CREATE TRIGGER item_t ON item AFTER INSERT AS SET NOCOUNT ON"],
      sql: "INSERT item (id, name) OUTPUT inserted.id VALUES (4, 'd')",
      errors: [334],
    },
  ]),
  ...documented("UPDATE", [
    {
      title: "right sides see the row as it was",
      setup: item,
      sql: "UPDATE item SET n = id, id = n WHERE id = 1 SELECT id, n FROM item WHERE name = 'a'",
      sets: [[[10, 1]]],
    },
    {
      title: "keys may be exchanged in one statement",
      setup: item,
      sql: "UPDATE item SET id = 4 - id SELECT id, name FROM item ORDER BY id",
      sets: [
        [
          [1, "c"],
          [2, "b"],
          [3, "a"],
        ],
      ],
    },
    {
      title: "compound assignment",
      setup: item,
      sql: "UPDATE item SET n += 5, name += '!' WHERE id = 1 SELECT name, n FROM item WHERE id = 1",
      sets: [[["a!", 15]]],
    },
    {
      title: "FROM joins other tables",
      setup: item,
      sql: "UPDATE i SET n = v.m FROM item i INNER JOIN (VALUES (1, 100), (3, 300)) v(id, m) ON v.id = i.id SELECT @@ROWCOUNT SELECT n FROM item ORDER BY id",
      sets: [[[2]], [[100], [20], [300]]],
    },
    {
      title: "TOP limits the rows",
      setup: item,
      sql: "UPDATE TOP (2) item SET n = 0 SELECT COUNT(*) FROM item WHERE n = 0",
      sets: [[[2]]],
    },
    {
      title: "a variable takes the new value with @v = column = value",
      setup: item,
      sql: "DECLARE @v int UPDATE item SET @v = n = n * 2 WHERE id = 1 SELECT @v",
      sets: [[[20]]],
    },
    {
      title: "DEFAULT gives the default back",
      setup: item,
      sql: "UPDATE item SET n = DEFAULT WHERE id = 1 SELECT n FROM item WHERE id = 1",
      sets: [[[0]]],
    },
  ]),
  ...documented("DELETE", [
    {
      title: "a second FROM joins",
      setup: item,
      sql: "DELETE i FROM item AS i INNER JOIN (VALUES (1), (2)) v(id) ON v.id = i.id SELECT @@ROWCOUNT SELECT id FROM item",
      sets: [[[2]], [[3]]],
    },
    {
      title: "TOP limits the rows",
      setup: item,
      sql: "DELETE TOP (1) FROM item SELECT COUNT(*) FROM item",
      sets: [[[2]]],
    },
    {
      title: "without a hit nothing happens",
      setup: item,
      sql: "DELETE item WHERE id = 99 SELECT @@ROWCOUNT",
      sets: [[[0]]],
    },
  ]),
  ...documented("MERGE", [
    {
      title: "matched rows are updated, others inserted",
      setup: item,
      sql: `MERGE item WITH (HOLDLOCK) AS t USING (VALUES (1, 'A'), (9, 'Z')) AS s (id, name) ON t.id = s.id
        WHEN MATCHED THEN UPDATE SET name = s.name WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.name);
        SELECT @@ROWCOUNT SELECT id, name FROM item ORDER BY id`,
      sets: [
        [[2]],
        [
          [1, "A"],
          [2, "b"],
          [3, "c"],
          [9, "Z"],
        ],
      ],
    },
    {
      title: "$action says what was done",
      setup: item,
      sql: `DECLARE @done TABLE (act varchar(10), i int, d int)
        MERGE item AS t USING (VALUES (1), (9)) AS s (id) ON t.id = s.id WHEN MATCHED THEN DELETE
        WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, 'new') OUTPUT $action, inserted.id, deleted.id INTO @done;
        SELECT act, i, d FROM @done ORDER BY act`,
      sets: [
        [
          ["DELETE", null, 1],
          ["INSERT", 9, null],
        ],
      ],
    },
    {
      title: "NOT MATCHED BY SOURCE reaches rows the source lacks",
      setup: item,
      sql: "MERGE item AS t USING (VALUES (1)) AS s (id) ON t.id = s.id WHEN NOT MATCHED BY SOURCE AND t.n > 20 THEN DELETE WHEN NOT MATCHED BY SOURCE THEN UPDATE SET n = -1; SELECT id, n FROM item ORDER BY id",
      sets: [
        [
          [1, 10],
          [2, -1],
        ],
      ],
    },
    {
      title: "a row may not be hit twice: 8672",
      setup: item,
      sql: "MERGE item AS t USING (VALUES (1, 1), (1, 2)) AS s (id, n) ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = s.n;",
      errors: [8672],
    },
    {
      title: "the closing semicolon is demanded: 10713",
      setup: item,
      sql: "MERGE item AS t USING (VALUES (1)) AS s (id) ON t.id = s.id WHEN MATCHED THEN DELETE",
      errors: [10713],
    },
  ]),
  ...documented("@@ROWCOUNT", [
    { title: "rows read count too", sql: "SELECT 1 UNION ALL SELECT 2 SELECT @@ROWCOUNT", sets: [[[1], [2]], [[2]]] },
    { title: "a simple assignment sets it to 1", sql: "DECLARE @x int SET @x = 5 SELECT @@ROWCOUNT", sets: [[[1]]] },
    {
      title: "an update without a hit sets it to 0",
      setup: item,
      sql: "UPDATE item SET n = 0 WHERE id = 99 IF @@ROWCOUNT = 0 SELECT 'none'",
      sets: [[["none"]]],
    },
    { title: "PRINT resets it", sql: "SELECT 1 PRINT 'x' SELECT @@ROWCOUNT", sets: [[[1]], [[0]]] },
    {
      title: "SET NOCOUNT ON does not hide it",
      setup: item,
      sql: "SET NOCOUNT ON UPDATE item SET n = 0 SELECT @@ROWCOUNT",
      sets: [[[3]]],
    },
  ]),
  ...documented("CREATE TABLE (IDENTITY property)", [
    {
      title: "values begin at the seed and grow by the increment",
      setup: counted,
      sql: `INSERT numbered (s) VALUES ('a'), ('b') ${rows}`,
      sets: [
        [
          [10, "a"],
          [15, "b"],
        ],
      ],
    },
    {
      title: "a value used by a failed insert is not used again",
      setup: counted,
      sql: `INSERT numbered (s) VALUES ('a') INSERT numbered (s) VALUES ('a') INSERT numbered (s) VALUES ('b') ${rows}`,
      errors: [2627],
      sets: [
        [
          [10, "a"],
          [20, "b"],
        ],
      ],
    },
    {
      title: "nor one that was rolled back",
      setup: counted,
      sql: `BEGIN TRAN INSERT numbered (s) VALUES ('a') ROLLBACK INSERT numbered (s) VALUES ('b') ${rows}`,
      sets: [[[15, "b"]]],
    },
  ]),
  ...documented("SCOPE_IDENTITY", [
    {
      title: "the last identity value of this scope",
      setup: counted,
      sql: "INSERT numbered (s) VALUES ('a'), ('b') SELECT CAST(SCOPE_IDENTITY() AS int), CAST(@@IDENTITY AS int)",
      sets: [[[15, 15]]],
    },
    {
      title: "NULL before the first insert",
      sql: "SELECT SCOPE_IDENTITY()",
      types: ["decimal(38,0)"],
      sets: [[[null]]],
    },
    {
      title: "a trigger's own inserts change @@IDENTITY only",
      setup: [
        ...counted,
        "CREATE TABLE other (id int IDENTITY(100,5) PRIMARY KEY, s varchar(10))",
        "CREATE TRIGGER numbered_t ON numbered AFTER INSERT AS INSERT other (s) VALUES ('x')",
      ],
      sql: "INSERT numbered (s) VALUES ('a') SELECT CAST(SCOPE_IDENTITY() AS int), CAST(@@IDENTITY AS int)",
      sets: [[[10, 100]]],
    },
  ]),
  ...documented("SET IDENTITY_INSERT", [
    {
      title: "explicit values are refused without it: 544",
      setup: counted,
      sql: "INSERT numbered (id, s) VALUES (1, 'a')",
      errors: [544],
    },
    {
      title: "a larger value becomes the current identity",
      setup: counted,
      sql: `SET IDENTITY_INSERT numbered ON INSERT numbered (id, s) VALUES (100, 'a') SET IDENTITY_INSERT numbered OFF INSERT numbered (s) VALUES ('b') ${rows}`,
      sets: [
        [
          [100, "a"],
          [105, "b"],
        ],
      ],
    },
    {
      title: "a smaller value does not",
      setup: counted,
      sql: `INSERT numbered (s) VALUES ('a'), ('b') SET IDENTITY_INSERT numbered ON INSERT numbered (id, s) VALUES (3, 'c') SET IDENTITY_INSERT numbered OFF INSERT numbered (s) VALUES ('d') ${rows}`,
      sets: [
        [
          [3, "c"],
          [10, "a"],
          [15, "b"],
          [20, "d"],
        ],
      ],
    },
    {
      title: "the value has to be given then: 545",
      setup: counted,
      sql: "SET IDENTITY_INSERT numbered ON INSERT numbered (s) VALUES ('a')",
      errors: [545],
    },
    {
      title: "ON for one table at a time: 8107",
      setup: [...counted, "CREATE TABLE other (id int IDENTITY PRIMARY KEY)"],
      sql: "SET IDENTITY_INSERT numbered ON SET IDENTITY_INSERT other ON",
      errors: [8107],
    },
    {
      title: "the column list is needed: 8101",
      setup: counted,
      sql: "SET IDENTITY_INSERT numbered ON INSERT numbered VALUES (1, 'a')",
      errors: [8101],
    },
  ]),
  ...documented("DBCC CHECKIDENT", [
    {
      title: "after rows, the next is the new value plus the increment",
      setup: [...counted, "INSERT numbered (s) VALUES ('a')"],
      sql: `DBCC CHECKIDENT ('numbered', RESEED, 30) WITH NO_INFOMSGS INSERT numbered (s) VALUES ('b') ${rows}`,
      sets: [
        [
          [10, "a"],
          [35, "b"],
        ],
      ],
    },
    {
      title: "on a table that never had rows, the next is the new value",
      setup: counted,
      sql: `DBCC CHECKIDENT ('numbered', RESEED, 30) WITH NO_INFOMSGS INSERT numbered (s) VALUES ('b') ${rows}`,
      sets: [[[30, "b"]]],
    },
    {
      title: "NORESEED reports and changes nothing",
      setup: [...counted, "INSERT numbered (s) VALUES ('a')"],
      sql: `DBCC CHECKIDENT ('numbered', NORESEED) INSERT numbered (s) VALUES ('b') ${rows}`,
      sets: [
        [
          [10, "a"],
          [15, "b"],
        ],
      ],
    },
  ]),
  ...documented("IDENT_CURRENT", [
    {
      title: "the last value of a table, whoever inserted",
      setup: [...counted, "INSERT numbered (s) VALUES ('a'), ('b')"],
      sql: "SELECT CAST(IDENT_CURRENT('numbered') AS int)",
      sets: [[[15]]],
    },
  ]),
  ...documented("TRUNCATE TABLE", [
    {
      title: "the identity begins anew",
      setup: [...counted, "INSERT numbered (s) VALUES ('a')"],
      sql: `TRUNCATE TABLE numbered INSERT numbered (s) VALUES ('b') ${rows}`,
      sets: [[[10, "b"]]],
    },
  ]),
  ...documented("table (Transact-SQL)", [
    {
      title: "a table variable is a table of the batch",
      sql: "DECLARE @t TABLE (id int PRIMARY KEY, s varchar(5)) INSERT @t VALUES (1, 'a'), (2, 'b') DELETE @t WHERE id = 1 UPDATE @t SET s = 'c' SELECT id, s FROM @t",
      sets: [[[2, "c"]]],
    },
    {
      title: "a rollback does not undo it",
      sql: "DECLARE @t TABLE (id int) BEGIN TRAN INSERT @t VALUES (1) ROLLBACK SELECT COUNT(*) FROM @t",
      sets: [[[1]]],
      refusedBySimulator: "its table variables are tables of the engine, which the rollback would undo",
    },
  ]),
  ...documented("SELECT - INTO Clause", [
    {
      title: "makes a table with the query's columns",
      setup: item,
      sql: "SELECT id, name INTO copied FROM item WHERE id < 3 SELECT @@ROWCOUNT SELECT id, name FROM copied ORDER BY id",
      sets: [
        [[2]],
        [
          [1, "a"],
          [2, "b"],
        ],
      ],
    },
    {
      title: "the new column inherits IDENTITY",
      setup: [...counted, "INSERT numbered (s) VALUES ('a')"],
      sql: "SELECT id, s INTO copied FROM numbered INSERT copied (s) VALUES ('b') SELECT id FROM copied ORDER BY id",
      sets: [[[10], [15]]],
    },
    {
      title: "a temporary table lives until the connection ends",
      setup: ["SELECT 1 AS a INTO #t"],
      sql: "INSERT #t VALUES (2) SELECT a FROM #t ORDER BY a DROP TABLE #t",
      sets: [[[1], [2]]],
    },
  ]),
  ...fails("SELECT - INTO Clause", [
    ["the table must not be there yet: 2714", "SELECT 1 AS a INTO #t SELECT 1 AS a INTO #t", 2714],
  ]),
];
