import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServices } from "./test-service.ts";

const root = join(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "banyan-recipe-"));
const inRooms = (file: string): string => join(folder, "extracted-services/rooms/src", file);

beforeAll(() => {
  const recipe = readFileSync(join(root, "docs/HACKING.md"), "utf8");
  const files = [...recipe.matchAll(/^```\w+ title="([^"]+)"\n(.*?)^```$/gms)];
  expect(files.map(([, path]) => path)).toContain("extracted-services/rooms/src/main.ts");
  for (const [, path = "", content = ""] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the service written out from docs/HACKING.md passes the conformance suite", async () => {
  const report = join(folder, "report.json");
  const runner = join(root, "node_modules/vitest/vitest.mjs");
  const more = ["--update", "--testTimeout=60000", "--hookTimeout=60000", "--reporter=json", `--outputFile=${report}`];
  // Exit code 1 says that tests failed; the report says which. The environment of this run would make it a worker of it.
  const run = await promisify(execFile)(process.execPath, [runner, "run", "--root", folder, ...more], {
    cwd: folder,
    env: {},
  }).catch((failed: { stderr: string }) => failed);
  expect(existsSync(report), run.stderr).toBe(true);
  const { numPassedTests, testResults } = JSON.parse(readFileSync(report, "utf8")) as {
    numPassedTests: number;
    testResults: { assertionResults: { status: string; fullName: string; failureMessages: string[] }[] }[];
  };
  const failures = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status !== "passed")
    .map(({ fullName, failureMessages }) => `${fullName}\n${failureMessages.join("\n")}`);
  expect(failures).toEqual([]);
  expect(numPassedTests).toBeGreaterThan(25);
  expect(readFileSync(inRooms("policy.md"), "utf8")).toContain("| room.add | own site");
}, 180_000);

test("its main file serves, says so, and stops on a signal with exit code 0", async () => {
  const services = await startTestServices();
  const database = await services.database("rooms", join(folder, "migrations/rooms"));
  const child = spawn(process.execPath, [inRooms("main.ts")], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { SERVICE_PORT: "0", SERVICE_DATABASE_URL: database.url, BANYAN_LOG_LEVEL: "warn" },
  });
  try {
    const errors: string[] = [];
    child.stderr?.on("data", (chunk: Buffer) => errors.push(chunk.toString()));
    const ready = await new Promise<{ details: { url: string } }>((resolve, reject) => {
      child.once("message", (message) => resolve(message as { details: { url: string } }));
      child.once("exit", () => reject(new Error(errors.join(""))));
    });
    expect((await fetch(`${ready.details.url}/readyz`)).status).toBe(200);
    const ended = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
  } finally {
    child.kill("SIGKILL");
    await services.stop();
  }
});
