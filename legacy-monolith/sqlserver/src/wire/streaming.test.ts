/** Long answers: memory stays flat when the client reads slowly, and a client that stops wanting them gets its way. */

import { once } from "node:events";
import sql from "mssql";
import { Request } from "tedious";
import { afterEach, describe, expect, it } from "vitest";
import type { ResultSink, SqlValue } from "../contract.ts";
import { column, type Script } from "./scripted-backend.ts";
import { connect, serve, type TestServer, tedious } from "./test-clients.ts";

let server: TestServer;
afterEach(() => server.close());

const columns = [
  column("id", { name: "int" }),
  column("name", { name: "nvarchar", length: 40 }),
  column("amount", { name: "money" }),
  column("at", { name: "datetime" }),
];

/** Rows as the engine sends them: until the client has had enough for now. */
async function stream(
  count: number,
  sink: ResultSink,
  signal: AbortSignal,
  produced?: { rows: number },
): Promise<void> {
  sink.columns(columns);
  let sent = 0;
  for (; sent < count && !signal.aborted; sent++) {
    const row: SqlValue[] = [String(sent), "Ávila, María de los Ángeles", "12.5000", "2026-11-22 01:30:00.003"];
    sink.row(row);
    if (produced) produced.rows = sent + 1;
    const drained = sink.drained();
    if (drained) await drained;
  }
  sink.done({ kind: "select", rowCount: sent });
}

describe("a streamed answer", () => {
  it.each([false, true])("brings 100,000 rows whole (encrypt: %s)", async (encrypt) => {
    server = await serve({ batch: (_text, sink, signal) => stream(100_000, sink, signal) });
    const pool = await connect(server.port, { encrypt });
    const request = pool.request();
    request.stream = true;
    let rows = 0;
    let idSum = 0;
    request.on("row", (row: { id: number; name: string; amount: number }) => {
      rows++;
      idSum += row.id;
    });
    void request.batch("select");
    await once(request, "done");
    expect(rows).toBe(100_000);
    expect(idSum).toBe((99_999 * 100_000) / 2);
    await pool.close();
  });

  it("waits for a client that pauses, instead of filling memory", async () => {
    const produced = { rows: 0 };
    server = await serve({ batch: (_text, sink, signal) => stream(100_000, sink, signal, produced) });
    const pool = await connect(server.port);
    const request = pool.request();
    request.stream = true;
    let rows = 0;
    const paused = new Promise<void>((resolve) => {
      request.on("row", () => {
        rows++;
        if (rows !== 100) return;
        request.pause();
        resolve();
      });
    });
    void request.batch("select");
    await paused;
    const stalledAt = await unchanged(() => produced.rows);
    // Socket buffers on both sides hold a few megabytes at most: tens of thousands of these rows, never all.
    expect(stalledAt).toBeLessThan(90_000);
    request.resume();
    await once(request, "done");
    expect(rows).toBe(100_000);
    await pool.close();
  });
});

/** Waits until `read` gives the same number for a while. */
async function unchanged(read: () => number): Promise<number> {
  for (let last = -1; ; ) {
    const now = read();
    if (now === last) return now;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

/** Runs until it is aborted, as a lock wait does. */
const forever: NonNullable<Script["batch"]> = (_text, sink, signal) =>
  new Promise((resolve) => {
    signal.addEventListener("abort", () => {
      sink.done({ kind: "other" });
      resolve();
    });
  });

const selectOne = (sink: ResultSink): void => {
  sink.columns([column("one", { name: "int" })]);
  sink.row(["1"]);
  sink.done({ kind: "select", rowCount: 1 });
};

describe("attention", () => {
  it("ends a waiting request on time-out, and the connection is good for the next one", async () => {
    server = await serve({
      batch: (text, sink, signal) => (text === "wait" ? forever(text, sink, signal) : selectOne(sink)),
    });
    const connection = await new sql.ConnectionPool({
      server: "127.0.0.1",
      port: server.port,
      user: "sa",
      password: "x",
      requestTimeout: 100,
      pool: { max: 1 },
      options: { encrypt: false },
    }).connect();
    await expect(connection.request().batch("wait")).rejects.toMatchObject({ code: "ETIMEOUT" });
    const logins = server.backend.logins.length;
    expect((await connection.request().batch("select 1")).recordset).toEqual([{ one: 1 }]);
    expect(server.backend.logins).toHaveLength(logins);
    await connection.close();
  });

  it("stops a stream in the middle, and the connection is good for the next request", async () => {
    const produced = { rows: 0 };
    server = await serve({
      batch: (text, sink, signal) => (text === "all" ? stream(10_000_000, sink, signal, produced) : selectOne(sink)),
    });
    const pool = await connect(server.port);
    const request = pool.request();
    request.stream = true;
    request.once("row", () => request.cancel());
    const failed = once(request, "error");
    void request.batch("all");
    expect((await failed)[0]).toMatchObject({ code: "ECANCEL" });
    expect(produced.rows).toBeLessThan(1_000_000);
    expect((await pool.request().batch("select 1")).recordset).toEqual([{ one: 1 }]);
    await pool.close();
  });

  it("that comes after the answer is confirmed on its own", async () => {
    server = await serve({ batch: (_text, sink) => selectOne(sink) });
    const connection = await tedious(server.port);
    // Cancelled in the same turn in which the answer arrives.
    for (let round = 0; round < 20; round++) {
      await new Promise<void>((resolve) => {
        const request = new Request("select 1", () => resolve());
        request.on("row", () => connection.cancel());
        connection.execSqlBatch(request);
      });
    }
    const rows = await new Promise<number | undefined>((resolve, reject) => {
      connection.execSqlBatch(new Request("select 1", (error, count) => (error ? reject(error) : resolve(count))));
    });
    expect(rows).toBe(1);
    connection.close();
  });

  it("is not needed when the client just goes: the running request is aborted and the session closed", async () => {
    const aborted = Promise.withResolvers<void>();
    server = await serve({
      async batch(text, sink, signal) {
        await forever(text, sink, signal);
        aborted.resolve();
      },
    });
    const connection = await tedious(server.port);
    connection.execSqlBatch(new Request("wait", () => {}));
    await expect.poll(() => server.backend.batches.length).toBe(1);
    connection.close();
    await aborted.promise;
    await expect.poll(() => server.backend.closed).toBe(1);
    expect(server.connections).toBe(0);
  });
});
