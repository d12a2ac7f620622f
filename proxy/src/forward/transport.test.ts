/**
 * The transport rests on how httpxy keeps its passes. Should an update change that, this test says so before traffic does.
 */

import { readFileSync } from "node:fs";
import { createProxyServer } from "httpxy";
import { expect, test } from "vitest";

const packageOf = (name: string): { version: string } =>
  JSON.parse(readFileSync(new URL(`../../../node_modules/${name}/package.json`, import.meta.url), "utf8"));
const own = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  dependencies: Record<string, string>;
};

test("httpxy, http-proxy-middleware and undici are pinned to exactly the versions installed", () => {
  for (const name of ["httpxy", "undici", "http-proxy-middleware"]) {
    expect(own.dependencies[name]).toMatch(/^\d+\.\d+\.\d+$/);
    expect(packageOf(name).version).toBe(own.dependencies[name]);
  }
});

test("httpxy's web passes are four, all without a name, and a pass put before the last one that returns true ends the work", async () => {
  const server = createProxyServer({});
  type Passes = { name: string; length: number }[];
  const passes = (server as unknown as { _getPasses(type: string): Passes })["_getPasses"]("web");
  expect(passes.map((pass) => pass.name)).toEqual(["", "", "", ""]);
  // The one that streams is the last: it is the only one that asks for all arguments.
  expect(passes.map((pass) => pass.length).indexOf(Math.max(...passes.map((pass) => pass.length)))).toBe(3);
  let called = 0;
  server.before("web", "", () => {
    called += 1;
    return true;
  });
  expect(passes.length).toBe(5);
  const response = { on: () => response };
  await server.web({ headers: {}, method: "GET" } as never, response as never, { target: "http://127.0.0.1:9" });
  expect(called).toBe(1);
});
