import { rmSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AppError, createLogger, systemClock } from "@banyan/kernel";
import { shellRules, startProxy, startTarget, temporaryFolder, testRules, type TestTarget } from "../test-proxy.ts";
import { fileRules } from "./file-rules.ts";
import { ModelState } from "./model-state.ts";

const logger = createLogger({ name: "proxy", level: "silent" });
let folder: ReturnType<typeof temporaryFolder>;
let legacy: TestTarget;
beforeEach(async () => {
  folder = temporaryFolder();
  legacy = await startTarget((_request, response) => response.end("legacy"));
});
afterEach(async () => {
  folder.remove();
  await legacy.close();
});

test("a single file is served, a changed one is taken up, and a bad one keeps the last good rules and says why", async () => {
  const file = folder.write("shell.yaml", shellRules);
  const loads: (readonly string[])[] = [];
  const next = (): Promise<void> => {
    const before = loads.length;
    return new Promise((resolve) => {
      const timer = setInterval(() => {
        if (loads.length === before) return;
        clearInterval(timer);
        resolve();
      }, 10);
    });
  };
  const rules = fileRules({ path: file, logger, onLoad: ({ problems }) => void loads.push(problems) });
  const proxy = await startProxy({ rules, targets: { legacy: legacy.url } });
  try {
    expect(await (await fetch(`${proxy.url}/Read/x`)).text()).toBe("legacy");
    expect(proxy.state.model?.number).toBe(1);
    folder.write("shell.yaml", shellRules.replace("/Read", "/Look"));
    await next();
    expect(proxy.state.model?.number).toBe(2);
    expect(proxy.state.model?.rules[0]?.template).toBe("/Look");
    folder.write("shell.yaml", `${shellRules}\n  - { id: shell.bad, pth: { exact: /x }, effect: reads }\n`);
    await next();
    expect(loads.at(-1)?.join()).toMatch(/shell\.yaml:\d+:.*pth/s);
    expect(proxy.state.model?.number).toBe(2);
    expect((await fetch(`${proxy.url}/Look/x`)).status).toBe(200);
    // The file is away while an editor replaces it: nothing is loaded, nothing is lost.
    rmSync(file);
    await next();
    expect(proxy.state.model?.number).toBe(2);
    folder.write("shell.yaml", shellRules);
    await next();
    expect(proxy.state.model?.number).toBe(3);
  } finally {
    await proxy.close();
  }
});

test("a bad first load stops the start and names every problem with file and line", async () => {
  folder.write("lab.yaml", testRules.replace("effect: write", "effect: wrote"));
  folder.write("shell.yaml", shellRules.replace("id: shell.read", "id: Shell Read"));
  const start = startProxy({ rules: fileRules({ path: folder.path, logger }), targets: { legacy: legacy.url } });
  await expect(start).rejects.toThrow(AppError);
  await expect(start).rejects.toThrow(/lab\.yaml:\d+[^]*shell\.yaml:\d+/);
});

test("rules that fail lint are refused like rules that cannot be read", async () => {
  folder.write("lab.yaml", testRules);
  const start = fileRules({ path: folder.path, logger }).start(new ModelState(systemClock), {
    held: () => ({}),
    inFlight: () => ({}),
    takeAsked: () => ({}),
    onDrained: () => undefined,
    announced: () => undefined,
    returnAsked: () => undefined,
  });
  await expect(start).rejects.toThrow(/catch-all/);
});
