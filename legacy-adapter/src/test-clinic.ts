/**
 * A small clinic for the adapter's tests: three legacy tables that have what is hard (a char key, a composite key with a date,
 * a unique column whose values are swapped, money, text), a service with a mapping of them, both databases on real servers.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, seededRandom, systemClock } from "@banyan/kernel";
import { columns, defineTable, type ServiceMapping } from "@banyan/service-kit/mapping";
import { startTestServices, type TestDatabase, type TestServices } from "@banyan/service-kit/test-service";
import { startTestServer, type TestServer } from "@banyan/sqlserver/test-server";
import type mssql from "mssql";
import { SourceHead } from "./capture/source-head.ts";
import { ServiceCopy } from "./copy/service-copy.ts";
import { prepareSource } from "./prepare/enable.ts";
import { type ReconcileReport, readReconcile, requestReconcile, runReconcile } from "./reconcile/reconciliation.ts";
import { AnnouncedBeats } from "./source/announced-beats.ts";
import { Heartbeats } from "./source/heartbeats.ts";
import { LegacyDatabase } from "./source/legacy-database.ts";
import { ServiceStream, type StreamObserver } from "./stream/service-stream.ts";
import { ServiceDatabase } from "./target/service-database.ts";

const { int, keyText, text, day, money } = columns;

const clinicMapping: ServiceMapping = {
  service: "clinic",
  module: "clinic",
  tables: [
    defineTable({
      legacyTable: "Site",
      legacyKey: ["SiteCd"],
      target: "site",
      ownership: "reference",
      lanes: (row) => [`site:${String(row.SiteCd)}`],
      columns: { SiteCd: keyText("site_code", "char(4)"), SiteNm: text("site_name", "varchar(50)") },
    }),
    defineTable({
      legacyTable: "Person",
      legacyKey: ["PatNo"],
      target: "person",
      ownership: "owned",
      lanes: (row) => [`person:${String(row.PatNo)}`],
      columns: {
        PatNo: int("person_id", { issued: true }),
        MRN: text("mrn", "char(10)"),
        LName: text("family_name", "varchar(30)"),
        Bal: money("balance"),
        MrgTo: int("merged_into", { nullable: true }),
      },
    }),
    defineTable({
      legacyTable: "Visit",
      legacyKey: ["SiteCd", "VisDt", "Seq"],
      target: "visit",
      ownership: "owned",
      lanes: (row) => [`person:${String(row.PatNo)}`],
      columns: {
        SiteCd: keyText("site_code", "char(4)"),
        VisDt: day("visit_date"),
        Seq: int("seq"),
        PatNo: int("person_id"),
        PatNm: text("person_name", "varchar(60)"),
      },
    }),
  ],
};

const legacySchema = `
CREATE TABLE dbo.Site (SiteCd char(4) NOT NULL PRIMARY KEY, SiteNm varchar(50) NOT NULL DEFAULT '');
CREATE TABLE dbo.Person (PatNo int IDENTITY(1,1) NOT NULL PRIMARY KEY, MRN char(10) NOT NULL CONSTRAINT UX_Person_MRN UNIQUE, LName varchar(30) NOT NULL,
  Bal money NOT NULL DEFAULT 0, MrgTo int NULL, Secret varchar(20) NOT NULL DEFAULT '');
CREATE TABLE dbo.Visit (SiteCd char(4) NOT NULL, VisDt datetime NOT NULL, Seq int NOT NULL, PatNo int NOT NULL, PatNm varchar(60) NOT NULL DEFAULT '',
  CONSTRAINT PK_Visit PRIMARY KEY (SiteCd, VisDt, Seq))`;

const serviceMigration = `export const up = (db) => db.raw(\`
  CREATE TABLE site (site_code text PRIMARY KEY, site_name text, legacy_residue jsonb, source_position bytea);
  CREATE TABLE person (person_id int PRIMARY KEY, mrn text CONSTRAINT person_mrn UNIQUE DEFERRABLE INITIALLY IMMEDIATE, family_name text,
    balance numeric(19,4), merged_into int, legacy_residue jsonb, source_position bytea);
  CREATE TABLE visit (site_code text, visit_date date, seq int, person_id int, person_name text, legacy_residue jsonb, source_position bytea,
    PRIMARY KEY (site_code, visit_date, seq));
\`);
export const down = (db) => db.raw("DROP TABLE visit, person, site");`;

export type ClinicServers = {
  readonly simulator: TestServer;
  readonly services: TestServices;
  fresh(): Promise<Clinic>;
  close(): Promise<void>;
};

export type Clinic = {
  readonly mapping: ServiceMapping;
  readonly legacyUrl: string;
  /** An empty PostgreSQL database for the job queue. */
  readonly queueUrl: string;
  readonly pool: mssql.ConnectionPool;
  readonly source: LegacyDatabase;
  readonly target: TestDatabase;
  readonly database: ServiceDatabase;
  /** Runs T-SQL; rows of the first result. */
  sql<T = Record<string, unknown>>(text: string): Promise<T[]>;
  close(): Promise<void>;
};

export async function startClinicServers(): Promise<ClinicServers> {
  const folder = mkdtempSync(join(tmpdir(), "banyan-clinic-"));
  writeFileSync(join(folder, "0001_clinic.ts"), serviceMigration);
  const [simulator, services] = await Promise.all([startTestServer(), startTestServices()]);
  await simulator.newDatabase({ name: "CLINIC" });
  const pool = await simulator.connect("CLINIC");
  await pool.request().batch(legacySchema);
  await pool.close();
  return {
    simulator,
    services,
    async fresh() {
      const name = await simulator.newDatabase({ from: "CLINIC" });
      const target = await services.database("clinic", folder);
      await target.owner.raw("CREATE DATABASE ??", [`queue_${name}`]);
      return connectClinic(simulator, name, { target, queueUrl: services.server.url(`queue_${name}`) });
    },
    async close() {
      await simulator.close();
      await services.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function connectClinic(
  simulator: TestServer,
  name: string,
  { target, queueUrl }: Pick<Clinic, "target" | "queueUrl">,
): Promise<Clinic> {
  const pool = await simulator.connect(name);
  const legacyUrl = simulator.url(name);
  const source = new LegacyDatabase(legacyUrl);
  const database = new ServiceDatabase(target.syncUrl);
  await prepareSource(source, [clinicMapping]);
  await untilStarted(source);
  return {
    mapping: clinicMapping,
    legacyUrl,
    queueUrl,
    pool,
    source,
    target,
    database,
    sql: async <T>(text: string) => ((await pool.request().batch<T>(text)).recordset ?? []) as T[],
    async close() {
      await source.close();
      await database.close();
      await target.close();
    },
  };
}

/** Capture has reached the enabling of every table. */
async function untilStarted(source: LegacyDatabase): Promise<void> {
  for (;;) {
    const [row] = await source.query<{ n: number }>(
      "wait for capture",
      "SELECT COUNT(*) AS n FROM cdc.change_tables WHERE start_lsn IS NULL",
    );
    if (row?.n === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export type RunningStream = {
  readonly stream: ServiceStream;
  readonly copy: ServiceCopy;
  readonly fence: bigint;
  readonly heartbeats: Heartbeats;
  /** Copies what is to be copied and waits until every table is whole. */
  copied(): Promise<void>;
  reconcile(repair: boolean): Promise<ReconcileReport>;
  /** Writes a heartbeat and waits until the stream has applied it: everything committed before is applied. */
  caughtUp(): Promise<void>;
  /** Waits until `condition` holds, looked at after each thing the stream does. */
  until(condition: () => boolean): Promise<void>;
  stop(): Promise<void>;
};

let fences = 0n;

export type StreamSettings = {
  readonly chunkRows?: number;
  /** Database the copy writes through, for tests that hold it up. */
  readonly copyDatabase?: ServiceDatabase;
  readonly mapping?: ServiceMapping;
};

/** One service's stream and copy without lease, queue and reports. */
export async function runStream(clinic: Clinic, settings: StreamSettings = {}): Promise<RunningStream> {
  fences += 1n;
  const fence = fences;
  const clock = systemClock;
  const logger = createLogger({ name: "test", level: "silent" });
  const head = new SourceHead(clinic.source, { pollMs: 5, now: () => clock.monotonicMs() });
  const heartbeats = new Heartbeats(clinic.source, clock, new AnnouncedBeats(clock));
  const waiting = new Set<() => void>();
  const happened = (): void => {
    for (const look of waiting) look();
  };
  const observer: StreamObserver = { applied: happened, heard: happened, changed: happened };
  const stream = new ServiceStream({
    mapping: settings.mapping ?? clinic.mapping,
    source: clinic.source,
    head,
    database: clinic.database,
    fence,
    clock,
    random: seededRandom(1),
    logger,
    observer,
    onWork: () => undefined,
    onCursor: (heartbeat) => heartbeats.notBelow(heartbeat),
    onFenced: () => undefined,
  });
  const copy = new ServiceCopy({
    stream,
    source: clinic.source,
    database: settings.copyDatabase ?? clinic.database,
    head,
    heartbeats,
    fence,
    clock,
    logger,
    copied: () => undefined,
    ...(settings.chunkRows === undefined ? {} : { chunkRows: settings.chunkRows }),
  });
  await clinic.database.raiseFence(fence);
  head.start();
  stream.start();
  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  const caughtUp = async (): Promise<void> => {
    const beat = await heartbeats.beat();
    await until(() => (stream.cursor?.heartbeat ?? 0) >= beat);
  };
  return {
    stream,
    copy,
    fence,
    heartbeats,
    until,
    caughtUp,
    async reconcile(repair) {
      const id = await requestReconcile(clinic.database, { requestedBy: "test", repair });
      const { source, database } = clinic;
      await runReconcile({ source, database, stream, heartbeats, fence, clock, isStopping: () => false }, id);
      return (await readReconcile(clinic.database, id)) as ReconcileReport;
    },
    async copied() {
      await until(() => stream.cursor !== undefined);
      while (await copy.slice());
      // The stream reads the proofs before the heartbeat that passes them.
      await caughtUp();
      await caughtUp();
      await until(() => [...stream.tables.values()].every(({ state }) => state !== "copying"));
    },
    async stop() {
      await stream.stop();
      await head.stop();
    },
  };
}
