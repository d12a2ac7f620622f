/** datetime's thirds of a hundredth, boundaries of DATEDIFF, DATEADD at the end of a month, parts and names. */

import { type ConformanceCase, fails, selects, typed } from "./conformance-case.ts";

const shown = (value: string) => `CONVERT(varchar(23), ${value}, 121)`;
const datetime = (text: string) => shown(`CAST('${text}' AS datetime)`);
const boundary = "'2005-12-31 23:59:59.999999', '2006-01-01 00:00:00.000000'";
const moment = "'2007-10-30 12:15:32.123456'";

export const dateCases: readonly ConformanceCase[] = [
  ...selects("datetime: rounding of fractional second precision", [
    ["23:59:59.999 is the next day", datetime("1998-01-01 23:59:59.999"), "1998-01-02 00:00:00.000"],
    [
      ".995 to .998 become .997",
      `${datetime("1998-01-01 23:59:59.995")}, ${datetime("1998-01-01 23:59:59.998")}`,
      "1998-01-01 23:59:59.997",
      "1998-01-01 23:59:59.997",
    ],
    [
      ".992 to .994 become .993",
      `${datetime("1998-01-01 23:59:59.992")}, ${datetime("1998-01-01 23:59:59.994")}`,
      "1998-01-01 23:59:59.993",
      "1998-01-01 23:59:59.993",
    ],
    [
      ".990 and .991 become .990",
      `${datetime("1998-01-01 23:59:59.990")}, ${datetime("1998-01-01 23:59:59.991")}`,
      "1998-01-01 23:59:59.990",
      "1998-01-01 23:59:59.990",
    ],
  ]),
  ...selects("smalldatetime", [
    [
      "29.998 seconds are rounded down",
      "CONVERT(varchar(19), CAST('2000-05-08 12:35:29.998' AS smalldatetime), 120)",
      "2000-05-08 12:35:00",
    ],
    [
      "29.999 seconds are rounded up",
      "CONVERT(varchar(19), CAST('2000-05-08 12:35:29.999' AS smalldatetime), 120)",
      "2000-05-08 12:36:00",
    ],
  ]),
  ...selects("datetime2", [
    [
      "fractions are rounded to the scale",
      "CONVERT(varchar(30), CAST('2026-01-01 12:00:00.12360' AS datetime2(3)), 121)",
      "2026-01-01 12:00:00.124",
    ],
    [
      "scale 0 has no fraction",
      "CONVERT(varchar(30), CAST('2026-01-01 12:00:00.6' AS datetime2(0)), 121)",
      "2026-01-01 12:00:01",
    ],
    ["it reaches back to year 1", "CONVERT(varchar(10), CAST('0001-01-01' AS datetime2(0)), 120)", "0001-01-01"],
  ]),
  ...selects("date", [
    [
      "converting to date drops the time",
      "CONVERT(varchar(10), CAST(CAST('2026-03-08 23:59:59' AS datetime) AS date), 120)",
      "2026-03-08",
    ],
  ]),
  ...selects("datetime", [
    [
      "the empty string and 0 are 1900-01-01",
      `${datetime("")}, ${shown("CAST(0 AS datetime)")}`,
      "1900-01-01 00:00:00.000",
      "1900-01-01 00:00:00.000",
    ],
    ["a number is days since 1900-01-01", shown("CAST(1.5 AS datetime)"), "1900-01-02 12:00:00.000"],
    ["ISO 8601 with T does not depend on settings", datetime("2026-12-31T23:30:00"), "2026-12-31 23:30:00.000"],
    ["yyyymmdd does not depend on settings", datetime("20261231"), "2026-12-31 00:00:00.000"],
    ["a time alone is on 1900-01-01", datetime("14:30"), "1900-01-01 14:30:00.000"],
    ["slashes are month first (mdy)", datetime("12/31/2026"), "2026-12-31 00:00:00.000"],
  ]),
  ...fails("datetime", [
    ["before 1753 is error 242", "SELECT CAST('1752-12-31' AS datetime)", 242],
    ["a day that does not exist is error 242", "SELECT CAST('2026-02-30' AS datetime)", 242],
    ["what is no date is error 241", "SELECT CAST('tomorrow' AS datetime)", 241],
  ]),
  ...selects("DATEDIFF", [
    ...(["year", "quarter", "month", "dayofyear", "day", "week", "hour", "minute", "second"] as const).map(
      (part) => [`${part}: one boundary is 1`, `DATEDIFF(${part}, ${boundary})`, 1] as const,
    ),
    [
      "it counts boundaries, not time passed",
      "DATEDIFF(year, '2025-12-31', '2026-01-01'), DATEDIFF(year, '2026-01-01', '2026-12-31')",
      1,
      0,
    ],
    ["it is negative backwards", "DATEDIFF(day, '2026-03-02', '2026-03-01')", -1],
    ["weeks begin on Sunday whatever DATEFIRST is", "DATEDIFF(week, '2026-11-21', '2026-11-22')", 1],
    ["minutes of a day", "DATEDIFF(minute, '2026-01-01', '2026-01-02')", 1440],
    [
      "milliseconds of datetime",
      "DATEDIFF(millisecond, CAST('2026-01-01 00:00:00.000' AS datetime), CAST('2026-01-01 00:00:00.010' AS datetime))",
      10,
    ],
    ["NULL gives NULL", "DATEDIFF(day, CAST(NULL AS datetime), '2026-01-01')", null],
  ]),
  ...typed("DATEDIFF", [["DATEDIFF(day, '2026-01-01', '2026-01-02')", "int"]]),
  ...fails("DATEDIFF", [
    ["a result beyond int is error 535", "SELECT DATEDIFF(second, '1900-01-01', '2026-01-01')", 535],
  ]),
  ...selects("DATEADD", [
    [
      "a month from the 30th and the 31st of August ends on the 30th",
      `${shown("DATEADD(month, 1, '20240830')")}, ${shown("DATEADD(month, 1, '20240831')")}`,
      "2024-09-30 00:00:00.000",
      "2024-09-30 00:00:00.000",
    ],
    [
      "a year from the 29th of February ends on the 28th",
      shown("DATEADD(year, 1, '20240229')"),
      "2025-02-28 00:00:00.000",
    ],
    ["a fraction of the number is cut", shown("DATEADD(day, 1.9, '20260101')"), "2026-01-02 00:00:00.000"],
    [
      "hours, minutes, seconds",
      `${shown("DATEADD(hour, 25, '20260101')")}, ${shown("DATEADD(minute, -1, '20260101')")}, ${shown("DATEADD(second, 90, '20260101')")}`,
      "2026-01-02 01:00:00.000",
      "2025-12-31 23:59:00.000",
      "2026-01-01 00:01:30.000",
    ],
    [
      "weeks and quarters",
      `${shown("DATEADD(week, 1, '20260101')")}, ${shown("DATEADD(quarter, 1, '20261130')")}`,
      "2026-01-08 00:00:00.000",
      "2027-02-28 00:00:00.000",
    ],
  ]),
  ...typed("DATEADD", [
    ["DATEADD(day, 1, '2026-01-01')", "datetime"],
    ["DATEADD(day, 1, CAST('2026-01-01' AS date))", "date"],
    ["DATEADD(day, 1, CAST('2026-01-01' AS smalldatetime))", "smalldatetime"],
    ["DATEADD(day, 1, CAST('2026-01-01' AS datetime2(3)))", "datetime2(3)"],
  ]),
  ...fails("DATEADD", [
    ["leaving the range is error 517", "SELECT DATEADD(year, 8000, CAST('2006-07-31' AS datetime))", 517],
  ]),
  ...selects("DATEPART", [
    [
      "date parts",
      ["year", "quarter", "month", "dayofyear", "day", "week", "weekday"]
        .map((part) => `DATEPART(${part}, ${moment})`)
        .join(", "),
      2007,
      4,
      10,
      303,
      30,
      44,
      3,
    ],
    [
      "time parts",
      ["hour", "minute", "second", "millisecond"].map((part) => `DATEPART(${part}, ${moment})`).join(", "),
      12,
      15,
      32,
      123,
    ],
    [
      "abbreviations",
      `DATEPART(yy, ${moment}), DATEPART(mm, ${moment}), DATEPART(dd, ${moment}), DATEPART(hh, ${moment}), DATEPART(mi, ${moment}), DATEPART(dw, ${moment})`,
      2007,
      10,
      30,
      12,
      15,
      3,
    ],
    ["0 is 1900-01-01", "DATEPART(year, 0), DATEPART(month, 0), DATEPART(day, 0)", 1900, 1, 1],
  ]),
  ...selects("DATENAME", [
    ["names of month and weekday", `DATENAME(month, ${moment}), DATENAME(weekday, ${moment})`, "October", "Tuesday"],
    ["other parts as strings", `DATENAME(year, ${moment}), DATENAME(day, ${moment})`, "2007", "30"],
  ]),
  ...selects("SET DATEFIRST", [
    [
      "7: Sunday is day 1, Saturday day 7",
      "@@DATEFIRST, DATEPART(weekday, '2026-11-22'), DATEPART(weekday, '2026-11-21')",
      7,
      1,
      7,
    ],
  ]),
  ...selects("YEAR", [
    ["YEAR, MONTH, DAY", "YEAR('2026-11-22'), MONTH('2026-11-22'), DAY('2026-11-22')", 2026, 11, 22],
  ]),
  ...selects("+ (Add)", [
    ["a number adds days to datetime", shown("CAST('2026-01-31' AS datetime) + 1.25"), "2026-02-01 06:00:00.000"],
  ]),
  ...selects("- (Subtract)", [
    ["a number takes days from datetime", shown("CAST('2026-01-01' AS datetime) - 1"), "2025-12-31 00:00:00.000"],
  ]),
  ...fails("+ (Add)", [["date takes no number: error 206", "SELECT CAST('2026-01-01' AS date) + 1", 206]]),
  ...typed("GETDATE", [["GETDATE()", "datetime"]]),
  ...typed("SYSUTCDATETIME", [["SYSUTCDATETIME()", "datetime2(7)"]]),
];
