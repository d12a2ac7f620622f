/**
 * Every legacy URL of patients and scheduling on the monolith and on the service, one after the other in the same run, on the
 * same data. Throughput at eight connections and p99; ratios service to monolith, so above 1 (rate) and below 1 (p99) is the
 * service's favour. The monolith runs on the simulated SQL Server: the ratio is to the simulator and says nothing of a real one.
 */

import { randomUUID } from "node:crypto";
import { fork } from "node:child_process";
import { Pool } from "undici";
import { openBrowser } from "../tests/contract/browser.ts";
import { demoPassword } from "../tests/contract/target.ts";

type Facts = Readonly<Record<"ProvID" | "LocCd" | "Day" | "MRN" | "LName", string>> & {
  readonly PatNo: number;
  readonly ApptID: number;
};
type Ask = { readonly path: string; readonly body?: string; readonly type?: string };
type Row = {
  readonly name: string;
  readonly service: "patients" | "scheduling";
  readonly write?: true;
  /** @param turn counts requests, so that writes differ */
  ask(facts: Facts, turn: number): Ask;
};

const json = (path: string, value: object): Ask => ({
  path,
  body: JSON.stringify(value),
  type: "application/json; charset=utf-8",
});
const trimmed = (text: string): string => encodeURIComponent(text.trim());

const rows: readonly Row[] = [
  { name: "PatSearch", service: "patients", ask: (f) => ({ path: `/Patient/PatSearch.aspx?ln=${trimmed(f.LName)}` }) },
  { name: "PatDetail", service: "patients", ask: (f) => ({ path: `/Patient/PatDetail.aspx?pid=${f.PatNo}` }) },
  { name: "PatEdit form", service: "patients", ask: (f) => ({ path: `/Patient/PatEdit.aspx?pid=${f.PatNo}` }) },
  { name: "PatNew form", service: "patients", ask: () => ({ path: "/Patient/PatNew.aspx" }) },
  { name: "Chart", service: "patients", ask: (f) => ({ path: `/Patient/Chart.aspx?pid=${f.PatNo}` }) },
  { name: "PatPhoto", service: "patients", ask: (f) => ({ path: `/Handlers/PatPhoto.ashx?pid=${f.PatNo}` }) },
  {
    name: "FindPatients",
    service: "patients",
    ask: (f) => json("/Services/PatientService.asmx/FindPatients", { prefix: f.LName.slice(0, 3), maxRows: 10 }),
  },
  { name: "PatientXml", service: "patients", ask: (f) => ({ path: `/xml/PatientXml.aspx?mrn=${trimmed(f.MRN)}` }) },
  {
    name: "DayView",
    service: "scheduling",
    ask: (f) => ({ path: `/Sched/DayView.aspx?dt=${f.Day}&prov=${trimmed(f.ProvID)}&loc=${trimmed(f.LocCd)}` }),
  },
  {
    name: "GetSlots",
    service: "scheduling",
    ask: (f) =>
      json("/Services/ScheduleService.asmx/GetSlots", {
        prov: f.ProvID.trim(),
        loc: f.LocCd.trim(),
        from: f.Day,
        to: f.Day,
        type: "FOLL",
      }),
  },
  { name: "ApptEdit form", service: "scheduling", ask: (f) => ({ path: `/Sched/ApptEdit.aspx?aid=${f.ApptID}` }) },
  {
    name: "BookAppointment",
    service: "scheduling",
    write: true,
    ask: (f, turn) =>
      json("/Services/ScheduleService.asmx/BookAppointment", {
        pid: f.PatNo,
        prov: f.ProvID.trim(),
        loc: f.LocCd.trim(),
        dt: dayAfter(turn),
        tm: "0900",
        dur: 15,
        type: "FOLL",
        reason: "bench",
        overbook: true,
      }),
  },
  {
    name: "MoveAppointment",
    service: "scheduling",
    write: true,
    ask: (f, turn) =>
      json("/Services/ScheduleService.asmx/MoveAppointment", {
        aid: f.ApptID,
        prov: f.ProvID.trim(),
        dt: dayAfter(40_000 + turn),
        tm: "1000",
      }),
  },
];

/** Far in the future, one day a turn: no booking meets another. */
function dayAfter(turn: number): string {
  const day = new Date(Date.UTC(2100, 0, 1 + turn));
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${two(day.getUTCMonth() + 1)}/${two(day.getUTCDate())}/${day.getUTCFullYear()}`;
}

const connections = 8;
/** Tokens of one write run; each names one request. */
const writesMax = 6_000;

type Side = { readonly pool: Pool; headers(turn: number): Record<string, string> };
type Measured = { readonly perSecond: number; readonly p99Ms: number; readonly failed: number };

/** @param flags `--seconds N` a row, side and round (default 3), `--rounds N` (default 3), `--only NAME`, `--json` */
export async function benchServices({
  json: asJson,
  flags,
}: {
  json: boolean;
  flags: readonly string[];
}): Promise<void> {
  const seconds = numberAfter(flags, "--seconds") ?? 3;
  const rounds = numberAfter(flags, "--rounds") ?? 3;
  const servers = await startServers();
  const { details } = servers;
  const facts = JSON.parse(details["facts"] ?? "{}") as Facts;
  const cookie = await logIn(details["legacy"] ?? "");
  const legacy: Side = { pool: new Pool(details["legacy"] ?? "", { connections }), headers: () => ({ cookie }) };
  const pools = {
    patients: new Pool(details["patients"] ?? "", { connections }),
    scheduling: new Pool(details["scheduling"] ?? "", { connections }),
  };
  const results: { row: string; rate: number; p99: number }[] = [];
  try {
    let turn = 0;
    const only = flags.includes("--only") ? flags[flags.indexOf("--only") + 1] : undefined;
    for (const row of rows.filter(({ name }) => only === undefined || name.startsWith(only))) {
      const rates: number[] = [];
      const tails: number[] = [];
      for (let round = 0; round <= rounds; round += 1) {
        // The first round warms both sides up and is not counted.
        const ms = (round === 0 ? 1 : seconds) * 1_000;
        const before = await load(legacy, row, facts, turn, ms);
        turn += 100_000;
        const service = await serviceSide(servers, row, pools[row.service]);
        const after = await load(service, row, facts, turn, ms);
        turn += 100_000;
        if (before.failed + after.failed > 0)
          throw new Error(
            `${row.name}: ${before.failed} answers of the monolith and ${after.failed} of the service were no success`,
          );
        if (round === 0) continue;
        rates.push(after.perSecond / before.perSecond);
        tails.push(after.p99Ms / before.p99Ms);
        if (!asJson)
          console.log(
            `${row.name.padEnd(16)} monolith ${before.perSecond.toFixed(0).padStart(6)}/s p99 ${before.p99Ms.toFixed(1).padStart(6)} ms   service ${after.perSecond.toFixed(0).padStart(6)}/s p99 ${after.p99Ms.toFixed(1).padStart(6)} ms`,
          );
      }
      results.push({ row: row.name, rate: median(rates), p99: median(tails) });
    }
  } finally {
    await Promise.all([legacy.pool, ...Object.values(pools)].map((pool) => pool.destroy()));
    await servers.stop();
  }
  if (asJson) {
    console.log(JSON.stringify({ bench: "services", rows: results }));
    return;
  }
  console.log("\nratio service : monolith (simulated SQL Server), median of the rounds");
  for (const { row, rate, p99 } of results)
    console.log(`  ${row.padEnd(16)} rate ${rate.toFixed(2)}   p99 ${p99.toFixed(2)}`);
}

async function load(side: Side, row: Row, facts: Facts, firstTurn: number, ms: number): Promise<Measured> {
  const times: number[] = [];
  let failed = 0;
  let turn = firstTurn;
  let left = row.write ? writesMax : Infinity;
  const started = performance.now();
  const worker = async (): Promise<void> => {
    while (performance.now() - started < ms && left > 0) {
      left -= 1;
      const mine = (turn += 1);
      const { path, body, type } = row.ask(facts, (mine % 100_000) % 30_000);
      const sent = performance.now();
      const answer = await side.pool.request({
        method: body === undefined ? "GET" : "POST",
        path,
        headers: { ...side.headers(mine), ...(type === undefined ? {} : { "content-type": type }) },
        body: body ?? null,
      });
      await answer.body.dump();
      times.push(performance.now() - sent);
      if (answer.statusCode !== 200) failed += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  const elapsed = (performance.now() - started) / 1_000;
  times.sort((a, b) => a - b);
  return {
    perSecond: times.length / elapsed,
    p99Ms: times[Math.floor(times.length * 0.99)] ?? 0,
    failed,
  };
}

async function serviceSide(servers: Servers, row: Row, pool: Pool): Promise<Side> {
  if (!row.write) {
    const token = (await servers.ask<{ tokens: [string, string] }>({}, "tokens")).tokens[
      row.service === "patients" ? 0 : 1
    ];
    return { pool, headers: () => ({ "x-banyan-identity": token, "x-banyan-epoch": "1" }) };
  }
  const ids = Array.from({ length: writesMax }, () => randomUUID());
  const { minted } = await servers.ask<{ minted: [string, string][] }>(
    { mint: { service: row.service, ids } },
    "minted",
  );
  let next = 0;
  return {
    pool,
    headers: () => {
      const [id, token] = minted[next] ?? ["", ""];
      next += 1;
      return { "x-banyan-identity": token, "x-banyan-epoch": "1", "x-request-id": id };
    },
  };
}

async function logIn(url: string): Promise<string> {
  const browser = openBrowser(url);
  const form = await browser.get("/Login.aspx");
  await browser.submit(form, { fields: { txtUser: "FDESK1", txtPwd: demoPassword }, press: "btnLogin" });
  return [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
}

type Servers = {
  readonly details: Readonly<Record<string, string>>;
  ask<T>(message: object, answer: string): Promise<T>;
  stop(): Promise<void>;
};

function startServers(): Promise<Servers> {
  const child = fork(new URL("services-server.ts", import.meta.url).pathname, [], { stdio: ["ignore", 2, 2, "ipc"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the servers ended with exit code ${code} before they were ready`)));
    child.once("message", ({ details }: { details: Record<string, string> }) =>
      resolve({
        details,
        ask: <T>(message: object, answer: string) =>
          new Promise<T>((answered) => {
            const take = (received: Record<string, unknown>): void => {
              if (!(answer in received)) return;
              child.off("message", take);
              answered(received as T);
            };
            child.on("message", take);
            child.send(message);
          }),
        stop: async () => {
          child.kill("SIGTERM");
          await ended;
        },
      }),
    );
  });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function numberAfter(flags: readonly string[], name: string): number | undefined {
  const at = flags.indexOf(name);
  return at < 0 ? undefined : Number(flags[at + 1]);
}
