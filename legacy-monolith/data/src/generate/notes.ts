/** Clinical notes: signed and unsigned, addenda, and those only their author may read. */

import type { Random } from "@banyan/kernel";
import type { Diagnosis } from "../codes/diagnoses.ts";
import { type Row, row } from "../schema.ts";
import { plusMinutes } from "../wall-clock.ts";
import { ageOn, type Visit, type World } from "./world.ts";

/** Fills CLINNOTE. Texts hold curly quotes, dashes and € on purpose: bytes 0x80-0x9F of the code page. */
export function addNotes(world: World, visits: readonly Visit[]): void {
  const random = world.random("notes");
  const notes = visits.flatMap((visit) => notesOf(world, random, visit));
  for (const [index, note] of notes.entries()) note.NoteID = index + 1;
  for (const [index, note] of notes.entries()) {
    if (note.NotTyp === "ADDM") note.AddOfID = index;
  }
  world.tables.CLINNOTE.push(...notes);
}

/** An addendum stands directly after the note it belongs to; `addNotes` relies on it. */
function notesOf(world: World, random: Random, visit: Visit): Row<"CLINNOTE">[] {
  if (visit.encounter.StatCd === "X") return [];
  // A patient who is still in the building usually has no note yet.
  if (!visit.signed && visit.day === world.today && random.chance(0.6)) return [];
  const note = makeNote(random, visit);
  if (!visit.signed || !random.chance(0.04)) return [note];
  const later = plusMinutes(note.NoteDt, random.int(60, 2880));
  const addendum: Row<"CLINNOTE"> = {
    ...note,
    NotTyp: "ADDM",
    NoteDt: later,
    SgndDt: later,
    ModDt: later,
    NoteTx: "ADDENDUM: Patient’s pharmacy called – dose confirmed. Out-of-pocket price quoted as €0 / $12.50.",
    TmplCd: "",
  };
  return later.slice(0, 10) <= new Date(world.today * 86_400_000).toISOString().slice(0, 10)
    ? [note, addendum]
    : [note];
}

function makeNote(random: Random, visit: Visit): Row<"CLINNOTE"> {
  const { encounter, provider } = visit;
  const written = plusMinutes(encounter.EncDt, random.int(15, 40));
  return row("CLINNOTE", {
    NoteID: 0,
    EncNo: encounter.EncNo,
    PatNo: encounter.PatNo,
    NotTyp: visit.noteType,
    NoteDt: written,
    AuthID: provider.id,
    AuthNm: provider.name,
    NoteTx: noteText(random, visit),
    SgndYN: visit.signed ? "Y" : random.chance(0.2) ? " " : "N",
    SgndDt: visit.signed ? plusMinutes(written, random.int(1, 90)) : null,
    SgndBy: visit.signed ? provider.id : "",
    SensCd: sensitivityOf(random, visit.diagnoses, provider.specialty),
    TmplCd: visit.noteType === "HP" ? "HP01" : visit.noteType === "PROG" ? "SOAP" : "",
    DelYN: random.chance(0.05) ? " " : "N",
    ModDt: visit.signed ? plusMinutes(written, 90) : written,
  });
}

function sensitivityOf(random: Random, found: readonly Diagnosis[], specialty: string): string {
  const marked = found.find(({ sensitive }) => sensitive)?.sensitive;
  if (specialty === "PSYC") return "P";
  if (marked && random.chance(0.6)) return marked;
  return random.chance(0.01) ? "R" : "N";
}

function noteText(random: Random, visit: Visit): string {
  const age = ageOn(visit.person.birthDay, visit.day);
  const sex = visit.person.patient.Sex === "F" ? "female" : visit.person.patient.Sex === "M" ? "male" : "patient";
  const subjective = random.pick([
    `${age} year old ${sex} here for “${visit.encounter.RsnTx}”. Feels well otherwise, denies fever or chills.`,
    `${age} y/o ${sex}. CC: ${visit.encounter.RsnTx}. Symptoms for ${random.int(2, 10)} days, getting better – sleeping ok.`,
    `${age} yo ${sex}, ${visit.encounter.RsnTx}. Taking meds as directed. Says “it’s about the same”.`,
  ]);
  const objective = random.pick([
    "Alert, no distress. Lungs clear. Heart regular, no murmur. Abdomen soft.",
    "Well appearing. HEENT normal. No edema. Skin warm & dry.",
    "NAD. Temp <100°F. Exam otherwise unremarkable.",
  ]);
  const assessment = visit.diagnoses.map(({ code, text }, index) => `${index + 1}. ${text} (${code})`).join("\r\n");
  const plan = random.pick([
    "Continue current meds. Labs as ordered. Return in 3 months.",
    "Supportive care, fluids, rest. Return if not better in 5–7 days.",
    "Discussed diet/exercise. Rx sent. Recheck 4 weeks.",
  ]);
  return `S: ${subjective}\r\n\r\nO: ${objective}\r\n\r\nA:\r\n${assessment}\r\n\r\nP: ${plan}`;
}
