/** The chart's face sheet: one page about what six modules keep of a patient. */

import { type Answer, dollars, html, link, panel } from "@banyan/service-kit/legacy";
import { patientTable } from "../../mapping/patient.ts";
import { faceSheet } from "../store/face-sheet.ts";
import {
  activeMedications,
  allergies,
  comingAppointments,
  immunizations,
  lastVitals,
  problems,
  recentLabs,
  recentVisits,
} from "./chart-panels.ts";
import type { PatientsContext } from "./context.ts";
import { openRecord } from "./open-record.ts";
import { inLegacyTerms } from "./terms.ts";

export async function chart(ctx: PatientsContext): Promise<Answer> {
  const opened = await openRecord(ctx, { action: "patient.chart" });
  if (opened.kind === "answer") return opened.answer;
  const { record } = opened.patient;
  const pid = record.patient_no;
  const sheet = await faceSheet(ctx.store, pid, ctx.now().toISOString().slice(0, 10));
  const owed = dollars(inLegacyTerms(patientTable, record).text("AcctBal"));
  const body = html`<p>${link(`/Patient/PatDetail.aspx?pid=${pid}`, "Demographics")} | ${link(`/Clin/ProblemList.aspx?pid=${pid}`, "Problems & allergies")}
 | ${link(`/Rx/RxList.aspx?pid=${pid}`, "Prescriptions")} | ${link(`/Lab/LabResults.aspx?pid=${pid}`, "Lab results")} | ${link(`/Billing/Account.aspx?pid=${pid}`, "Account")}</p>
<table class="cols" cellspacing="0"><tr><td class="col">
${panel("Problems", problems(sheet))}
${panel("Allergies", allergies(sheet))}
${panel("Active medications", activeMedications(sheet))}
${panel("Immunizations", immunizations(sheet))}
</td><td class="col">
${panel("Last vitals", lastVitals(sheet))}
${panel("Recent lab orders", recentLabs(sheet, pid))}
${panel("Recent visits", recentVisits(sheet))}
${panel("Coming appointments", comingAppointments(sheet))}
${panel("Account balance", html`<span id="ctl00_cph_lblBal">${owed}</span>`)}
</td></tr></table>`;
  return ctx.page({ title: "Chart", body });
}
