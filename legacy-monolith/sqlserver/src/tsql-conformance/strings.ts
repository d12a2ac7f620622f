/** String functions, LIKE, padding, concatenation. */

import { type ConformanceCase, fails, selects, typed } from "./conformance-case.ts";

const yes = (condition: string) => `CASE WHEN ${condition} THEN 1 ELSE 0 END`;

export const stringCases: readonly ConformanceCase[] = [
  ...selects("LEN", [
    ["LEN leaves trailing blanks out", "LEN('abc   '), LEN('   abc'), LEN(''), LEN('  ')", 3, 6, 0, 0],
    ["LEN of NULL is NULL", "LEN(CAST(NULL AS varchar(5)))", null],
    ["LEN counts characters", "LEN(N'añb')", 3],
  ]),
  ...selects("DATALENGTH", [
    [
      "DATALENGTH counts bytes, trailing blanks too",
      "DATALENGTH('abc   '), DATALENGTH(N'abc'), DATALENGTH('')",
      6,
      6,
      0,
    ],
    ["DATALENGTH of numbers is that of the type", "DATALENGTH(CAST(1 AS int)), DATALENGTH(CAST(1 AS bigint))", 4, 8],
    ["DATALENGTH of NULL is NULL", "DATALENGTH(CAST(NULL AS varchar(5)))", null],
  ]),
  ...selects("char and varchar", [
    ["char is padded with blanks", "CAST('ab' AS char(4)) + '|', DATALENGTH(CAST('ab' AS char(4)))", "ab  |", 4],
    ["varchar keeps the blanks it was given", "CAST('ab  ' AS varchar(10)) + '|'", "ab  |"],
    ["without a length CAST takes 30 characters", "DATALENGTH(CAST(REPLICATE('x', 50) AS varchar))", 30],
    [
      "explicit conversion cuts what is too long",
      "CAST('abcdef' AS varchar(3)), CAST('abcdef' AS char(2))",
      "abc",
      "ab",
    ],
  ]),
  {
    title: "without a length a variable takes 1 character",
    sql: "DECLARE @v varchar = 'abc' SELECT @v, DATALENGTH(@v)",
    sets: [[["a", 1]]],
    source: "char and varchar",
  },
  {
    title: "assignment to a variable cuts without an error",
    sql: "DECLARE @v varchar(3) SET @v = 'abcdef' SELECT @v",
    sets: [[["abc"]]],
    source: "SET @local_variable",
  },
  ...selects("+ (String concatenation)", [
    ["strings are put together", "'a' + 'b' + ''", "ab"],
    ["NULL makes the whole NULL", "'a' + CAST(NULL AS varchar(5))", null],
  ]),
  ...typed("+ (String concatenation)", [
    ["'abc' + 'de'", "varchar(5)"],
    ["'abc' + N'de'", "nvarchar(5)"],
    ["CAST('a' AS char(3)) + CAST('b' AS varchar(4))", "varchar(7)"],
  ]),
  ...selects("SUBSTRING", [
    ["SUBSTRING takes from a position on", "SUBSTRING('abcdef', 2, 3)", "bcd"],
    ["a start before 1 uses up length", "SUBSTRING('abcdef', 0, 3), SUBSTRING('abcdef', -1, 3)", "ab", "a"],
    ["a start behind the end gives an empty string", "SUBSTRING('abc', 10, 2)", ""],
    ["a length beyond the end gives the rest", "SUBSTRING('abcdef', 5, 100)", "ef"],
    ["SUBSTRING works on binary", "SUBSTRING(0x010203, 2, 1)", "0x02"],
  ]),
  ...fails("SUBSTRING", [["a negative length is an error", "SELECT SUBSTRING('abc', 1, -1)", 537]]),
  ...selects("LEFT", [["LEFT takes the first characters", "LEFT('abcdefg', 2), LEFT('abc', 10)", "ab", "abc"]]),
  ...selects("RIGHT", [["RIGHT takes the last characters", "RIGHT('abcdefg', 2), RIGHT('abc', 10)", "fg", "abc"]]),
  ...fails("LEFT", [["a negative count is an error", "SELECT LEFT('abc', -1)", 537]]),
  ...fails("RIGHT", [["a negative count is an error", "SELECT RIGHT('abc', -1)", 536]]),
  ...selects("LTRIM", [["LTRIM takes leading blanks off", "LTRIM('  ab  ') + '|'", "ab  |"]]),
  ...selects("RTRIM", [["RTRIM takes trailing blanks off", "RTRIM('  ab  ') + '|'", "  ab|"]]),
  ...selects("UPPER", [["UPPER", "UPPER('aBc1'), UPPER(N'ñé')", "ABC1", "ÑÉ"]]),
  ...selects("LOWER", [["LOWER", "LOWER('aBC1'), LOWER(N'ÑÉ')", "abc1", "ñé"]]),
  ...selects("REPLICATE", [
    ["REPLICATE repeats", "REPLICATE('0', 3) + 'x'", "000x"],
    ["a negative count gives NULL", "REPLICATE('0', -1)", null],
  ]),
  ...selects("SPACE", [["SPACE", "'a' + SPACE(2) + 'b'", "a  b"]]),
  ...selects("CHARINDEX", [
    ["CHARINDEX gives the first position", "CHARINDEX('is', 'This is a string')", 3],
    ["CHARINDEX from a start on", "CHARINDEX('is', 'This is a string', 4)", 6],
    ["CHARINDEX ignores case as the collation says", "CHARINDEX('TEST', 'This is a Test')", 11],
    ["CHARINDEX of what is not there is 0", "CHARINDEX('z', 'abc')", 0],
    ["CHARINDEX under CS heeds case", "CHARINDEX('TEST', 'This is a Test' COLLATE Latin1_General_CS_AS)", 0],
  ]),
  ...selects("REPLACE", [
    ["REPLACE replaces every occurrence", "REPLACE('abcdefghicde', 'cde', 'xxx')", "abxxxfghixxx"],
    ["REPLACE ignores case as the collation says", "REPLACE('aBcAbC', 'b', '-')", "a-cA-C"],
    ["REPLACE with NULL is NULL", "REPLACE('abc', 'b', CAST(NULL AS varchar(1)))", null],
  ]),
  ...selects("STUFF", [
    ["STUFF deletes and inserts", "STUFF('abcdef', 2, 3, 'ijklmn')", "aijklmnef"],
    ["a start beyond the string gives NULL", "STUFF('abc', 4, 1, 'x'), STUFF('abc', 0, 1, 'x')", null, null],
  ]),
  ...selects("STR", [
    ["STR rounds and pads to the length", "STR(123.45, 6, 1)", " 123.5"],
    ["STR gives asterisks when the number does not fit", "STR(123.45, 2, 2)", "**"],
    ["STR with decimals", "STR(FLOOR(123.45), 8, 3)", " 123.000"],
    ["STR takes ten characters and no decimals by default", "STR(42.6)", "        43"],
  ]),
  ...selects("SOUNDEX", [
    ["names that sound alike have one code", "SOUNDEX('Smith'), SOUNDEX('Smythe')", "S530", "S530"],
    ["double letters count once", "SOUNDEX('Green'), SOUNDEX('Greene')", "G650", "G650"],
  ]),
  ...selects("LIKE", [
    [
      "% stands for any string",
      `${yes("'cheese' LIKE 'ch%'")}, ${yes("'cheese' LIKE '%ee%'")}, ${yes("'' LIKE '%'")}`,
      1,
      1,
      1,
    ],
    ["_ stands for one character", `${yes("'Dean' LIKE '_ean'")}, ${yes("'ean' LIKE '_ean'")}`, 1, 0],
    ["[ ] holds a range or set", `${yes("'Carsen' LIKE '[C-P]arsen'")}, ${yes("'Zarsen' LIKE '[C-P]arsen'")}`, 1, 0],
    ["[^ ] holds what may not stand", `${yes("'del' LIKE 'de[^l]%'")}, ${yes("'dex' LIKE 'de[^l]%'")}`, 0, 1],
    [
      "wildcards in brackets are literal",
      `${yes("'5%' LIKE '5[%]'")}, ${yes("'5x' LIKE '5[%]'")}, ${yes("'[' LIKE '[[]'")}, ${yes("'_n' LIKE '[_]n'")}`,
      1,
      0,
      1,
      1,
    ],
    ["a hyphen first in brackets is literal", `${yes("'-' LIKE '[-acdf]'")}, ${yes("'b' LIKE '[-acdf]'")}`, 1, 0],
    ["] alone is literal", yes("']' LIKE ']'"), 1],
    [
      "ESCAPE names a character",
      `${yes("'50% off' LIKE '%50!% off%' ESCAPE '!'")}, ${yes("'500 off' LIKE '%50!% off%' ESCAPE '!'")}`,
      1,
      0,
    ],
    ["LIKE ignores case as the collation says", yes("'ABC' LIKE 'a[b]c'"), 1],
    ["trailing blanks of the pattern count", yes("'abc' LIKE 'abc '"), 0],
    ["trailing blanks of an ASCII value do not count", yes("'abc  ' LIKE 'abc'"), 1],
    ["trailing blanks of a Unicode value count", yes("N'abc  ' LIKE N'abc'"), 0],
    [
      "NULL LIKE anything is unknown",
      `${yes("CAST(NULL AS varchar(3)) LIKE '%'")}, ${yes("CAST(NULL AS varchar(3)) NOT LIKE '%'")}`,
      0,
      0,
    ],
    [
      "digits by range",
      `${yes("'4711' LIKE '[0-9][0-9][0-9][0-9]'")}, ${yes("'47A1' LIKE '[0-9][0-9][0-9][0-9]'")}`,
      1,
      0,
    ],
  ]),
  ...selects("Constants", [
    ["a doubled quote stands for one", "'It''s', N'ñ'", "It's", "ñ"],
    ["binary constants", "0xAE, 0x", "0xAE", "0x"],
    ["money constants", "CONVERT(varchar(20), $542.14, 2)", "542.1400"],
  ]),
  ...typed("Constants", [
    ["1894.1204", "decimal(8,4)"],
    ["101.5E5", "float"],
    ["2", "int"],
    ["3000000000", "decimal(10,0)"],
    ["$1", "money"],
  ]),
  ...selects("nchar and nvarchar", [["nchar is padded with blanks", "DATALENGTH(CAST(N'ab' AS nchar(4)))", 8]]),
  ...selects("HASHBYTES", [
    ["MD5", "HASHBYTES('MD5', 'abc')", "0x900150983CD24FB0D6963F7D28E17F72"],
    [
      "SHA1 of a Unicode string differs from that of its ASCII twin",
      "CASE WHEN HASHBYTES('SHA1', N'abc') = HASHBYTES('SHA1', 'abc') THEN 1 ELSE 0 END",
      0,
    ],
    ["SHA2_256", "HASHBYTES('SHA2_256', 'abc')", "0xBA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"],
  ]),
];
