/** `banyan sync check`: everything the legacy database lacks for the sync, each with what to do, all at once. */

import { randomUUID } from "node:crypto";
import type { ServiceMapping } from "@banyan/service-kit/mapping";
import { type CaptureInstance, readInstances } from "../capture/capture-instance.ts";
import { driftOf, readSourceSchema } from "../capture/schema-drift.ts";
import { limits } from "../limits.ts";
import { type LegacyDatabase, parameter } from "../source/legacy-database.ts";
import { sqlErrorNumber } from "../source/source-errors.ts";
import { tablePlans } from "../table-plan.ts";
import { capturedTables, enableTable, ownCaptured } from "./source-script.ts";

export type Finding = {
  readonly level: "missing" | "warning";
  /** `permission`, `job`, `edition`, `retention`, `capture`, `schema`, `connection`. */
  readonly topic: string;
  readonly what: string;
  readonly next: string;
};

/** @returns nothing when all is well */
export async function checkSource(
  source: LegacyDatabase,
  mappings: readonly ServiceMapping[],
): Promise<readonly Finding[]> {
  const server = await attempt("connection", "connect to the legacy database", () => serverFacts(source));
  if (server.value === undefined) return server.findings;
  const facts = server.value;
  const findings: Finding[] = [...edition(facts)];
  const schema = await attempt("permission", "see the legacy tables", () => schemaFindings(source, mappings));
  findings.push(...schema.findings, ...(schema.value ?? []));
  const capture = await attempt("capture", "see what is captured", () => captureFindings(source, mappings, facts));
  findings.push(...capture.findings, ...(capture.value ?? []));
  return findings;
}

type ServerFacts = { edition: number; name: string; version: string; is_cdc_enabled: boolean; agent: number | null };

async function serverFacts(source: LegacyDatabase): Promise<ServerFacts> {
  const [facts] = await source.query<ServerFacts>(
    "look at the server",
    `SELECT CONVERT(int, SERVERPROPERTY('EngineEdition')) AS edition, CONVERT(nvarchar(128), SERVERPROPERTY('Edition')) AS name,
       CONVERT(nvarchar(128), SERVERPROPERTY('ProductVersion')) AS version, is_cdc_enabled FROM sys.databases WHERE database_id = DB_ID()`,
  );
  return { ...(facts as ServerFacts), agent: await agentRuns(source) };
}

/** Null: it may not be seen. 1: runs. */
async function agentRuns(source: LegacyDatabase): Promise<number | null> {
  try {
    const [row] = await source.query<{ ok: number }>(
      "look at the agent",
      "SELECT CASE WHEN status = 4 THEN 1 ELSE 0 END AS ok FROM sys.dm_server_services WHERE servicename LIKE N'SQL Server Agent (%'",
    );
    return row?.ok ?? 0;
  } catch (error) {
    if (sqlErrorNumber((error as Error).cause) === undefined) throw error;
    return null;
  }
}

/** EngineEdition: 2 Standard, 3 Enterprise and Developer, 4 Express, 5 Azure SQL Database, 8 Managed Instance. Standard has CDC from 2016 SP1 (13.0.4001). */
function edition({ edition, name, version, agent }: ServerFacts): Finding[] {
  const [major = 0, , build = 0] = version.split(".").map(Number);
  const lacks = edition === 4 || edition === 1 || (edition === 2 && (major < 13 || (major === 13 && build < 4001)));
  const findings: Finding[] = [];
  if (lacks)
    findings.push({
      level: "missing",
      topic: "edition",
      what: `${name} ${version} has no change data capture`,
      next: "Upgrade to Standard 2016 SP1 or later. (Change Tracking, which every edition has, is not supported yet.)",
    });
  const needsAgent = ![5, 8].includes(edition);
  if (needsAgent && agent === 0)
    findings.push({
      level: "missing",
      topic: "job",
      what: "SQL Server Agent is not running: nothing is captured",
      next: "Start the Agent service and set it to start by itself.",
    });
  if (needsAgent && agent === null)
    findings.push({
      level: "warning",
      topic: "permission",
      what: "whether SQL Server Agent runs cannot be seen",
      next: "GRANT VIEW SERVER STATE to the adapter's log-in, or look yourself.",
    });
  return findings;
}

async function schemaFindings(source: LegacyDatabase, mappings: readonly ServiceMapping[]): Promise<Finding[]> {
  const schema = await readSourceSchema(source);
  return mappings.flatMap((mapping) =>
    tablePlans(mapping).flatMap((plan) =>
      driftOf(plan, schema).breaking.map((why) => ({
        level: "missing" as const,
        topic: "schema",
        what: `dbo.${plan.legacyTable} for ${mapping.service}: ${why}`,
        next: "The mapping must fit the table, or the log-in may not see it (GRANT SELECT); see `banyan sync enable --print`.",
      })),
    ),
  );
}

const enable = "`banyan sync enable`, or `banyan sync enable --print` for the T-SQL a DBA can run.";

async function captureFindings(
  source: LegacyDatabase,
  mappings: readonly ServiceMapping[],
  server: ServerFacts,
): Promise<Finding[]> {
  if (!server.is_cdc_enabled)
    return [
      { level: "missing", topic: "capture", what: "change data capture is not enabled on the database", next: enable },
    ];
  const instances = await readInstances(source);
  return [
    ...(await ownTableFindings(source)),
    ...instanceFindings(mappings, instances),
    ...(await readable(source, instances)),
    ...(await jobFindings(source)),
    ...(await errorFindings(source)),
  ];
}

async function ownTableFindings(source: LegacyDatabase): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const table of ["adapter_heartbeat", "adapter_flip_marker", "adapter_origin", "adapter_lease"]) {
    const [row] = await source.query<{ there: number | null; may: number | null }>(
      "look at the adapter's tables",
      `SELECT OBJECT_ID(N'dbo.${table}') AS there, HAS_PERMS_BY_NAME(N'dbo.${table}', N'OBJECT', N'INSERT') AS may`,
    );
    if (row?.there === null)
      findings.push({ level: "missing", topic: "capture", what: `dbo.${table} is not there`, next: enable });
    else if (row?.may !== 1)
      findings.push({
        level: "missing",
        topic: "permission",
        what: `dbo.${table} may not be written`,
        next: `GRANT SELECT, INSERT, UPDATE, DELETE ON dbo.${table} to the adapter's log-in.`,
      });
  }
  return findings;
}

function instanceFindings(mappings: readonly ServiceMapping[], instances: readonly CaptureInstance[]): Finding[] {
  const missing = [...ownCaptured, ...capturedTables(mappings)].flatMap((table): Finding[] => {
    const batch = enableTable(table, instances);
    if (batch === "captured") return [];
    const what =
      batch === "two-instances"
        ? `dbo.${table.table} has two capture instances, neither with every mapped column`
        : `dbo.${table.table} is not captured with every mapped column`;
    const next =
      batch === "two-instances"
        ? "Disable the older instance once nobody reads it (sys.sp_cdc_disable_table), then "
        : "";
    return [{ level: "missing", topic: "capture", what, next: `${next}${enable}` }];
  });
  const waiting = instances
    .filter(({ startLsn }) => startLsn === undefined)
    .map(
      (one): Finding => ({
        level: "warning",
        topic: "job",
        what: `the capture instance ${one.name} has not started`,
        next: "The capture job reaches it within seconds when it runs, within minutes on an idle server.",
      }),
    );
  return [...missing, ...waiting];
}

/** Whether the change tables can be read; low ends come as zero to whom they are denied. */
async function readable(source: LegacyDatabase, instances: readonly CaptureInstance[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { name } of instances) {
    try {
      await source.query(
        "look into a change table",
        `SELECT TOP (1) [__$start_lsn] FROM cdc.[${name.replaceAll("]", "]]")}_CT]`,
      );
    } catch (error) {
      if (sqlErrorNumber((error as Error).cause) === undefined) throw error;
      findings.push({
        level: "missing",
        topic: "permission",
        what: `cdc.${name}_CT may not be read`,
        next: `GRANT SELECT ON cdc.[${name}_CT] to the adapter's log-in.`,
      });
    }
  }
  return findings;
}

async function jobFindings(source: LegacyDatabase): Promise<Finding[]> {
  const jobs = await source.query<{ job_type: string; retention: string; pollinginterval: string }>(
    "look at the capture jobs",
    "EXEC sys.sp_cdc_help_jobs",
  );
  const capture = jobs.find((job) => job.job_type.trim() === "capture");
  const cleanup = jobs.find((job) => job.job_type.trim() === "cleanup");
  const findings: Finding[] = [];
  if (!capture)
    findings.push({
      level: "missing",
      topic: "job",
      what: "there is no capture job",
      next: "EXEC sys.sp_cdc_add_job @job_type = N'capture'",
    });
  if (cleanup && Number(cleanup.retention) < limits.retentionMinutesMin)
    findings.push({
      level: "warning",
      topic: "retention",
      what: `history is kept for ${cleanup.retention} minutes only: a longer outage of the sync means copying everything again`,
      next: `EXEC sys.sp_cdc_change_job @job_type = N'cleanup', @retention = ${limits.retentionMinutesMin}`,
    });
  if (capture && (await isStanding(source)))
    findings.push({
      level: "missing",
      topic: "job",
      what: "the capture job does not run: what was committed is not being captured",
      next: "EXEC sys.sp_cdc_start_job @job_type = N'capture', and look at its history in the Agent.",
    });
  return findings;
}

/** A row committed now to a captured table of the adapter's does not come back through the capture in time. */
async function isStanding(source: LegacyDatabase): Promise<boolean> {
  const id = { id: parameter.uuid(randomUUID()) };
  await source.query("commit a probe", "INSERT INTO dbo.adapter_origin (outbox_id, epoch) VALUES (@id, 0)", id);
  try {
    for (let look = 0; look < limits.checkLooks; look += 1) {
      const seen = await source.query(
        "look for the probe",
        "SELECT outbox_id FROM cdc.dbo_adapter_origin_CT WHERE outbox_id = @id",
        id,
      );
      if (seen.length > 0) return false;
      await new Promise((resolve) => setTimeout(resolve, limits.checkLookMs));
    }
    return true;
  } finally {
    await source.query("remove the probe", "DELETE FROM dbo.adapter_origin WHERE outbox_id = @id", id);
  }
}

async function errorFindings(source: LegacyDatabase): Promise<Finding[]> {
  const { findings, value } = await attempt(
    "permission",
    "see the capture job's errors (GRANT VIEW DATABASE STATE)",
    () =>
      source.query<{ error_number: number }>(
        "look at the capture job's errors",
        "SELECT TOP (1) error_number FROM sys.dm_cdc_errors ORDER BY entry_time DESC",
      ),
  );
  const [error] = value ?? [];
  if (!error) return findings.map((one) => ({ ...one, level: "warning" as const }));
  return [
    {
      level: "warning",
      topic: "job",
      what: `the capture job reported error ${error.error_number}`,
      next: "SELECT * FROM sys.dm_cdc_errors ORDER BY entry_time DESC",
    },
  ];
}

/** What is refused becomes a finding; a server that is away is thrown on. */
async function attempt<T>(
  topic: string,
  what: string,
  work: () => Promise<T>,
): Promise<{ findings: Finding[]; value?: T }> {
  try {
    return { findings: [], value: await work() };
  } catch (error) {
    const number = sqlErrorNumber((error as Error).cause);
    if (number === undefined) throw error;
    return {
      findings: [
        {
          level: "missing",
          topic,
          what: `the log-in may not ${what} (error ${number})`,
          next: "`banyan sync enable --print` shows the grants the adapter's log-in needs.",
        },
      ],
    };
  }
}
