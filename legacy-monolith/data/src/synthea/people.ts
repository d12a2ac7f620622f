/** Sites, providers, payers, patients and insurance out of an export. */

import { addProvider, addSchedule } from "../generate/staff.ts";
import { digits } from "../generate/world.ts";
import { mrnOf } from "../mrn.ts";
import { noEnd, row } from "../schema.ts";
import { dayOf, midnight, type WallTime, wallTime } from "../wall-clock.ts";
import type { ExportRow } from "./export-files.ts";
import { fail, moment, plainName, required, requiredMoment, text } from "./fields.ts";
import { type ImportWorld, patientOf, skip } from "./import-world.ts";
import { stateCode } from "./states.ts";

const ascii = (name: string) =>
  name
    .normalize("NFD")
    .replace(/[^A-Za-z]/g, "")
    .toUpperCase();

/** CLINLOC: the code is the first four letters of the name; a taken one ends in a number instead. */
export function addOrganizations(world: ImportWorld): void {
  const taken = new Set(world.tables.CLINLOC.map(({ LocCd }) => LocCd));
  for (const source of world.from.organizations) {
    const LocCd = freeCode(`${ascii(required(source, "NAME"))}XXXX`.slice(0, 4), 4, taken);
    taken.add(LocCd);
    world.sites.set(required(source, "Id"), LocCd);
    world.tables.CLINLOC.push(
      row("CLINLOC", {
        LocCd,
        LocNm: required(source, "NAME", 50),
        Addr1: text(source, "ADDRESS", 40),
        City: text(source, "CITY", 25),
        StCd: stateCode(text(source, "STATE")),
        Zip: zip(source),
        Phone: text(source, "PHONE").replace(/\D/g, "").slice(0, 10),
      }),
    );
  }
}

function freeCode(wish: string, length: number, taken: ReadonlySet<string>): string {
  for (let number = 1, code = wish; ; number += 1) {
    if (!taken.has(code)) return code;
    const suffix = String(number);
    code = `${wish.slice(0, length - suffix.length)}${suffix}`;
  }
}

const zip = (source: ExportRow) => text(source, "ZIP").replace(/\D/g, "").slice(0, 9);

const specialties: Readonly<Record<string, string>> = {
  "GENERAL PRACTICE": "FAMP",
  "FAMILY PRACTICE": "FAMP",
  "INTERNAL MEDICINE": "INTM",
  PSYCHIATRY: "PSYC",
  "CLINICAL PSYCHOLOGIST": "PSYC",
  "NURSE PRACTITIONER": "NURP",
  "PEDIATRIC MEDICINE": "PEDS",
  CARDIOLOGY: "CARD",
};

/** USRMST with ProvYN Y: first letter + last name, eight at most, a taken one ends in a number. */
export function addProviders(world: ImportWorld): void {
  const taken = new Set(world.tables.USRMST.map(({ UsrID }) => UsrID));
  for (const source of world.from.providers) {
    const names = plainName(required(source, "NAME")).split(" ");
    const last = names.at(-1) ?? "";
    const id = freeCode(`${ascii(names[0] ?? "").slice(0, 1)}${ascii(last)}`.slice(0, 8), 8, taken);
    taken.add(id);
    const provider = {
      id,
      name: `${last}, ${names.slice(0, -1).join(" ")}`.slice(0, 40),
      site: world.sites.get(text(source, "ORGANIZATION")) ?? "MAIN",
      specialty: specialties[text(source, "SPECIALITY").toUpperCase()] ?? "",
    };
    world.providers.set(required(source, "Id"), provider);
    addProvider(world.tables, world.random, world.today, provider);
  }
}

/** Whoever sees patients keeps hours all week, so that appointments of today and the coming weeks have room. */
export function addSchedules(world: ImportWorld): void {
  const atWork = new Set(world.tables.ENCMST.map(({ ProvID }) => ProvID));
  for (const provider of world.providers.values()) {
    if (atWork.has(provider.id)) addSchedule(world.tables, { ...provider, days: [1, 2, 3, 4, 5, 6, 7] }, world.today);
  }
}

/** CODETBL PAYER: first letters of the name. Synthea's NO_INSURANCE is the legacy SELF. */
export function addPayers(world: ImportWorld): void {
  const taken = new Set<string>();
  for (const source of world.from.payers) {
    const name = required(source, "NAME", 120);
    const uninsured = name.replace("_", " ").toUpperCase() === "NO INSURANCE";
    const code = uninsured ? "SELF" : freeCode(ascii(name).slice(0, 6), 6, taken);
    taken.add(code);
    world.payers.set(required(source, "Id"), code);
    if (!uninsured) world.codes.add("PAYER", code, name);
  }
}

const races: Readonly<Record<string, string>> = {
  white: "WH",
  black: "BL",
  asian: "AS",
  native: "AI",
  hawaiian: "PI",
  other: "OT",
};
const firstPatNo = 100_001;

export function addPatients(world: ImportWorld): void {
  const met = firstEncounters(world);
  for (const [index, source] of world.from.patients.entries()) {
    const id = required(source, "Id");
    if (world.patients.has(id)) fail(source, "Id", "occurs twice");
    const PatNo = firstPatNo + index;
    const first = met.get(id);
    const born = requiredMoment(source, "BIRTHDATE");
    const seen = first?.at ?? born;
    const patient = row("PATMST", {
      PatNo,
      MRN: mrnOf(PatNo),
      LName: requiredName(source, "LAST", 30),
      FName: requiredName(source, "FIRST", 20),
      MI: plainName(text(source, "MIDDLE")).slice(0, 1) || " ",
      Suffix: plainName(text(source, "SUFFIX")).replace(".", "").slice(0, 4),
      MaidNm: plainName(text(source, "MAIDEN")).slice(0, 30),
      DOB: midnight(born),
      Sex: ["M", "F"].includes(text(source, "GENDER")) ? text(source, "GENDER") : "U",
      SSN: text(source, "SSN").replace(/\D/g, "").slice(0, 9),
      MarCd: text(source, "MARITAL", 1) || "U",
      RaceCd: races[text(source, "RACE").toLowerCase()] ?? "UN",
      EthCd: { hispanic: "H", nonhispanic: "N" }[text(source, "ETHNICITY").toLowerCase()] ?? "U",
      Addr1: text(source, "ADDRESS", 40).toUpperCase(),
      City: text(source, "CITY", 25).toUpperCase(),
      StCd: stateCode(text(source, "STATE")),
      Zip: zip(source),
      HmPhone: `555${digits(world.random, 7)}`,
      PCPID: first?.provider ?? "",
      HomeLoc: first?.site ?? "MAIN",
      DeathDt: deathOf(source),
      CrtUsr: "SYSTEM",
      CrtDt: seen,
      ModUsr: "SYSTEM",
      ModDt: seen,
    });
    world.patients.set(id, patient);
    world.tables.PATMST.push(patient);
  }
}

function requiredName(source: ExportRow, column: string, length: number): string {
  return plainName(required(source, column)).slice(0, length) || fail(source, column, "holds no name");
}

function deathOf(source: ExportRow): WallTime {
  const died = moment(source, "DEATHDATE");
  return died === undefined ? noEnd : midnight(died);
}

/** When each patient first came, and whom they saw last: that provider counts as theirs. */
function firstEncounters(world: ImportWorld) {
  const met = new Map<string, { at: WallTime; last: WallTime; provider: string; site: string }>();
  for (const source of world.from.encounters) {
    const at = requiredMoment(source, "START");
    const provider = world.providers.get(source.cells.PROVIDER ?? "");
    const seen = { at, last: at, provider: provider?.id ?? "", site: provider?.site ?? "MAIN" };
    const before = met.get(source.cells.PATIENT ?? "");
    if (!before) met.set(source.cells.PATIENT ?? "", seen);
    else {
      if (at < before.at) before.at = at;
      if (at > before.last) Object.assign(before, { last: at, provider: seen.provider, site: seen.site });
    }
  }
  return met;
}

/**
 * Each transition is a primary policy (InsSeq 1) from its start; the newest has the latest EffDt, and older ones ended. A
 * secondary payer is InsSeq 2 over the same time. No insurance is no row.
 */
export function addPolicies(world: ImportWorld): void {
  const keys = new Set<string>();
  for (const source of world.from.payer_transitions) {
    const patient = patientOf(world, source);
    if (!patient) continue;
    for (const [InsSeq, column] of [
      [1, "PAYER"],
      [2, "SECONDARY_PAYER"],
    ] as const) {
      const PayCd = world.payers.get(text(source, column));
      if (PayCd === undefined || PayCd === "SELF") continue;
      const EffDt = midnight(yearOrMoment(source, "START_YEAR"));
      const key = `${patient.PatNo} ${InsSeq} ${EffDt}`;
      if (keys.has(key)) {
        skip(world, source, "second policies of a patient from the same day");
        continue;
      }
      keys.add(key);
      world.tables.PATINS.push(policyRow(world, source, { PatNo: patient.PatNo, InsSeq, EffDt, PayCd }));
    }
  }
}

function policyRow(
  world: ImportWorld,
  source: ExportRow,
  key: { PatNo: number; InsSeq: number; EffDt: WallTime; PayCd: string },
) {
  const ends = midnight(yearOrMoment(source, "END_YEAR"));
  const patient = world.tables.PATMST[key.PatNo - firstPatNo];
  const owner = text(source, "OWNERSHIP");
  const [first = "", ...last] = plainName(text(source, "OWNERNAME")).split(" ");
  const ownName = patient ? `${patient.LName}, ${patient.FName}` : "";
  return row("PATINS", {
    ...key,
    TermDt: dayOf(ends) < world.today ? ends : noEnd,
    PolNo: (text(source, "MEMBERID") || `${key.PatNo}-${key.InsSeq}`).replaceAll("-", "").slice(0, 20).toUpperCase(),
    SubNm: (last.length === 0 ? ownName : `${last.join(" ")}, ${first}`).slice(0, 40),
    SubDOB: owner === "Self" || owner === "" ? (patient?.DOB ?? null) : null,
    RelCd: owner === "Guardian" ? "C" : owner === "Spouse" ? "P" : "S",
  });
}

/** Exports before 2021 give plain years. */
function yearOrMoment(source: ExportRow, column: string): WallTime {
  const value = (source.cells[column] ?? "").trim();
  return /^\d{4}$/.test(value) ? wallTime(Date.UTC(Number(value), 0, 1) / 86_400_000) : requiredMoment(source, column);
}
