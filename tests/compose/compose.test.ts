/**
 * The Compose file as far as it can be held to its word without a container engine: it fits the Compose specification, every
 * variable it sets is one the configuration reads, every Dockerfile's command is a process that starts outside of a container
 * with exactly the variables the file gives it (addresses and ports replaced), and nothing secret stands in an image.
 */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKeyPairSync } from "node:crypto";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@banyan/embedded-database";
import { configHelp } from "@banyan/kernel";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";

type Service = {
  readonly image?: string;
  readonly build?: { readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly profiles?: readonly string[];
};

const root = join(import.meta.dirname, "../..");
const text = readFileSync(join(root, "docker-compose.yml"), "utf8");
const { services } = parse(text, { merge: true }) as { services: Record<string, Service> };
const ours = Object.entries(services).filter(([, service]) => service.build !== undefined);
const example = readFileSync(join(root, "docker/example.env"), "utf8");

const dockerfile = (service: Service): string => readFileSync(join(root, service.build?.dockerfile ?? ""), "utf8");

function commandOf(service: Service): readonly string[] {
  if (service.command) return service.command;
  return JSON.parse(/^CMD (\[.*\])$/m.exec(dockerfile(service))?.[1] ?? "[]") as string[];
}

test("the file fits the Compose specification", () => {
  const run = (file: string): string =>
    execFileSync(join(root, "node_modules/.bin/dclint"), ["--quiet", file], { encoding: "utf8", cwd: root });
  expect(() => run("docker-compose.yml")).not.toThrow();
});

describe("every container of ours", () => {
  test("sets only variables that the configuration reads", () => {
    const read = new Set(configHelp().map((line) => line.slice(0, line.indexOf(":"))));
    for (const [name, { environment = {} }] of ours)
      expect(
        Object.keys(environment).filter((variable) => !read.has(variable)),
        name,
      ).toEqual([]);
  });

  test("takes its secrets from .env, which an example lists, and has none in its image", () => {
    const listed = new Set([...example.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name]) => name));
    expect([...example.matchAll(/^[A-Z_]+=(.+)$/gm)]).toEqual([]);
    const used = [...text.matchAll(/\$\{([A-Z_]+)(:[?-][^}]*)?\}/g)].filter(
      ([, , fallback]) => !fallback?.startsWith(":-"),
    );
    expect(new Set(used.map(([, name]) => name))).toEqual(listed);
    for (const [name, service] of ours)
      expect(dockerfile(service), name).not.toMatch(/(TOKEN|KEY|PASSWORD|SECRET)\s*=/);
  });

  test("runs as an ordinary user, and says whether it is healthy unless it ends by itself", () => {
    for (const [name, service] of ours) {
      expect(dockerfile(service), name).toMatch(/^USER node$/m);
      const ends = service.build?.dockerfile === "migrations/Dockerfile";
      if (!ends) expect(dockerfile(service), name).toMatch(/^HEALTHCHECK /m);
      expect(existsSync(join(root, commandOf(service)[1] ?? "none")), name).toBe(true);
    }
  });
});

describe("outside of a container", () => {
  const folder = mkdtempSync(join(tmpdir(), "banyan-compose-"));
  const children: ChildProcess[] = [];
  let postgres: EmbeddedPostgres;
  let secrets: Record<string, string>;
  const addresses = new Map<string, string>();

  beforeAll(async () => {
    postgres = await startEmbeddedPostgres({
      dataDir: join(folder, "postgres"),
      port: 0,
      password: "SecretOfTheTest1",
      name: "compose postgres",
      portVariable: "none",
      settings: { fsync: "off" },
    });
    const key = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    secrets = Object.fromEntries(
      [...example.matchAll(/^([A-Z_]+)=/gm)].map(([, name = ""]) => [name, `Secret1-of-the-test-for-${name}`]),
    );
    secrets["BANYAN_IDENTITY_KEY"] = key;
    secrets["POSTGRES_PASSWORD"] = "SecretOfTheTest1";
    addresses.set("postgres:5432", `127.0.0.1:${new URL(postgres.url("postgres")).port}`);
    for (const [name, ports] of Object.entries({
      "legacy-sql": [14330],
      "legacy-web": [8090],
      control: [8081],
      patients: [8101],
      scheduling: [8102],
      proxy: [8080, 8079],
    }))
      for (const port of ports) addresses.set(`${name}:${port}`, `127.0.0.1:${await freePort()}`);
  });
  afterAll(async () => {
    for (const child of children.toReversed()) await stop(child);
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const portAt = (address: string): string => (addresses.get(address) ?? "").split(":")[1] ?? "";
  /** What the image's own ports become here, where all share one machine. */
  const listeners: Readonly<Record<string, () => Record<string, string>>> = {
    "legacy-sql": () => ({
      LEGACY_SQL_PORT: portAt("legacy-sql:14330"),
      LEGACY_SQL_ENGINE_PORT: "0",
    }),
    "legacy-web": () => ({ LEGACY_WEB_PORT: portAt("legacy-web:8090") }),
    control: () => ({ CONTROL_PORT: portAt("control:8081") }),
    patients: () => ({ SERVICE_PORT: portAt("patients:8101") }),
    scheduling: () => ({ SERVICE_PORT: portAt("scheduling:8102") }),
    proxy: () => ({ BANYAN_PROXY_PORT: portAt("proxy:8080"), BANYAN_PROXY_ADMIN_PORT: portAt("proxy:8079") }),
  };

  function environmentOf(name: string): Record<string, string> {
    const given = services[name]?.environment ?? {};
    const resolved = Object.entries(given).map(([variable, value]) => {
      let here = value.replaceAll(
        /\$\{([A-Z_]+)(?::([?-])([^}]*))?\}/g,
        (_, secret: string, kind?: string, other?: string) => {
          const found = secrets[secret];
          if (found !== undefined) return variable.endsWith("_URL") ? encodeURIComponent(found) : found;
          return kind === "-" ? (other ?? "") : "";
        },
      );
      for (const [address, local] of addresses) here = here.replaceAll(address, local);
      return [variable, here] as const;
    });
    // Nothing of the tester's own environment: what the file does not set is not there.
    return {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      BANYAN_DATA_DIR: join(folder, name),
      ...Object.fromEntries(resolved),
      ...listeners[name]?.(),
    };
  }

  function start(name: string): { child: ChildProcess; error: () => string } {
    const service = services[name];
    if (!service) throw new Error(`the file has no ${name}`);
    const [program, ...args] = commandOf(service);
    expect(program).toBe("node");
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: environmentOf(name),
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let error = "";
    child.stderr?.on("data", (chunk: Buffer) => (error += chunk.toString()));
    return { child, error: () => error };
  }

  const toItsEnd = (name: string): Promise<void> => {
    const { child, error } = start(name);
    return new Promise((resolve, reject) => {
      child.once("close", (code) =>
        code === 0 ? resolve() : reject(new Error(`${name} ended with ${code}: ${error()}`)),
      );
    });
  };
  const untilReady = (name: string): Promise<void> => {
    const { child, error } = start(name);
    children.push(child);
    return new Promise((resolve, reject) => {
      child.once("message", () => resolve());
      child.once("close", (code) => reject(new Error(`${name} ended with ${code}: ${error()}`)));
    });
  };

  test("every command starts, in the order of the file, and the proxy answers with the legacy log-in page", async () => {
    await untilReady("legacy-sql");
    await Promise.all([toItsEnd("legacy-data"), toItsEnd("provision-patients"), toItsEnd("provision-scheduling")]);
    await Promise.all(["legacy-web", "control", "patients", "scheduling"].map(untilReady));
    await untilReady("proxy");
    const started = new Set([...Object.keys(listeners), "legacy-data", "provision-patients", "provision-scheduling"]);
    const twins = new Set(["sqlserver-data", "sqlserver-web"]);
    expect(ours.map(([name]) => name).filter((name) => !started.has(name) && !twins.has(name))).toEqual([]);
    const page = await fetch(`http://${addresses.get("proxy:8080")}/Login.aspx`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("__VIEWSTATE");
    const service = await fetch(`http://${addresses.get("patients:8101")}/readyz`);
    expect(service.status).toBe(200);
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.once("close", () => resolve());
    child.kill("SIGTERM");
  });
}
