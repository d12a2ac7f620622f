/** SELECT: TOP, paging, joins, grouping, subqueries, set operations, ranking, variables. */

import { type ConformanceCase, documented, fails } from "./conformance-case.ts";

const visits = [
  "CREATE TABLE visit (id int PRIMARY KEY, pat int NOT NULL, day datetime NOT NULL, fee money NULL)",
  `INSERT visit VALUES (1, 10, '2026-01-05', 50), (2, 10, '2026-01-06', NULL), (3, 20, '2026-01-05', 75), (4, 30, '2026-01-07', 50)`,
];
const values = "(VALUES (3), (1), (2), (2)) v(a)";

export const queryCases: readonly ConformanceCase[] = [
  ...documented("TOP", [
    {
      title: "TOP (n) takes the first rows of the order",
      sql: `SELECT TOP (2) a FROM ${values} ORDER BY a DESC`,
      sets: [[[3], [2]]],
    },
    {
      title: "WITH TIES adds rows that tie with the last",
      sql: `SELECT TOP (2) WITH TIES a FROM ${values} ORDER BY a`,
      sets: [[[1], [2], [2]]],
    },
    { title: "PERCENT is rounded up", sql: `SELECT TOP (30) PERCENT a FROM ${values} ORDER BY a`, sets: [[[1], [2]]] },
    { title: "TOP (0) gives no row", sql: `SELECT TOP (0) a FROM ${values}`, sets: [[]] },
    {
      title: "the count may be a variable",
      sql: `DECLARE @n int = 1 SELECT TOP (@n) a FROM ${values} ORDER BY a`,
      sets: [[[1]]],
    },
  ]),
  ...fails("TOP", [["WITH TIES needs ORDER BY", `SELECT TOP (1) WITH TIES a FROM ${values}`, 1062]]),
  ...documented("ORDER BY Clause", [
    {
      title: "OFFSET and FETCH page through the order",
      sql: `SELECT a FROM ${values} ORDER BY a OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY`,
      sets: [[[2], [2]]],
    },
    { title: "OFFSET alone skips", sql: `SELECT a FROM ${values} ORDER BY a OFFSET 3 ROWS`, sets: [[[3]]] },
    {
      title: "a position names a column of the list",
      sql: `SELECT -a, a FROM ${values} ORDER BY 1`,
      sets: [
        [
          [-3, 3],
          [-2, 2],
          [-2, 2],
          [-1, 1],
        ],
      ],
    },
    {
      title: "an alias may be used",
      sql: `SELECT -a AS b FROM ${values} ORDER BY b DESC`,
      sets: [[[-1], [-2], [-2], [-3]]],
    },
    {
      title: "a column that is not selected may be used",
      setup: visits,
      sql: "SELECT id FROM visit ORDER BY day, pat DESC",
      sets: [[[3], [1], [2], [4]]],
    },
  ]),
  ...fails("ORDER BY Clause", [
    ["a position out of the list is error 108", `SELECT a FROM ${values} ORDER BY 2`, 108],
    ["not allowed in a derived table without TOP: 1033", `SELECT a FROM (SELECT a FROM ${values} ORDER BY a) x`, 1033],
    ["with DISTINCT only selected items: 145", "SELECT DISTINCT name FROM sys.tables ORDER BY object_id", 145],
  ]),
  ...documented("FROM clause plus JOIN, APPLY, PIVOT", [
    {
      title: "INNER JOIN keeps matches",
      sql: "SELECT a.i, b.s FROM (VALUES (1), (2)) a(i) INNER JOIN (VALUES (2, 'x'), (3, 'y')) b(i, s) ON a.i = b.i",
      sets: [[[2, "x"]]],
    },
    {
      title: "LEFT JOIN fills with NULL",
      sql: "SELECT a.i, b.s FROM (VALUES (1), (2)) a(i) LEFT JOIN (VALUES (2, 'x'), (3, 'y')) b(i, s) ON a.i = b.i ORDER BY a.i",
      sets: [
        [
          [1, null],
          [2, "x"],
        ],
      ],
    },
    {
      title: "FULL JOIN fills both sides",
      sql: "SELECT a.i, b.i FROM (VALUES (1), (2)) a(i) FULL JOIN (VALUES (2), (3)) b(i) ON a.i = b.i ORDER BY a.i, b.i",
      sets: [
        [
          [null, 3],
          [1, null],
          [2, 2],
        ],
      ],
    },
    {
      title: "CROSS JOIN is the product",
      sql: "SELECT a.i, b.i FROM (VALUES (1), (2)) a(i) CROSS JOIN (VALUES (3), (4)) b(i) ORDER BY 1, 2",
      sets: [
        [
          [1, 3],
          [1, 4],
          [2, 3],
          [2, 4],
        ],
      ],
    },
    {
      title: "NULL joins with nothing",
      sql: "SELECT COUNT(*) FROM (VALUES (NULL), (1)) a(i) JOIN (VALUES (NULL), (1)) b(i) ON a.i = b.i",
      sets: [[[1]]],
    },
    {
      title: "char columns join whatever their length",
      sql: "SELECT COUNT(*) FROM (VALUES (CAST('AB' AS char(8)))) a(s) JOIN (VALUES (CAST('ab' AS varchar(4)))) b(s) ON a.s = b.s",
      sets: [[[1]]],
    },
  ]),
  ...documented("GROUP BY", [
    {
      title: "groups with totals",
      setup: visits,
      sql: "SELECT pat, COUNT(*), SUM(fee), MIN(day) FROM visit GROUP BY pat ORDER BY pat",
      sets: [
        [
          [10, 2, 50, "2026-01-05 00:00:00.000"],
          [20, 1, 75, "2026-01-05 00:00:00.000"],
          [30, 1, 50, "2026-01-07 00:00:00.000"],
        ],
      ],
    },
    {
      title: "groups of an expression",
      setup: visits,
      sql: "SELECT DATEDIFF(day, '2026-01-01', day), COUNT(*) FROM visit GROUP BY DATEDIFF(day, '2026-01-01', day) ORDER BY 1",
      sets: [
        [
          [4, 2],
          [5, 1],
          [6, 1],
        ],
      ],
    },
  ]),
  ...documented("HAVING", [
    {
      title: "HAVING chooses groups",
      setup: visits,
      sql: "SELECT pat FROM visit GROUP BY pat HAVING COUNT(*) > 1",
      sets: [[[10]]],
    },
    {
      title: "HAVING without GROUP BY makes one group",
      setup: visits,
      sql: "SELECT MAX(id) FROM visit HAVING COUNT(*) > 3",
      sets: [[[4]]],
    },
  ]),
  ...fails("Database Engine events and errors", [
    ["a column outside the groups is 8120", "SELECT name, COUNT(*) FROM sys.tables", 8120],
    ["an ungrouped column in HAVING is 8121", "SELECT COUNT(*) FROM sys.tables HAVING name = 'x'", 8121],
    ["an aggregate in WHERE is 147", "SELECT name FROM sys.tables WHERE COUNT(*) > 1", 147],
    ["an aggregate of an aggregate is 130", `SELECT SUM(COUNT(*)) FROM ${values}`, 130],
    [
      "an ambiguous column is 209",
      "SELECT object_id FROM sys.tables a JOIN sys.columns b ON a.object_id = b.object_id",
      209,
    ],
    ["an unknown alias is 4104", "SELECT x.a FROM (VALUES (1)) v(a)", 4104],
    ["two tables of one name are 1013", "SELECT 1 FROM sys.tables, sys.tables", 1013],
    ["set operations of different widths are 205", "SELECT 1 UNION SELECT 1, 2", 205],
    ["a derived column without a name is 8155", "SELECT * FROM (SELECT 1) x", 8155],
    ["a derived column named twice is 8156", "SELECT * FROM (SELECT 1 AS a, 2 AS A) x", 8156],
  ]),
  ...documented("Subqueries", [
    {
      title: "a correlated subquery sees the outer row",
      setup: visits,
      sql: "SELECT id FROM visit v WHERE fee = (SELECT MAX(w.fee) FROM visit w WHERE w.day = v.day) ORDER BY id",
      sets: [[[3], [4]]],
    },
    { title: "a scalar subquery without rows is NULL", sql: "SELECT (SELECT 1 WHERE 1 = 2)", sets: [[[null]]] },
    {
      title: "an inner name that only the outer table has is the outer's",
      setup: visits,
      sql: "SELECT COUNT(*) FROM visit WHERE id IN (SELECT id FROM (VALUES (1)) w(x))",
      sets: [[[4]]],
    },
  ]),
  ...fails("Subqueries", [
    ["a scalar subquery of two rows is error 512", `SELECT (SELECT a FROM ${values})`, 512],
    ["a scalar subquery of two columns is error 116", "SELECT (SELECT 1, 2)", 116],
  ]),
  ...documented("Set Operators - UNION", [
    {
      title: "UNION drops duplicates, UNION ALL keeps them",
      sql: "SELECT 1 UNION SELECT 1 SELECT 1 UNION ALL SELECT 1",
      sets: [[[1]], [[1], [1]]],
    },
    {
      title: "names come from the first query",
      sql: "SELECT 1 AS a UNION SELECT 2 AS b",
      names: ["a"],
      sets: [[[1], [2]]],
    },
    {
      title: "the type is the one of higher precedence",
      sql: "SELECT 1 UNION ALL SELECT CAST(2.5 AS decimal(5,2))",
      types: ["decimal(12,2)"],
    },
  ]),
  ...documented("WITH common_table_expression", [
    {
      title: "one may use the one before",
      sql: `WITH x (a) AS (SELECT a FROM ${values}), y AS (SELECT MAX(a) AS m FROM x) SELECT x.a FROM x JOIN y ON x.a = y.m`,
      sets: [[[3]]],
    },
  ]),
  ...fails("WITH common_table_expression", [
    ["the statement before needs a semicolon: 319", "SELECT 1 WITH x AS (SELECT 1 AS a) SELECT a FROM x", 319],
  ]),
  ...documented("ROW_NUMBER", [
    {
      title: "numbers begin anew in each partition",
      setup: visits,
      sql: "SELECT id, ROW_NUMBER() OVER (PARTITION BY day ORDER BY pat) FROM visit ORDER BY id",
      sets: [
        [
          [1, "1"],
          [2, "1"],
          [3, "2"],
          [4, "1"],
        ],
      ],
    },
    {
      title: "a page by number",
      setup: visits,
      sql: "SELECT id FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id DESC) AS n FROM visit) x WHERE n BETWEEN 2 AND 3 ORDER BY n",
      sets: [[[3], [2]]],
    },
  ]),
  ...documented("SELECT @local_variable", [
    {
      title: "without a row the variable keeps its value",
      sql: "DECLARE @x int = 7 SELECT @x = a FROM (VALUES (1)) v(a) WHERE a > 1 SELECT @x",
      sets: [[[7]]],
    },
    {
      title: "a subquery without a row sets NULL",
      sql: "DECLARE @x int = 7 SELECT @x = (SELECT a FROM (VALUES (1)) v(a) WHERE a > 1) SELECT @x",
      sets: [[[null]]],
    },
    {
      title: "several at once",
      sql: "DECLARE @x int, @y varchar(5) SELECT @x = 1, @y = 'b' SELECT @x, @y",
      sets: [[[1, "b"]]],
    },
  ]),
  ...documented("DECLARE @local_variable", [
    {
      title: "a variable begins as NULL, or with its value",
      sql: "DECLARE @x int, @y int = 2 SELECT @x, @y",
      sets: [[[null, 2]]],
    },
  ]),
  ...documented("WHILE", [
    {
      title: "BREAK leaves, CONTINUE goes to the condition",
      sql: "DECLARE @i int = 0, @s int = 0 WHILE @i < 10 BEGIN SET @i += 1 IF @i = 2 CONTINUE IF @i = 5 BREAK SET @s += @i END SELECT @i, @s",
      sets: [[[5, 8]]],
    },
  ]),
  ...documented("IF...ELSE", [
    { title: "an unknown condition takes ELSE", sql: "IF NULL = 1 SELECT 'yes' ELSE SELECT 'no'", sets: [[["no"]]] },
    {
      title: "EXISTS may be the condition",
      sql: "IF EXISTS (SELECT 1 WHERE 1 = 2) SELECT 1 ELSE SELECT 2",
      sets: [[[2]]],
    },
  ]),
  ...documented("RETURN", [{ title: "RETURN ends the batch", sql: "SELECT 1 RETURN SELECT 2", sets: [[[1]]] }]),
  ...documented("EXECUTE", [
    {
      title: "a string is run as a batch",
      sql: "DECLARE @t varchar(20) = 'SELECT 1 + ' EXEC(@t + '1')",
      sets: [[[2]]],
    },
    {
      title: "the string does not see the caller's variables",
      sql: "DECLARE @x int = 1 EXEC('SELECT @x')",
      errors: [137],
    },
  ]),
  ...documented("sp_executesql", [
    {
      title: "parameters and output parameters",
      sql: "DECLARE @r int EXEC sp_executesql N'SET @b = @a * 2', N'@a int, @b int OUTPUT', @a = 21, @b = @r OUTPUT SELECT @r",
      sets: [[[42]]],
    },
  ]),
];
