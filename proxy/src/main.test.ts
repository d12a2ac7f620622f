/** The process: starts from its environment, says when it serves, stops at SIGTERM with code 0. */

import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { childEnvironment } from "@banyan/kernel";
import { expect, test } from "vitest";
import { startTarget } from "./test-proxy.ts";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));
const rules = fileURLToPath(new URL("../../routing-rules/ehr", import.meta.url));

test("a proxy of its own serves the rules of a folder in front of the legacy web and stops cleanly", async () => {
  const legacy = await startTarget((request, response) => response.end(`legacy ${request.url}`));
  const child = fork(main, {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: childEnvironment({
      BANYAN_PROXY_PORT: "0",
      BANYAN_PROXY_ADMIN_PORT: "0",
      BANYAN_RULES: rules,
      LEGACY_URL: legacy.url,
      BANYAN_LOG_LEVEL: "info",
    }),
  });
  let output = "";
  child.stdout?.on("data", (chunk) => (output += String(chunk)));
  const [ready] = (await once(child, "message")) as [{ details: { url: string; adminUrl: string } }];
  const answer = await fetch(`${ready.details.url}/Patient/PatDetail.aspx?pid=100001`);
  expect(await answer.text()).toBe("legacy /Patient/PatDetail.aspx?pid=100001");
  expect(await (await fetch(`${ready.details.adminUrl}/metrics`)).text()).toContain('rule="patient.detail"');
  child.kill("SIGTERM");
  expect((await once(child, "exit"))[0]).toBe(0);
  await legacy.close();
  expect(output).toContain('"event":"proxy.access"');
  expect(output).not.toContain("100001");
});

test("a folder that is not there is explained on standard error, with code 1", async () => {
  const child = fork(main, {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    env: childEnvironment({
      BANYAN_PROXY_PORT: "0",
      BANYAN_PROXY_ADMIN_PORT: "0",
      BANYAN_RULES: "/nowhere",
    }),
  });
  let errors = "";
  child.stderr?.on("data", (chunk) => (errors += String(chunk)));
  expect((await once(child, "close"))[0]).toBe(1);
  expect(errors).toMatch(/nowhere.*cannot be read[^]*RULES_UNREADABLE/);
});
