/**
 * The statements of the EHR's own pages on the migrated legacy schema: on the simulator, or on the server at
 * SQLSERVER_CONFORMANCE_URL. Each runs in a transaction that is rolled back.
 */

import { readdirSync, readFileSync } from "node:fs";
import { migrateLegacy } from "@banyan/migrations";
import type { Connection } from "tedious";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { agree } from "./agreement.ts";
import { ehrSeed } from "./ehr-seed.ts";
import { ehrStatements } from "./ehr-statements.ts";
import { close, observe } from "./observe.ts";
import { type ServerUnderTest, serverUnderTest } from "./server-under-test.ts";

let server: ServerUnderTest;
let connection: Connection;

beforeAll(async () => {
  server = await serverUnderTest();
  await migrateLegacy({ connection: server.address, database: server.database });
  const first = await server.connect();
  for (const batch of ehrSeed) expect(await observe(first, batch), batch).toMatchObject({ errors: [] });
  await close(first);
}, 120_000);
afterAll(async () => {
  await server.stop();
});
beforeEach(async () => {
  connection = await server.connect();
});
afterEach(async () => {
  await close(connection);
}, 10_000);

describe("a statement of the EHR", () => {
  it.each(ehrStatements.map((one) => [one.page, one.source, one] as const))("%s [%s]", async (_page, _source, one) => {
    const declared = one.declare === undefined ? "" : `DECLARE ${one.declare}\n`;
    await observe(connection, "SET NOCOUNT ON BEGIN TRANSACTION");
    agree(await observe(connection, declared + one.sql), one);
    await observe(connection, "IF @@TRANCOUNT > 0 ROLLBACK");
  });
});

describe("the list of the EHR's statements", () => {
  const statement =
    /\b(SELECT\b(?:(?!SELECT\b)[^;`"])*?\bFROM|INSERT INTO|UPDATE|DELETE FROM|MERGE) (tbl\w+|[A-Z][A-Z_]{4,})\b/g;
  const kinds = (text: string): string[] =>
    [...text.matchAll(statement)].map(([, verb, table]) => `${verb?.split(/\s/)[0]} ${table}`);

  it("has every kind of statement and table that the pages and the loader use", () => {
    const used = ["web/src", "data/src"].flatMap((folder) => {
      const root = new URL(`../../../${folder}/`, import.meta.url);
      return readdirSync(root, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
        .flatMap((name) => kinds(readFileSync(new URL(name, root), "utf8")));
    });
    const listed = new Set(ehrStatements.flatMap(({ sql }) => kinds(sql)));
    expect(used.length).toBeGreaterThan(100);
    expect([...new Set(used)].filter((kind) => !listed.has(kind)).sort()).toEqual([]);
  });
});
