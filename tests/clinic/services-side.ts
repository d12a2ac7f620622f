/**
 * A clinic whose patient and scheduling modules are live: the legacy side, both services on databases of their own, filled from
 * the legacy rows by the mappings they publish, and the real proxy with this EHR's own rules in front of everything.
 */

import type { ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import { type Clock, listen, type Logger, systemClock } from "@banyan/kernel";
import { patientsService } from "@banyan/patients";
import { patientsMapping } from "@banyan/patients/mapping";
import { createProxy, type RevisionSource } from "@banyan/proxy";
import {
  compile,
  matchRule,
  type ModuleState,
  readRuleSet,
  type RevisionModel,
  routingRequestOf,
} from "@banyan/routing-rules";
import { schedulingService } from "@banyan/scheduling";
import { schedulingMapping } from "@banyan/scheduling/mapping";
import { createService, type ServiceOptions } from "@banyan/service-kit";
import type { ServiceMapping } from "@banyan/service-kit/mapping";
import { startTestServices, type TestDatabase, type TestServices } from "@banyan/service-kit/test-service";
import type sql from "mssql";
import { clinicKeys, type LegacySide, startLegacySide } from "./legacy-side.ts";
import { mappedBack } from "./mapped-back.ts";
import { type Kept, StandInSync } from "./stand-in-sync.ts";

/** Epoch of both modules: any but the first, so that a forgotten one is noticed. */
const epoch = 3;

export type ClinicWithServices = {
  /** The proxy: what a browser talks to. */
  readonly url: string;
  readonly legacy: LegacySide;
  readonly databases: { readonly patients: TestDatabase; readonly scheduling: TestDatabase };
  /** Rules by the side that has answered requests of theirs so far. */
  readonly answered: { readonly legacy: ReadonlySet<string>; readonly service: ReadonlySet<string> };
  /** Rules of a module that follow its stage: the service's, now that it is live. */
  readonly rulesOf: (module: string) => readonly string[];
  /** Whether a request is one that may have written. */
  writes(method: string, path: string): boolean;
  /** Brings both sides in step. */
  settle(): Promise<void>;
  /** What the services hold otherwise than legacy, once both are in step; see `mappedBack`. */
  differences(): Promise<string[]>;
  close(): Promise<void>;
};

type Made = Pick<ServiceOptions, "name" | "module" | "version" | "policy" | "faces">;

export async function startClinicWithServices(options: {
  readonly logger: Logger;
  readonly patients: number;
  readonly clock?: Clock;
}): Promise<ClinicWithServices> {
  const { logger, clock = systemClock } = options;
  const stops: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const stop of stops.splice(0).toReversed()) await stop();
  };
  try {
    const [legacy, postgres] = await Promise.all([startLegacySide({ ...options, clock }), startTestServices()]);
    stops.push(
      () => legacy.close(),
      () => postgres.stop(),
    );
    const { machineKey, sessionKey, interfaceKey } = clinicKeys;
    const patients = await openModule(postgres, legacy.pool, patientsMapping, ["PATMST"]);
    const scheduling = await openModule(postgres, legacy.pool, schedulingMapping, ["tblAppointment"]);
    const sync = new StandInSync(legacy.pool, [patients, scheduling]);
    await sync.settle();

    const keys = await startKeyAddress();
    stops.push(() => keys.close());
    const start = async (made: Made, { database }: Kept): Promise<string> => {
      const service = await createService({
        ...made,
        databaseUrl: database.url,
        identityKeyUrls: [keys.url],
        host: "127.0.0.1",
        port: 0,
        portVariable: "none",
        logger,
        clock,
      });
      stops.push(() => service.stop());
      return service.url;
    };
    const targets = {
      legacy: legacy.url,
      patients: await start(patientsService({ machineKey }), patients),
      scheduling: await start(schedulingService({ machineKey }), scheduling),
    };
    const model = liveModel();
    const answered = { legacy: new Set<string>(), service: new Set<string>() };
    const proxy = await createProxy({
      rules: heldRules(model),
      targets,
      sessionKey,
      interfaceKey,
      host: "127.0.0.1",
      port: 0,
      adminPort: 0,
      clock,
      logger,
      drainMsMax: 1_000,
      accessLog: {
        write: ({ by, rule }) => {
          if (by !== "proxy") answered[by].add(rule);
        },
        close: () => undefined,
      },
    });
    stops.push(() => proxy.close());
    keys.from(`${proxy.adminUrl}/.well-known/jwks.json`);
    return {
      url: proxy.url,
      legacy,
      databases: { patients: patients.database, scheduling: scheduling.database },
      answered,
      rulesOf: (module) =>
        model.rules.filter((rule) => rule.module.name === module && rule.serve === "stage").map(({ id }) => id),
      writes: (method, path) => matchRule(model, routingRequestOf(`${method} ${path}`))?.effect !== "read",
      settle: () => sync.settle(),
      async differences() {
        await sync.settle();
        return (await Promise.all([patients, scheduling].map((one) => mappedBack(legacy.pool, one)))).flat();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A service's database as a flip leaves it: filled, opened under the epoch, with ids of its own below legacy's next one. */
async function openModule(
  postgres: TestServices,
  pool: sql.ConnectionPool,
  mapping: ServiceMapping,
  numbered: readonly string[],
): Promise<Kept> {
  const database = await postgres.database(mapping.service);
  for (const table of numbered) {
    const { recordset } = await pool.request().query<{ Last: number }>(`SELECT IDENT_CURRENT('${table}') AS Last`);
    const first = Number(recordset[0]?.Last) + 1;
    await database.reserveIds(table, first, first + idsReserved - 1);
    await pool.request().query(`DBCC CHECKIDENT ('${table}', RESEED, ${first + idsReserved})`);
  }
  await database.open(mapping.module, epoch);
  return { mapping, database };
}

/** More than the suites ask for; patient numbers stay at six digits, as the MRN wants them. */
const idsReserved = 5_000;

/** This EHR's own rules, with both modules live. */
function liveModel(): RevisionModel {
  const live: ModuleState = { stage: { name: "live" }, epoch };
  const rules = readRuleSet(fileURLToPath(new URL("../../routing-rules/ehr", import.meta.url)));
  return compile(
    rules.files.map(({ config }) => config),
    new Map([
      [patientsMapping.module, live],
      [schedulingMapping.module, live],
    ]),
    1,
  );
}

const heldRules = (model: RevisionModel): RevisionSource => ({
  async start(state) {
    state.swap(model);
    return { stop: () => undefined };
  },
});

async function relayKeys(source: string, response: ServerResponse): Promise<void> {
  const keys = await fetch(source);
  response.setHeader("content-type", "application/json").end(await keys.text());
}

/** Services ask for the proxy's keys, and the proxy for the services' addresses: this address is there before either. */
async function startKeyAddress(): Promise<{ url: string; from(url: string): void; close(): Promise<void> }> {
  let source = "";
  const listening = await listen((_request, response) => void relayKeys(source, response), {
    host: "127.0.0.1",
    port: 0,
    name: "identity keys",
    portVariable: "none",
  });
  return {
    url: listening.url,
    from: (url) => {
      source = url;
    },
    close: () => listening.close(),
  };
}
