/** The chart's face sheet: one page that reads six modules' tables. Reading it writes a VIEW row. */

import { type Answer, audit, html, link, openPatient, type PageContext, panel } from "../kit/index.ts";
import {
  activeMedications,
  allergies,
  balance,
  comingAppointments,
  immunizations,
  lastVitals,
  problems,
  recentLabs,
  recentVisits,
} from "./chart-sections.ts";

export async function chart(ctx: PageContext): Promise<Answer> {
  const opened = await openPatient(ctx);
  if (opened.kind === "answer") return opened.answer;
  const { PatNo } = opened.patient;
  const section = { sql: ctx.db, patNo: PatNo, now: ctx.now() };
  const [problemRows, allergyRows, medRows, vitalRow, labRows, visitRows, apptRows, immRows, owed] = await Promise.all([
    problems(section),
    allergies(section),
    activeMedications(section),
    lastVitals(section),
    recentLabs(section),
    recentVisits(section),
    comingAppointments(section),
    immunizations(section),
    balance(section),
  ]);
  await audit(ctx.db, ctx, { act: "VIEW", obj: "CHART", key: PatNo, patNo: PatNo });
  const body = html`<p>${link(`/Patient/PatDetail.aspx?pid=${PatNo}`, "Demographics")} | ${link(`/Clin/ProblemList.aspx?pid=${PatNo}`, "Problems & allergies")}
 | ${link(`/Rx/RxList.aspx?pid=${PatNo}`, "Prescriptions")} | ${link(`/Lab/LabResults.aspx?pid=${PatNo}`, "Lab results")} | ${link(`/Billing/Account.aspx?pid=${PatNo}`, "Account")}</p>
<table class="cols" cellspacing="0"><tr><td class="col">
${panel("Problems", problemRows)}
${panel("Allergies", allergyRows)}
${panel("Active medications", medRows)}
${panel("Immunizations", immRows)}
</td><td class="col">
${panel("Last vitals", vitalRow)}
${panel("Recent lab orders", labRows)}
${panel("Recent visits", visitRows)}
${panel("Coming appointments", apptRows)}
${panel("Account balance", owed)}
</td></tr></table>`;
  return ctx.page({ title: "Chart", body });
}
