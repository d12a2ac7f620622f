/** Vital signs, laboratory results, lists and prescriptions out of an export. */

import { noEnd, type Row, row } from "../schema.ts";
import { dayOf, fromUtcFields, midnight, shortDay, utcFields, type WallTime } from "../wall-clock.ts";
import type { ExportRow } from "./export-files.ts";
import { decimal, fail, moment, required, requiredMoment, text, whole } from "./fields.ts";
import { encounterOf, type ImportWorld, patientOf } from "./import-world.ts";

type Measured = Omit<Row<"VITALS">, "EncNo" | "TakenDt" | "PatNo" | "EntUsr">;
type Sign = {
  readonly column: keyof Measured;
  readonly decimals: number;
  readonly units: Readonly<Record<string, (value: number) => number>>;
};

const same = (value: number) => value;
const counted = (column: keyof Measured, ...units: string[]): Sign => ({
  column,
  decimals: 0,
  units: Object.fromEntries(units.map((unit) => [unit, same])),
});

/** LOINC to column. The legacy system measures in inches, pounds and °F; rounding there and back is a wanted trap. */
const signs: Readonly<Record<string, Sign>> = {
  "8302-2": { column: "HtIn", decimals: 2, units: { cm: (value) => value / 2.54, "[in_i]": same } },
  "29463-7": { column: "WtLb", decimals: 2, units: { kg: (value) => value / 0.45359237, "[lb_av]": same } },
  "8310-5": { column: "TempF", decimals: 1, units: { Cel: (value) => value * 1.8 + 32, "[degF]": same } },
  "8480-6": counted("BPSys", "mm[Hg]"),
  "8462-4": counted("BPDia", "mm[Hg]"),
  "8867-4": counted("Pulse", "/min"),
  "9279-1": counted("Resp", "/min"),
  "2708-6": counted("O2Sat", "%"),
  "59408-5": counted("O2Sat", "%"),
  "72514-3": counted("PainSc", "{score}"),
};

/** Fills VITALS, LABORD and LABRES. @returns the last order number issued. */
export function addObservations(world: ImportWorld): number {
  const vitals = new Map<string, Row<"VITALS">>();
  const results: { readonly source: ExportRow; readonly encounter: Row<"ENCMST">; readonly at: WallTime }[] = [];
  for (const source of world.from.observations) {
    const category = text(source, "CATEGORY");
    const sign = signs[text(source, "CODE")];
    if (category !== "laboratory" && !(category === "vital-signs" && sign)) continue;
    const encounter = encounterOf(world, source);
    if (!encounter) continue;
    const at = requiredMoment(source, "DATE");
    if (sign) addSign(vitals, source, sign, { encounter, at });
    else results.push({ source, encounter, at });
  }
  world.tables.VITALS.push(...vitals.values());
  return addLaboratory(world, results);
}

/** The instant is part of the key here, the wall clock in the table: two measurements of the repeated hour would clash, so the later is put off by seconds. */
function addSign(
  vitals: Map<string, Row<"VITALS">>,
  source: ExportRow,
  sign: Sign,
  of: { encounter: Row<"ENCMST">; at: WallTime },
): void {
  const key = `${of.encounter.EncNo} ${source.cells.DATE}`;
  const known = vitals.get(key);
  const entry =
    known ??
    row("VITALS", {
      EncNo: of.encounter.EncNo,
      TakenDt: freeTime(vitals, of),
      PatNo: of.encounter.PatNo,
      EntUsr: "SYSTEM",
    });
  if (!known) vitals.set(key, entry);
  const convert = sign.units[text(source, "UNITS")] ?? fail(source, "UNITS", "is not a unit this sign is measured in");
  const value = convert(decimal(source, "VALUE"));
  Object.assign(entry, { [sign.column]: sign.decimals === 0 ? Math.round(value) : value.toFixed(sign.decimals) });
}

function freeTime(
  vitals: ReadonlyMap<string, Row<"VITALS">>,
  { encounter, at }: { encounter: Row<"ENCMST">; at: WallTime },
): WallTime {
  const used = new Set(
    [...vitals.values()].filter(({ EncNo }) => EncNo === encounter.EncNo).map(({ TakenDt }) => TakenDt),
  );
  let time = at;
  while (used.has(time)) time = fromUtcFields(utcFields(time) + 1000);
  return time;
}

const panelCode = "SYNLAB";

/** One order an encounter and date. Synthea knows no reference ranges, so nothing is flagged. */
function addLaboratory(
  world: ImportWorld,
  results: readonly { readonly source: ExportRow; readonly encounter: Row<"ENCMST">; readonly at: WallTime }[],
): number {
  const groups = Map.groupBy(results, ({ encounter, at }) => `${midnight(at)} ${encounter.EncNo}`);
  if (groups.size > 0) world.codes.add("LABTST", panelCode, "Laboratory results from Synthea", { flag: "Y" });
  let issued = 0;
  for (const key of [...groups.keys()].sort()) {
    const group = groups.get(key) ?? [];
    const first = group[0];
    if (!first) continue;
    issued += 1;
    const OrdNo = `L${shortDay(dayOf(first.at))}${String(issued).padStart(5, "0").slice(-5)}`;
    const { PatNo, EncNo, ProvID, Dx1 } = first.encounter;
    world.tables.LABORD.push(
      row("LABORD", {
        OrdNo,
        PatNo,
        EncNo,
        ProvID,
        PanelCd: panelCode,
        PanelDs: "Laboratory results from Synthea",
        OrdDt: first.at,
        CollDt: first.at,
        StatCd: "FI",
        DxCd: Dx1,
        RevYN: "Y",
        RevUsr: ProvID,
        RevDt: first.at,
        RelPtYN: "Y",
        ModDt: first.at,
      }),
    );
    world.tables.LABRES.push(
      ...group.map(({ source, at }, index) => resultRow(world, source, { OrdNo, PatNo, SeqNo: index + 1, at })),
    );
  }
  return issued;
}

function resultRow(
  world: ImportWorld,
  source: ExportRow,
  of: { OrdNo: string; PatNo: number; SeqNo: number; at: WallTime },
) {
  const TestCd = required(source, "CODE", 10);
  world.codes.add("LABTST", TestCd, text(source, "DESCRIPTION"));
  return row("LABRES", {
    OrdNo: of.OrdNo,
    TestCd,
    SeqNo: of.SeqNo,
    PatNo: of.PatNo,
    TestDs: text(source, "DESCRIPTION", 100),
    ResVal: text(source, "VALUE", 30),
    ResUnt: text(source, "UNITS", 15),
    ResSt: "F",
    ObsDt: of.at,
    RptDt: of.at,
  });
}

const severities: Readonly<Record<string, string>> = { MILD: "M", MODERATE: "O", SEVERE: "S" };

/** Fills PATLIST and the diagnoses 2 to 4 of the encounters. */
export function addLists(world: ImportWorld): void {
  const items = [
    ...world.from.conditions.map((source) => listRow(world, source, "P")),
    ...world.from.allergies.map((source) => listRow(world, source, "A")),
    ...world.from.immunizations.map((source) => listRow(world, source, "I")),
  ].filter((item) => item !== undefined);
  items.sort((a, b) => (a.EntDt < b.EntDt ? -1 : a.EntDt > b.EntDt ? 1 : 0));
  for (const [index, item] of items.entries()) item.ListID = index + 1;
  world.tables.PATLIST.push(...items);
}

function listRow(world: ImportWorld, source: ExportRow, LstTyp: "P" | "A" | "I"): Row<"PATLIST"> | undefined {
  const patient = patientOf(world, source);
  if (!patient) return undefined;
  const encounter = world.encounters.get(source.cells.ENCOUNTER ?? "");
  const onset = requiredMoment(source, LstTyp === "I" ? "DATE" : "START");
  const ended = LstTyp === "I" ? undefined : moment(source, "STOP");
  const code = required(source, "CODE", 18);
  if (LstTyp === "P") {
    world.codes.add("DX", code, text(source, "DESCRIPTION"));
    if (encounter) addDiagnosis(encounter, code);
  }
  return row("PATLIST", {
    ListID: 0,
    PatNo: patient.PatNo,
    LstTyp,
    ItemCd: code,
    ItemDs: required(source, "DESCRIPTION", 100),
    OnsetDt: onset,
    EndDt: ended ?? null,
    ReactDs: LstTyp === "A" ? text(source, "DESCRIPTION1", 60) : "",
    SevCd: LstTyp === "A" ? (severities[text(source, "SEVERITY1").toUpperCase()] ?? " ") : " ",
    StatCd: ended !== undefined && dayOf(ended) < world.today ? "R" : "A",
    EncNo: encounter?.EncNo ?? null,
    EntUsr: encounter?.ProvID ?? "SYSTEM",
    EntDt: encounter?.EncDt ?? onset,
  });
}

function addDiagnosis(encounter: Row<"ENCMST">, code: string): void {
  const { Dx1, Dx2, Dx3, Dx4 } = encounter;
  if ([Dx1, Dx2, Dx3, Dx4].includes(code)) return;
  if (Dx1 === "") encounter.Dx1 = code;
  else if (Dx2 === "") encounter.Dx2 = code;
  else if (Dx3 === "") encounter.Dx3 = code;
  else if (Dx4 === "") encounter.Dx4 = code;
}

/** DEA schedule by name: Synthea carries none. The first that fits counts. */
const schedules: readonly (readonly [RegExp, 2 | 3 | 4 | 5])[] = [
  [/codeine.*(syrup|solution|mg\/ml)/i, 5],
  [/acetaminophen.*codeine|buprenorphine|testosterone|ketamine/i, 3],
  [
    /oxycodone|hydrocodone|morphine|fentanyl|hydromorphone|methadone|meperidine|codeine|methylphenidate|amphetamine|remifentanil|alfentanil/i,
    2,
  ],
  [/tramadol|lorazepam|diazepam|alprazolam|clonazepam|midazolam|zolpidem|temazepam|carisoprodol|phentermine/i, 4],
];
const firstRxNo = 700_001;

/** Fills RXMST. Synthea has neither directions nor pharmacy. */
export function addMedications(world: ImportWorld): void {
  const rows = world.from.medications.flatMap((source) => {
    const patient = patientOf(world, source);
    return patient ? [medicationRow(world, source, patient)] : [];
  });
  rows.sort((a, b) => (a.RxDt < b.RxDt ? -1 : a.RxDt > b.RxDt ? 1 : 0));
  for (const [index, entry] of rows.entries()) entry.RxNo = firstRxNo + index;
  world.tables.RXMST.push(...rows);
}

function medicationRow(world: ImportWorld, source: ExportRow, patient: Row<"PATMST">): Row<"RXMST"> {
  const encounter = world.encounters.get(source.cells.ENCOUNTER ?? "");
  const started = requiredMoment(source, "START");
  const stopped = moment(source, "STOP");
  const name = required(source, "DESCRIPTION", 100);
  const schedule = schedules.find(([pattern]) => pattern.test(name))?.[1];
  const DrugCd = required(source, "CODE", 12);
  world.codes.add("DRUG", DrugCd, name, schedule === undefined ? {} : { num: schedule, flag: "Y" });
  return row("RXMST", {
    RxNo: 0,
    PatNo: patient.PatNo,
    PatNm: encounter?.PatNm ?? `${patient.LName}, ${patient.FName}`,
    EncNo: encounter?.EncNo ?? null,
    ProvID: encounter?.ProvID ?? (patient.PCPID || "SYSTEM"),
    DrugCd,
    DrugNm: name,
    StrTx: (/\d[\d./]* (?:MG|MCG|ML|UNT|ACTUAT)[^ ]*/i.exec(name)?.[0] ?? "").slice(0, 20),
    SigTx: "Take as directed",
    QtyTx: "30",
    RefAuth: Math.min(Math.max(whole(source, "DISPENSES") - 1, 0), 99),
    RefUsed: 0,
    CtrlCl: schedule === undefined ? " " : String(schedule),
    StartDt: midnight(started),
    EndDt: stopped === undefined ? noEnd : midnight(stopped),
    StatCd: stopped === undefined || dayOf(stopped) >= world.today ? "A" : "C",
    RxDt: started,
    ModUsr: encounter?.ProvID ?? "SYSTEM",
    ModDt: started,
  });
}
