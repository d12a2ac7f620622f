/** A patient's demographics and insurance. Opening it makes the patient current and writes a VIEW row. */

import {
  ageYears,
  type Answer,
  audit,
  details,
  dollars,
  grid,
  html,
  moneyText,
  openPatient,
  p,
  type PageContext,
  panel,
  usDate,
} from "../kit/index.ts";
import { policies } from "./insurance.ts";

type DetailRow = {
  MRN: string;
  LName: string;
  FName: string;
  MI: string;
  Suffix: string;
  MaidNm: string;
  DOB: Date;
  Sex: string;
  SSN: string;
  Addr1: string;
  Addr2: string;
  City: string;
  StCd: string;
  Zip: string;
  HmPhone: string;
  WkPhone: string;
  CellPh: string;
  Email: string;
  PCPID: string;
  PcpNm: string | null;
  HomeLoc: string;
  DeathDt: Date;
  VIPYN: string;
  PortYN: string;
  AcctBal: string;
  LastVst: Date | null;
  NoteTx: string;
};

export async function patientDetail(ctx: PageContext): Promise<Answer> {
  const opened = await openPatient(ctx);
  if (opened.kind === "answer") return opened.answer;
  const { PatNo } = opened.patient;
  const row = await ctx.db.first<DetailRow>(
    `SELECT m.MRN, m.LName, m.FName, m.MI, m.Suffix, m.MaidNm, m.DOB, m.Sex, m.SSN, m.Addr1, m.Addr2, m.City, m.StCd, m.Zip,
       m.HmPhone, m.WkPhone, m.CellPh, m.Email, m.PCPID, u.UsrNm AS PcpNm, m.HomeLoc, m.DeathDt, m.VIPYN, m.PortYN,
       ${moneyText("m.AcctBal")}, m.LastVst, m.NoteTx
     FROM PATMST AS m LEFT JOIN USRMST AS u ON u.UsrID = m.PCPID WHERE m.PatNo = @pid`,
    { pid: p.int(PatNo) },
  );
  await audit(ctx.db, ctx, { act: "VIEW", obj: "PATMST", key: PatNo, patNo: PatNo });
  const left = row ? panel("Demographics", demographics(ctx, row, PatNo)) : html``;
  const right = row ? panel("Contact", contact(row)) : html``;
  const body = html`<p><a href="/Patient/PatEdit.aspx?pid=${PatNo}">Edit</a> | <a href="/Patient/Chart.aspx?pid=${PatNo}">Chart</a>
 | <a href="/Sched/ApptEdit.aspx?pid=${PatNo}">Book appointment</a> | <a href="/Billing/Account.aspx?pid=${PatNo}">Account</a></p>
<table class="cols" cellspacing="0"><tr><td class="col">${left}</td><td class="col">${right}</td></tr></table>
${panel("Insurance", await insuranceGrid(ctx, PatNo))}`;
  return ctx.page({ title: "Patient Detail", body });
}

function demographics(ctx: PageContext, row: DetailRow, patNo: number) {
  const name = [`${row.LName}, ${row.FName}`, row.MI, row.Suffix].filter(Boolean).join(" ");
  return html`<table cellspacing="0"><tr><td valign="top">${details([
    ["Name", name],
    ["Patient no.", String(patNo)],
    ["MRN", row.MRN],
    ["Maiden name", row.MaidNm],
    ["DOB", `${usDate(row.DOB)} (${ageYears(row.DOB, ctx.now())} y)`],
    ["Deceased", usDate(row.DeathDt)],
    ["Sex", row.Sex],
    ["SSN", row.SSN === "" ? "" : `***-**-${row.SSN.slice(-4)}`],
    ["PCP", row.PcpNm ?? row.PCPID],
    ["Home site", row.HomeLoc],
    ["Last visit", usDate(row.LastVst)],
    ["Balance", dollars(row.AcctBal)],
    ["Note", row.NoteTx],
  ])}</td><td valign="top"><img src="/Handlers/PatPhoto.ashx?pid=${patNo}" alt="Photo" width="80" /></td></tr></table>`;
}

function contact(row: DetailRow) {
  return details([
    ["Address", row.Addr1],
    ["", row.Addr2],
    ["City", `${row.City} ${row.StCd} ${row.Zip}`.trim()],
    ["Home phone", row.HmPhone],
    ["Work phone", row.WkPhone],
    ["Cell phone", row.CellPh],
    ["E-mail", row.Email],
    ["VIP", row.VIPYN === "Y" ? "Yes" : "No"],
    ["Portal", row.PortYN === "Y" ? "Yes" : "No"],
  ]);
}

async function insuranceGrid(ctx: PageContext, patNo: number) {
  const rows = await policies(ctx.db, patNo);
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
    rows: rows.map((row) => [
      String(row.InsSeq),
      row.PayCd,
      row.PlanNm,
      row.PolNo,
      row.GrpNo,
      usDate(row.EffDt),
      usDate(row.TermDt),
      dollars(row.CopayAmt),
    ]),
    empty: "No insurance on file.",
  });
}
