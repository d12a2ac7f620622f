import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childEnvironment } from "@banyan/kernel";
import { openBrowser } from "../contract/browser.ts";
import { afterEach, describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const started: ChildProcess[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
    }
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}, 60_000);

type Instance = {
  readonly child: ChildProcess;
  readonly env: Readonly<Record<string, string>>;
  readonly dataDir: string;
  output(): string;
  /** Resolves when the output holds the text, rejects when the process ends first. */
  says(text: string): Promise<void>;
  ended(): Promise<number | null>;
};

async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

async function environment(): Promise<Record<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), "banyan-start-"));
  folders.push(folder);
  return {
    BANYAN_DATA_DIR: join(folder, "data"),
    BANYAN_PROXY_PORT: await freePort(),
    BANYAN_PROXY_ADMIN_PORT: await freePort(),
    CONTROL_PORT: await freePort(),
    CONTROL_DATABASE_PORT: await freePort(),
    PATIENTS_PORT: await freePort(),
    SCHEDULING_PORT: await freePort(),
    ADAPTER_PORT: await freePort(),
    LEGACY_WEB_PORT: await freePort(),
    LEGACY_SQL_PORT: await freePort(),
    LEGACY_SQL_ENGINE_PORT: await freePort(),
  };
}

function start(env: Readonly<Record<string, string>>, ...args: string[]): Instance {
  const child = spawn(process.execPath, ["scripts/start.ts", "--patients", "5", ...args], {
    cwd: root,
    env: childEnvironment(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return {
    child,
    env,
    dataDir: env["BANYAN_DATA_DIR"] ?? "",
    output: () => output,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (output.includes(text)) resolve();
        };
        child.stdout.on("data", look);
        child.stderr.on("data", look);
        child.once("exit", (code) => reject(new Error(`ended with ${code} before saying ${text}: ${output}`)));
        look();
      }),
    ended: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null) resolve(child.exitCode);
        else child.once("exit", resolve);
      }),
  };
}

/** Processes that name the folder: children and their databases. */
function processesOn(folder: string): string[] {
  return execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line.includes(folder));
}

type Status = { readonly modules: readonly { readonly module: string }[] };

/** The command finds the control plane by what `npm start` wrote. */
function banyan(env: Readonly<Record<string, string>>, ...args: string[]): Status {
  const command = ["cli/src/main.ts", ...args, "--json"];
  const answer = execFileSync(process.execPath, command, { cwd: root, env: childEnvironment(env), encoding: "utf8" });
  return JSON.parse(answer) as Status;
}

/** Pages the patients service has shown on its legacy face, by its own count. */
async function answeredByPatients(env: Readonly<Record<string, string>>): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${env["PATIENTS_PORT"]}/metrics`)).text();
  const counts = metrics.matchAll(
    /^banyan_service_requests_total\{face="legacy",method="GET",status="200"[^}]*\} (\d+)$/gm,
  );
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** A clinician's request stays with the legacy system in stage legacy and is repeated at the service in stage shadow. */
async function reachesService(env: Readonly<Record<string, string>>): Promise<void> {
  const browser = openBrowser(`http://127.0.0.1:${env["BANYAN_PROXY_PORT"]}`);
  const login = await browser.get("/Login.aspx");
  await browser.submit(login, { fields: { txtUser: "FDESK1", txtPwd: "banyan2008" }, press: "btnLogin" });
  const search = async () => (await browser.get("/Patient/PatSearch.aspx?ln=A")).status;
  expect([await search(), await answeredByPatients(env)]).toEqual([200, 0]);
  banyan(env, "stage", "patient", "shadow", "--reason", "compare");
  expect(await search()).toBe(200);
  await expect.poll(() => answeredByPatients(env), { timeout: 10_000 }).toBeGreaterThan(0);
}

async function untilGone(folder: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (processesOn(folder).length > 0) {
    if (Date.now() > deadline) throw new Error(`still running: ${processesOn(folder).join("; ")}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("npm start", { timeout: 120_000 }, () => {
  test("brings everything up, stops every child on SIGTERM and goes on with the same data the next time", async () => {
    const env = await environment();
    const first = start(env);
    await first.says("Banyan is ready");
    for (const port of [env["LEGACY_WEB_PORT"], env["BANYAN_PROXY_PORT"]]) {
      const page = await fetch(`http://127.0.0.1:${port}/Login.aspx`);
      expect(page.status).toBe(200);
      expect(await page.text()).toContain("__VIEWSTATE");
    }
    expect(first.output()).toContain(`clinicians' address   http://127.0.0.1:${env["BANYAN_PROXY_PORT"]}`);
    const connections = join(first.dataDir, "connections.json");
    expect(statSync(connections).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(connections, "utf8"))).toMatchObject({
      proxyUrl: `http://127.0.0.1:${env["BANYAN_PROXY_PORT"]}`,
      controlUrl: `http://127.0.0.1:${env["CONTROL_PORT"]}`,
      databaseUrl: expect.stringContaining(String(env["CONTROL_DATABASE_PORT"])),
      logins: expect.arrayContaining([expect.objectContaining({ user: expect.any(String) })]),
      legacyUrl: expect.stringContaining(String(env["LEGACY_WEB_PORT"])),
      services: [
        { name: "patients", url: `http://127.0.0.1:${env["PATIENTS_PORT"]}` },
        { name: "scheduling", url: `http://127.0.0.1:${env["SCHEDULING_PORT"]}` },
      ],
    });
    for (const port of [env["PATIENTS_PORT"], env["SCHEDULING_PORT"]])
      expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
    banyan(env, "stage", "lab", "shadow", "--reason", "a first look");
    await reachesService(env);
    first.child.kill("SIGTERM");
    expect(await first.ended()).toBe(0);
    expect(processesOn(first.dataDir)).toEqual([]);

    const second = start(env);
    await second.says("Banyan is ready");
    const lab = banyan(env, "status").modules.find((one) => one.module === "lab");
    expect(lab).toMatchObject({ stage: { name: "shadow" }, lastMove: { reason: "a first look" } });
    expect(second.output()).toContain("data: as before (generated");
    second.child.kill("SIGINT");
    expect(await second.ended()).toBe(0);
    expect(processesOn(first.dataDir)).toEqual([]);
  });

  test("a second instance on the same folder or port is told what is taken and what to change", async () => {
    const env = await environment();
    const first = start(env);
    await first.says("Banyan is ready");
    const sameFolder = start(env);
    expect(await sameFolder.ended()).toBe(1);
    expect(sameFolder.output()).toMatch(/another instance \(process \d+\) is running on .*BANYAN_DATA_DIR/s);
    const other = await environment();
    const samePort = start({ ...other, LEGACY_WEB_PORT: env["LEGACY_WEB_PORT"] ?? "" });
    expect(await samePort.ended()).toBe(1);
    expect(samePort.output()).toContain(`port ${env["LEGACY_WEB_PORT"]} on 127.0.0.1 is already in use`);
    expect(samePort.output()).toContain("LEGACY_WEB_PORT=<port> npm start");
    expect(existsSync(join(samePort.dataDir, "instance.pid"))).toBe(false);
  });

  test("a child that dies is named with its last lines, and the rest goes down with exit 1", async () => {
    const env = await environment();
    const instance = start(env);
    await instance.says("Banyan is ready");
    const children = execFileSync("ps", ["-o", "pid,args", "--ppid", String(instance.child.pid)], { encoding: "utf8" });
    const simulator = children.split("\n").find((line) => line.includes("sqlserver/src/main.ts"));
    process.kill(Number.parseInt(simulator?.trim() ?? "", 10), "SIGKILL");
    expect(await instance.ended()).toBe(1);
    expect(instance.output()).toContain("simulated SQL Server: ended (SIGKILL)");
    await untilGone(instance.dataDir);
  });

  test("a wrong option or setting is explained and starts nothing", async () => {
    const env = await environment();
    const wrongOption = start(env, "--patints", "7");
    expect(await wrongOption.ended()).toBe(1);
    expect(wrongOption.output()).toContain("npm start -- --help lists the options");
    const wrongPort = start({ ...env, LEGACY_WEB_PORT: "eighty" });
    expect(await wrongPort.ended()).toBe(1);
    expect(wrongPort.output()).toContain("LEGACY_WEB_PORT");
    expect(existsSync(env["BANYAN_DATA_DIR"] ?? "")).toBe(false);
  });
});
