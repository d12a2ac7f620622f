/**
 * Imports Synthea's native CSV export. Everything is read and checked in memory first, so a bad row can stop the import
 * before the database hears of it. Not imported, because the legacy system has no place for them: careplans, devices,
 * imaging studies, procedures (they come as charges) and supplies. Added, because Synthea has none: office staff with
 * log-ins, appointments of today and the coming weeks, portal accounts of the first living adults.
 */

import { AppError, seededRandom } from "@banyan/kernel";
import type { Code } from "../codes/code.ts";
import { codeRow, codeRows } from "../codes/rows.ts";
import { type Dataset, emptyTables, type PortalLogin, type StaffLogin, type Tables } from "../dataset.ts";
import { deriveDaily, deriveTotals, sequenceRows } from "../derived.ts";
import { addOffice, demoPassword } from "../generate/staff.ts";
import { ageOn, guid } from "../generate/world.ts";
import { importedPortalUsers, importedProviderLogins } from "../limits.ts";
import { portalPasswordHash } from "../passwords.ts";
import { noEnd, row } from "../schema.ts";
import { dayOf, parseDay, wallTime } from "../wall-clock.ts";
import { addClaims } from "./billing.ts";
import { addLists, addMedications, addObservations } from "./clinical.ts";
import { readExport } from "./export-files.ts";
import type { CodeBook, ImportWorld } from "./import-world.ts";
import { addOrganizations, addPatients, addPayers, addPolicies, addProviders, addSchedules } from "./people.ts";
import { addEncounters, addFutureAppointments } from "./visits.ts";

export type ImportOptions = {
  /** Folder with patients.csv and the others. */
  readonly dir: string;
  /** `YYYY-MM-DD` in the clinic's time zone. */
  readonly today: string;
};

/**
 * @returns a data set whose `warnings` name missing files and rows left out.
 * @throws AppError SYNTHEA_NOT_FOUND, SYNTHEA_MALFORMED (file, line, reason), IMPORT_INVALID (`today` is no date).
 */
export async function importSynthea(options: ImportOptions): Promise<Dataset> {
  const today = parseDay(options.today);
  if (today === undefined) throw invalidToday();
  const { rows, warnings } = await readExport(options.dir);
  const tables = emptyTables();
  const random = seededRandom(today);
  const logins = addOffice(tables, random, today);
  const { codes, write } = codeBook(tables);
  const maps = {
    sites: new Map(),
    providers: new Map(),
    payers: new Map(),
    patients: new Map(),
    encounters: new Map(),
  };
  const world: ImportWorld = { from: rows, tables, today, random, codes, skipped: new Map(), ...maps };
  const issued = addAll(world);
  const portalLogins = addPortal(world);
  deriveTotals(tables);
  deriveDaily(tables, wallTime(today));
  write(wallTime(today));
  const sequences = { ...issued, ACCN: issued.LABORD, EDIBAT: 1000, PMTBAT: 1000, MRN: 0 };
  tables.CODETBL.push(...sequenceRows(sequences, wallTime(today)));
  return {
    source: "Synthea CSV export",
    today: options.today,
    tables,
    logins: [...logins, ...providerLogins(world)],
    portalLogins,
    warnings: [...warnings, ...[...world.skipped].map(([reason, count]) => `${reason}: ${count} left out`)],
  };
}

function addAll(world: ImportWorld): { LABORD: number; CLAIM: number } {
  addOrganizations(world);
  addProviders(world);
  addPayers(world);
  addPatients(world);
  addPolicies(world);
  addEncounters(world);
  addSchedules(world);
  addFutureAppointments(world);
  addLists(world);
  const LABORD = addObservations(world);
  addMedications(world);
  const CLAIM = addClaims(world);
  return { LABORD, CLAIM };
}

/** Codes of the screens, then those met in the export; a code known already keeps its own text. */
function codeBook(tables: Tables): { codes: CodeBook; write: (since: string) => void } {
  const met = new Map<string, { type: string; code: Code }>();
  const codes: CodeBook = {
    add(type, val, title, more = {}) {
      const key = `${type} ${val.toUpperCase()}`;
      if (!met.has(key))
        met.set(key, { type, code: { val, short: title.slice(0, 30).trimEnd(), long: title.slice(0, 120), ...more } });
    },
  };
  const write = (since: string) => {
    const known = codeRows(since);
    const taken = new Set(known.map(({ CodeTyp, CodeVal }) => `${CodeTyp} ${CodeVal.toUpperCase()}`));
    const added = [...met].filter(([key]) => !taken.has(key));
    tables.CODETBL.push(...known, ...added.map(([, { type, code }], index) => codeRow(type, code, 100 + index, since)));
  };
  return { codes, write };
}

/** Of the providers with most visits: nobody needs a list of all 167. */
function providerLogins(world: ImportWorld): StaffLogin[] {
  const visits = new Map<string, number>();
  for (const { ProvID } of world.tables.ENCMST) visits.set(ProvID, (visits.get(ProvID) ?? 0) + 1);
  return [...world.providers.values()]
    .sort((a, b) => (visits.get(b.id) ?? 0) - (visits.get(a.id) ?? 0))
    .slice(0, importedProviderLogins)
    .map(({ id, name, site }) => ({ user: id, password: demoPassword, role: "PHYS", name, site }));
}

function addPortal(world: ImportWorld): PortalLogin[] {
  const adults = world.tables.PATMST.filter(
    ({ DOB, DeathDt }) => DeathDt === noEnd && ageOn(dayOf(DOB), world.today) >= 18,
  );
  return adults.slice(0, importedPortalUsers).map((patient, index) => {
    const Salt = guid(world.random);
    const LoginName = `patient${patient.PatNo}@example.com`;
    patient.PortYN = "Y";
    patient.Email = LoginName;
    world.tables.PORTAL_USER.push(
      row("PORTAL_USER", {
        PortalUserId: index + 1,
        PatNo: patient.PatNo,
        LoginName,
        PwdHash: portalPasswordHash(Salt, demoPassword),
        Salt,
        Email: LoginName,
        CreatedOn: wallTime(world.today - 30, 600),
      }),
    );
    return { user: LoginName, password: demoPassword, patNo: patient.PatNo };
  });
}

const invalidToday = () =>
  new AppError({
    code: "IMPORT_INVALID",
    op: "import the Synthea export",
    message: "`today` is not a date written as YYYY-MM-DD",
    hint: "Give the day as 2026-11-22.",
  });
