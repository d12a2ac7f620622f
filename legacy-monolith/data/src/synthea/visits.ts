/** Encounters with the appointments they must have had, and the appointments to come that Synthea does not know. */

import { generalCodes } from "../codes/general.ts";
import { patientName } from "../dataset.ts";
import { createCalendar } from "../generate/calendar.ts";
import { noEnd, type Row, row } from "../schema.ts";
import { dayOf, hhmm, midnight, minutesOf, plusMinutes, utcFields, type WallTime, wallTime } from "../wall-clock.ts";
import type { ExportRow } from "./export-files.ts";
import { moment, required, requiredMoment, text } from "./fields.ts";
import { type ImportWorld, patientOf } from "./import-world.ts";

/** Synthea's classes; everything that is neither hospital nor telephone counts as an office visit. */
const encounterTypes: Readonly<Record<string, string>> = {
  emergency: "EMER",
  inpatient: "IMP",
  hospice: "IMP",
  snf: "IMP",
  virtual: "TELE",
};

const firstEncNo = 5_000_001;

/** Fills ENCMST in order of time, and one completed appointment for every office visit. */
export function addEncounters(world: ImportWorld): void {
  const sorted = world.from.encounters
    .flatMap((source) => {
      const patient = patientOf(world, source);
      return patient ? [{ source, patient, begins: requiredMoment(source, "START") }] : [];
    })
    .sort((a, b) => (a.begins < b.begins ? -1 : a.begins > b.begins ? 1 : a.source.line - b.source.line));
  for (const [index, { source, patient, begins }] of sorted.entries()) {
    const encounter = encounterRow(world, source, { EncNo: firstEncNo + index, patient, begins });
    world.encounters.set(required(source, "Id"), encounter);
    world.tables.ENCMST.push(encounter);
    if (encounter.EncTyp !== "AMB") continue;
    const appointment = pastAppointment(world, source, encounter, patient);
    encounter.ApptID = appointment.ApptID;
    world.tables.tblAppointment.push(appointment);
  }
  markOverlaps(world.tables.tblAppointment);
}

function encounterRow(
  world: ImportWorld,
  source: ExportRow,
  what: { EncNo: number; patient: Row<"PATMST">; begins: WallTime },
): Row<"ENCMST"> {
  const { EncNo, patient, begins } = what;
  const provider = world.providers.get(text(source, "PROVIDER"));
  const ends = moment(source, "STOP") ?? begins;
  const type = encounterTypes[text(source, "ENCOUNTERCLASS").toLowerCase()] ?? "AMB";
  const reason = text(source, "REASONCODE", 18);
  if (reason !== "") world.codes.add("DX", reason, text(source, "REASONDESCRIPTION"));
  return row("ENCMST", {
    EncNo,
    PatNo: patient.PatNo,
    PatNm: patientName(patient),
    ProvID: provider?.id ?? "SYSTEM",
    LocCd: world.sites.get(text(source, "ORGANIZATION")) ?? provider?.site ?? "MAIN",
    EncTyp: type,
    EncDt: begins,
    DischDt: type === "IMP" || type === "EMER" ? ends : noEnd,
    RsnTx: text(source, "REASONDESCRIPTION", 200) || text(source, "DESCRIPTION", 200),
    Dx1: reason,
    StatCd: "C",
    CrtUsr: "SYSTEM",
    CrtDt: begins,
    ModUsr: provider?.id ?? "SYSTEM",
    ModDt: ends,
  });
}

function appointmentRow(
  world: ImportWorld,
  patient: Row<"PATMST">,
  what: {
    provider: { id: string; name: string };
    site: string;
    begins: WallTime;
    minutes: number;
    type: string;
    reason: string;
    booked: WallTime;
  },
): Row<"tblAppointment"> {
  const { provider, begins, minutes } = what;
  const ApptTm = hhmm(minutesOf(begins.slice(11, 16).replace(":", "")));
  return row("tblAppointment", {
    ApptID: world.tables.tblAppointment.length + 1,
    PatNo: patient.PatNo,
    PatNm: patientName(patient),
    MRN: patient.MRN,
    PatPhone: patient.HmPhone === "" ? patient.CellPh : patient.HmPhone,
    ProvID: provider.id,
    ProvNm: provider.name,
    LocCd: what.site,
    ApptDt: midnight(begins),
    ApptTm,
    DurMin: minutes,
    // To the minute, as TR_APPT_IU computes it.
    ApptEnd: plusMinutes(`${begins.slice(0, 16)}:00`, minutes),
    ApTypCd: what.type,
    RsnTx: what.reason.slice(0, 100),
    CrtUsr: "SYSTEM",
    CrtDt: what.booked,
    ModUsr: "SYSTEM",
    ModDt: what.booked,
  });
}

function pastAppointment(world: ImportWorld, source: ExportRow, encounter: Row<"ENCMST">, patient: Row<"PATMST">) {
  const ends = moment(source, "STOP") ?? encounter.EncDt;
  const lasted = Math.round((utcFields(ends) - utcFields(encounter.EncDt)) / 60_000);
  const provider = world.providers.get(text(source, "PROVIDER")) ?? { id: encounter.ProvID, name: "" };
  const appointment = appointmentRow(world, patient, {
    provider,
    site: encounter.LocCd,
    begins: encounter.EncDt,
    minutes: Math.min(Math.max(lasted, 15), 480),
    type: text(source, "ENCOUNTERCLASS") === "wellness" ? "PHYS" : "FOLL",
    reason: encounter.RsnTx,
    booked: plusMinutes(encounter.EncDt, -7 * 1440),
  });
  return { ...appointment, StatCd: "CO", ChkInTm: encounter.EncDt, EncNo: encounter.EncNo, ModDt: ends };
}

/** Synthea's providers can be in two places at once; the later of two overlapping appointments counts as overbooked. */
function markOverlaps(appointments: readonly Row<"tblAppointment">[]): void {
  const byDay = Map.groupBy(appointments, ({ ProvID, ApptDt }) => `${ProvID} ${ApptDt}`);
  for (const list of byDay.values()) {
    let busyUntil = "";
    for (const entry of list.toSorted((a, b) => (a.ApptTm < b.ApptTm ? -1 : a.ApptTm > b.ApptTm ? 1 : 0))) {
      const begins = wallTime(dayOf(entry.ApptDt), minutesOf(entry.ApptTm));
      if (begins < busyUntil) entry.OvrBkYN = "Y";
      else busyUntil = entry.ApptEnd ?? begins;
    }
  }
}

const aheadDays = 42;
const futureTypes = ["FOLL", "PHYS", "URGT", "FOLL"];

/** One or two for every living patient with a provider, today or in the coming six weeks. */
export function addFutureAppointments(world: ImportWorld): void {
  const calendar = createCalendar(world.random);
  const byId = new Map([...world.providers.values()].map((provider) => [provider.id, provider]));
  for (const patient of world.tables.PATMST) {
    const provider = byId.get(patient.PCPID);
    if (!provider || patient.DeathDt !== noEnd) continue;
    for (let count = world.random.int(1, 2); count > 0; count -= 1) {
      const day = world.today + (world.random.chance(0.3) ? 0 : world.random.int(1, aheadDays));
      const type = world.random.pick(futureTypes);
      const minutes = generalCodes.APTYPE?.find(({ val }) => val === type)?.num ?? 15;
      const start = calendar.book({ ...provider, days: [1, 2, 3, 4, 5, 6, 7] }, day, minutes);
      if (start === undefined) continue;
      const begins = wallTime(day, start);
      const booked = wallTime(world.today - world.random.int(1, 30), world.random.int(500, 1000));
      const appointment = appointmentRow(world, patient, {
        provider,
        site: provider.site,
        begins,
        minutes,
        type,
        reason: "Follow-up",
        booked,
      });
      world.tables.tblAppointment.push({ ...appointment, StatCd: world.random.chance(0.6) ? "SC" : "CF" });
    }
  }
}
