/** Transactions, resets, messages and errors as the clients see them. */

import knex from "knex";
import sql from "mssql";
import { Request } from "tedious";
import { afterEach, describe, expect, it } from "vitest";
import { SqlError, type SqlMessage, type TransactionRequest } from "../contract.ts";
import { column, type Script } from "./scripted-backend.ts";
import { connect, serve, type TestServer, tedious } from "./test-clients.ts";

let server: TestServer;
afterEach(() => server.close());

const descriptor = Buffer.from("0100000000000007", "hex");

/** What the engine does: 8 at begin, 9 at commit, 10 at a full rollback, nothing for savepoints. */
const transactions: Script = {
  transaction(request, sink) {
    if (request.kind === "begin" || request.kind === "commit") sink.environment({ kind: request.kind, descriptor });
    if (request.kind === "rollback" && request.name === "") sink.environment({ kind: "rollback", descriptor });
  },
};

describe("transactions", () => {
  it.each([
    [sql.ISOLATION_LEVEL.READ_UNCOMMITTED, "read uncommitted"],
    [sql.ISOLATION_LEVEL.READ_COMMITTED, "read committed"],
    [sql.ISOLATION_LEVEL.REPEATABLE_READ, "repeatable read"],
    [sql.ISOLATION_LEVEL.SERIALIZABLE, "serializable"],
    [sql.ISOLATION_LEVEL.SNAPSHOT, "snapshot"],
  ])("begin with isolation level %i and end", async (level, isolation) => {
    server = await serve(transactions);
    const pool = await connect(server.port);
    const first = pool.transaction();
    await first.begin(level);
    await first.commit();
    const second = pool.transaction();
    await second.begin(level);
    await second.rollback();
    expect(server.backend.transactions).toEqual([
      { kind: "begin", isolation, name: "" },
      { kind: "commit" },
      { kind: "begin", isolation, name: "" },
      { kind: "rollback", name: "" },
    ]);
    await pool.close();
  });

  it("have savepoints, set and gone back to by name", async () => {
    server = await serve(transactions);
    const connection = await tedious(server.port);
    const step = (run: (done: (error?: Error | null) => void) => void): Promise<void> =>
      new Promise((resolve, reject) => run((error) => (error ? reject(error) : resolve())));
    await step((done) => connection.beginTransaction(done, "outer"));
    await step((done) => connection.saveTransaction(done, "inner"));
    await step((done) => connection.rollbackTransaction(done, "inner"));
    await step((done) => connection.commitTransaction(done));
    expect(server.backend.transactions).toMatchObject([
      { kind: "begin", name: "outer" },
      { kind: "save", name: "inner" },
      { kind: "rollback", name: "inner" },
      { kind: "commit" },
    ] satisfies TransactionRequest[]);
    connection.close();
  });

  it("that the server rolled back are known to mssql, whose own rollback then fails", async () => {
    server = await serve({
      ...transactions,
      batch(_text, sink) {
        sink.environment({ kind: "rollback", descriptor });
        throw new SqlError(3609, 16, "The transaction ended in the trigger. The batch has been aborted.");
      },
    });
    const pool = await connect(server.port);
    const transaction = pool.transaction();
    await transaction.begin();
    await expect(new sql.Request(transaction).batch("insert")).rejects.toMatchObject({ number: 3609 });
    await expect(transaction.rollback()).rejects.toMatchObject({ code: "EABORT" });
    await pool.close();
  });

  it("work through knex", async () => {
    server = await serve({
      ...transactions,
      procedure(_name, _args, sink) {
        // knex asks for @@rowcount behind an update.
        sink.done({ kind: "update", rowCount: 2 });
        sink.columns([column("", { name: "int" })]);
        sink.row(["2"]);
        sink.done({ kind: "select", rowCount: 1 });
        return { returnStatus: 0, outputs: [] };
      },
    });
    const db = knex({
      client: "mssql",
      connection: { server: "127.0.0.1", port: server.port, user: "sa", password: "x" },
    });
    await db.transaction(async (trx) => {
      expect(await trx("patient").update({ last: "x" }).where({ id: 1 })).toBe(2);
    });
    expect(server.backend.transactions.map(({ kind }) => kind)).toEqual(["begin", "commit"]);
    await db.destroy();
  });
});

describe("messages", () => {
  it("arrive with number, severity, state, procedure and line; several errors together", async () => {
    const error: SqlMessage = { number: 50000, severity: 16, state: 3, text: "first – é", procedure: "tr_x", line: 7 };
    server = await serve({
      batch(_text, sink) {
        sink.message({ number: 0, severity: 0, state: 1, text: "printed", line: 1 });
        sink.message(error);
        sink.message({ ...error, number: 3609, text: "second" });
        sink.done({ kind: "other" });
      },
    });
    const pool = await connect(server.port);
    const request = pool.request();
    const infos: unknown[] = [];
    request.on("info", (info: unknown) => infos.push(info));
    const failure: unknown = await request.batch("x").catch((thrown: unknown) => thrown);
    expect(infos).toMatchObject([{ message: "printed", number: 0 }]);
    expect(failure).toMatchObject({
      number: 3609,
      precedingErrors: [{ message: "first – é", number: 50000, class: 16, state: 3, procName: "tr_x", lineNumber: 7 }],
    });
    await pool.close();
  });

  it("keep every rows-affected count of a batch, and none under NOCOUNT", async () => {
    server = await serve({
      batch(_text, sink) {
        sink.done({ kind: "update", rowCount: 3 });
        sink.done({ kind: "other" });
        sink.done({ kind: "delete", rowCount: 0 });
      },
    });
    const pool = await connect(server.port);
    expect((await pool.request().batch("x")).rowsAffected).toEqual([3, 0]);
    await pool.close();
  });
});

describe("procedure calls", () => {
  it("bring return status and output values back", async () => {
    server = await serve({
      procedure: (_name, args) => ({
        returnStatus: 5,
        outputs: args.flatMap(({ name, type, output }, ordinal) =>
          output ? [{ ordinal, name, type, value: type.name === "money" ? "7.5000" : null }] : [],
        ),
      }),
    });
    const pool = await connect(server.port);
    const request = pool.request().input("a", sql.Int, 1).output("b", sql.Money).output("c", sql.NVarChar(10));
    const result = await request.execute("dbo.charge");
    expect(result).toMatchObject({ returnValue: 5, output: { b: 7.5, c: null } });
    expect(server.backend.calls.at(-1)).toMatchObject({
      name: "dbo.charge",
      args: [
        { name: "@a", output: false },
        { name: "@b", output: true },
        { name: "@c", output: true },
      ],
    });
    await pool.close();
  });

  it("prepare by name (mssql) and by number (tedious) reach the same procedures", async () => {
    server = await serve({
      procedure(name, _args, sink) {
        if (name === "sp_prepare") {
          return { returnStatus: 0, outputs: [{ ordinal: 0, name: "@handle", type: { name: "int" }, value: "1" }] };
        }
        sink.columns([column("x", { name: "int" })]);
        sink.row(["4"]);
        sink.done({ kind: "select", rowCount: 1 });
        return { returnStatus: 0, outputs: [] };
      },
    });
    const pool = await connect(server.port);
    const statement = new sql.PreparedStatement(pool).input("p", sql.Int);
    await statement.prepare("select @p as x");
    expect((await statement.execute({ p: 4 })).recordset).toEqual([{ x: 4 }]);
    await statement.unprepare();
    // mssql tries each connection of its pool with a query of its own before it hands it out.
    const names = (): string[] =>
      server.backend.calls.map(({ name }) => name).filter((name) => name !== "sp_executesql");
    expect(names()).toEqual(["sp_prepare", "sp_execute", "sp_unprepare"]);
    await pool.close();

    const connection = await tedious(server.port);
    const request = new Request("select 4", () => {});
    connection.prepare(request);
    await new Promise((resolve) => request.once("prepared", resolve));
    const rows = await new Promise<number | undefined>((resolve) => {
      request.userCallback = (_error: unknown, count: number | undefined) => resolve(count);
      connection.execute(request, {});
    });
    expect(rows).toBe(1);
    expect(names().slice(3)).toEqual(["sp_prepare", "sp_execute"]);
    connection.close();
  });
});

describe("a fault of the engine", () => {
  it("that is meant to look like a broken network cuts the connection without an answer", async () => {
    server = await serve({
      batch() {
        throw Object.assign(new Error("dropped"), { name: "ConnectionDropped" });
      },
    });
    const pool = await connect(server.port);
    await expect(pool.request().batch("x")).rejects.toMatchObject({ code: expect.stringMatching(/^ECONN/) });
    await pool.close();
  });

  it("that nobody expected ends the session with 596 and no details", async () => {
    server = await serve({
      batch() {
        throw new Error("secret inside");
      },
    });
    const pool = await connect(server.port);
    const failure = pool.request().batch("x");
    await expect(failure).rejects.toMatchObject({ number: 596, message: expect.not.stringContaining("secret") });
    await expect.poll(() => server.connections).toBe(0);
    await pool.close();
  });
});

describe("a reset connection", () => {
  it("is reset before the next request and says so", async () => {
    server = await serve();
    const connection = await tedious(server.port);
    await new Promise<void>((resolve, reject) => connection.reset((error) => (error ? reject(error) : resolve())));
    expect(server.backend.resets).toEqual(["drop"]);
    connection.close();
  });
});
