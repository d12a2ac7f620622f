/** Copies of what the chart's face sheet shows of other modules; columns it does not show are not read at all. */

import { columns, defineTable, type LegacyRow } from "@banyan/service-kit/mapping";
import {
  abnormalFlags,
  appointmentStatuses,
  encounterClasses,
  encounterStatuses,
  labOrderStatuses,
  listKinds,
  listStatuses,
  prescriptionStatuses,
  severities,
} from "./codes.ts";

const { clockTime, code, day, dayAndTime, decimal, flag, instant, int, keyText, text } = columns;

const ofPatient = (row: LegacyRow): readonly string[] => [`patient:${String(row["PatNo"])}`];

export const listEntryTable = defineTable({
  legacyTable: "PATLIST",
  legacyKey: ["ListID"],
  target: "list_entry",
  ownership: "reference",
  lanes: ofPatient,
  columns: {
    ListID: int("entry_no"),
    PatNo: int("patient_no"),
    LstTyp: code("kind", "char(1)", listKinds),
    ItemCd: text("code", "char(18)"),
    ItemDs: text("description", "varchar(100)"),
    OnsetDt: day("onset_on"),
    ReactDs: text("reaction", "varchar(60)"),
    SevCd: code("severity", "char(1)", severities),
    StatCd: code("status", "char(1)", listStatuses),
    DelYN: flag("deleted"),
  },
});

export const prescriptionTable = defineTable({
  legacyTable: "RXMST",
  legacyKey: ["RxNo"],
  target: "prescription",
  ownership: "reference",
  lanes: ofPatient,
  columns: {
    RxNo: int("prescription_no"),
    PatNo: int("patient_no"),
    DrugNm: text("drug_name", "varchar(100)"),
    StrTx: text("strength", "varchar(20)"),
    SigTx: text("instructions", "varchar(140)"),
    StartDt: instant("started_at"),
    StatCd: code("status", "char(1)", prescriptionStatuses),
  },
});

export const vitalSignsTable = defineTable({
  legacyTable: "VITALS",
  legacyKey: ["EncNo", "TakenDt"],
  target: "vital_signs",
  ownership: "reference",
  lanes: ofPatient,
  columns: {
    EncNo: int("encounter_no"),
    TakenDt: dayAndTime({ day: "taken_on", time: "taken_time" }),
    PatNo: int("patient_no"),
    HtIn: decimal("height_in", 5, 2, { nullable: true }),
    WtLb: decimal("weight_lb", 6, 2, { nullable: true }),
    TempF: decimal("temperature_f", 4, 1, { nullable: true }),
    BPSys: int("systolic", { type: "smallint", nullable: true }),
    BPDia: int("diastolic", { type: "smallint", nullable: true }),
    Pulse: int("pulse", { type: "smallint", nullable: true }),
    Resp: int("respirations", { type: "smallint", nullable: true }),
    O2Sat: int("oxygen_saturation", { type: "smallint", nullable: true }),
    PainSc: int("pain_score", { type: "tinyint", nullable: true }),
  },
});

export const labOrderTable = defineTable({
  legacyTable: "LABORD",
  legacyKey: ["OrdNo"],
  target: "lab_order",
  ownership: "reference",
  lanes: ofPatient,
  columns: {
    OrdNo: keyText("order_no", "char(12)"),
    PatNo: int("patient_no"),
    PanelDs: text("panel_name", "varchar(100)"),
    OrdDt: instant("ordered_at"),
    StatCd: code("status", "char(2)", labOrderStatuses),
  },
});

export const labResultTable = defineTable({
  legacyTable: "LABRES",
  legacyKey: ["OrdNo", "TestCd", "SeqNo"],
  target: "lab_result",
  ownership: "reference",
  lanes: ofPatient,
  columns: {
    OrdNo: keyText("order_no", "char(12)"),
    TestCd: keyText("test_code", "char(10)"),
    SeqNo: int("sequence", { type: "smallint" }),
    PatNo: int("patient_no"),
    AbnFlg: code("abnormal_flag", "char(2)", abnormalFlags),
  },
});

export const encounterTable = defineTable({
  legacyTable: "ENCMST",
  legacyKey: ["EncNo"],
  target: "encounter",
  ownership: "reference",
  lanes: ofPatient,
  columns: {
    EncNo: int("encounter_no"),
    PatNo: int("patient_no"),
    ProvID: text("provider_id", "char(8)"),
    LocCd: text("site", "char(4)"),
    EncTyp: code("class", "char(4)", encounterClasses),
    EncDt: instant("started_at"),
    RsnTx: text("reason", "varchar(200)"),
    StatCd: code("status", "char(1)", encounterStatuses),
  },
});

export const appointmentTable = defineTable({
  legacyTable: "tblAppointment",
  legacyKey: ["ApptID"],
  target: "appointment",
  ownership: "reference",
  // Blocked time has no patient.
  lanes: (row) => [row["PatNo"] === null ? `appointment:${String(row["ApptID"])}` : `patient:${String(row["PatNo"])}`],
  columns: {
    ApptID: int("appointment_no"),
    PatNo: int("patient_no", { nullable: true }),
    ProvID: text("provider_id", "char(8)"),
    ProvNm: text("provider_name", "varchar(40)"),
    LocCd: text("site", "char(4)"),
    ApptDt: day("held_on"),
    ApptTm: clockTime("starts_at"),
    ApTypCd: text("type", "char(4)"),
    StatCd: code("status", "char(2)", appointmentStatuses),
    DelYN: flag("deleted"),
  },
});
