/** The panels of the face sheet, in the terms and the order of the old screen. */

import { grid, type Html, html, link, usDate, usDateTime, usTime } from "@banyan/service-kit/legacy";
import {
  appointmentTable,
  encounterTable,
  labOrderTable,
  listEntryTable,
  prescriptionTable,
  vitalSignsTable,
} from "../../mapping/chart.ts";
import type { FaceSheet } from "../store/face-sheet.ts";
import { inLegacyTerms } from "./terms.ts";

const columns = (...headers: string[]) => headers.map((header) => ({ header }));

export function problems(sheet: FaceSheet): Html {
  return grid({
    id: "gvProb",
    columns: columns("Problem", "Code", "Onset"),
    rows: sheet.problems.map((row) => {
      const { text, date } = inLegacyTerms(listEntryTable, row);
      return [text("ItemDs"), text("ItemCd"), usDate(date("OnsetDt"))];
    }),
    empty: "No active problems.",
  });
}

export function allergies(sheet: FaceSheet): Html {
  return grid({
    id: "gvAlg",
    columns: columns("Allergy", "Reaction", "Severity"),
    rows: sheet.allergies.map((row) => {
      const { text } = inLegacyTerms(listEntryTable, row);
      return [html`<span class="alg">${text("ItemDs")}</span>`, text("ReactDs"), text("SevCd")];
    }),
    empty: "No known allergies recorded.",
  });
}

export function immunizations(sheet: FaceSheet): Html {
  return grid({
    id: "gvImm",
    columns: columns("Vaccine", "Code", "Date"),
    rows: sheet.immunizations.map((row) => {
      const { text, date } = inLegacyTerms(listEntryTable, row);
      return [text("ItemDs"), text("ItemCd"), usDate(date("OnsetDt"))];
    }),
    empty: "No immunizations recorded.",
  });
}

export function activeMedications(sheet: FaceSheet): Html {
  return grid({
    id: "gvMed",
    columns: columns("Drug", "Sig", "Start"),
    rows: sheet.medications.map((row) => {
      const { text, date } = inLegacyTerms(prescriptionTable, row);
      return [`${text("DrugNm")} ${text("StrTx")}`.trim(), text("SigTx"), usDate(date("StartDt"))];
    }),
    empty: "No active medications.",
  });
}

export function lastVitals({ vitals }: FaceSheet): Html {
  if (!vitals) return html`No vitals recorded.`;
  const value = (name: string, digits: number): string =>
    typeof vitals[name] === "number" ? vitals[name].toFixed(digits) : "";
  const pressure = vitals["systolic"] === null ? "" : `${value("systolic", 0)}/${value("diastolic", 0)}`;
  return grid({
    id: "gvVit",
    columns: columns("Taken", "BP", "Pulse", "Resp", "Temp", "O2", "Ht", "Wt", "BMI", "Pain"),
    rows: [
      [
        usDateTime(inLegacyTerms(vitalSignsTable, vitals).date("TakenDt")),
        pressure,
        value("pulse", 0),
        value("respirations", 0),
        value("temperature_f", 1),
        value("oxygen_saturation", 0),
        value("height_in", 2),
        value("weight_lb", 2),
        value("bmi", 1),
        value("pain_score", 0),
      ],
    ],
    empty: "",
  });
}

export function recentLabs(sheet: FaceSheet, patientNo: number): Html {
  return grid({
    id: "gvLab",
    columns: columns("Order", "Panel", "Ordered", "Status", "Abn"),
    rows: sheet.labs.map((row) => {
      const { text, date } = inLegacyTerms(labOrderTable, row);
      return [
        link(`/Lab/LabResults.aspx?pid=${patientNo}&ord=${text("OrdNo")}`, text("OrdNo")),
        text("PanelDs"),
        usDate(date("OrdDt")),
        text("StatCd"),
        row.abnormal > 0 ? html`<span class="abn">${row.abnormal}</span>` : "",
      ];
    }),
    empty: "No lab orders.",
  });
}

export function recentVisits(sheet: FaceSheet): Html {
  return grid({
    id: "gvEnc",
    columns: columns("Date", "Type", "Provider", "Reason", "Status"),
    rows: sheet.visits.map((row) => {
      const { text, date } = inLegacyTerms(encounterTable, row);
      return [
        link(`/Clin/Encounter.aspx?enc=${String(row["encounter_no"])}`, usDate(date("EncDt"))),
        text("EncTyp"),
        text("ProvID"),
        text("RsnTx"),
        text("StatCd") === "O" ? "Open" : "Closed",
      ];
    }),
    empty: "No visits.",
  });
}

export function comingAppointments(sheet: FaceSheet): Html {
  return grid({
    id: "gvAppt",
    columns: columns("Date", "Time", "Provider", "Type"),
    rows: sheet.appointments.map((row) => {
      const { text, date } = inLegacyTerms(appointmentTable, row);
      return [
        link(`/Sched/ApptEdit.aspx?aid=${String(row["appointment_no"])}`, usDate(date("ApptDt"))),
        usTime(text("ApptTm")),
        text("ProvNm"),
        text("ApTypCd"),
      ];
    }),
    empty: "No coming appointments.",
  });
}
