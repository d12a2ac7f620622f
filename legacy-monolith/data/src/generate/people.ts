/** Patients and their insurance: families, children with a guarantor, the restricted, the famous, the dead, the deleted. */

import type { Random } from "@banyan/kernel";
import { type Diagnosis, diagnoses } from "../codes/diagnoses.ts";
import { generalCodes } from "../codes/general.ts";
import { patientName } from "../dataset.ts";
import { cents, moneyText } from "../money.ts";
import { mrnOf } from "../mrn.ts";
import { noEnd, noStart, type Row, row } from "../schema.ts";
import { type Day, wallTime } from "../wall-clock.ts";
import { femaleNames, lastNames, maleNames, streets, towns } from "./names.ts";
import { photos } from "./photos.ts";
import { ageOn, digits, officeTime, type Person, type Provider, type World } from "./world.ts";

const firstPatNo = 100_001;

/** Fills PATMST and PATINS with `count` living or dead patients; merged and deleted ones come from `addRetired`. */
export function addPatients(world: World, count: number): Person[] {
  const random = world.random("patients");
  const people: Person[] = [];
  while (people.length < count) {
    const parent = people.length > 20 && random.chance(0.22) ? pickParent(random, people, world.today) : undefined;
    people.push(makePerson(world, random, firstPatNo + people.length, parent));
  }
  markSpecial(people);
  return people;
}

function pickParent(random: Random, people: readonly Person[], today: Day): Person | undefined {
  const candidate = random.pick(people);
  const age = ageOn(candidate.birthDay, today);
  return age >= 24 && age <= 55 ? candidate : undefined;
}

function makePerson(world: World, random: Random, patNo: number, parent: Person | undefined): Person {
  const sex = random.chance(0.52) ? "F" : random.chance(0.01) ? "U" : "M";
  const birthDay = parent
    ? Math.max(parent.birthDay + Math.floor(365.25 * random.int(20, 38)), world.today - 6400)
    : world.today - Math.floor(365.25 * 18) - random.int(0, 27_000);
  const bornDay = Math.min(birthDay, world.today - 30);
  const provider = pickProvider(world, random, ageOn(bornDay, world.today));
  const firstDay = Math.max(
    random.chance(0.25) ? world.since + random.int(0, 650) : world.since - random.int(30, 2500),
    bornDay + 10,
  );
  const patient = makePatient(world, random, { patNo, sex, birthDay: bornDay, firstDay, provider, parent });
  const policies = makePolicies(world, random, patient, parent, bornDay);
  world.tables.PATMST.push(patient);
  world.tables.PATINS.push(...policies);
  return {
    patient,
    birthDay: bornDay,
    firstDay,
    deathDay: undefined,
    chronic: pickChronic(random, ageOn(bornDay, world.today)),
    policies,
    provider,
    inches: sex === "F" ? random.int(60, 69) : random.int(64, 75),
    pounds: random.int(sex === "F" ? 105 : 140, sex === "F" ? 230 : 270),
  };
}

function pickProvider(world: World, random: Random, age: number): Provider {
  const fits = world.clinic.providers.filter(({ specialty }) =>
    age < 18 ? specialty === "PEDS" || specialty === "FAMP" : specialty !== "PEDS" && specialty !== "PSYC",
  );
  return random.pick(fits);
}

function pickChronic(random: Random, age: number): Diagnosis[] {
  const fits = diagnoses.filter(({ chronic, minAge }) => chronic && minAge <= age);
  const wanted = Math.min(fits.length, age < 18 ? random.int(0, 1) : age < 45 ? random.int(0, 2) : random.int(1, 4));
  const chosen = new Set<Diagnosis>();
  for (let tries = 0; chosen.size < wanted && tries < 20; tries += 1) chosen.add(random.pick(fits));
  return [...chosen];
}

type Identity = {
  readonly patNo: number;
  readonly sex: string;
  readonly birthDay: Day;
  readonly firstDay: Day;
  readonly provider: Provider;
  readonly parent: Person | undefined;
};

function makePatient(world: World, random: Random, who: Identity): Row<"PATMST"> {
  const last = who.parent?.patient.LName ?? random.pick(lastNames);
  const first = random.pick(who.sex === "F" ? femaleNames : maleNames);
  const adult = ageOn(who.birthDay, world.today) >= 18;
  const hispanic = /[ÁÉÍÓÚÑ]/.test(last) && !last.includes("'");
  const created = officeTime(random, who.firstDay);
  const cell = random.chance(0.8) ? `413555${digits(random, 4)}` : "";
  return row("PATMST", {
    PatNo: who.patNo,
    MRN: mrnOf(who.patNo),
    LName: last,
    FName: first,
    MI: random.chance(0.6) ? random.pick(Array.from("ABCDEFGHJKLMNPRSTVWÁÉ")) : " ",
    Suffix: who.sex === "M" && random.chance(0.05) ? random.pick(["JR", "SR", "III"]) : "",
    MaidNm: who.sex === "F" && adult && random.chance(0.3) ? random.pick(lastNames) : "",
    DOB: wallTime(who.birthDay),
    Sex: who.sex,
    // 900-999 is never issued by the Social Security Administration.
    SSN: random.chance(0.85) ? `9${digits(random, 8)}` : "",
    MarCd: adult ? random.pick(["S", "M", "M", "D", "W", "P", "U"]) : "S",
    RaceCd: random.pick(["WH", "WH", "WH", "BL", "AS", "OT", "AI", "PI", "UN"]),
    EthCd: hispanic ? "H" : random.pick(["N", "N", "N", "U"]),
    LangCd: hispanic && random.chance(0.5) ? "ES" : random.pick(["EN", "EN", "EN", "EN", "FR", "PT", "VI"]),
    ...homeOf(random, who.parent?.patient),
    WkPhone: adult && random.chance(0.4) ? `413555${digits(random, 4)}` : "",
    CellPh: cell,
    Email: adult && random.chance(0.6) ? mailOf(first, last, who.patNo) : "",
    GuarPat: who.parent?.patient.PatNo ?? null,
    PCPID: who.provider.id,
    HomeLoc: who.provider.site,
    VIPYN: random.chance(0.1) ? " " : "N",
    HIPAADt: random.chance(0.85) ? wallTime(who.firstDay) : noStart,
    NoteTx: random.chance(0.08) ? "Prefers morning appointments – hard of hearing, speak slowly" : "",
    DelYN: random.chance(0.1) ? " " : "N",
    CrtUsr: random.pick(world.clinic.desk),
    CrtDt: created,
    ModUsr: random.pick(world.clinic.desk),
    ModDt: created,
  });
}

function homeOf(random: Random, parent: Row<"PATMST"> | undefined) {
  if (parent) {
    const { Addr1, Addr2, City, StCd, Zip, HmPhone } = parent;
    return { Addr1, Addr2, City, StCd, Zip, HmPhone };
  }
  const town = random.pick(towns);
  return {
    Addr1: `${random.int(1, 2400)} ${random.pick(streets)}`,
    Addr2: random.chance(0.25) ? `APT ${random.int(1, 40)}` : "",
    City: town.city,
    StCd: "MA",
    Zip: town.zip,
    HmPhone: random.chance(0.85) ? `413555${digits(random, 4)}` : "",
  };
}

function mailOf(first: string, last: string, patNo: number): string {
  const plain = (text: string) =>
    text
      .normalize("NFD")
      .replace(/[^A-Za-z]/g, "")
      .toLowerCase();
  return `${plain(first)}.${plain(last)}${patNo % 100}@example.com`.slice(-60);
}

const payers = (generalCodes.PAYER ?? []).filter(({ val }) => val !== "SELF");

function makePolicies(
  world: World,
  random: Random,
  patient: Row<"PATMST">,
  parent: Person | undefined,
  birthDay: Day,
): Row<"PATINS">[] {
  if (random.chance(0.1)) return [];
  const elderly = ageOn(birthDay, world.today) >= 65;
  const payer = elderly ? payers[0] : random.pick(payers.slice(1));
  if (!payer) return [];
  const start = world.since - random.int(60, 900);
  const policies = [makePolicy(random, { patient, parent, seq: 1, payer: payer.val, from: start })];
  if (random.chance(elderly ? 0.5 : 0.08)) {
    policies.push(makePolicy(random, { patient, parent, seq: 2, payer: "BCBS", from: start }));
  }
  // An earlier primary policy that ended when the present one began.
  if (random.chance(0.3)) {
    const former = makePolicy(random, {
      patient,
      parent,
      seq: 1,
      payer: random.pick(payers).val,
      from: start - random.int(200, 900),
    });
    policies.push({ ...former, TermDt: wallTime(start - 1) });
  }
  return policies;
}

function makePolicy(
  random: Random,
  what: { patient: Row<"PATMST">; parent: Person | undefined; seq: number; payer: string; from: Day },
): Row<"PATINS"> {
  const subscriber = what.parent?.patient ?? what.patient;
  return row("PATINS", {
    PatNo: what.patient.PatNo,
    InsSeq: what.seq,
    EffDt: wallTime(what.from),
    TermDt: noEnd,
    PayCd: what.payer,
    PlanNm: random.pick(["PPO Gold", "HMO Choice", "Standard", "Plan F", "Familia Más"]),
    PolNo: `${what.payer.slice(0, 3)}${digits(random, 9)}`,
    GrpNo: random.chance(0.7) ? `G${digits(random, 5)}` : "",
    SubNm: patientName(subscriber).slice(0, 40),
    SubDOB: random.chance(0.9) ? subscriber.DOB : null,
    RelCd: what.parent ? "C" : "S",
    CopayAmt: moneyText(
      cents(what.payer === "MCAID" || what.payer === "MCARE" ? 0 : random.pick([1000, 1500, 2000, 2500, 4000])),
    ),
    VerDt: random.chance(0.6) ? wallTime(what.from + 5) : null,
    DelYN: random.chance(0.1) ? " " : "N",
  });
}

/** Positions are fixed, so that tests and demonstrations find them at the same record number whatever the seed. */
function markSpecial(people: Person[]): void {
  for (const [index, person] of people.entries()) {
    if (index % 60 === 6) person.patient.RstrYN = "Y";
    if (index % 90 === 11) person.patient.VIPYN = "Y";
    if (index % 25 === 3) person.patient.PhotoImg = photos[((index / 25) % photos.length) | 0] ?? null;
  }
}

/** Some of the old who die on a day of the last year; what comes after is cut away by whoever books visits. */
export function addDeaths(world: World, people: Person[]): Person[] {
  const random = world.random("deaths");
  const old = people.filter(({ birthDay }) => ageOn(birthDay, world.today) >= 78);
  const dead = new Set(old.filter((_, index) => index % 6 === 2));
  return people.map((person) => {
    if (!dead.has(person)) return person;
    const deathDay = world.today - random.int(20, 360);
    person.patient.DeathDt = wallTime(deathDay);
    return { ...person, deathDay };
  });
}

/** Records entered twice and merged, and records deleted outright. They keep no child rows, but for a clashing policy. */
export function addRetired(world: World, people: readonly Person[], count: number): void {
  const random = world.random("retired");
  const start = firstPatNo + people.length;
  for (let index = 0; index < count; index += 1) {
    const survivor = random.pick(people);
    const created = officeTime(random, Math.min(survivor.firstDay + random.int(10, 400), world.today - 40));
    const merged = index % 3 !== 2;
    world.tables.PATMST.push({
      ...survivor.patient,
      PatNo: start + index,
      MRN: mrnOf(start + index),
      FName: merged ? survivor.patient.FName : "TEST",
      LName: merged ? survivor.patient.LName : "PATIENT",
      PhotoImg: null,
      RstrYN: "N",
      DeathDt: noEnd,
      MrgToPat: merged ? survivor.patient.PatNo : null,
      DelYN: "Y",
      CrtDt: created,
      ModDt: created,
      ModUsr: "ADMIN",
    });
    const clash = survivor.policies[0];
    if (merged && clash) world.tables.PATINS.push({ ...clash, PatNo: start + index, DelYN: "Y" });
  }
}
