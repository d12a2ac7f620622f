/**
 * Throughput and latency of the proxy against the same target in the same round: direct, nginx and haproxy where installed,
 * bare http-proxy-middleware on Express, and ours. The server under measurement has one core, load and target the other.
 * Ratios are of one round; under 15 % apart means nothing on a shared machine. Also the cost of one decision with 10,000 rules.
 */

import { execFile, fork, type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { measureDecide } from "./proxy-decide.ts";

const sizes = { "1.5k": 1_500, "60k": 60_000 } as const;
const cookie = ".EHRAUTH=0123456789ABCDEF; ASP.NET_SessionId=abcdefghijklmnopqrstuvwx";

type Case = { readonly name: string; readonly path: string; readonly postBytes?: number };
const cases: readonly Case[] = [
  { name: "GET 1.5 KB", path: "/bench/1.5k" },
  { name: "GET 60 KB", path: "/bench/60k" },
  { name: "POST 2 KB", path: "/bench/1.5k", postBytes: 2_000 },
];

type Contender = {
  readonly name: string;
  readonly url: string;
  readonly warmUp: boolean;
  /** The process under measurement; undefined where there is none. */
  readonly pid: number | undefined;
};
type Started = { readonly port: number; readonly pid: number | undefined };
type Measured = {
  readonly perSecond: number;
  readonly p50: string;
  readonly p99: string;
  readonly errors: number;
  /** CPU time of the server a request, in microseconds: says more than the rate when others use the machine too. */
  readonly cpuMicros: number;
};

/** @param argv flags: `--seconds N` a run (default 10), `--rounds N` (default 1), `--short` (2 s, and 4 s of warm-up). */
export async function benchProxy(argv: readonly string[]): Promise<void> {
  const short = argv.includes("--short");
  const seconds = numberAfter(argv, "--seconds") ?? (short ? 2 : 10);
  const warmUpSeconds = short ? 4 : 10;
  const rounds = numberAfter(argv, "--rounds") ?? 1;
  measureDecide();
  if (!has("wrk")) {
    console.log("proxy throughput: skipped, wrk is not installed (apt-get install wrk)");
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "banyan-bench-"));
  const children: ChildProcess[] = [];
  try {
    if (!has("nginx")) {
      console.log("proxy throughput: skipped, nginx (the target of all contenders) is not installed");
      return;
    }
    const contenders = await start(folder, children);
    for (const one of contenders.filter((one) => one.warmUp))
      await wrk(one.url, cases[0] as Case, warmUpSeconds, folder);
    for (let round = 1; round <= rounds; round += 1) await runRound(contenders, seconds, folder, round);
  } finally {
    for (const child of children) child.kill("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  }
}

async function start(folder: string, children: ChildProcess[]): Promise<Contender[]> {
  const { port: targetPort } = await startNginx(folder, "target", children, targetConfig(folder), 1);
  const target = `http://127.0.0.1:${targetPort}`;
  const contenders: Contender[] = [{ name: "direct", url: target, warmUp: false, pid: undefined }];
  const nginx = await startNginx(folder, "proxy", children, proxyConfig(targetPort), 0);
  contenders.push({ name: "nginx", url: `http://127.0.0.1:${nginx.port}`, warmUp: false, pid: nginx.pid });
  if (has("haproxy")) {
    const { port, pid } = await startHaproxy(folder, children, targetPort);
    contenders.push({ name: "haproxy", url: `http://127.0.0.1:${port}`, warmUp: false, pid });
  } else console.log("haproxy: skipped, not installed");
  for (const [kind, name] of [
    ["bare", "http-proxy-middleware"],
    ["ours", "banyan"],
  ] as const) {
    const { port, pid } = await startNode(kind, target, children);
    contenders.push({ name, url: `http://127.0.0.1:${port}`, warmUp: true, pid });
  }
  return contenders;
}

async function runRound(
  contenders: readonly Contender[],
  seconds: number,
  folder: string,
  round: number,
): Promise<void> {
  for (const one of cases) {
    console.log(`\nround ${round}, ${one.name}, 64 connections, ${seconds} s`);
    const results = new Map<string, Measured>();
    for (const contender of contenders) results.set(contender.name, await measure(contender, one, seconds, folder));
    const nginx = results.get("nginx")?.perSecond ?? Number.NaN;
    const bare = results.get("http-proxy-middleware")?.perSecond ?? Number.NaN;
    for (const [name, { perSecond, p50, p99, errors, cpuMicros }] of results) {
      const ratios = `${(perSecond / nginx).toFixed(2)} of nginx  ${(perSecond / bare).toFixed(2)} x bare`;
      const cpu = cpuMicros > 0 ? `  cpu ${cpuMicros.toFixed(0)} us` : "";
      const trouble = errors > 0 ? `  ${errors} ERRORS` : "";
      console.log(
        `  ${name.padEnd(22)} ${perSecond.toFixed(0).padStart(7)}/s  p50 ${p50}  p99 ${p99}  ${ratios}${cpu}${trouble}`,
      );
    }
  }
}

async function measure(contender: Contender, one: Case, seconds: number, folder: string): Promise<Measured> {
  const before = cpuSecondsOf(contender.pid);
  const result = await wrk(contender.url, one, seconds, folder);
  const cpuSeconds = cpuSecondsOf(contender.pid) - before;
  return { ...result, cpuMicros: (cpuSeconds * 1e6) / (result.perSecond * seconds) };
}

/** CPU time of a process and its children so far, all threads; 0 where /proc is not there. */
function cpuSecondsOf(pid: number | undefined): number {
  if (pid === undefined) return 0;
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    const own = (Number(fields[11]) + Number(fields[12])) / 100;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    return children.reduce((sum, child) => sum + (child === "" ? 0 : cpuSecondsOf(Number(child))), own);
  } catch {
    return 0; // No /proc on this platform.
  }
}

function wrk(url: string, one: Case, seconds: number, folder: string): Promise<Omit<Measured, "cpuMicros">> {
  const script = join(folder, "call.lua");
  const body = one.postBytes
    ? `wrk.method = "POST"\nwrk.body = string.rep("x", ${one.postBytes})\nwrk.headers["Content-Type"] = "application/octet-stream"\n`
    : "";
  writeFileSync(script, `${body}wrk.headers["Cookie"] = "${cookie}"\n`);
  const [command, ...rest] = pinned(1, [
    "wrk",
    "-t1",
    "-c64",
    `-d${seconds}s`,
    "--latency",
    "-s",
    script,
    url + one.path,
  ]);
  return new Promise((resolve, reject) => {
    execFile(command as string, rest, (error, output) => {
      if (error) return reject(error);
      const number = (pattern: RegExp): string => pattern.exec(output)?.[1] ?? "0";
      resolve({
        perSecond: Number(number(/Requests\/sec:\s+([\d.]+)/)),
        p50: number(/^\s+50%\s+(\S+)/m),
        p99: number(/^\s+99%\s+(\S+)/m),
        errors: Number(number(/Non-2xx or 3xx responses: (\d+)/)),
      });
    });
  });
}

function startNode(kind: "ours" | "bare", target: string, children: ChildProcess[]): Promise<Started> {
  const script = fileURLToPath(new URL("./proxy-server.ts", import.meta.url));
  const child = fork(script, [kind, target], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  children.push(child);
  if (child.pid !== undefined) pin(child.pid, 0);
  return new Promise((resolve, reject) => {
    child.once("message", (message) => resolve({ port: (message as { port: number }).port, pid: child.pid }));
    child.once("exit", (code) => reject(new Error(`${kind} ended with code ${code}`)));
  });
}

async function startNginx(
  folder: string,
  name: string,
  children: ChildProcess[],
  config: (port: number) => string,
  core: number,
): Promise<Started> {
  const port = await freePort();
  const file = join(folder, `${name}.conf`);
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${folder}/${name}.pid; error_log ${folder}/${name}.log crit; ${process.getuid?.() === 0 ? "user root;" : ""}
events { worker_connections 2048; }
http { access_log off; keepalive_requests 1000000; client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder}; client_body_buffer_size 64k; ${config(port)} }`,
  );
  const [command, ...rest] = pinned(core, ["nginx", "-c", file, "-e", join(folder, `${name}.log`)]);
  const child = spawn(command as string, rest, { stdio: "ignore" });
  children.push(child);
  await untilUp(port);
  return { port, pid: child.pid };
}

/** Static files; a POST is answered with them too. */
function targetConfig(folder: string): (port: number) => string {
  mkdirSync(join(folder, "www", "bench"), { recursive: true });
  mkdirSync(join(folder, "www", "Interfaces"), { recursive: true });
  for (const [name, bytes] of Object.entries(sizes))
    writeFileSync(join(folder, "www", "bench", name), "x".repeat(bytes));
  const session = {
    kind: "staff",
    user: "BENCH1",
    name: "Bench",
    role: "FD",
    site: "MAIN",
    provider: false,
    currentPatient: null,
    currentEncounter: null,
    breakGlassPatient: null,
    setCookies: [],
  };
  writeFileSync(join(folder, "www", "Interfaces", "Session.ashx"), JSON.stringify(session));
  return (port) =>
    `server { listen 127.0.0.1:${port}; root ${folder}/www; error_page 405 =200 $uri; open_file_cache max=10; location / { } }`;
}

function proxyConfig(targetPort: number): (port: number) => string {
  return (port) =>
    `upstream t { server 127.0.0.1:${targetPort}; keepalive 128; keepalive_requests 1000000; } server { listen 127.0.0.1:${port}; location / { proxy_pass http://t; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr; proxy_buffers 16 16k; } }`;
}

async function startHaproxy(folder: string, children: ChildProcess[], targetPort: number): Promise<Started> {
  const port = await freePort();
  const file = join(folder, "haproxy.cfg");
  writeFileSync(
    file,
    `global\n  nbthread 1\ndefaults\n  mode http\n  timeout connect 3s\n  timeout client 60s\n  timeout server 60s\n  option forwardfor\n  http-reuse always\nfrontend f\n  bind 127.0.0.1:${port}\n  default_backend b\nbackend b\n  server t 127.0.0.1:${targetPort}\n`,
  );
  const [command, ...rest] = pinned(0, ["haproxy", "-f", file, "-db"]);
  const child = spawn(command as string, rest, { stdio: "ignore" });
  children.push(child);
  await untilUp(port);
  return { port, pid: child.pid };
}

async function untilUp(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    try {
      await fetch(`http://127.0.0.1:${port}/bench/1.5k`);
      return;
    } catch {
      // Not listening yet.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`nothing listens on port ${port} after 5 s`);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

const has = (program: string): boolean => spawnSync("which", [program]).status === 0;
const canPin = has("taskset");
const pinned = (core: number, command: string[]): string[] =>
  canPin ? ["taskset", "-c", String(core), ...command] : command;
const pin = (pid: number, core: number): void => {
  if (canPin) spawnSync("taskset", ["-a", "-c", "-p", String(core), String(pid)]);
};

function numberAfter(argv: readonly string[], flag: string): number | undefined {
  const at = argv.indexOf(flag);
  const value = Number(argv[at + 1]);
  return at >= 0 && value > 0 ? value : undefined;
}
