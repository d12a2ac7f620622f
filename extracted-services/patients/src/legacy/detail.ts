/** A patient's demographics and insurance. Opening it makes the patient current. */

import {
  ageYears,
  type Answer,
  details,
  dollars,
  grid,
  type Html,
  html,
  panel,
  usDate,
} from "@banyan/service-kit/legacy";
import { coverageTable } from "../../mapping/coverage.ts";
import { patientTable } from "../../mapping/patient.ts";
import type { Coverage } from "../domain/coverage.ts";
import { coveragesOf } from "../store/coverages.ts";
import { staffName } from "../store/directory.ts";
import type { PatientsContext } from "./context.ts";
import { openRecord } from "./open-record.ts";
import { inLegacyTerms, type LegacyTerms } from "./terms.ts";

export async function patientDetail(ctx: PatientsContext): Promise<Answer> {
  const opened = await openRecord(ctx, { action: "patient.read" });
  if (opened.kind === "answer") return opened.answer;
  const { record } = opened.patient;
  const pid = record.patient_no;
  const [policies, provider] = await Promise.all([
    coveragesOf(ctx.store, pid),
    staffName(ctx.store, record.primary_provider_id ?? ""),
  ]);
  const shown = inLegacyTerms(patientTable, record);
  const left = panel("Demographics", demographics(ctx, shown, { pid, provider }));
  const body = html`<p><a href="/Patient/PatEdit.aspx?pid=${pid}">Edit</a> | <a href="/Patient/Chart.aspx?pid=${pid}">Chart</a>
 | <a href="/Sched/ApptEdit.aspx?pid=${pid}">Book appointment</a> | <a href="/Billing/Account.aspx?pid=${pid}">Account</a></p>
<table class="cols" cellspacing="0"><tr><td class="col">${left}</td><td class="col">${panel("Contact", contact(shown))}</td></tr></table>
${panel("Insurance", insuranceGrid(policies))}`;
  return ctx.page({ title: "Patient Detail", body });
}

function demographics(
  ctx: PatientsContext,
  { text, date }: LegacyTerms,
  { pid, provider }: { pid: number; provider: string | undefined },
): Html {
  const name = [`${text("LName")}, ${text("FName")}`, text("MI"), text("Suffix")].filter(Boolean).join(" ");
  const born = date("DOB") ?? new Date(0);
  const ssn = text("SSN");
  return html`<table cellspacing="0"><tr><td valign="top">${details([
    ["Name", name],
    ["Patient no.", String(pid)],
    ["MRN", text("MRN")],
    ["Maiden name", text("MaidNm")],
    ["DOB", `${usDate(born)} (${ageYears(born, ctx.now())} y)`],
    ["Deceased", usDate(date("DeathDt"))],
    ["Sex", text("Sex")],
    ["SSN", ssn === "" ? "" : `***-**-${ssn.slice(-4)}`],
    ["PCP", provider ?? text("PCPID")],
    ["Home site", text("HomeLoc")],
    ["Last visit", usDate(date("LastVst"))],
    ["Balance", dollars(text("AcctBal"))],
    ["Note", text("NoteTx")],
  ])}</td><td valign="top"><img src="/Handlers/PatPhoto.ashx?pid=${pid}" alt="Photo" width="80" /></td></tr></table>`;
}

function contact({ text }: LegacyTerms): Html {
  return details([
    ["Address", text("Addr1")],
    ["", text("Addr2")],
    ["City", `${text("City")} ${text("StCd")} ${text("Zip")}`.trim()],
    ["Home phone", text("HmPhone")],
    ["Work phone", text("WkPhone")],
    ["Cell phone", text("CellPh")],
    ["E-mail", text("Email")],
    ["VIP", text("VIPYN") === "Y" ? "Yes" : "No"],
    ["Portal", text("PortYN") === "Y" ? "Yes" : "No"],
  ]);
}

function insuranceGrid(policies: readonly Coverage[]): Html {
  return grid({
    id: "gvIns",
    columns: [
      { header: "Seq" },
      { header: "Payer" },
      { header: "Plan" },
      { header: "Policy" },
      { header: "Group" },
      { header: "Effective" },
      { header: "Term" },
      { header: "Copay", align: "right" },
    ],
    rows: policies.map((policy) => {
      const { text, date } = inLegacyTerms(coverageTable, policy);
      return [
        String(policy.rank),
        text("PayCd"),
        text("PlanNm"),
        text("PolNo"),
        text("GrpNo"),
        usDate(date("EffDt")),
        usDate(date("TermDt")),
        dollars(text("CopayAmt")),
      ];
    }),
    empty: "No insurance on file.",
  });
}
