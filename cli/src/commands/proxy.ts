/**
 * `banyan proxy --rules FILE`: one proxy from a rule file alone, with no control plane and no database. A changed file is
 * taken at once; a bad one keeps the last good rules and says why.
 */

import { createLogger, runUntilSignal } from "@banyan/kernel";
import { readRuleSet } from "@banyan/routing-rules";
import type { Command } from "commander";
import { bad, counted, faint, good } from "../output/table.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { stagesOption } from "../written-state.ts";

type ProxyCommandOptions = {
  readonly rules?: string;
  readonly port?: number;
  readonly adminPort: number;
  readonly legacy?: string;
  readonly service: readonly string[];
  readonly stages?: string;
  readonly workers?: number;
};

export function addProxy(program: Command, session: Session): void {
  program
    .command("proxy")
    .description("run a single proxy from a rule file alone: no control, no database")
    .option("--rules <file>", "rule file or folder of them (default: BANYAN_RULES, routing-rules/ehr)")
    .option("--port <n>", "port to listen on, 0 = any free one (default: BANYAN_PROXY_PORT, 8080)", portOption)
    .option("--admin-port <n>", "port of health, readiness and metrics, 0 = any free one", portOption, 0)
    .option("--legacy <url>", "the legacy system (default: LEGACY_URL)")
    .option(
      "--service <name=url>",
      "an extracted service, may be given several times",
      (one, all: readonly string[]) => [...all, one],
      [],
    )
    .option("--workers <n>", "processes that share the port (default: BANYAN_PROXY_WORKERS, 1)", workersOption)
    .option("--stages <json>", `stages, as '{"patient":{"name":"live"}}'; modules not named are at legacy`)
    .action((options: ProxyCommandOptions) => runProxy(options, session));
}

async function runProxy(options: ProxyCommandOptions, session: Session): Promise<void> {
  const { config } = session;
  const rules = options.rules ?? config.BANYAN_RULES;
  const modules = new Set(readRuleSet(rules).files.map((file) => file.config.module));
  const states = stagesOption(options.stages, modules);
  const logger = createLogger({ name: "proxy", level: config.BANYAN_LOG_LEVEL });
  // Express and its company are loaded by this command only: the others start at once.
  const { settingsOf, startProxyProcess, targetsOf } = await import("@banyan/proxy");
  const { control: _, ...alone } = settingsOf(config);
  await runUntilSignal(logger, async () => {
    const proxy = await startProxyProcess({
      settings: {
        ...alone,
        rulesPath: rules,
        ...(states ? { stages: Object.fromEntries(states) } : {}),
        targets: targetsOf(options.legacy ?? config.LEGACY_URL, servicesOf(options, config.BANYAN_SERVICE_URLS)),
        port: options.port ?? config.BANYAN_PROXY_PORT,
        adminPort: options.adminPort,
        // What this command prints is for the person who started it.
        accessLog: false,
      },
      workers: options.workers ?? config.BANYAN_PROXY_WORKERS,
      logger,
      onLoad: ({ problems }) => tellReload(session, rules, problems),
    });
    session.tell(
      { event: "ready", url: proxy.url, adminUrl: proxy.adminUrl, rules: proxy.rules },
      `${good("ready")}  ${proxy.url}  ${faint(`${counted(proxy.rules, "rule")} from ${rules}; health and metrics at ${proxy.adminUrl}; Ctrl-C stops it`)}`,
    );
    return { stop: () => proxy.close(), details: { url: proxy.url, adminUrl: proxy.adminUrl } };
  });
}

function tellReload(session: Session, rules: string, problems: readonly string[]): void {
  if (problems.length === 0) session.tell({ event: "reloaded" }, `${good("reloaded")}  ${rules}`);
  else {
    session.tell(
      { event: "refused", problems },
      `${bad("refused")}  the last good rules stay in use: ${problems.join("\n")}`,
    );
  }
}

function servicesOf({ service }: ProxyCommandOptions, configured: string): string {
  const wrong = service.find((one) => !/^[a-z][a-z0-9-]*=https?:\/\/[^,=\s]+$/.test(one));
  if (wrong !== undefined) {
    throw new UsageError("proxy", "a service is written name=url", "For example --service lab=http://127.0.0.1:8103");
  }
  return service.length > 0 ? service.join(",") : configured;
}

function portOption(written: string): number {
  const port = Number(written);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535 && written.trim() !== "") return port;
  throw new UsageError("banyan", `"${written}" is not a port`, "A port is a whole number from 0 to 65535.");
}

function workersOption(written: string): number {
  const workers = Number(written);
  if (Number.isInteger(workers) && workers >= 1 && workers <= 64) return workers;
  throw new UsageError("banyan", `"${written}" is not a number of workers`, "One a core is enough; at most 64.");
}
