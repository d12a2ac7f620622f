/**
 * The servers of `npm run bench -- services` as a process of their own: the monolith (simulated SQL Server, legacy web) and both
 * services on the same data, filled by their mappings. Only one side is asked at a time, so that they do not share the core.
 */

import { createLogger, runUntilSignal, systemClock } from "@banyan/kernel";
import { patientsService } from "@banyan/patients";
import { patientsMapping } from "@banyan/patients/mapping";
import { schedulingService } from "@banyan/scheduling";
import { schedulingMapping } from "@banyan/scheduling/mapping";
import { createService, type ServiceOptions } from "@banyan/service-kit";
import type { ServiceMapping } from "@banyan/service-kit/mapping";
import { startTestIssuer, startTestServices } from "@banyan/service-kit/test-service";
import { clinicKeys, startLegacySide } from "../tests/clinic/legacy-side.ts";
import { type Kept, StandInSync } from "../tests/clinic/stand-in-sync.ts";

/** As a small practice has them; searches and days are not empty. */
const patients = 1_000;
const epoch = 1;
const logger = createLogger({ name: "bench", level: "silent" });

await runUntilSignal(logger, async () => {
  const legacy = await startLegacySide({ logger, clock: systemClock, patients });
  const postgres = await startTestServices();
  const issuer = await startTestIssuer();
  const keep = async (mapping: ServiceMapping, table: string): Promise<Kept> => {
    const database = await postgres.database(mapping.service);
    await database.reserveIds(table, 800_001, 899_999);
    await database.open(mapping.module, epoch);
    return { mapping, database };
  };
  const kept = [await keep(patientsMapping, "PATMST"), await keep(schedulingMapping, "tblAppointment")] as const;
  await new StandInSync(legacy.pool, kept).settle();
  for (const { database } of kept) await database.owner.raw("VACUUM ANALYZE");
  const { machineKey } = clinicKeys;
  const start = (made: Pick<ServiceOptions, "name" | "module" | "version" | "policy" | "faces">, { database }: Kept) =>
    createService({
      ...made,
      databaseUrl: database.url,
      identityKeyUrls: [issuer.url],
      host: "127.0.0.1",
      port: 0,
      portVariable: "none",
      logger,
    });
  const services = [
    await start(patientsService({ machineKey }), kept[0]),
    await start(schedulingService({ machineKey }), kept[1]),
  ];
  const tokens = async (): Promise<void> => {
    const claims = { sub: "FDESK1", name: "KOWALSKI, BETTY", role: "FDSK", site: "MAIN", epoch };
    const made = await Promise.all(
      ["patients", "scheduling"].map((service) => issuer.token(claims, { service, lifeSeconds: 60 })),
    );
    process.send?.({ tokens: made });
  };
  // A write's token names its request once; the bench asks for as many as it needs.
  process.on("message", (message: { mint?: { service: string; ids: string[] } }) => {
    if (!message.mint) return void tokens();
    const { service, ids } = message.mint;
    const claims = { sub: "FDESK1", name: "KOWALSKI, BETTY", role: "FDSK", site: "MAIN", epoch };
    void Promise.all(
      ids.map(async (jti) => [jti, await issuer.token({ ...claims, jti }, { service, lifeSeconds: 60 })]),
    ).then((minted) => process.send?.({ minted }));
  });
  const busy = await legacy.pool.request().query<Record<string, unknown>>(
    `SELECT TOP 1 ProvID, LocCd, CONVERT(char(10), ApptDt, 101) AS Day, COUNT(*) AS N FROM tblAppointment
     WHERE PatNo IS NOT NULL GROUP BY ProvID, LocCd, ApptDt ORDER BY COUNT(*) DESC, ApptDt DESC`,
  );
  const one = await legacy.pool.request().query<Record<string, unknown>>(
    `SELECT TOP 1 a.ApptID, p.PatNo, p.MRN, p.LName FROM tblAppointment a JOIN PATMST p ON p.PatNo = a.PatNo
       WHERE p.RstrYN = 'N' AND p.DelYN = 'N' AND p.MrgToPat IS NULL AND a.StatCd = 'SC' ORDER BY a.ApptDt DESC`,
  );
  return {
    details: {
      legacy: legacy.url,
      patients: services[0]?.url ?? "",
      scheduling: services[1]?.url ?? "",
      facts: JSON.stringify({ ...busy.recordset[0], ...one.recordset[0] }),
    },
    stop: async () => {
      for (const service of services) await service.stop();
      await issuer.stop();
      await postgres.stop();
      await legacy.close();
    },
  };
});
