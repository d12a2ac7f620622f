import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "@banyan/kernel";
import { startTestServices, type TestServices } from "@banyan/service-kit/test-service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type JobData, JobQueues, type QueueStore } from "./job-queues.ts";

const logger = createLogger({ name: "test", level: "silent" });

function hasRedis(): boolean {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

type Store = { start(): Promise<QueueStore>; stop(): Promise<void> };

function postgres(): Store {
  let services: TestServices;
  return {
    async start() {
      services = await startTestServices();
      return { kind: "postgres", url: services.server.url() };
    },
    stop: () => services.stop(),
  };
}

function redis(): Store {
  let server: ChildProcess;
  const folder = mkdtempSync(join(tmpdir(), "banyan-redis-"));
  return {
    async start() {
      const port = await freePort();
      server = spawn("redis-server", ["--port", String(port), "--save", "", "--appendonly", "no", "--dir", folder]);
      await new Promise<void>((resolve) => {
        server.stdout?.on("data", (text: Buffer) => {
          if (text.toString().includes("Ready to accept connections")) resolve();
        });
      });
      return { kind: "redis", url: `redis://127.0.0.1:${port}` };
    },
    async stop() {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

describe.each([
  { name: "PostgreSQL", make: postgres, missing: false },
  { name: "Redis", make: redis, missing: !hasRedis() },
])("jobs on $name", ({ make, missing }) => {
  // Outside CI a machine may lack redis-server; it is no part of the repository.
  describe.skipIf(missing)("every store", () => {
    const store = make();
    let where: QueueStore;
    let queues: JobQueues;
    const done: [string, JobData][] = [];
    let look: () => void = () => undefined;
    const until = (condition: () => boolean): Promise<void> =>
      new Promise((resolve) => {
        look = () => (condition() ? resolve() : undefined);
        look();
      });

    beforeAll(async () => {
      where = await store.start();
      queues = new JobQueues(where, logger);
      const note = (queue: string) => async (data: JobData) => {
        done.push([queue, data]);
        look();
      };
      queues.work({
        "sync-copy": note("sync-copy"),
        "sync-parked": note("sync-parked"),
        "sync-reconcile": note("sync-reconcile"),
      });
    }, 60_000);
    afterAll(async () => {
      await queues?.close();
      await store.stop();
    });

    test("a job reaches its handler, with ids and nothing else", async () => {
      await queues.add("sync-copy", { service: "patients" });
      await until(() => done.some(([queue]) => queue === "sync-copy"));
      expect(done).toContainEqual(["sync-copy", { service: "patients" }]);
      await expect(queues.add("sync-copy", { service: "patients", name: "DOE" } as JobData)).rejects.toThrow(/name/);
    });

    test("a job that waits already is not added again", async () => {
      await queues.ensure("sync-parked", { service: "scheduling" }, 300);
      await queues.ensure("sync-parked", { service: "scheduling" }, 300);
      await queues.ensure("sync-parked", { service: "patients" }, 300);
      await until(() => done.filter(([queue]) => queue === "sync-parked").length >= 2);
      expect(
        done
          .filter(([queue]) => queue === "sync-parked")
          .map(([, data]) => data.service)
          .toSorted(),
      ).toEqual(["patients", "scheduling"]);
    });

    test("a job that fails is tried again", async () => {
      await queues.rest();
      let tries = 0;
      queues.work({
        "sync-copy": async () => undefined,
        "sync-parked": async () => undefined,
        "sync-reconcile": async () => {
          tries += 1;
          look();
          if (tries === 1) throw new Error("first try");
        },
      });
      await queues.add("sync-reconcile", { service: "patients", id: "6f9619ff-8b86-4011-b42d-00c04fc964ff" });
      await until(() => tries === 2);
      expect(tries).toBe(2);
    });
  });
});
