/**
 * The only file that reads `process.env`. Every variable has a default, a meaning and a check; all problems are reported
 * together, each with the variable's name, so that a person mends a configuration once and not line by line.
 */

import { z } from "zod";
import { AppError } from "./errors.ts";

const port = (fallback: number, meaning: string) =>
  z.coerce.number().int().min(0).max(65535).default(fallback).describe(meaning);
const text = (fallback: string, meaning: string) => z.string().min(1).default(fallback).describe(meaning);

const schema = z.object({
  BANYAN_HOST: text("127.0.0.1", "address every listener binds to"),
  BANYAN_DATA_DIR: text(".data", "folder that holds the state of the embedded default"),
  BANYAN_LOG_LEVEL: z
    .enum(["debug", "info", "warn", "error", "silent"])
    .default("warn")
    .describe("least severe level that is logged"),
  BANYAN_PROXY_PORT: port(8080, "port of the proxy, the clinicians' address"),
  BANYAN_PROXY_ADMIN_PORT: port(8079, "port of the proxy's health, readiness, metrics and public keys"),
  BANYAN_PROXY_WORKERS: z.coerce
    .number()
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe("processes of the proxy that share its port; one a core at most"),
  BANYAN_RULES: text("routing-rules/ehr", "folder of rule files, or one rule file"),
  LEGACY_URL: z.url().default("http://127.0.0.1:8090").describe("the legacy web application"),
  BANYAN_SERVICE_URLS: z
    .string()
    .regex(/^([a-z][a-z0-9-]*=https?:\/\/[^,=\s]+(,|$))*$/, "name=http://host:port, several separated by commas")
    .default("")
    .describe("extracted services as name=url, separated by commas; a name given twice is two instances"),
  CONTROL_URL: z
    .url()
    .optional()
    .describe("control plane the proxy takes its revisions from; unset = rules from BANYAN_RULES alone"),
  BANYAN_CONTROL_URL: z
    .url()
    .optional()
    .describe("control plane the `banyan` command asks; unset = the one in connections.json of BANYAN_DATA_DIR"),
  BANYAN_TOKEN: z.string().min(1).optional().describe("token the `banyan` command shows to the control plane"),
  BANYAN_REPLICA_ID: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/)
    .optional()
    .describe("name of this proxy replica at the control plane; made of host name and port when unset"),
  BANYAN_REPLICA_TOKEN: z
    .string()
    .min(16)
    .optional()
    .describe("token by which proxy replicas are let in by the control plane"),
  BANYAN_IDENTITY_KEY: z
    .string()
    .optional()
    .describe("Ed25519 private key (PEM) that signs identity tokens for services; a new one a start when unset"),
  BANYAN_AUDIT_KEY: z
    .string()
    .min(32)
    .optional()
    .describe(
      "key by which the proxy's audit events name patients (HMAC); the same on every replica; unset = they name none",
    ),
  BANYAN_TRUSTED_HOPS: z
    .string()
    .default("")
    .describe("addresses of load balancers in front of the proxy, separated by commas"),
  DATABASE_URL: z
    .url()
    .optional()
    .describe(
      "PostgreSQL of the control plane, as postgres://user:password@host:port/database; unset = an embedded one",
    ),
  CONTROL_PORT: port(8081, "port of the control plane: admin API and console"),
  CONTROL_DATABASE_PORT: port(54320, "port of the embedded PostgreSQL of control plane and services"),
  CONTROL_ADMIN_TOKEN: z
    .string()
    .min(16)
    .optional()
    .describe("admin token of the control plane; generated on first start when unset"),
  ADAPTER_URL: z
    .string()
    .regex(/^https?:\/\/[^,\s]+(,https?:\/\/[^,\s]+)*$/, "one URL or several, separated by commas")
    .optional()
    .describe("the legacy adapters, as control asks them; unset = there is no sync, and no module becomes live"),
  ADAPTER_PORT: port(8110, "port of the legacy adapter"),
  ADAPTER_DATABASES: z
    .string()
    .regex(/^([a-z][a-z0-9-]*=postgres(ql)?:\/\/[^,\s]+(,|$))*$/, "name=postgres://…, several separated by commas")
    .default("")
    .describe(
      "services the adapter keeps in step, as name=database URL with the login <name>_sync, separated by commas",
    ),
  ADAPTER_PREPARE: z
    .stringbool()
    .default(false)
    .describe("true: the adapter prepares the legacy database when it starts; needs db_owner and sysadmin"),
  ADAPTER_RECONCILE_AT: z
    .string()
    .min(9)
    .optional()
    .describe("when every service is compared with the legacy database, as a cron pattern in local time"),
  QUEUE_DATABASE_URL: z
    .url()
    .optional()
    .describe("PostgreSQL database of the sync's job queue, unless REDIS_URL is set"),
  REDIS_URL: z.url().optional().describe("Redis of the sync's job queue; unset = QUEUE_DATABASE_URL"),
  BANYAN_COMPARISON_RULES: z
    .string()
    .min(1)
    .optional()
    .describe("folder or file of comparison rules of shadow mode; unset = those shipped with the EHR"),
  BANYAN_SAMPLE_KEY: z
    .string()
    .min(32)
    .optional()
    .describe("key under which samples of differing answers are kept encrypted; unset = none are kept"),
  CONTROL_APPROVALS_NEEDED: z.coerce
    .number()
    .int()
    .min(0)
    .max(5)
    .default(0)
    .describe("approvals by other people that a forward move of a module needs"),
  OIDC_ISSUER: z.url().optional().describe("issuer whose tokens the control plane accepts; unset = OIDC is off"),
  OIDC_AUDIENCE: text("banyan-control", "audience a token for the control plane must name"),
  OIDC_JWKS_URL: z
    .url()
    .optional()
    .describe("the issuer's keys; unset = found through the issuer's discovery document"),
  OIDC_ROLE_CLAIM: text("roles", "claim that holds viewer, operator or admin, or banyan- and one of them"),
  PATIENTS_PORT: port(8101, "port of the patients service"),
  SCHEDULING_PORT: port(8102, "port of the scheduling service"),
  SERVICE_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65535)
    .optional()
    .describe("port of the extracted service this process is; unset = the service's own default"),
  SERVICE_DATABASE_URL: z
    .url()
    .optional()
    .describe("database of the extracted service this process is, with the service's own login"),
  PROVISION_SERVICE: z.string().min(1).optional().describe("service whose database is to be made, for provisioning"),
  SERVICE_DATABASE_PASSWORD: z.string().min(8).optional().describe("password of a service's login, for provisioning"),
  SYNC_DATABASE_PASSWORD: z
    .string()
    .min(8)
    .optional()
    .describe("password of the adapter's login to a service's database, for provisioning"),
  BANYAN_IDENTITY_KEY_URLS: z
    .string()
    .regex(/^(https?:\/\/[^,\s]+(,|$))*$/, "addresses separated by commas")
    .default("http://127.0.0.1:8079/.well-known/jwks.json")
    .describe("where extracted services find the proxies' public keys, separated by commas"),
  BANYAN_SERVICE_TOKEN: z
    .string()
    .min(16)
    .optional()
    .describe("token by which the control plane is let in by services and adapter when a module changes its owner"),
  LEGACY_WEB_PORT: port(8090, "port of the simulated legacy EHR"),
  LEGACY_SQL_PORT: port(14330, "port of the simulated SQL Server"),
  LEGACY_SQL_ENGINE_PORT: port(54321, "port of the PostgreSQL that is the engine of the simulated SQL Server"),
  LEGACY_SQL_CONTROL_PORT: port(0, "port of the simulated SQL Server's fault control (0 = any free one)"),
  LEGACY_SQL_PASSWORD: z
    .string()
    .min(8)
    .optional()
    .describe("password of the SQL login `sa`; generated on first start when unset"),
  LEGACY_MSSQL_URL: z
    .url()
    .optional()
    .describe("SQL Server of a real legacy system, as mssql://user:password@host:port/database"),
  LEGACY_SESSION_KEY: z
    .string()
    .min(16)
    .optional()
    .describe("key of the legacy session end point; generated on first start when unset"),
  LEGACY_MACHINE_KEY: z
    .string()
    .min(16)
    .optional()
    .describe("key behind tickets and view states of the legacy web; generated on first start when unset"),
  LEGACY_INTERFACE_KEY: z
    .string()
    .min(16)
    .optional()
    .describe("key interface partners of the legacy web send (HL7In, RxStatus); generated on first start when unset"),
  LEGACY_TRUSTED_PROXIES: z
    .string()
    .default("")
    .describe("addresses whose X-Forwarded-For the legacy web takes for its audit, separated by commas"),
  CONTRACT_TARGET_URL: z
    .url()
    .optional()
    .describe("server the contract tests are run against, in place of one they start themselves"),
  SQLSERVER_CONFORMANCE_URL: z
    .url()
    .optional()
    .describe("real SQL Server the differential T-SQL file is run against, as mssql://user:password@host:port"),
  LEGACY_CAPTURE_DELAY_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(60_000)
    .default(100)
    .describe("how long the simulated capture job waits between scans, in milliseconds"),
  BANYAN_SHARED_DATA: z.string().optional().describe("folder with the public synthetic data sets, for tests"),
  CI: z
    .string()
    .optional()
    .describe("set by continuous integration: no test may skip for want of an installed program"),
});

/** Typed configuration; see `configHelp` for the meaning of each variable. */
export type Config = z.infer<typeof schema>;

/** @throws AppError CONFIG_INVALID naming every variable that does not fit. */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const parsed = schema.safeParse(env);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new AppError({
    code: "CONFIG_INVALID",
    op: "read configuration",
    message: problems.join("; "),
    hint: "Correct these environment variables, or unset them to take the defaults.",
  });
}

/** One line a variable: name, meaning, default. */
export function configHelp(): string[] {
  return Object.entries(schema.shape).map(([name, field]) => {
    const fallback = field instanceof z.ZodDefault ? ` (default ${String(field.def.defaultValue)})` : "";
    return `${name}: ${field.description ?? ""}${fallback}`;
  });
}

/** The environment a child process starts with: this process's own, and what the parent sets for it. */
export function childEnvironment(extra: Readonly<Record<string, string>>): Record<string, string | undefined> {
  return { ...process.env, ...extra };
}
