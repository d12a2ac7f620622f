/** Every type through the real driver, both as parameter and as result. */

import sql from "mssql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SqlType, SqlValue } from "../contract.ts";
import { column, echo } from "./scripted-backend.ts";
import { connect, serve, type TestServer } from "./test-clients.ts";

let server: TestServer;
let pool: sql.ConnectionPool;
/** What the next batch answers with. */
let result: { type: SqlType; values: SqlValue[] } = { type: { name: "int" }, values: [] };

beforeAll(async () => {
  server = await serve({
    procedure: echo,
    batch(_text, sink) {
      sink.columns([column("v", result.type)]);
      for (const value of result.values) sink.row([value]);
      sink.done({ kind: "select", rowCount: result.values.length });
    },
  });
  pool = await connect(server.port);
});

afterAll(async () => {
  await pool.close();
  await server.close();
});

const utc = (text: string): Date => new Date(`${text}Z`);
const guid = "01234567-89AB-CDEF-0123-456789ABCDEF";
const long = "x".repeat(5000);

type Parameter = readonly [sql.ISqlType | (() => sql.ISqlType), unknown, SqlType, SqlValue, unknown];

const parameters: readonly Parameter[] = [
  [sql.Bit, true, { name: "bit" }, "1", true],
  [sql.Bit, false, { name: "bit" }, "0", false],
  [sql.Bit, null, { name: "bit" }, null, null],
  [sql.TinyInt, 255, { name: "tinyint" }, "255", 255],
  [sql.SmallInt, -32768, { name: "smallint" }, "-32768", -32768],
  [sql.Int, -2147483648, { name: "int" }, "-2147483648", -2147483648],
  [sql.Int, null, { name: "int" }, null, null],
  [sql.BigInt, "9223372036854775807", { name: "bigint" }, "9223372036854775807", "9223372036854775807"],
  [sql.BigInt, "-9223372036854775808", { name: "bigint" }, "-9223372036854775808", "-9223372036854775808"],
  [sql.Decimal(9, 2), -1234.56, { name: "decimal", precision: 9, scale: 2 }, "-1234.56", -1234.56],
  [sql.Numeric(38, 10), 0.5, { name: "numeric", precision: 38, scale: 10 }, "0.5000000000", 0.5],
  [sql.Decimal(18, 0), null, { name: "decimal", precision: 18, scale: 0 }, null, null],
  [sql.Money, -0.5, { name: "money" }, "-0.5000", -0.5],
  [sql.Money, 922337.25, { name: "money" }, "922337.2500", 922337.25],
  [sql.SmallMoney, 12.5, { name: "smallmoney" }, "12.5000", 12.5],
  [sql.Float, 0.1, { name: "float" }, "0.1", 0.1],
  [sql.Float, 1e300, { name: "float" }, "1e+300", 1e300],
  [sql.Real, 0.1, { name: "real" }, "0.1", Math.fround(0.1)],
  [
    sql.DateTime,
    utc("2026-11-22T01:30:00.003"),
    { name: "datetime" },
    "2026-11-22 01:30:00.003",
    utc("2026-11-22T01:30:00.003"),
  ],
  [
    sql.DateTime,
    utc("1753-01-01T00:00:00"),
    { name: "datetime" },
    "1753-01-01 00:00:00.000",
    utc("1753-01-01T00:00:00"),
  ],
  [
    sql.DateTime,
    utc("9999-12-31T23:59:59.997"),
    { name: "datetime" },
    "9999-12-31 23:59:59.997",
    utc("9999-12-31T23:59:59.997"),
  ],
  [
    sql.SmallDateTime,
    utc("2000-02-29T23:59:00"),
    { name: "smalldatetime" },
    "2000-02-29 23:59:00",
    utc("2000-02-29T23:59:00"),
  ],
  [
    sql.DateTime2(3),
    utc("0001-01-01T00:00:00.123"),
    { name: "datetime2", scale: 3 },
    "0001-01-01 00:00:00.123",
    utc("0001-01-01T00:00:00.123"),
  ],
  [
    sql.DateTime2(7),
    utc("2026-11-22T01:30:00.5"),
    { name: "datetime2", scale: 7 },
    "2026-11-22 01:30:00.500000",
    utc("2026-11-22T01:30:00.5"),
  ],
  [sql.Date, utc("1899-12-31T00:00:00"), { name: "date" }, "1899-12-31", utc("1899-12-31T00:00:00")],
  [sql.Time(0), utc("1970-01-01T23:59:59"), { name: "time", scale: 0 }, "23:59:59", utc("1970-01-01T23:59:59")],
  [
    sql.Time(4),
    utc("1970-01-01T12:34:56.789"),
    { name: "time", scale: 4 },
    "12:34:56.7890",
    utc("1970-01-01T12:34:56.789"),
  ],
  [sql.UniqueIdentifier, guid, { name: "uniqueidentifier" }, guid.toLowerCase(), guid],
  [sql.VarChar(20), "naïve € “q”", { name: "varchar", length: 20 }, "naïve € “q”", "naïve € “q”"],
  [sql.VarChar(20), "", { name: "varchar", length: 20 }, "", ""],
  [sql.VarChar(20), null, { name: "varchar", length: 20 }, null, null],
  [sql.VarChar(sql.MAX), `${long}é`, { name: "varchar", length: -1 }, `${long}é`, `${long}é`],
  [sql.Char(5), "ab", { name: "char", length: 5 }, "ab", "ab"],
  [sql.NVarChar(20), "Ω≈ç 𝄞", { name: "nvarchar", length: 20 }, "Ω≈ç 𝄞", "Ω≈ç 𝄞"],
  [sql.NVarChar(sql.MAX), `${long}𝄞`, { name: "nvarchar", length: -1 }, `${long}𝄞`, `${long}𝄞`],
  [sql.NVarChar(sql.MAX), "", { name: "nvarchar", length: -1 }, "", ""],
  [sql.NVarChar(sql.MAX), null, { name: "nvarchar", length: -1 }, null, null],
  [sql.NChar(3), "añ", { name: "nchar", length: 3 }, "añ", "añ"],
  [sql.Text, "clinical note – é", { name: "text" }, "clinical note – é", "clinical note – é"],
  // mssql sends ntext as nvarchar.
  [sql.NText, "ノート", { name: "nvarchar", length: 3 }, "ノート", "ノート"],
  [sql.NText, null, { name: "nvarchar", length: 4000 }, null, null],
  [sql.Binary, Buffer.from([1, 2]), { name: "binary", length: 2 }, "\\x0102", Buffer.from([1, 2])],
  [sql.VarBinary(8), Buffer.from([0, 255]), { name: "varbinary", length: 8 }, "\\x00ff", Buffer.from([0, 255])],
  [sql.VarBinary(sql.MAX), Buffer.alloc(0), { name: "varbinary", length: -1 }, "\\x", Buffer.alloc(0)],
  [
    sql.VarBinary(sql.MAX),
    Buffer.alloc(9000, 7),
    { name: "varbinary", length: -1 },
    `\\x${"07".repeat(9000)}`,
    Buffer.alloc(9000, 7),
  ],
  [sql.Image, Buffer.from([9, 8]), { name: "image" }, "\\x0908", Buffer.from([9, 8])],
];

describe("parameters", () => {
  it.each(parameters.map((entry) => [entry[2].name, entry] as const))(
    "%s arrives as PostgreSQL's text and goes back unchanged",
    async (_name, [type, value, expectedType, text, back]) => {
      const answer = await pool.request().input("p", type, value).query<{ p: unknown }>("select @p as p");
      const argument = server.backend.calls.at(-1)?.args[2];
      expect(argument).toEqual({ name: "@p", type: expectedType, value: text, output: false });
      expect(answer.recordset[0]?.p).toEqual(back);
    },
  );

  it("sends statement and declarations in front of the values", async () => {
    await pool.request().input("a", sql.Int, 1).query("select @a");
    expect(server.backend.calls.at(-1)).toMatchObject({
      name: "sp_executesql",
      args: [{ value: "select @a" }, { value: "@a int" }, { name: "@a", value: "1" }],
    });
  });

  it("refuses a type that the simulator does not have by name, and the connection goes on", async () => {
    const failure = pool.request().input("p", sql.DateTimeOffset, new Date()).query("select @p");
    await expect(failure).rejects.toMatchObject({ number: 40000, message: expect.stringContaining("datetimeoffset") });
    expect((await pool.request().input("p", 1).query("select @p as p")).recordset).toEqual([{ p: 1 }]);
  });

  it("refuses text that PostgreSQL cannot hold instead of changing it", async () => {
    await expect(pool.request().input("p", "a\0b").query("select @p")).rejects.toMatchObject({ number: 40000 });
    await expect(pool.request().input("p", "\ud800").query("select @p")).rejects.toMatchObject({ number: 40000 });
  });

  it("answers more than 2,100 parameters with 8003", async () => {
    const request = pool.request();
    for (let index = 0; index < 2100; index++) request.input(`p${index}`, sql.Int, index);
    await expect(request.query("select 1")).rejects.toMatchObject({ number: 8003 });
  });
});

type Result = readonly [SqlType, SqlValue, unknown];

const results: readonly Result[] = [
  [{ name: "money" }, "922337203685477.5807", Number("922337203685477.5807")],
  [{ name: "money" }, "-922337203685477.5808", Number("-922337203685477.5808")],
  [{ name: "decimal", precision: 38, scale: 0 }, "9".repeat(38), 1e38],
  [{ name: "decimal", precision: 19, scale: 4 }, "-0.0001", -0.0001],
  [{ name: "decimal", precision: 5, scale: 2 }, "7", 7],
  [{ name: "smallint" }, "-1", -1],
  [{ name: "datetime" }, "1900-01-01 00:00:00", utc("1900-01-01T00:00:00")],
  [{ name: "datetime" }, "1899-12-31 23:59:59.997", utc("1899-12-31T23:59:59.997")],
  [{ name: "datetime2", scale: 7 }, "9999-12-31 23:59:59.999999", utc("9999-12-31T23:59:59.999")],
  [{ name: "date" }, "9999-12-31", utc("9999-12-31T00:00:00")],
  [{ name: "timestamp" }, "\\x00000000000007d1", Buffer.from([0, 0, 0, 0, 0, 0, 7, 0xd1])],
  [{ name: "char", length: 4 }, "é   ", "é   "],
  [{ name: "text" }, "", ""],
  [{ name: "ntext" }, "ノート", "ノート"],
  [{ name: "image" }, null, null],
  [{ name: "nvarchar", length: 4001 }, "longer than a short type", "longer than a short type"],
];

describe("results", () => {
  it.each(results.map((entry) => [entry[0].name, entry[1], entry] as const))(
    "%s %s arrives as the driver's value",
    async (_name, _text, [type, text, value]) => {
      result = { type, values: [text, null, text] };
      const { recordset } = await pool.request().batch<{ v: unknown }>("select v");
      expect(recordset.map((row) => row.v)).toEqual([value, null, value]);
    },
  );

  it.each<Result>([
    [{ name: "tinyint" }, "256", 8115],
    [{ name: "int" }, "2147483648", 8115],
    [{ name: "decimal", precision: 4, scale: 2 }, "100.00", 8115],
    [{ name: "money" }, "922337203685477.5808", 8115],
    [{ name: "float" }, "NaN", 8115],
    [{ name: "datetime" }, "1752-12-31 00:00:00", 242],
    [{ name: "smalldatetime" }, "1899-12-31 00:00:00", 242],
    [{ name: "date" }, "0044-03-15 BC", 241],
    [{ name: "date" }, "infinity", 241],
    [{ name: "varchar", length: 8000 }, "x".repeat(8001), 8152],
  ])("fails loudly for %o with a value outside of the type", async (type, text, number) => {
    const before: SqlValue = null;
    result = { type, values: [before, text] };
    await expect(pool.request().batch("select v")).rejects.toMatchObject({ number });
    result = { type: { name: "int" }, values: ["1"] };
    expect((await pool.request().batch("select v")).recordset).toEqual([{ v: 1 }]);
  });
});
