/** A service as the conformance suite runs it: what it must be told of the service, and one started on a database of its own. */

import { randomUUID } from "node:crypto";
import { createLogger } from "@banyan/kernel";
import type { AuditEvent } from "../audit-event.ts";
import type { ServiceOptions } from "../service.ts";
import {
  startTestService,
  type TestClaims,
  type TestDatabase,
  type TestRequest,
  type TestService,
  type TestServices,
} from "../test-service.ts";

/** A request and who sends it. */
export type Example = TestRequest & { readonly path: string; readonly who: TestClaims };

export type ServiceUnderTest = {
  /** Everything but database and identity keys. Called for each test. */
  readonly define: () => Pick<ServiceOptions, "name" | "module" | "version" | "policy" | "faces">;
  /** Folder of the service's migrations, when it is not `migrations/<service>`. */
  readonly migrations?: string;
  /** Rows the examples need. */
  readonly seed?: (database: TestDatabase) => Promise<void>;
  /** A read that is allowed and answered 200. */
  readonly read: Example;
  /** A read that the policy denies to this caller, who has a good token. */
  readonly deniedRead: Example;
  /** A write that is allowed and changes something; each number is another write. */
  readonly write: (number: number, service: TestService) => Example | Promise<Example>;
  /** Somebody with a good token to whom the policy denies that write. */
  readonly deniedWriter: TestClaims;
  /** Words of the seeded rows (names, numbers) that no log line and no metric may hold. */
  readonly secrets?: readonly string[];
  /** The written policy, beside `policy.ts`; written by `vitest -u`, compared otherwise. */
  readonly policyFile: string;
};

export type Started = {
  readonly service: TestService;
  readonly database: TestDatabase;
  readonly log: readonly string[];
  /** Sends an example; the answer and the audit rows of that request. */
  ask(example: Example): Promise<{ response: Response; body: string; audit: AuditEvent[] }>;
  [Symbol.asyncDispose](): Promise<void>;
};

export type Start = (open?: boolean) => Promise<Started>;

export async function startOne(services: TestServices, under: ServiceUnderTest, open: boolean): Promise<Started> {
  const definition = under.define();
  const database = await services.database(definition.name, under.migrations);
  await under.seed?.(database);
  if (open) await database.open(definition.module, 1);
  const log: string[] = [];
  const logger = createLogger({
    name: definition.name,
    level: "debug",
    destination: { write: (line) => void log.push(line) },
  });
  const service = await startTestService({ ...definition, databaseUrl: database.url, logger });
  return {
    service,
    database,
    log,
    async ask({ path, who, ...init }) {
      const requestId = new Headers(init.headers).get("x-request-id") ?? randomUUID();
      const headers = { ...Object.fromEntries(new Headers(init.headers)), "x-request-id": requestId };
      const response = await service.send(path, who, { ...init, headers });
      const body = await response.text();
      return { response, body, audit: await auditOf(database, requestId) };
    },
    async [Symbol.asyncDispose]() {
      await service.stop();
      await database.close();
    },
  };
}

export async function auditOf(database: TestDatabase, requestId: string): Promise<AuditEvent[]> {
  const rows: { event: AuditEvent }[] = await database
    .owner("kit.audit_event")
    .whereRaw("event ->> 'requestId' = ?", [requestId])
    .orderBy("seq")
    .select("event");
  return rows.map(({ event }) => event);
}

/** One line a table and its content: what a request must not have changed. The audit is left out. */
export async function contentOf(database: TestDatabase): Promise<Map<string, string>> {
  const tables: { schemaname: string; tablename: string }[] = await database
    .owner("pg_tables")
    .whereIn("schemaname", ["public", "kit", "sync"])
    .whereNotIn("tablename", ["audit_event", "audit_head"])
    .orderBy(["schemaname", "tablename"]);
  const content = new Map<string, string>();
  for (const { schemaname, tablename } of tables) {
    const answer: { rows: { digest: string | null }[] } = await database.owner.raw(
      "SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) AS digest FROM ??.?? t",
      [schemaname, tablename],
    );
    content.set(`${schemaname}.${tablename}`, answer.rows[0]?.digest ?? "empty");
  }
  return content;
}
