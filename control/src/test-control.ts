/**
 * What the tests of this package stand on: one embedded PostgreSQL a test file, one database a test, and a client that speaks
 * to the admin API as the command does.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@banyan/embedded-database";
import { createLogger } from "@banyan/kernel";
import { type Control, type ControlOptions, createControl } from "./index.ts";

export const adminToken = "admin-token-of-the-tests";
export const replicaToken = "replica-token-of-the-tests";
export const rulesPath = join(import.meta.dirname, "../../routing-rules/ehr");

type TestDatabase = {
  readonly url: (name: string) => string;
  readonly server: EmbeddedPostgres;
  readonly stop: () => Promise<void>;
};

async function startTestDatabase(): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), "banyan-control-"));
  const server = await startEmbeddedPostgres({
    dataDir: join(folder, "postgres"),
    port: 0,
    password: "secret",
    name: "test database",
    portVariable: "none",
    settings: { fsync: "off" },
  });
  return {
    server,
    url: (name) => server.url(name),
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function startTestControl(databaseUrl: string, extra: Partial<ControlOptions> = {}): Promise<Control> {
  return createControl({
    databaseUrl,
    rulesPath,
    adminToken,
    replicaToken,
    host: "127.0.0.1",
    port: 0,
    logger: createLogger({ name: "control", level: "silent" }),
    acknowledgeMsMax: 300,
    // Most tests are about other things; readiness.test.ts asks for it.
    requireReady: false,
    ...extra,
  });
}

export type Answer = {
  readonly status: number;
  readonly etag: string | null;
  readonly type: string | null;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests read answers freely
  readonly body: any;
};

export type Client = {
  get(path: string): Promise<Answer>;
  /** With If-Match: the newest revision, unless another one (or null for none) is given. */
  post(path: string, body: unknown, ifMatch?: number | null): Promise<Answer>;
  remove(path: string, body: unknown, ifMatch?: number | null): Promise<Answer>;
};

export function clientOf(control: Pick<Control, "url">, token: string = adminToken): Client {
  const call = async (method: string, path: string, body?: unknown, ifMatch?: number | null): Promise<Answer> => {
    const response = await fetch(`${control.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(typeof ifMatch === "number" ? { "if-match": `"${ifMatch}"` } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      etag: response.headers.get("etag"),
      type: response.headers.get("content-type"),
      body: text === "" ? undefined : JSON.parse(text),
    };
  };
  const newest = async (): Promise<number> => {
    const response = await fetch(`${control.url}/readyz`);
    return ((await response.json()) as { revision: number }).revision;
  };
  const change = async (method: string, path: string, body: unknown, ifMatch?: number | null): Promise<Answer> =>
    call(method, path, body, ifMatch === undefined ? await newest() : ifMatch);
  return {
    get: (path) => call("GET", path),
    post: (path, body, ifMatch) => change("POST", path, body, ifMatch),
    remove: (path, body, ifMatch) => change("DELETE", path, body, ifMatch),
  };
}

export type TestControl = Control & {
  readonly client: Client;
  /** URL of its database, for a second control on it or for tampering. */
  readonly database: string;
  /** A client with a new token of this name and role. */
  as(name: string, role: string): Promise<Client>;
  [Symbol.asyncDispose](): Promise<void>;
};

export type TestBench = {
  readonly server: EmbeddedPostgres;
  /** A control plane on a database of its own, unless one is given. */
  control(extra?: Partial<ControlOptions>, database?: string): Promise<TestControl>;
  stop(): Promise<void>;
};

export async function startTestBench(): Promise<TestBench> {
  const postgres = await startTestDatabase();
  let count = 0;
  return {
    server: postgres.server,
    stop: postgres.stop,
    control: async (extra = {}, given?: string) => {
      count += 1;
      const database = given ?? postgres.url(`control_${count}`);
      const control = await startTestControl(database, extra);
      const client = clientOf(control);
      let closing: Promise<void> | undefined;
      const close = (): Promise<void> => (closing ??= control.close());
      const as = async (name: string, role: string): Promise<Client> => {
        const made = await client.post("/tokens", { name, role });
        return clientOf(control, made.body.token);
      };
      return { ...control, close, client, database, as, [Symbol.asyncDispose]: close };
    },
  };
}
