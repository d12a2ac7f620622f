/** Row 40: a patient's account, and the form that posts a payment to row 42. */

import { randomBytes } from "node:crypto";
import {
  type Answer,
  button,
  details,
  dollars,
  dropDown,
  grid,
  hidden,
  type Html,
  html,
  link,
  moneyText,
  openPatient,
  p,
  type Page,
  type PageContext,
  panel,
  textBox,
  usDate,
} from "../kit/index.ts";
import {
  type Charge,
  chargeStatuses,
  type Claim,
  claimStatuses,
  type Coverage,
  coverageOn,
  latestVisits,
  type Payment,
  patientCharges,
  patientClaims,
  patientPayments,
  paymentTypes,
  type VisitTotal,
} from "./ledger.ts";

const title = "Patient Account";

export const accountPage: Page = {
  path: "/Billing/Account.aspx",
  module: "bill",
  kind: "html",
  access: ["FDSK", "BILL", "ADMN"],
  get: async (ctx) => {
    // Billing staff see money, not the chart: a restricted patient needs no break-glass here.
    const opened = await openPatient(ctx, { breakGlass: false });
    return opened.kind === "answer" ? opened.answer : showAccount(ctx, opened.patient.PatNo);
  },
};

/** @param error what PostPayment refused; its typed values are shown again. */
export async function showAccount(ctx: PageContext, patNo: number, error?: string): Promise<Answer> {
  const account = await ctx.db.first<{ AcctBal: string }>(
    `SELECT ${moneyText("AcctBal")} FROM PATMST WHERE PatNo = @pat`,
    { pat: p.int(patNo) },
  );
  const charges = await patientCharges(ctx.db, patNo);
  const payments = await patientPayments(ctx.db, patNo);
  const claims = await patientClaims(ctx.db, patNo);
  const coverage = await coverageOn(ctx.db, patNo, ctx.now());
  const body = html`${panel(
    "Balance",
    details([
      ["Account balance", html`<b id="ctl00_cph_lblBal">${dollars(account?.AcctBal)}</b>`],
      ["Coverage", coverageText(coverage)],
    ]),
  )}
${enters(ctx) ? panel("Visits", visitGrid(await latestVisits(ctx.db, patNo))) : ""}
${panel("Ledger", ledgerGrid(ctx, charges, payments))}
${panel("Claims", claimGrid(ctx, claims))}
${panel("Post payment", paymentForm(ctx, patNo, claims))}`;
  return ctx.page({ title, body, ...(error === undefined ? {} : { error }) });
}

function coverageText(coverage: readonly Coverage[]): string {
  return coverage.length === 0
    ? "Self pay"
    : coverage.map((one) => `${one.InsSeq}: ${one.PlanNm || one.PayCd} (copay ${dollars(one.CopayAmt)})`).join("; ");
}

/** The front desk sees the account; charges and claims are for billing. */
const enters = (ctx: PageContext): boolean => ctx.user.role !== "FDSK";

function visitGrid(visits: readonly VisitTotal[]): Html {
  return grid({
    id: "gvVisit",
    columns: [
      { header: "Visit" },
      { header: "Date" },
      { header: "Provider" },
      { header: "Charges", align: "right" },
      { header: "Billed" },
    ],
    rows: visits.map((one) => [
      link(`/Billing/ChargeEntry.aspx?enc=${one.EncNo}`, String(one.EncNo)),
      usDate(one.EncDt),
      one.ProvID,
      dollars(one.ChgTot),
      one.BillYN === "Y" ? "Yes" : "No",
    ]),
    empty: "No visits.",
  });
}

type Line = { readonly date: Date; readonly cells: (Html | string)[] };

/** Charges and payments in one list, newest first. */
function ledgerGrid(ctx: PageContext, charges: readonly Charge[], payments: readonly Payment[]): Html {
  const visit = (encNo: number | null): Html | string =>
    encNo === null ? "" : enters(ctx) ? link(`/Billing/ChargeEntry.aspx?enc=${encNo}`, String(encNo)) : String(encNo);
  const lines: Line[] = [
    ...charges.map((one) => ({
      date: one.SvcDt,
      cells: [
        usDate(one.SvcDt),
        visit(one.EncNo),
        one.ProcCd,
        one.ProcDs,
        dollars(one.ExtAmt),
        "",
        one.ClmNo,
        chargeStatuses[one.StatCd] ?? one.StatCd,
      ],
    })),
    ...payments.map((one) => ({
      date: one.TrnDt,
      cells: [
        usDate(one.TrnDt),
        visit(one.EncNo),
        one.TrnTyp,
        `${paymentTypes[one.TrnTyp] ?? one.TrnTyp}${one.Cmt === "" ? "" : ` - ${one.Cmt}`}`,
        "",
        dollars(one.Amt),
        one.ClmNo,
        "",
      ],
    })),
  ].toSorted((a, b) => b.date.getTime() - a.date.getTime());
  return grid({
    id: "gvLedger",
    columns: [
      { header: "Date" },
      { header: "Visit" },
      { header: "Code" },
      { header: "Description" },
      { header: "Charge", align: "right" },
      { header: "Payment", align: "right" },
      { header: "Claim" },
      { header: "Status" },
    ],
    rows: lines.map((line) => line.cells),
    empty: "No activity.",
  });
}

function claimGrid(ctx: PageContext, claims: readonly Claim[]): Html {
  const mayExport = enters(ctx);
  return grid({
    id: "gvClaim",
    columns: [
      { header: "Claim" },
      { header: "Visit" },
      { header: "Payer" },
      { header: "Total", align: "right" },
      { header: "Paid", align: "right" },
      { header: "Patient part", align: "right" },
      { header: "Status" },
      { header: "Submitted" },
      { header: "Batch" },
    ],
    rows: claims.map((one) => [
      one.ClmNo,
      String(one.EncNo),
      one.PayCd,
      dollars(one.TotAmt),
      dollars(one.PaidAmt),
      dollars(one.PtResp),
      claimStatuses[one.StatCd] ?? one.StatCd,
      usDate(one.SubDt),
      one.EDIBat === "" || !mayExport ? one.EDIBat : link(`/Handlers/Claim837.ashx?batch=${one.EDIBat}`, one.EDIBat),
    ]),
    empty: "No claims.",
  });
}

/** `W` and seven hexadecimal digits: fits PMTTRN.BatNo, which PostPayment writes it to. */
function newToken(): string {
  return `W${randomBytes(4).toString("hex").slice(0, 7).toUpperCase()}`;
}

function paymentForm(ctx: PageContext, patNo: number, claims: readonly Claim[]): Html {
  const open = claims.filter((one) => one.StatCd !== "VD" && one.StatCd !== "CL").slice(0, 50);
  const types = Object.entries(paymentTypes)
    .filter(([value]) => ctx.user.role !== "FDSK" || value === "CP" || value === "PP")
    .map(([value, text]) => ({ value, text }));
  const token = ctx.field("hdnTok") || newToken();
  return ctx.form(
    html`${hidden("hdnTok", token)}${details([
      ["Type", dropDown("ddlTyp", types, ctx.field("ddlTyp") || "PP")],
      ["Amount", textBox("txtAmt", ctx.field("txtAmt"), { size: 10, maxLength: 12 })],
      ["Date", textBox("txtDt", ctx.field("txtDt") || usDate(ctx.now()), { size: 10, maxLength: 10 })],
      ["Check #", textBox("txtChk", ctx.field("txtChk"), { size: 15, maxLength: 15 })],
      ["Card last 4", textBox("txtCC", ctx.field("txtCC"), { size: 4, maxLength: 4 })],
      [
        "Claim",
        dropDown(
          "ddlClm",
          open.map((one) => ({ value: one.ClmNo, text: `${one.ClmNo} ${one.PayCd} ${dollars(one.TotAmt)}` })),
          ctx.field("ddlClm"),
          "",
        ),
      ],
      ["Comment", textBox("txtCmt", ctx.field("txtCmt"), { size: 50, maxLength: 100 })],
    ])}<div class="btns">${button("btnPost", "Post Payment")}</div>`,
    { action: `/Billing/PostPayment.aspx?pid=${patNo}` },
  );
}
