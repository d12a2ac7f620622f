import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { banyan, startBanyan, temporaryFolder } from "../test-command.ts";

const rules = (extra: string): string => `module: lab
service: lab
routes:
  - { id: lab.results, path: { exact: /Results }, methods: [GET], effect: read }
  - { id: lab.rest, path: { prefix: / }, effect: write, serve: legacy }
${extra}`;

const folder = temporaryFolder();
let legacy: Server;
let service: Server;
const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

async function answering(text: string): Promise<Server> {
  const server = createServer((_, response) => response.end(text));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

beforeAll(async () => {
  legacy = await answering("legacy");
  service = await answering("service");
});
afterAll(() => {
  for (const server of [legacy, service]) {
    server.close();
    server.closeAllConnections();
  }
  folder.remove();
});

test("a proxy from a file alone serves, takes a change, keeps the last good rules over a bad one, and stops cleanly", async () => {
  const file = folder.write("lab.yaml", rules(""));
  const live = '{"lab":{"name":"live"}}';
  const targets = ["--legacy", urlOf(legacy), "--service", `lab=${urlOf(service)}`];
  const proxy = startBanyan(["proxy", "--rules", file, "--port", "0", ...targets, "--stages", live, "--json"]);
  try {
    const ready = JSON.parse(await proxy.says("\n")) as { url: string; adminUrl: string; rules: number };
    expect(ready).toMatchObject({ event: "ready", rules: 2 });
    const ask = async (path: string): Promise<string> => (await fetch(`${ready.url}${path}`)).text();
    expect(await ask("/Results")).toBe("service");
    expect(await ask("/New")).toBe("legacy");
    folder.write("lab.yaml", rules("  - { id: lab.new, path: { exact: /New }, methods: [GET], effect: read }\n"));
    await proxy.says('{"event":"reloaded"}');
    expect(await ask("/New")).toBe("service");
    folder.write("lab.yaml", rules("  - { id: lab.new, path: { exact: New }, effect: read }\n"));
    const out = await proxy.says('{"event":"refused"');
    expect(out).toContain("an absolute path without query");
    expect(await ask("/New")).toBe("service");
    expect((await fetch(`${ready.adminUrl}/readyz`)).status).toBe(200);
  } finally {
    expect(await proxy.stop()).toBe(0);
  }
});

test("rules that are wrong from the start stop it with what to mend", async () => {
  const file = folder.write("wrong.yaml", rules("  - { id: lab.results, path: { exact: /Other }, effect: read }\n"));
  const { code, out, error } = await banyan(["proxy", "--rules", file, "--port", "0"]);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(error).toContain('id "lab.results" is already used in wrong.yaml line 4');
});

test("a port that is none is a usage error", async () => {
  const { code, error } = await banyan(["proxy", "--port", "eighty"]);
  expect(code).toBe(2);
  expect(error).toContain('"eighty" is not a port');
});
