/**
 * The differential T-SQL file: what the documentation of SQL Server says, asked of the simulator, or of a real server when
 * SQLSERVER_CONFORMANCE_URL is set. Each case has a connection of its own and drops the tables it made.
 */

import type { Connection } from "tedious";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { agree } from "./agreement.ts";
import { captureCases } from "./capture.ts";
import { changeCases } from "./changes.ts";
import { conditionCases } from "./conditions.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import { conversionCases } from "./conversions.ts";
import { dateCases } from "./dates.ts";
import { errorCases } from "./errors.ts";
import { numberCases } from "./numbers.ts";
import { close, observe } from "./observe.ts";
import { queryCases } from "./queries.ts";
import { schemaCases } from "./schema.ts";
import { type ServerUnderTest, serverUnderTest } from "./server-under-test.ts";
import { stringCases } from "./strings.ts";
import { transactionCases } from "./transactions.ts";

const topics: Readonly<Record<string, readonly ConformanceCase[]>> = {
  conditions: conditionCases,
  strings: stringCases,
  numbers: numberCases,
  dates: dateCases,
  conversions: conversionCases,
  queries: queryCases,
  changes: changeCases,
  transactions: transactionCases,
  schema: schemaCases,
  errors: errorCases,
  capture: captureCases,
};

let server: ServerUnderTest;
let connection: Connection;

beforeAll(async () => {
  server = await serverUnderTest();
}, 90_000);
afterAll(async () => {
  await server.stop();
});
beforeEach(async () => {
  connection = await server.connect();
});
afterEach(async () => {
  await close(connection);
}, 10_000);

describe.each(Object.entries(topics))("%s", (_topic, cases) => {
  it.each(cases.map((one) => [one.title, one.source, one] as const))("%s [%s]", async (_title, _source, one) => {
    let beside: Connection | undefined;
    try {
      for (const batch of one.setup ?? []) {
        expect(await observe(connection, batch), batch).toMatchObject({ errors: [] });
      }
      if (one.beside !== undefined) {
        beside = await server.connect();
        expect(await observe(beside, one.beside)).toMatchObject({ errors: [] });
      }
      const seen = await observe(connection, one.sql);
      if (server.isSimulator && one.refusedBySimulator !== undefined) expect(seen.errors).toEqual([40000]);
      else agree(seen, one);
    } finally {
      if (beside) await close(beside);
      if (one.cleanup !== undefined) await observe(connection, one.cleanup);
      await dropObjects(one);
    }
  });
});

describe("the differential file", () => {
  const all = Object.values(topics).flat();

  it("cites a page of the documentation for every case, and tells the cases apart", () => {
    expect(all.length).toBeGreaterThan(200);
    expect(all.filter(({ source }) => source.trim() === "")).toEqual([]);
    expect(new Set(all.map(({ title, source }) => `${source}: ${title}`)).size).toBe(all.length);
  });

  it("expects something in every case", () => {
    expect(all.filter((one) => !one.sets && !one.types && !one.names && !one.errors && !one.messages)).toEqual([]);
  });
});

const creation = /\b(?:CREATE (?<kind>TABLE|VIEW)|INTO) (?:dbo\.)?(?<name>\w+)/gi;

/** What the case made, newest first; over a connection of its own, since the case may have left its in any state. */
async function dropObjects({ setup = [], sql }: ConformanceCase): Promise<void> {
  const made = [...[...setup, sql].join("\n").matchAll(creation)].map(
    ({ groups }) =>
      `DROP ${groups?.["kind"]?.toUpperCase() === "VIEW" ? "VIEW" : "TABLE"} IF EXISTS ${groups?.["name"]}`,
  );
  if (made.length === 0) return;
  await observe(connection, "IF @@TRANCOUNT > 0 ROLLBACK");
  const other = await server.connect();
  for (const drop of new Set(made.toReversed())) await observe(other, drop);
  await close(other);
}
