import sql from "mssql";
import { type BulkLoad, TYPES } from "tedious";
import { afterEach, describe, expect, it } from "vitest";
import { type BulkColumn, SqlError, type SqlValue } from "../contract.ts";
import { BulkInput } from "./bulk.ts";
import type { Script } from "./scripted-backend.ts";
import { connect, serve, type TestServer, tedious } from "./test-clients.ts";
import { tds74 } from "./type-info.ts";

let server: TestServer;

type Loaded = { columns: readonly BulkColumn[]; rows: (readonly SqlValue[])[]; failed: unknown };

/** Collects what arrives and reports its count, as the engine does. */
function collecting(loaded: Loaded): Script {
  return {
    async bulkLoad(columns, rows, sink) {
      loaded.columns = columns;
      try {
        for await (const chunk of rows) loaded.rows.push(...chunk);
      } catch (error) {
        loaded.failed = error;
        throw error;
      }
      sink.done({ kind: "insert", rowCount: loaded.rows.length });
    },
  };
}

const nothing = (): Loaded => ({ columns: [], rows: [], failed: undefined });

describe("a bulk load", () => {
  afterEach(() => server.close());

  it("brings columns and values of every type to the session, and the count back", async () => {
    const loaded = nothing();
    server = await serve(collecting(loaded));
    const pool = await connect(server.port);
    const table = new sql.Table("dbo.T");
    table.columns.add("i", sql.Int, { nullable: false });
    table.columns.add("b", sql.Bit, { nullable: true });
    table.columns.add("d", sql.Decimal(12, 3), { nullable: true });
    table.columns.add("m", sql.Money, { nullable: true });
    table.columns.add("t", sql.DateTime, { nullable: true });
    table.columns.add("n", sql.NVarChar(30), { nullable: true });
    table.columns.add("v", sql.VarChar(sql.MAX), { nullable: true });
    table.columns.add("x", sql.VarBinary(10), { nullable: true });
    table.columns.add("l", sql.Text, { nullable: true });
    table.rows.add(
      -1,
      true,
      1.5,
      -2.25,
      new Date("2026-11-22T01:30:00.007Z"),
      "Ω",
      "é€".repeat(5000),
      Buffer.from([1]),
      "note – é",
    );
    table.rows.add(2, null, null, null, null, null, null, null, null);
    const result = await pool.request().bulk(table);
    expect(result.rowsAffected).toBe(2);
    expect(server.backend.batches.at(-1)).toMatch(/^insert bulk \[dbo\]\.\[T\]/);
    expect(loaded.columns).toEqual([
      { name: "i", type: { name: "int" } },
      { name: "b", type: { name: "bit" } },
      { name: "d", type: { name: "decimal", precision: 12, scale: 3 } },
      { name: "m", type: { name: "money" } },
      { name: "t", type: { name: "datetime" } },
      { name: "n", type: { name: "nvarchar", length: 30 } },
      { name: "v", type: { name: "varchar", length: -1 } },
      { name: "x", type: { name: "varbinary", length: 10 } },
      { name: "l", type: { name: "text" } },
    ]);
    expect(loaded.rows).toEqual([
      ["-1", "1", "1.500", "-2.2500", "2026-11-22 01:30:00.007", "Ω", "é€".repeat(5000), "\\x01", "note – é"],
      ["2", null, null, null, null, null, null, null, null],
    ]);
    await pool.close();
  });

  it.each([512, 32767])("of 20,000 rows arrives in order in packets of %i bytes", async (packetSize) => {
    const loaded = nothing();
    server = await serve(collecting(loaded));
    const pool = await connect(server.port, { packetSize });
    const table = new sql.Table("T");
    table.columns.add("i", sql.Int, { nullable: false });
    table.columns.add("n", sql.NVarChar(50), { nullable: true });
    for (let index = 0; index < 20_000; index++) table.rows.add(index, index % 7 === 0 ? null : `row ${index}`);
    await pool.request().bulk(table);
    expect(loaded.rows).toHaveLength(20_000);
    expect(loaded.rows.every(([i, n], index) => i === String(index) && n === (index % 7 ? `row ${index}` : null))).toBe(
      true,
    );
    await pool.close();
  });

  it("that the engine refuses early still leaves the connection usable", async () => {
    server = await serve({
      async bulkLoad() {
        throw new SqlError(4819, 16, "Cannot bulk load.");
      },
    });
    const pool = await connect(server.port);
    const table = new sql.Table("T");
    table.columns.add("n", sql.NVarChar(50), { nullable: true });
    for (let index = 0; index < 5000; index++) table.rows.add("x");
    await expect(pool.request().bulk(table)).rejects.toMatchObject({ number: 4819 });
    expect((await pool.request().query("select 1")).recordsets).toEqual([]);
    expect(server.connections).toBe(1);
    await pool.close();
  });

  it("that the client cancels on the way ends in an error for the engine, never in an end of rows", async () => {
    const loaded = nothing();
    server = await serve(collecting(loaded));
    const connection = await tedious(server.port);
    const outcome = await new Promise<Error | null | undefined>((resolve) => {
      const bulkLoad: BulkLoad = connection.newBulkLoad("T", (error) => resolve(error));
      bulkLoad.addColumn("n", TYPES.NVarChar, { length: 50, nullable: true });
      async function* rows(): AsyncGenerator<string[]> {
        for (let index = 0; index < 20_000; index++) yield ["x".repeat(50)];
        connection.cancel();
        for (;;) {
          await new Promise((wake) => setImmediate(wake));
          yield ["y"];
        }
      }
      connection.execBulkLoad(bulkLoad, rows());
    });
    expect(outcome).toBeInstanceOf(Error);
    await expect.poll(() => loaded.failed).toMatchObject({ code: "BULK_CANCELLED" });
    connection.close();
  });
});

describe("the message of a bulk load", () => {
  it("slows the client down while the engine does not read, and lets it go on when it does", async () => {
    const taps: string[] = [];
    const input = new BulkInput({ pause: () => taps.push("pause"), resume: () => taps.push("resume") }, tds74);
    const columns = Buffer.from("81010000000000080038016900", "hex");
    const row = Buffer.from("d101000000", "hex");
    input.push(columns);
    input.push(Buffer.concat(Array.from({ length: 300_000 }, () => row)));
    expect(taps).toEqual(["pause"]);
    expect(await input.columns()).toEqual([{ name: "i", type: { name: "int" } }]);
    expect(taps.at(-1)).toBe("resume");
    input.end(false);
    let rows = 0;
    for await (const chunk of input.rows()) rows += chunk.length;
    expect(rows).toBe(300_000);
  });

  it("stopping within a row is an error", async () => {
    const input = new BulkInput({ pause: () => {}, resume: () => {} }, tds74);
    input.push(Buffer.from("81010000000000080038016900d10100", "hex"));
    input.end(false);
    await input.columns();
    await expect(input.rows().next()).rejects.toMatchObject({ code: "TDS_TRUNCATED" });
  });
});
