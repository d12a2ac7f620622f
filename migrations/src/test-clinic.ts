/** A migrated, almost empty legacy database for each test of the triggers, with the few rows they need. */

import { startTestServer, type TestServer } from "@banyan/sqlserver/test-server";
import { migrateLegacy } from "./index.ts";

type Value = string | number | Date | null;
type Pool = Awaited<ReturnType<TestServer["connect"]>>;

export type Clinic = {
  /** Runs T-SQL with `@name` parameters; the rows of its first result. */
  sql<T = Record<string, Value>>(text: string, values?: Readonly<Record<string, Value>>): Promise<T[]>;
  /** The first column of the first row. */
  one(text: string, values?: Readonly<Record<string, Value>>): Promise<Value | undefined>;
  /** A pool of its own, for a second session beside the first. */
  another(): Promise<Clinic>;
};

export type ClinicServer = { fresh(): Promise<Clinic>; close(): Promise<void> };

export async function startClinicServer(): Promise<ClinicServer> {
  const server = await startTestServer();
  try {
    await migrateLegacy({ connection: server.url("TEMPLATE") });
  } catch (error) {
    // The caller has nothing to close yet; an engine left behind would outlive the test run.
    await server.close();
    throw error;
  }
  return {
    async fresh() {
      const database = await server.newDatabase({ from: "TEMPLATE" });
      const clinic = await connect(server, database);
      await seed(clinic);
      return clinic;
    },
    close: () => server.close(),
  };
}

async function connect(server: TestServer, database: string): Promise<Clinic> {
  const pool = await server.connect(database);
  return { ...queries(pool), another: () => connect(server, database) };
}

function queries(pool: Pool): Pick<Clinic, "sql" | "one"> {
  const sql = async <T>(text: string, values: Readonly<Record<string, Value>> = {}): Promise<T[]> => {
    const request = pool.request();
    for (const [name, value] of Object.entries(values)) request.input(name, value);
    const result = await request.query<T>(text);
    return result.recordset ?? [];
  };
  return {
    sql,
    async one(text, values) {
      const rows = await sql<Record<string, Value>>(text, values);
      return Object.values(rows[0] ?? {})[0];
    },
  };
}

/** Day after tomorrow as `YYYYMMDD`: a day that is in the future whenever the tests run. */
export const soon = new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10).replaceAll("-", "");

/** Providers P1 and P2, patients 100001 GARCÍA and 100002 SMITH, encounter 5000001 of the first, codes with prices. */
async function seed(clinic: Clinic): Promise<void> {
  await clinic.sql(`INSERT INTO USRMST (UsrID, UsrNm, PwdHash, RoleCd, ProvYN)
    VALUES ('P1', 'REYES, ANA', 'x', 'PHYS', 'Y'), ('P2', 'O''BRIEN, TOM', 'x', 'PHYS', 'Y')`);
  await clinic.sql(`INSERT INTO CODETBL (CodeTyp, CodeVal, LongDs, NumVal)
    VALUES ('PROC', '99213', 'Visit', 11875), ('PROC', '99203', 'New visit', 16500), ('PROC', '80053', 'Metabolic panel', 5480),
      ('LABTST', 'CMP', 'Metabolic panel', 80053)`);
  await clinic.sql(`INSERT INTO PATMST (MRN, LName, FName, MI, DOB, HmPhone, CellPh, CrtUsr, ModUsr)
    VALUES ('0001000017', 'GARCÍA', 'INÉS', 'M', '19700501', '4135550001', '4135550002', 'T', 'T'),
      ('0001000025', 'SMITH', 'JOHN', ' ', '19600101', '', '4135550003', 'T', 'T')`);
  await clinic.sql(`INSERT INTO ENCMST (PatNo, PatNm, ProvID, LocCd, EncTyp, EncDt, CrtUsr, ModUsr)
    VALUES (100001, 'GARCÍA, INÉS M', 'P1', 'MAIN', 'AMB', '20260302 09:30', 'T', 'T')`);
}

export type Booking = {
  readonly time?: string;
  readonly provider?: string;
  readonly patient?: number | null;
  readonly minutes?: number;
  readonly status?: string;
  readonly overbook?: "Y" | "N";
  readonly day?: string;
};

/** The VALUES row of an appointment at 09:00 with P1 for patient 100001, unless said otherwise. */
function booking(given: Booking = {}): string {
  const {
    time = "0900",
    provider = "P1",
    patient = 100_001,
    minutes = 30,
    status = "SC",
    overbook = "N",
    day = soon,
  } = given;
  return `(${patient ?? "NULL"}, '${provider}', 'MAIN', '${day}', '${time}', ${minutes}, 'FOLL', '${status}', '${overbook}', 'T', 'T')`;
}

/** An INSERT of several appointments in one statement. */
export const book = (...bookings: readonly Booking[]): string =>
  `INSERT INTO tblAppointment (PatNo, ProvID, LocCd, ApptDt, ApptTm, DurMin, ApTypCd, StatCd, OvrBkYN, CrtUsr, ModUsr)
   VALUES ${bookings.map(booking).join(", ")}`;
