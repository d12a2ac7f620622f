import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, expect, test } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./cluster.ts";

const running: EmbeddedPostgres[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "banyan-cluster-"));
  folders.push(path);
  return join(path, "data");
}

async function start(dataDir: string, port = 0): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({
    dataDir,
    port,
    password: "probe-password",
    name: "engine",
    portVariable: "ENGINE_PORT",
  });
  running.push(server);
  return server;
}

async function ask(server: EmbeddedPostgres, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test("committed rows are there after a stop and a new start", async () => {
  const dataDir = folder();
  const first = await start(dataDir);
  await ask(first, "CREATE TABLE t (n int); INSERT INTO t VALUES (7)");
  await first.stop();
  const second = await start(dataDir);
  expect(await ask(second, "SELECT n FROM t")).toEqual([{ n: 7 }]);
});

test("a server left over from a killed process is replaced, and its commits are kept", async () => {
  const dataDir = folder();
  const leftover = await start(dataDir);
  await ask(leftover, "CREATE TABLE t (n int); INSERT INTO t VALUES (8)");
  const died = leftover.failed.catch((error: Error) => error.message);
  const next = await start(dataDir);
  expect(await died).toMatch(/the server ended/);
  expect(next.pid).not.toBe(leftover.pid);
  expect(await ask(next, "SELECT n FROM t")).toEqual([{ n: 8 }]);
});

test("a taken port is explained", async () => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
  const port = (blocker.address() as { port: number }).port;
  await expect(start(folder(), port)).rejects.toMatchObject({
    code: "PORT_TAKEN",
    hint: expect.stringContaining("ENGINE_PORT"),
  });
  blocker.close();
});

test("a wrong password is refused", async () => {
  const server = await start(folder());
  const client = new pg.Client({ connectionString: server.url().replace("probe-password", "wrong") });
  await expect(client.connect()).rejects.toThrow(/password authentication failed/);
});

test("a process that ends without stopping its server does not leave it behind", async () => {
  const dataDir = folder();
  const script = `import { startEmbeddedPostgres } from ${JSON.stringify(join(import.meta.dirname, "cluster.ts"))};
    const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, port: 0, password: "probe-password", name: "engine", portVariable: "ENGINE_PORT" });
    process.stdout.write(String(server.pid));
    process.exit(3);`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script]);
  let pid = "";
  child.stdout.on("data", (chunk: Buffer) => (pid += chunk.toString()));
  expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(3);
  expect(pid).toMatch(/^\d+$/);
  await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 10_000 }).toBe(false);
});
