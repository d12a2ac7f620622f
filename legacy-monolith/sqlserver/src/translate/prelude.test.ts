/** Laws of the prelude's functions, checked on the engine against straightforward models. */

import fc from "fast-check";
import type mssql from "mssql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../test-server.ts";

let server: TestServer;
let pool: mssql.ConnectionPool;

beforeAll(async () => {
  server = await startTestServer();
  pool = await server.connect(await server.newDatabase());
}, 60_000);

afterAll(() => server.close());

/** One row a value: VALUES of quoted texts with the expression over column `x`. */
async function each(values: readonly string[], expression: string): Promise<unknown[]> {
  const rows = values.map((value, i) => `(${i}, N'${value.replaceAll("'", "''")}')`).join(", ");
  const { recordset } = await pool
    .request()
    .batch(`SELECT ${expression} AS r FROM (VALUES ${rows}) AS v(i, x) ORDER BY v.i`);
  return recordset.map((row: { r: unknown }) => row.r);
}

test("datetime keeps hundreds and tens of milliseconds and rounds the last digit to 0, 3 or 7", async () => {
  const all = Array.from({ length: 1000 }, (_, ms) => ms);
  const texts = all.map((ms) => `2026-03-04 10:20:30.${String(ms).padStart(3, "0")}`);
  const shown = await each(texts, "CONVERT(varchar(23), CAST(x AS datetime), 121)");
  // "datetime": .000, .003, .007 seconds; 9 goes up to the next 0, 2 to 3, 5 to 7 as the documentation's table has it.
  const last = [0, 0, 3, 3, 3, 7, 7, 7, 7, 10];
  const expected = all.map((ms) => {
    const rounded = Math.floor(ms / 10) * 10 + (last[ms % 10] ?? 0);
    return rounded === 1000 ? "2026-03-04 10:20:31.000" : `2026-03-04 10:20:30.${String(rounded).padStart(3, "0")}`;
  });
  expect(shown).toEqual(expected);
});

test("LIKE of a text as its own pattern, wild cards in brackets, always matches", async () => {
  const letters = fc.constantFrom(..."abcXYZ019 %_[]^-\\.*+?(){}|$'é");
  const texts = fc.sample(fc.string({ unit: letters, minLength: 1, maxLength: 12 }), { numRuns: 200, seed: 7 });
  const trimmed = texts.map((text) => text.trimEnd()).filter((text) => text !== "");
  const pattern = "REPLACE(REPLACE(REPLACE(x, N'[', N'[[]'), N'%', N'[%]'), N'_', N'[_]')";
  expect(new Set(await each(trimmed, `CASE WHEN x LIKE ${pattern} THEN 1 ELSE 0 END`))).toEqual(new Set([1]));
  expect(
    new Set(await each(trimmed, `CASE WHEN UPPER(x) + N'q' LIKE N'%' + ${pattern} + N'_' THEN 1 ELSE 0 END`)),
  ).toEqual(new Set([1]));
});

test("a string is equal to itself in another case and with blanks behind", async () => {
  const texts = fc.sample(fc.string({ unit: fc.constantFrom(..."abzÉñü019-' "), maxLength: 10 }), {
    numRuns: 100,
    seed: 3,
  });
  expect(
    new Set(await each(texts, "CASE WHEN x = UPPER(x) + SPACE(3) AND LEN(x) = LEN(x + SPACE(2)) THEN 1 ELSE 0 END")),
  ).toEqual(new Set([1]));
});

test("DATEADD and DATEDIFF of days are each other's inverse over the range of datetime", async () => {
  const days = fc.sample(fc.integer({ min: -50_000, max: 2_900_000 }), { numRuns: 100, seed: 5 });
  const back = await each(days.map(String), "DATEDIFF(day, '19000101', DATEADD(day, CAST(x AS int), '19000101'))");
  expect(back).toEqual(days);
});

test("decimal text of any size comes back as it went in", async () => {
  const numbers = fc.sample(
    fc.tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.integer({ min: 0, max: 9999 })),
    { numRuns: 100, seed: 9 },
  );
  const texts = numbers.map(([whole, fraction]) => `${whole}.${String(fraction).padStart(4, "0")}`);
  expect(await each(texts, "CAST(CAST(x AS decimal(38,4)) AS varchar(50))")).toEqual(texts);
});

test("bytes of a GUID keep their groups' order through binary and back", async () => {
  const guids = fc.sample(fc.uuid(), { numRuns: 30, seed: 2 }).map((guid) => guid.toUpperCase());
  expect(
    await each(guids, "CAST(CAST(CAST(CAST(x AS uniqueidentifier) AS binary(16)) AS uniqueidentifier) AS char(36))"),
  ).toEqual(guids);
  expect(
    await each(
      ["01020304-0506-0708-090A-0B0C0D0E0F10"],
      "CONVERT(varchar(40), CAST(CAST(x AS uniqueidentifier) AS binary(16)), 2)",
    ),
  ).toEqual(["0403020106050807090A0B0C0D0E0F10"]);
});

test("a recursive query may go 100 levels deep, the 101st is error 530", async () => {
  const numbers = (most: number): Promise<mssql.IResult<{ n: number }>> =>
    pool
      .request()
      .batch(`WITH t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < ${most}) SELECT COUNT(*) AS n FROM t`);
  expect((await numbers(101)).recordset).toEqual([{ n: 101 }]);
  await expect(numbers(102)).rejects.toMatchObject({ number: 530 });
});
