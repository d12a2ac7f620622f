/** The C client FreeTDS (`tsql`, `freebcp`), in every protocol version it shares with SQL Server. */

import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childEnvironment } from "@banyan/kernel";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SqlError } from "../contract.ts";
import { column, type Script } from "./scripted-backend.ts";
import { serve, type TestServer } from "./test-clients.ts";

let server: TestServer | undefined;

const installed = spawnSync("tsql", ["-C"]).error === undefined;

type Output = { readonly text: string; readonly errors: string };

/** Runs a client with `input` on its standard input and collects what it prints. */
function run(command: string, version: string, args: readonly string[], input = ""): Promise<Output> {
  return new Promise((resolve) => {
    const options = { env: childEnvironment({ TDSVER: version, LANG: "C.UTF-8" }), timeout: 20_000 };
    const child = execFile(command, args, options, (_error, text, errors) => resolve({ text, errors }));
    child.stdin?.end(input);
  });
}

function tsql(version: string, input: string): Promise<Output> {
  const args = ["-H", "127.0.0.1", "-p", String(server?.port), "-U", "sa", "-P", "s3cret", "-o", "qfh"];
  return run("tsql", version, args, input);
}

const everyType: Script = {
  batch(_text, sink) {
    sink.columns([
      column("i", { name: "int" }),
      column("big", { name: "bigint" }),
      column("d", { name: "decimal", precision: 12, scale: 3 }),
      column("m", { name: "money" }),
      column("f", { name: "float" }),
      column("dt", { name: "datetime" }),
      column("d2", { name: "datetime2", scale: 3 }),
      column("v", { name: "varchar", length: 20 }),
      column("n", { name: "nvarchar", length: 20 }),
      column("x", { name: "nvarchar", length: -1 }),
      column("t", { name: "text" }),
      column("b", { name: "varbinary", length: 4 }),
      column("g", { name: "uniqueidentifier" }),
    ]);
    sink.row([
      "-7",
      "9007199254740993",
      "-1.500",
      "2.2500",
      "0.5",
      "2026-11-22 01:30:00.003",
      "2026-11-22 01:30:00.125",
      "naïve €",
      "Ω",
      "long text",
      "note é",
      "\\x0aff",
      "01234567-89ab-cdef-0123-456789abcdef",
    ]);
    sink.row(Array.from({ length: 13 }, () => null));
    sink.done({ kind: "select", rowCount: 2 });
  },
};

describe("FreeTDS", () => {
  beforeEach(({ skip }) => {
    if (!installed) skip("FreeTDS's tsql is not installed (apt-get install freetds-bin)");
  });
  afterEach(() => server?.close());

  it.each(["7.1", "7.2", "7.3", "7.4"])("logs in with TDS %s and reads every type", async (version) => {
    server = await serve(everyType);
    const { text, errors } = await tsql(version, "select everything\ngo\nexit\n");
    expect(errors).toBe("");
    const [first = "", second = ""] = text.trim().split("\n");
    const values = first.split("\t");
    expect(values.slice(0, 5)).toEqual(["-7", "9007199254740993", "-1.500", "2.2500", "0.5"]);
    expect(values[5]).toMatch(/^Nov 22 2026/);
    expect(values.slice(7)).toEqual([
      "naïve €",
      "Ω",
      "long text",
      "note é",
      "0aff",
      "01234567-89AB-CDEF-0123-456789ABCDEF",
    ]);
    expect(second.split("\t")).toEqual(Array.from({ length: 13 }, () => "NULL"));
    expect(server?.backend.logins[0]).toMatchObject({ user: "sa", password: "s3cret" });
  });

  it("prints errors with their number and goes on", async () => {
    server = await serve({
      batch(text, sink) {
        if (text.includes("bad")) throw new SqlError(208, 16, "Invalid object name 'bad'.");
        sink.columns([column("one", { name: "int" })]);
        sink.row(["1"]);
        sink.done({ kind: "select", rowCount: 1 });
      },
    });
    const { text, errors } = await tsql("7.4", "select * from bad\ngo\nselect 1\ngo\nexit\n");
    expect(errors).toContain("Msg 208 (severity 16, state 1)");
    expect(errors).toContain("Invalid object name 'bad'.");
    expect(text.trim()).toBe("1");
  });

  it.each(["7.1", "7.4"])("loads a file in bulk with TDS %s (freebcp)", async (version) => {
    const loaded: unknown[] = [];
    const columns = [
      column("i", { name: "int" }, false),
      column("n", { name: "nvarchar", length: 20 }),
      column("d", { name: "decimal", precision: 10, scale: 2 }),
      column("dt", { name: "datetime" }),
      column("t", { name: "text" }),
      column("m", { name: "varchar", length: -1 }),
    ];
    server = await serve({
      batch(text, sink) {
        // How FreeTDS learns the table's columns.
        if (text.includes("FMTONLY")) sink.columns(columns);
        sink.done({ kind: "other" });
      },
      async bulkLoad(_columns, rows, sink) {
        for await (const chunk of rows) loaded.push(...chunk);
        sink.done({ kind: "insert", rowCount: loaded.length });
      },
    });
    const folder = await mkdtemp(join(tmpdir(), "banyan-freebcp-"));
    const file = join(folder, "rows.tsv");
    await writeFile(file, "1\tÜn\t-12.50\t2026-11-22 01:30:00.003\tnote\tmaxi\n2\t\t\t\t\t\n");
    const args = ["EHRPROD..T", "in", file, "-c", "-S", `127.0.0.1:${server.port}`, "-U", "sa", "-P", "x"];
    const { text, errors } = await run("freebcp", version, args);
    await rm(folder, { recursive: true });
    expect(errors).toBe("");
    expect(text).toContain("2 rows copied.");
    expect(loaded).toEqual([
      ["1", "Ün", "-12.50", "2026-11-22 01:30:00.003", "note", "maxi"],
      ["2", null, null, null, null, null],
    ]);
  });

  it("is told about a bad login", async () => {
    server = await serve({
      login() {
        throw new SqlError(18456, 14, "Login failed for user 'sa'.");
      },
    });
    const { text, errors } = await tsql("7.4", "select 1\ngo\n");
    expect(text + errors).toContain("Login failed for user 'sa'.");
  });
});
