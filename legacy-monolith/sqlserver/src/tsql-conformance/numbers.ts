/** Integer division, precision and scale, money, rounding, overflow. */

import { type ConformanceCase, documented, fails, selects, typed } from "./conformance-case.ts";

const d52 = "CAST(1 AS decimal(5,2))";
const d73 = "CAST(1 AS decimal(7,3))";
const wide = "CAST(1 AS decimal(38,10))";

export const numberCases: readonly ConformanceCase[] = [
  ...selects("/ (Division)", [
    ["integers divide to an integer, cut towards zero", "7 / 2, -7 / 2, 1 / 3", 3, -3, 0],
    ["one decimal operand keeps the fraction", "CONVERT(varchar(20), 7 / 2.0)", "3.500000"],
  ]),
  ...selects("% (Modulus)", [["the remainder has the sign of the dividend", "38 % 5, -7 % 3, 7 % -3", 3, -1, 1]]),
  ...fails("/ (Division)", [["division by zero is error 8134", "SELECT 1 / 0", 8134]]),
  ...typed("Precision, scale, and length", [
    [`${d52} + ${d73}`, "decimal(8,3)"],
    [`${d52} - ${d73}`, "decimal(8,3)"],
    [`${d52} * ${d73}`, "decimal(13,5)"],
    [`${d52} / ${d73}`, "decimal(16,10)"],
    [`${d52} * CAST(2 AS int)`, "decimal(16,2)"],
    [`${wide} * ${wide}`, "decimal(38,6)"],
    [`CASE WHEN 1 = 1 THEN ${d52} ELSE ${d73} END`, "decimal(7,3)"],
  ]),
  ...typed("Data type precedence", [
    ["CAST(1 AS smallint) + CAST(1 AS tinyint)", "smallint"],
    ["1 + CAST(1 AS bigint)", "bigint"],
    ["1 + CAST(1 AS float)", "float"],
    ["CAST(1 AS money) + CAST(1 AS int)", "money"],
    ["CAST(1 AS decimal(5,2)) + CAST(1 AS float)", "float"],
    ["CAST(1 AS bit) + 1", "int"],
  ]),
  ...selects("Data type precedence", [
    ["a string beside a number becomes a number", "'1' + 2, 2 * '3'", 3, 6],
    ["in a comparison too", "CASE WHEN '07' = 7 THEN 1 ELSE 0 END", 1],
  ]),
  ...fails("Data type precedence", [["a string that is no number is error 245", "SELECT 'a' + 1", 245]]),
  ...typed("SUM", [
    ["SUM(a) FROM (VALUES (CAST(1 AS smallint))) v(a)", "int"],
    ["SUM(a) FROM (VALUES (CAST(1 AS decimal(9,2)))) v(a)", "decimal(38,2)"],
    ["SUM(a) FROM (VALUES (CAST(1 AS money))) v(a)", "money"],
    ["SUM(a) FROM (VALUES (CAST(1 AS real))) v(a)", "float"],
  ]),
  ...typed("AVG", [
    ["AVG(a) FROM (VALUES (1)) v(a)", "int"],
    ["AVG(a) FROM (VALUES (CAST(1 AS decimal(9,2)))) v(a)", "decimal(38,6)"],
  ]),
  ...documented("AVG", [
    { title: "AVG of integers is cut", sql: "SELECT AVG(a) FROM (VALUES (1), (2)) v(a)", sets: [[[1]]] },
    { title: "AVG ignores NULL", sql: "SELECT AVG(a) FROM (VALUES (2), (4), (NULL)) v(a)", sets: [[[3]]] },
  ]),
  ...typed("COUNT", [["COUNT(*)", "int"]]),
  ...selects("CAST and CONVERT: truncating and rounding results", [
    ["numeric to int is cut", "CAST(10.6496 AS int), CAST(-10.6496 AS int)", 10, -10],
    ["numeric to numeric is rounded", "CAST(10.6496 AS numeric), CAST(-10.6496 AS numeric)", 11, -11],
    ["money to int is rounded", "CAST(CAST(10.6 AS money) AS int)", 11],
    ["float to int is cut", "CAST(CAST(10.6 AS float) AS int)", 10],
    ["numeric to money is rounded at four digits", "CONVERT(varchar(20), CAST(10.3496847 AS money), 2)", "10.3497"],
    ["float to numeric is rounded", "CONVERT(varchar(20), CAST(CAST(1.235 AS float) * 100 AS decimal(9,1)))", "123.5"],
  ]),
  ...selects("money and smallmoney", [
    ["money has four digits, and loses the rest of a division", "CONVERT(varchar(20), $1 / $3 * $3, 2)", "0.9999"],
    ["amounts add exactly", "CONVERT(varchar(20), $0.10 + $0.20, 2)", "0.3000"],
  ]),
  ...typed("money and smallmoney", [
    ["$1 / $3", "money"],
    ["CAST(1 AS smallmoney) + CAST(1 AS smallmoney)", "smallmoney"],
  ]),
  ...selects("CAST and CONVERT: money and smallmoney styles", [
    ["by default two digits and no commas", "CONVERT(varchar(20), CAST(1234567.8955 AS money))", "1234567.90"],
    ["style 1 has commas", "CONVERT(varchar(20), CAST(1234567.8912 AS money), 1)", "1,234,567.89"],
    ["style 2 has four digits", "CONVERT(varchar(20), CAST(1234567.8912 AS money), 2)", "1234567.8912"],
  ]),
  ...selects("CAST and CONVERT: float and real styles", [
    ["six digits at most", "CONVERT(varchar(20), CAST(1234567.891 AS float))", "1.23457e+006"],
    [
      "small numbers without exponent",
      "CONVERT(varchar(20), CAST(0.1 AS float)), CONVERT(varchar(20), CAST(2 AS float))",
      "0.1",
      "2",
    ],
  ]),
  ...selects("ROUND", [
    [
      "ROUND keeps the scale",
      "CONVERT(varchar(20), ROUND(123.4545, 2)), CONVERT(varchar(20), ROUND(123.45, -2))",
      "123.4500",
      "100.00",
    ],
    [
      "halves are rounded away from zero",
      "CONVERT(varchar(20), ROUND(150.75, 0)), CONVERT(varchar(20), ROUND(-150.75, 0))",
      "151.00",
      "-151.00",
    ],
    ["a third argument cuts", "CONVERT(varchar(20), ROUND(150.75, 0, 1))", "150.00"],
    ["integers too", "ROUND(748, -1), ROUND(748, -3)", 750, 1000],
  ]),
  ...fails("ROUND", [["a result that needs another digit is error 8115", "SELECT ROUND(748.58, -3)", 8115]]),
  ...selects("FLOOR", [["FLOOR", "FLOOR(123.45), FLOOR(-123.45), FLOOR($123.45)", 123, -124, 123]]),
  ...selects("CEILING", [["CEILING", "CEILING(123.45), CEILING(-123.45), CEILING($0.0)", 124, -123, 0]]),
  ...selects("ABS", [["ABS", "ABS(-1.0), ABS(0.0), ABS(-7)", 1, 0, 7]]),
  ...fails("ABS", [["the lowest int has no ABS", "DECLARE @i int SET @i = -2147483648 SELECT ABS(@i)", 8115]]),
  ...selects("SIGN", [["SIGN", "SIGN(-125), SIGN(0), SIGN(564)", -1, 0, 1]]),
  ...selects("POWER", [
    ["POWER has the type of its base", "POWER(2, 10), CONVERT(varchar(9), POWER(2.0, 3))", 1024, "8.0"],
  ]),
  ...typed("POWER", [["POWER(2, 10)", "int"]]),
  ...selects("ISNUMERIC", [
    ["numbers of every kind", "ISNUMERIC('12'), ISNUMERIC('-1.5'), ISNUMERIC('1e5'), ISNUMERIC('$7')", 1, 1, 1, 1],
    ["signs alone count, words do not", "ISNUMERIC('+'), ISNUMERIC('$'), ISNUMERIC('abc'), ISNUMERIC('')", 1, 1, 0, 0],
  ]),
  ...selects("& (Bitwise AND)", [["AND, OR, XOR, NOT", "170 & 75, 170 | 75, 170 ^ 75, ~170", 10, 235, 225, -171]]),
  ...selects("bit", [
    ["anything but zero is 1", "CAST(17 AS bit), CAST(-1 AS bit), CAST(0 AS bit)", true, true, false],
    ["the strings TRUE and FALSE convert", "CAST('TRUE' AS bit), CAST('false' AS bit)", true, false],
  ]),
  ...fails("Database Engine events and errors", [
    ["int overflows with 8115", "SELECT 2147483647 + 1", 8115],
    ["a constant too large for tinyint is 220", "SELECT CAST(300 AS tinyint)", 220],
    ["a constant too large for smallint is 220", "SELECT CAST(40000 AS smallint)", 220],
    ["a string too large for tinyint is 244", "SELECT CAST('300' AS tinyint)", 244],
    ["a string too large for int is 248", "SELECT CAST('99999999999' AS int)", 248],
    ["a float too large for int is 232", "SELECT CAST(CAST(1e10 AS float) AS int)", 232],
    ["a decimal too large for its precision is 8115", "SELECT CAST(12345.67 AS decimal(5,2))", 8115],
    ["a decimal too large for int is 8115", "SELECT CAST(99999999999 AS int)", 8115],
  ]),
];
