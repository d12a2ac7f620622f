/** The way to control: on disk first, nothing lost while control is away, nothing twice, bounded, gaps told. */

import { readdirSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { createLogger } from "@banyan/kernel";
import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "../test-fleet.ts";
import { bodyOf, startTarget, temporaryFolder, type TestTarget } from "../test-proxy.ts";
import { AuditSender } from "./audit-sender.ts";
import { AuditSpool } from "./audit-spool.ts";

const logger = createLogger({ name: "proxy", level: "silent" });
const token = "replica token of the test";
type Taken = { spool: string; segment: number; lines: string[]; path: string | undefined };

let folder: ReturnType<typeof temporaryFolder>;
let control: TestTarget;
let taken: Taken[];
let status: number;
const senders: AuditSender[] = [];
beforeEach(async () => {
  folder = temporaryFolder();
  taken = [];
  status = 204;
  control = await startTarget(async (request: IncomingMessage, response) => {
    const text = (await bodyOf(request)).toString();
    expect(request.headers.authorization).toBe(`Bearer ${token}`);
    if (status < 300) {
      const { "x-banyan-spool": spool, "x-banyan-segment": segment } = request.headers;
      taken.push({
        spool: String(spool),
        segment: Number(segment),
        lines: text.trimEnd().split("\n"),
        path: request.url,
      });
    }
    response.writeHead(status).end();
  });
});
afterEach(async () => {
  for (const sender of senders.splice(0)) await sender.close();
  await control.close();
  folder.remove();
});

const openSpool = (bytesMax?: number): Promise<AuditSpool> =>
  AuditSpool.open({ folder: join(folder.path, "r1"), logger, ...(bytesMax === undefined ? {} : { bytesMax }) });

function send(spool: AuditSpool, url = control.url): AuditSender {
  const sender = new AuditSender({ spool, url, token, replica: "r1", logger });
  senders.push(sender);
  return sender;
}

const segmentsOnDisk = (): string[] => readdirSync(join(folder.path, "r1")).filter((name) => name !== "id");
const allLines = (): string[] => taken.flatMap((one) => one.lines.slice(1));

test("events come to control in order, with spool and number, and leave the disk", async () => {
  const spool = await openSpool();
  send(spool);
  for (let n = 0; n < 3; n += 1) {
    spool.write(`{"n":${n}}\n`);
    await spool.flush();
  }
  await until(() => allLines().length === 3);
  expect(allLines()).toEqual(['{"n":0}', '{"n":1}', '{"n":2}']);
  expect(taken.map((one) => one.segment)).toEqual([1, 2, 3]);
  expect(new Set(taken.map((one) => one.spool)).size).toBe(1);
  expect(taken[0]).toMatchObject({ path: "/api/v1/replicas/r1/access-events", spool: spool.id });
  expect(taken[0]?.lines[0]).toBe('{"dropped":0}');
  await until(() => segmentsOnDisk().length === 0);
  expect(spool.bytes).toBe(0);
});

test("with control away events wait on disk, also over a restart, and come when it is back", async () => {
  status = 503;
  const first = await openSpool();
  const sender = send(first);
  first.write('{"n":1}\n');
  await first.flush();
  first.write('{"n":2}\n');
  await sender.close();
  expect(segmentsOnDisk().length).toBe(2);
  const second = await openSpool();
  expect(second.id).toBe(first.id);
  expect(second.bytes).toBeGreaterThan(0);
  send(second);
  second.write('{"n":3}\n');
  await second.flush();
  status = 204;
  await until(() => allLines().length === 3);
  expect(allLines()).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
  expect(taken.map((one) => one.segment)).toEqual([1, 2, 3]);
});

test("a full spool drops what is new, counts it, and says so in the next segment that has room", async () => {
  const spool = await openSpool(300);
  const line = `{"text":"${"x".repeat(80)}"}\n`;
  for (let n = 0; n < 10; n += 1) {
    spool.write(line);
    await spool.flush();
  }
  const dropped = spool.counts.spoolFull;
  expect(dropped).toBeGreaterThan(0);
  expect(spool.bytes).toBeLessThanOrEqual(400);
  send(spool);
  await until(() => spool.bytes === 0);
  expect(allLines().length).toBe(10 - dropped);
  spool.write('{"n":1}\n');
  await spool.flush();
  await until(() => taken.at(-1)?.lines[1] === '{"n":1}');
  expect(taken.at(-1)?.lines[0]).toBe(`{"dropped":${dropped}}`);
});

test("a segment that control will never take is put aside and does not hold up the others", async () => {
  status = 400;
  const spool = await openSpool();
  send(spool);
  spool.write("nonsense\n");
  await spool.flush();
  await until(() => spool.counts.refused === 1);
  status = 204;
  spool.write('{"n":1}\n');
  await spool.flush();
  await until(() => allLines().length === 1);
  expect(segmentsOnDisk()).toEqual(["000000000001.refused"]);
  // Its number is never given again.
  expect((await openSpool()).oldest).toBeUndefined();
  expect(taken.map((one) => one.segment)).toEqual([2]);
});

test("half-written segments of a crash are not taken for whole ones", async () => {
  await openSpool();
  writeFileSync(join(folder.path, "r1", "000000000001.jsonl.new"), '{"dropped":0}\n{"n":');
  const spool = await openSpool();
  expect(spool.oldest).toBeUndefined();
});

test("a disk that takes nothing costs events and their count, never a request", async () => {
  const spool = await openSpool();
  folder.remove();
  spool.write('{"n":1}\n');
  await spool.flush();
  expect(spool.counts.diskFailed).toBe(1);
  expect(spool.bytes).toBe(0);
});
