/** Encounters out of arrivals, with what a nurse measures and what the patient's lists then hold. */

import type { Random } from "@banyan/kernel";
import { type Diagnosis, diagnoses } from "../codes/diagnoses.ts";
import { patientName } from "../dataset.ts";
import { noEnd, row } from "../schema.ts";
import { dayOf, plusMinutes, wallTime } from "../wall-clock.ts";
import type { Arrival } from "./bookings.ts";
import { ageOn, type Person, type Visit, type World } from "./world.ts";

const firstEncNo = 5_000_001;

/** Fills ENCMST and sets EncNo of the appointments. */
export function addEncounters(world: World, arrived: readonly Arrival[]): Visit[] {
  const random = world.random("encounters");
  return arrived.map((arrival, index) => {
    const visit = makeVisit(world, random, arrival, firstEncNo + index);
    world.tables.ENCMST.push(visit.encounter);
    if (arrival.booking) arrival.booking.row.EncNo = visit.encounter.EncNo;
    return visit;
  });
}

function makeVisit(world: World, random: Random, arrival: Arrival, EncNo: number): Visit {
  const { person, provider, booking, type, begins } = arrival;
  const day = dayOf(begins);
  const present = booking !== undefined && booking.row.StatCd !== "CO";
  const signed = !present && (day < world.today - 3 || random.chance(0.55));
  const status = signed ? "C" : !present && random.chance(0.01) ? "X" : "O";
  const found = pickDiagnoses(random, person, booking?.row.ApTypCd ?? type, ageOn(person.birthDay, day));
  const code = (position: number) => (present ? "" : (found[position]?.code ?? ""));
  const desk = booking?.row.ModUsr ?? "SYSTEM";
  const encounter = row("ENCMST", {
    EncNo,
    PatNo: person.patient.PatNo,
    PatNm: patientName(person.patient),
    ApptID: booking?.row.ApptID ?? null,
    ProvID: provider.id,
    LocCd: booking?.row.LocCd ?? "MAIN",
    EncTyp: type,
    EncDt: begins,
    DischDt: arrival.ends ?? noEnd,
    RsnTx: arrival.reason,
    Dx1: code(0),
    Dx2: code(1),
    Dx3: code(2),
    Dx4: code(3),
    StatCd: status,
    CrtUsr: desk,
    CrtDt: begins,
    ModUsr: signed ? provider.id : desk,
    ModDt: signed ? plusMinutes(arrival.ends ?? begins, 45) : begins,
  });
  const noteType = noteTypeOf(type, booking?.row.ApTypCd ?? "");
  return { encounter, person, provider, diagnoses: found, day, signed, noteType };
}

function noteTypeOf(encounterType: string, appointmentType: string): string {
  if (encounterType === "IMP") return "DISC";
  if (encounterType === "TELE") return "PHON";
  return appointmentType === "NEWP" || appointmentType === "PHYS" || encounterType === "EMER" ? "HP" : "PROG";
}

function pickDiagnoses(random: Random, person: Person, type: string, age: number): Diagnosis[] {
  const fits = diagnoses.filter(({ chronic, minAge, code }) => !chronic && minAge <= age && !code.startsWith("Z"));
  const found = new Set<Diagnosis>();
  const check = diagnoses.find(({ code }) => code === (age < 18 ? "Z00.129" : "Z00.00"));
  if (type === "PHYS" && check) found.add(check);
  if (type === "URGT" || type === "EMER" || person.chronic.length === 0) found.add(random.pick(fits));
  for (const diagnosis of person.chronic) if (random.chance(0.6)) found.add(diagnosis);
  if (found.size === 0) found.add(random.pick(fits));
  return [...found].slice(0, 4);
}

/** Fills VITALS; one in fifteen visits is measured twice. Nobody is measured by telephone. */
export function addVitals(world: World, visits: readonly Visit[]): void {
  const random = world.random("vitals");
  for (const visit of visits) {
    if (visit.encounter.EncTyp === "TELE" || visit.encounter.StatCd === "X" || random.chance(0.04)) continue;
    const times = random.chance(1 / 15) ? 2 : 1;
    for (let time = 0; time < times; time += 1) {
      world.tables.VITALS.push(measure(world, random, visit, plusMinutes(visit.encounter.EncDt, 6 + 9 * time)));
    }
  }
}

function measure(world: World, random: Random, visit: Visit, TakenDt: string) {
  const { person, encounter } = visit;
  const age = ageOn(person.birthDay, visit.day);
  const grown = Math.min(1, 0.3 + age * 0.039);
  const hypertensive = person.chronic.some(({ code }) => code === "I10") ? 18 : 0;
  const child = age < 12;
  return row("VITALS", {
    EncNo: encounter.EncNo,
    TakenDt,
    PatNo: encounter.PatNo,
    HtIn: random.chance(0.15) ? null : ((person.inches * grown * 4 + random.int(-1, 1)) / 4).toFixed(2),
    WtLb: (person.pounds * grown ** 2.4 + random.int(-40, 40) / 10).toFixed(2),
    TempF: random.chance(0.1) ? null : (98 + random.int(-8, 12) / 10 + (random.chance(0.05) ? 3 : 0)).toFixed(1),
    BPSys: age < 3 ? null : random.int(child ? 90 : 106, child ? 112 : 134) + hypertensive,
    BPDia: age < 3 ? null : random.int(child ? 52 : 64, child ? 72 : 86) + Math.floor(hypertensive / 2),
    Pulse: random.int(child ? 80 : 58, child ? 120 : 96),
    Resp: random.int(child ? 18 : 12, child ? 28 : 20),
    O2Sat: random.int(93, 100),
    PainSc: random.chance(0.4) ? null : random.int(0, 8),
    EntUsr: random.pick(world.clinic.nurses),
  });
}

const allergies = [
  { code: "PCN", text: "PENICILLIN", reaction: "Hives" },
  { code: "SULFA", text: "SULFA DRUGS", reaction: "Rash" },
  { code: "NSAID", text: "ASPIRIN / NSAIDS", reaction: "Wheezing" },
  { code: "CODEINE", text: "CODEINE", reaction: "Nausea – vomiting" },
  { code: "LATEX", text: "LATEX", reaction: "Contact dermatitis" },
  { code: "PEANUT", text: "PEANUTS", reaction: "Anaphylaxis" },
  { code: "", text: "Shellfish (per patient’s mother)", reaction: "Lip swelling" },
] as const;

const vaccines = [
  { code: "140", text: "Influenza, seasonal, preservative free" },
  { code: "115", text: "Tdap" },
  { code: "133", text: "Pneumococcal conjugate PCV 13" },
  { code: "03", text: "MMR" },
  { code: "08", text: "Hepatitis B, adolescent or pediatric" },
  { code: "21", text: "Varicella" },
] as const;

/** Fills PATLIST: problems (also resolved and entered in error), allergies, immunizations. */
export function addLists(world: World, people: readonly Person[], visits: readonly Visit[]): void {
  const random = world.random("lists");
  const visitsOf = Map.groupBy(visits, ({ person }) => person);
  for (const person of people) {
    const mine = visitsOf.get(person) ?? [];
    addProblems(world, random, person, mine);
    addAllergies(world, random, person, mine[0]);
    addVaccines(world, random, person, mine);
  }
  const { PATLIST } = world.tables;
  PATLIST.sort((a, b) => (a.EntDt < b.EntDt ? -1 : a.EntDt > b.EntDt ? 1 : 0));
  for (const [index, item] of PATLIST.entries()) item.ListID = index + 1;
}

function addProblems(world: World, random: Random, person: Person, visits: readonly Visit[]): void {
  const first = visits[0];
  const resolved = new Set(visits.flatMap((visit) => visit.diagnoses.filter(({ chronic }) => !chronic)).slice(0, 2));
  for (const diagnosis of [...person.chronic, ...resolved]) {
    const visit = visits.find((candidate) => candidate.diagnoses.includes(diagnosis)) ?? first;
    const onset = diagnosis.chronic ? person.firstDay - random.int(0, 1500) : (visit?.day ?? person.firstDay);
    const over = !diagnosis.chronic && onset + 40 < world.today;
    const wrong = random.chance(0.02);
    world.tables.PATLIST.push(
      row("PATLIST", {
        ListID: 0,
        PatNo: person.patient.PatNo,
        LstTyp: "P",
        ItemCd: diagnosis.code,
        ItemDs: diagnosis.text,
        OnsetDt: random.chance(0.85) ? wallTime(Math.max(onset, person.birthDay)) : null,
        EndDt: over ? wallTime(onset + random.int(7, 30)) : null,
        StatCd: wrong ? "E" : over ? "R" : random.chance(0.05) ? "I" : "A",
        EncNo: visit?.encounter.EncNo ?? null,
        Cmt: wrong ? "Entered on wrong patient’s chart" : "",
        EntUsr: person.provider.id,
        EntDt: visit?.encounter.EncDt ?? person.patient.CrtDt,
        DelYN: random.chance(0.08) ? " " : random.chance(0.01) ? "Y" : "N",
      }),
    );
  }
}

function addAllergies(world: World, random: Random, person: Person, visit: Visit | undefined): void {
  const wanted = random.chance(0.35) ? random.int(1, 2) : 0;
  for (let index = 0; index < wanted; index += 1) {
    const allergy = random.pick(allergies);
    world.tables.PATLIST.push(
      row("PATLIST", {
        ListID: 0,
        PatNo: person.patient.PatNo,
        LstTyp: "A",
        ItemCd: allergy.code,
        ItemDs: allergy.text,
        ReactDs: allergy.reaction,
        SevCd: random.pick(["M", "O", "S", " "]),
        StatCd: random.chance(0.95) ? "A" : "I",
        EncNo: visit?.encounter.EncNo ?? null,
        EntUsr: random.pick(world.clinic.nurses),
        EntDt: visit?.encounter.EncDt ?? person.patient.CrtDt,
      }),
    );
  }
}

function addVaccines(world: World, random: Random, person: Person, visits: readonly Visit[]): void {
  const chance = ageOn(person.birthDay, world.today) < 18 ? 0.5 : 0.2;
  for (const visit of visits) {
    if (visit.encounter.EncTyp !== "AMB" || visit.encounter.StatCd === "X" || !random.chance(chance)) continue;
    const vaccine = random.pick(vaccines);
    world.tables.PATLIST.push(
      row("PATLIST", {
        ListID: 0,
        PatNo: person.patient.PatNo,
        LstTyp: "I",
        ItemCd: vaccine.code,
        ItemDs: vaccine.text,
        OnsetDt: wallTime(visit.day),
        EncNo: visit.encounter.EncNo,
        Cmt: `Lot ${random.int(1000, 9999)}${random.pick(Array.from("ABCDE"))}, left deltoid`,
        EntUsr: random.pick(world.clinic.nurses),
        EntDt: plusMinutes(visit.encounter.EncDt, 20),
      }),
    );
  }
}
