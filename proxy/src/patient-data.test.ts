/** A made-up patient's SSN, name and record number, put everywhere a request can hold them, must come out nowhere but at the target. */

import { afterAll, beforeAll, expect, test } from "vitest";
import {
  heldRules,
  rawCall,
  startProxy,
  startTarget,
  testModel,
  type TestProxy,
  type TestTarget,
} from "./test-proxy.ts";

const ssn = "078-05-1120";
const name = "Zyxwvutson";
const mrn = "MRN0098765";
const canary = `${ssn}/${name}/${mrn}`;
const traces = [ssn, name, mrn, encodeURIComponent(ssn), Buffer.from(name).toString("base64").slice(0, 12)];

let legacy: TestTarget;
let proxy: TestProxy;
let behaviour: "answer" | "cut" | "garbage" | "hang" = "answer";

beforeAll(async () => {
  legacy = await startTarget((request, response) => {
    request.resume();
    if (behaviour === "cut") response.destroy();
    else if (behaviour === "garbage") response.socket?.end(`garbage ${canary}\r\n`);
    else if (behaviour === "answer") response.end("ok");
  });
  proxy = await startProxy({
    rules: heldRules(testModel({ lab: { stage: { name: "live" }, epoch: 1 } })),
    targets: { legacy: legacy.url, lab: legacy.url },
    sessionKey: "session key of the test",
    interfaceKey: "interface key of the test",
  });
});
afterAll(async () => {
  await proxy.close();
  await legacy.close();
});

test("through every route and every failure", async () => {
  const query = `?ssn=${ssn}&name=${name}&mrn=${mrn}`;
  const targets = [
    `/Lab/Results.aspx${query}`,
    `/Lab/Strict.aspx${query}`,
    `/Lab/Ask.asmx${query}`,
    `/Lab/Order.aspx${query}`,
    `/Lab/Feed/${name}${query}`,
    `/Read/${mrn}${query}`,
    `/${name}/${ssn}${query}`,
    `/${name}/..${query}`,
    `/${name}%2f${query}`,
    `http://${name}/${query}`,
    `/${name}\0`,
  ];
  const pages: string[] = [];
  for (const mode of ["answer", "cut", "garbage"] as const) {
    behaviour = mode;
    for (const target of targets) {
      for (const method of ["GET", "POST", "PROPFIND"]) {
        const body = method === "POST" ? canary : "";
        const headers = `Host: clinic\r\nCookie: .EHRAUTH=${name}; EHRCtx=pid=${mrn}\r\nReferer: http://clinic/${name}\r\nX-Ifc-Key: ${ssn}\r\nX-Request-Id: ${mrn}\r\nUser-Agent: ${name}\r\nContent-Type: text/${name}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n`;
        pages.push(
          await rawCall(proxy.port, `${method} ${target} HTTP/1.1\r\n${headers}\r\n${body}`, undefined, 3_000).catch(
            () => "",
          ),
        );
      }
      const upgrade = `GET ${target} HTTP/1.1\r\nHost: clinic\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${name}\r\n\r\n`;
      pages.push(await rawCall(proxy.port, upgrade, undefined, 3_000).catch(() => ""));
    }
  }
  await legacy.close();
  for (const target of targets.slice(0, 7)) pages.push(await (await fetch(proxy.url + target)).text());
  const outputs = { pages: pages.join("\n"), logged: proxy.logged(), metrics: await proxy.metrics() };
  expect(outputs.pages).toMatch(/HTTP\/1\.1 200 /);
  expect(outputs.pages).toMatch(/HTTP\/1\.1 400 /);
  expect(outputs.pages).toMatch(/HTTP\/1\.1 502 /);
  expect(outputs.logged.split("\n").length).toBeGreaterThan(50);
  expect(outputs.metrics).toContain('rule="lab.read"');
  for (const [where, text] of Object.entries(outputs))
    for (const trace of traces) expect(text.includes(trace), `${trace} in ${where}`).toBe(false);
}, 60_000);
