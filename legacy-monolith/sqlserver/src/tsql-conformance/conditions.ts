/** NULL, three-valued logic, comparison rules of the server's collation. */

import { type ConformanceCase, documented, fails, selects, typed } from "./conformance-case.ts";

const truth = (condition: string) => `CASE WHEN ${condition} THEN 1 WHEN NOT (${condition}) THEN 0 END`;

export const conditionCases: readonly ConformanceCase[] = [
  ...selects("NULL and UNKNOWN", [
    ["NULL equals nothing, not even NULL", truth("NULL = CAST(NULL AS int)"), null],
    ["NULL differs from nothing either", truth("1 <> CAST(NULL AS int)"), null],
    ["IS NULL is never unknown", `${truth("CAST(NULL AS int) IS NULL")}, ${truth("1 IS NULL")}`, 1, 0],
    ["arithmetic on NULL is NULL", "1 + CAST(NULL AS int), 2 * CAST(NULL AS decimal(5,2))", null, null],
  ]),
  ...selects("AND", [
    ["FALSE AND UNKNOWN is FALSE", truth("1 = 2 AND 1 = CAST(NULL AS int)"), 0],
    ["TRUE AND UNKNOWN is UNKNOWN", truth("1 = 1 AND 1 = CAST(NULL AS int)"), null],
  ]),
  ...selects("OR", [
    ["TRUE OR UNKNOWN is TRUE", truth("1 = 1 OR 1 = CAST(NULL AS int)"), 1],
    ["FALSE OR UNKNOWN is UNKNOWN", truth("1 = 2 OR 1 = CAST(NULL AS int)"), null],
    ["AND is evaluated before OR", truth("1 = 1 OR 1 = 1 AND 1 = 2"), 1],
  ]),
  ...selects("NOT", [["NOT UNKNOWN is UNKNOWN", truth("NOT (1 = CAST(NULL AS int))"), null]]),
  ...selects("IN", [
    ["a NULL in the list of IN does no harm to a hit", truth("1 IN (1, CAST(NULL AS int))"), 1],
    ["a NULL in the list makes a miss unknown", truth("2 IN (1, CAST(NULL AS int))"), null],
    ["NOT IN with a NULL is never true", truth("2 NOT IN (1, CAST(NULL AS int))"), null],
    ["IN takes a subquery", truth("2 IN (SELECT 1 UNION ALL SELECT 2)"), 1],
  ]),
  ...selects("EXISTS", [
    ["EXISTS is true for a row that holds only NULL", truth("EXISTS (SELECT NULL)"), 1],
    ["EXISTS is false without rows", truth("EXISTS (SELECT 1 WHERE 1 = 2)"), 0],
  ]),
  ...selects("BETWEEN", [
    ["BETWEEN includes both ends", `${truth("1 BETWEEN 1 AND 2")}, ${truth("2 BETWEEN 1 AND 2")}`, 1, 1],
    ["NOT BETWEEN is the opposite", truth("3 NOT BETWEEN 1 AND 2"), 1],
    ["BETWEEN with a NULL end is unknown", truth("1 BETWEEN CAST(NULL AS int) AND 2"), null],
  ]),
  ...selects("SOME | ANY", [["= ANY is true for one equal row", truth("2 = ANY (SELECT 1 UNION SELECT 2)"), 1]]),
  ...selects("ALL", [
    ["> ALL holds against every row", truth("3 > ALL (SELECT 1 UNION SELECT 2)"), 1],
    [">= ALL fails on one row", truth("1 >= ALL (SELECT 1 UNION SELECT 2)"), 0],
  ]),
  ...selects("CASE", [
    ["a simple CASE never matches NULL", "CASE CAST(NULL AS int) WHEN NULL THEN 'x' ELSE 'y' END", "y"],
    ["CASE without ELSE gives NULL", "CASE WHEN 1 = 2 THEN 1 END", null],
    ["the first true WHEN wins", "CASE WHEN 1 = 1 THEN 'a' WHEN 1 = 1 THEN 'b' END", "a"],
  ]),
  ...typed("CASE", [["CASE WHEN 1 = 1 THEN 1 ELSE CAST(2 AS bigint) END", "bigint"]]),
  ...selects("IIF", [
    ["IIF takes the third value when its condition is unknown", "IIF(CAST(NULL AS int) = 1, 'yes', 'no')", "no"],
  ]),
  ...selects("NULLIF", [
    ["NULLIF of equal values is NULL", "NULLIF(4, 4), NULLIF(5, 4)", null, 5],
    ["NULLIF compares as = does, without case", "NULLIF('abc', 'ABC ')", null],
  ]),
  ...selects("ISNULL", [
    ["ISNULL gives the second value for NULL", "ISNULL(CAST(NULL AS int), 7), ISNULL(1, 7)", 7, 1],
    ["ISNULL cuts the replacement to the type of the first", "ISNULL(CAST(NULL AS varchar(3)), 'abcdef')", "abc"],
  ]),
  ...typed("ISNULL", [
    ["ISNULL(CAST(NULL AS varchar(3)), 'abcdef')", "varchar(3)"],
    ["ISNULL(CAST(1 AS tinyint), 300 - 299)", "tinyint"],
  ]),
  ...selects("COALESCE", [
    ["COALESCE takes the longest type", "COALESCE(CAST(NULL AS varchar(3)), 'abcdef')", "abcdef"],
    ["COALESCE takes the first that is not NULL", "COALESCE(CAST(NULL AS int), NULL, 3, 4)", 3],
  ]),
  ...typed("COALESCE", [["COALESCE(CAST(1 AS smallint), CAST(2 AS decimal(9,2)))", "decimal(9,2)"]]),
  ...fails("COALESCE", [["COALESCE of nothing but NULL constants is an error", "SELECT COALESCE(NULL, NULL)", 4127]]),
  ...selects("Collation and Unicode support", [
    ["comparison ignores case (CI)", truth("'Smith' = 'SMITH'"), 1],
    ["comparison heeds accents (AS)", truth("N'Muñoz' = N'Munoz'"), 0],
    ["accented letters ignore case too", truth("N'MUÑOZ' = N'muñoz'"), 1],
    ["COLLATE with CS heeds case", truth("'Smith' COLLATE SQL_Latin1_General_CP1_CS_AS = 'SMITH'"), 0],
  ]),
  ...selects("= (String comparison or assignment)", [
    ["trailing blanks do not count in =", truth("'abc' = 'abc   '"), 1],
    ["leading blanks count", truth("'abc' = ' abc'"), 0],
    ["trailing blanks do not count in IN", truth("'abc' IN ('abc  ', 'x')"), 1],
    ["an empty string equals blanks", truth("'' = '   '"), 1],
  ]),
  ...documented("GROUP BY", [
    {
      title: "NULL values form one group",
      sql: "SELECT a, COUNT(*) FROM (VALUES (1), (NULL), (NULL)) v(a) GROUP BY a ORDER BY a",
      sets: [
        [
          [null, 2],
          [1, 1],
        ],
      ],
    },
    {
      title: "strings that differ in case or trailing blanks form one group",
      sql: "SELECT COUNT(*) FROM (VALUES ('a'), ('A'), ('a  '), ('b')) v(s) GROUP BY s ORDER BY s",
      sets: [[[3], [1]]],
    },
  ]),
  ...documented("ORDER BY Clause", [
    {
      title: "NULL is the lowest value",
      sql: "SELECT a FROM (VALUES (2), (NULL), (1)) v(a) ORDER BY a SELECT a FROM (VALUES (2), (NULL), (1)) v(a) ORDER BY a DESC",
      sets: [
        [[null], [1], [2]],
        [[2], [1], [null]],
      ],
    },
  ]),
  ...documented("COUNT", [
    {
      title: "COUNT(*) counts rows, COUNT(column) values that are not NULL, COUNT(DISTINCT) different ones",
      sql: "SELECT COUNT(*), COUNT(a), COUNT(DISTINCT a) FROM (VALUES (1), (1), (NULL)) v(a)",
      sets: [[[3, 2, 1]]],
    },
    {
      title: "COUNT of no rows is 0",
      sql: "SELECT COUNT(*) FROM (VALUES (1)) v(a) WHERE a > 1",
      sets: [[[0]]],
    },
  ]),
  ...documented("SUM", [
    {
      title: "SUM ignores NULL, and of no rows is NULL",
      sql: "SELECT SUM(a), SUM(CASE WHEN a > 5 THEN a END) FROM (VALUES (1), (2), (NULL)) v(a)",
      sets: [[[3, null]]],
    },
  ]),
  ...documented("Set Operators - EXCEPT and INTERSECT", [
    {
      title: "two NULL values count as equal",
      sql: "SELECT a FROM (VALUES (1), (NULL)) v(a) INTERSECT SELECT NULL SELECT a FROM (VALUES (1), (NULL)) v(a) EXCEPT SELECT NULL",
      sets: [[[null]], [[1]]],
    },
  ]),
];
