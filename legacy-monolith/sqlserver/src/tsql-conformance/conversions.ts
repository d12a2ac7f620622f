/** CAST and CONVERT: styles, lengths, what may be converted at all. */

import { type ConformanceCase, fails, selects, typed } from "./conformance-case.ts";

const moment = "CAST('2006-01-02 15:04:05.678' AS datetime)";
const page = "CAST and CONVERT: date and time styles";

export const conversionCases: readonly ConformanceCase[] = [
  ...selects(
    page,
    (
      [
        [0, "Jan  2 2006  3:04PM"],
        [100, "Jan  2 2006  3:04PM"],
        [1, "01/02/06"],
        [101, "01/02/2006"],
        [102, "2006.01.02"],
        [103, "02/01/2006"],
        [104, "02.01.2006"],
        [105, "02-01-2006"],
        [106, "02 Jan 2006"],
        [107, "Jan 02, 2006"],
        [8, "15:04:05"],
        [108, "15:04:05"],
        [110, "01-02-2006"],
        [111, "2006/01/02"],
        [112, "20060102"],
        [23, "2006-01-02"],
        [114, "15:04:05:677"],
        [20, "2006-01-02 15:04:05"],
        [120, "2006-01-02 15:04:05"],
        [21, "2006-01-02 15:04:05.677"],
        [121, "2006-01-02 15:04:05.677"],
        [126, "2006-01-02T15:04:05.677"],
      ] as const
    ).map(([style, text]) => [`style ${style}`, `CONVERT(varchar(30), ${moment}, ${style})`, text] as const),
  ),
  ...selects(page, [
    [
      "without a style datetime takes style 0",
      `CONVERT(varchar(30), ${moment}), CAST(${moment} AS varchar(30))`,
      "Jan  2 2006  3:04PM",
      "Jan  2 2006  3:04PM",
    ],
    [
      "without a style date and datetime2 take style 121",
      "CAST(CAST('2006-01-02' AS date) AS varchar(30)), CAST(CAST('2006-01-02 15:04:05' AS datetime2(0)) AS varchar(30))",
      "2006-01-02",
      "2006-01-02 15:04:05",
    ],
    [
      "126 leaves a fraction of zero out",
      "CONVERT(varchar(30), CAST('2006-01-02 15:04:05' AS datetime), 126)",
      "2006-01-02T15:04:05",
    ],
    [
      "a short target cuts the text",
      `CONVERT(varchar(10), ${moment}, 120), CONVERT(char(8), ${moment}, 112)`,
      "2006-01-02",
      "20060102",
    ],
    ["101 reads month first", "CONVERT(varchar(10), CONVERT(datetime, '12/31/2026', 101), 120)", "2026-12-31"],
    ["103 reads day first", "CONVERT(varchar(10), CONVERT(datetime, '31/12/2026', 103), 120)", "2026-12-31"],
    ["112 reads yyyymmdd", "CONVERT(varchar(10), CONVERT(datetime, '20261231', 112), 120)", "2026-12-31"],
    [
      "120 reads the canonical form",
      "CONVERT(varchar(23), CONVERT(datetime, '2026-12-31 23:59:58', 120), 121)",
      "2026-12-31 23:59:58.000",
    ],
    [
      "126 reads ISO 8601",
      "CONVERT(varchar(23), CONVERT(datetime, '2026-12-31T23:59:58.123', 126), 121)",
      "2026-12-31 23:59:58.123",
    ],
    ["108 of a midnight", "CONVERT(varchar(8), CAST('2026-01-01' AS datetime), 108)", "00:00:00"],
  ]),
  ...selects("CAST and CONVERT: binary styles", [
    [
      "style 0 takes characters as bytes",
      "CONVERT(char(4), 0x4E616D65, 0), CONVERT(varbinary(4), 'Name', 0)",
      "Name",
      "0x4E616D65",
    ],
    [
      "style 1 shows 0x and digits",
      "CONVERT(varchar(10), 0x4E616D65, 1), CONVERT(varbinary(4), '0x4E616D65', 1)",
      "0x4E616D65",
      "0x4E616D65",
    ],
    [
      "style 2 leaves 0x out",
      "CONVERT(varchar(8), 0x4E616D65, 2), CONVERT(varbinary(4), '4E616D65', 2)",
      "4E616D65",
      "0x4E616D65",
    ],
  ]),
  ...selects("CAST and CONVERT: truncating and rounding results", [
    ["an int that does not fit varchar is an asterisk", "CAST(123456 AS varchar(3)), CAST(-5 AS char(1))", "*", "*"],
    ["an int that fits is written in full", "CAST(123456 AS varchar(10))", "123456"],
    ["decimals keep their scale", "CAST(CAST(1.5 AS decimal(6,3)) AS varchar(10))", "1.500"],
  ]),
  ...fails("CAST and CONVERT: truncating and rounding results", [
    ["an int that does not fit nvarchar is error 8115", "SELECT CAST(123456 AS nvarchar(3))", 8115],
    ["a decimal that does not fit varchar is error 8115", "SELECT CAST(123.456 AS varchar(3))", 8115],
  ]),
  ...selects("CAST and CONVERT", [
    ["the empty string is 0 as int", "CAST('' AS int), CAST('  42 ' AS int)", 0, 42],
    ["int to binary and back", "CAST(1 AS varbinary(4)), CAST(0x00000100 AS int)", "0x00000001", 256],
  ]),
  ...selects("TRY_CAST", [
    ["what cannot be converted is NULL", "TRY_CAST('abc' AS int), TRY_CAST('12' AS int)", null, 12],
  ]),
  ...selects("TRY_CONVERT", [
    ["what cannot be converted is NULL", "TRY_CONVERT(datetime, '2026-02-30'), TRY_CONVERT(int, '12')", null, 12],
  ]),
  ...fails("Database Engine events and errors", [
    ["text that is no int is 245", "SELECT CAST('abc' AS int)", 245],
    ["a decimal in text is no int: 245", "SELECT CAST('1.5' AS int)", 245],
    ["text that is no decimal is 8114", "SELECT CAST('abc' AS decimal(5,2))", 8114],
    ["the empty string is no decimal: 8114", "SELECT CAST('' AS decimal(5,2))", 8114],
    ["text that is no float is 8114", "SELECT CAST('abc' AS float)", 8114],
    ["text that is no money is 235", "SELECT CAST('abc' AS money)", 235],
    ["text that is no GUID is 8169", "SELECT CAST('abc' AS uniqueidentifier)", 8169],
    ["a GUID does not fit char(10): 8170", "SELECT CAST(NEWID() AS char(10))", 8170],
    ["no conversion of int to date: 529", "SELECT CAST(1 AS date)", 529],
    ["an unknown type is 243", "SELECT CAST(1 AS nonsense)", 243],
  ]),
  ...fails("Data type conversion (Database Engine)", [
    ["nvarchar to varbinary only explicitly: 257", "DECLARE @b varbinary(10) SET @b = N'abc'", 257],
    ["uniqueidentifier and int do not mix: 206", "SELECT NEWID() + 1", 206],
  ]),
  ...selects("uniqueidentifier", [
    [
      "written in upper case",
      "CAST(CAST('6f9619ff-8b86-d011-b42d-00c04fc964ff' AS uniqueidentifier) AS char(36))",
      "6F9619FF-8B86-D011-B42D-00C04FC964FF",
    ],
    [
      "what is longer than a GUID is cut",
      "CAST(CAST('6F9619FF-8B86-D011-B42D-00C04FC964FFwrong' AS uniqueidentifier) AS varchar(40))",
      "6F9619FF-8B86-D011-B42D-00C04FC964FF",
    ],
  ]),
  ...typed("NEWID", [["NEWID()", "uniqueidentifier"]]),
  ...typed("CAST and CONVERT", [
    ["CAST(1 AS varchar)", "varchar(30)"],
    ["CAST(1 AS decimal)", "decimal(18,0)"],
    ["CONVERT(nvarchar(max), 'x')", "nvarchar(max)"],
    ["CAST(1 AS float(24))", "real"],
    ["CAST('x' AS binary(4))", "binary(4)"],
  ]),
];
