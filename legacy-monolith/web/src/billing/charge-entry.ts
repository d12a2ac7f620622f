/** Row 41: the charges of a visit. Triggers keep the visit's total, the balance and the daily report. */

import {
  type Answer,
  button,
  details,
  dollars,
  eventTarget,
  findCode,
  grid,
  type Html,
  html,
  link,
  openPatient,
  p,
  type Page,
  type PageContext,
  panel,
  postBackLink,
  raw,
  redirect,
  type Sql,
  textBox,
  usDate,
} from "../kit/index.ts";
import { type ChargeLine, formLines, readChargeLines } from "./charge-form.ts";
import { type BillingVisit, type Charge, chargeStatuses, findVisit, visitCharges } from "./ledger.ts";

const title = "Charge Entry";

export const chargeEntryPage: Page = {
  path: "/Billing/ChargeEntry.aspx",
  module: "bill",
  kind: "html",
  access: ["BILL", "ADMN"],
  get: (ctx) => withVisit(ctx, (visit) => show(ctx, visit)),
  post: (ctx) => withVisit(ctx, (visit) => post(ctx, visit)),
};

async function withVisit(ctx: PageContext, then: (visit: BillingVisit) => Promise<Answer>): Promise<Answer> {
  const encNo = ctx.queryInt("enc") ?? ctx.session.CurEncNo;
  const visit = encNo === undefined ? undefined : await findVisit(ctx.db, encNo);
  if (!visit) {
    return ctx.page({ title, body: html``, error: encNo === undefined ? "No visit selected." : "Visit not found." });
  }
  const opened = await openPatient(ctx, { pid: visit.PatNo, breakGlass: false });
  if (opened.kind === "answer") return opened.answer;
  ctx.setCurrent(visit.PatNo, visit.EncNo);
  return then(visit);
}

async function show(ctx: PageContext, visit: BillingVisit, error?: string): Promise<Answer> {
  const charges = await visitCharges(ctx.db, visit.EncNo);
  const diagnoses = [visit.Dx1, visit.Dx2, visit.Dx3, visit.Dx4].map((code, index) => `${index + 1}: ${code || "-"}`);
  const body = html`${panel(
    `Visit ${visit.EncNo}`,
    details([
      ["Patient", link(`/Billing/Account.aspx?pid=${visit.PatNo}`, visit.PatNm)],
      ["Date", usDate(visit.EncDt)],
      ["Provider", visit.ProvID],
      ["Diagnoses", diagnoses.join("  ")],
      ["Total charges", html`<b id="ctl00_cph_lblTot">${dollars(visit.ChgTot)}</b>`],
    ]),
  )}
${ctx.form(html`${panel("Charges", chargeGrid(charges))}${panel("New charges", entryGrid(ctx, error !== undefined))}
<div class="btns">${button("btnSave", "Save Charges")}
<input type="button" value="Create Claim" class="btn" onclick="createClaim(1)" /> <span id="ctl00_cph_lblClaim"></span></div>`)}${claimScript(visit.EncNo)}`;
  return ctx.page({ title, body, ...(error === undefined ? {} : { error }) });
}

/** Calls BillingService for the primary insurance and shows what it answers. */
function claimScript(encNo: number): Html {
  return raw(`<script type="text/javascript">
//<![CDATA[
function createClaim(insSeq){var x=new XMLHttpRequest();
x.open('POST','/Services/BillingService.asmx/CreateClaim',true);
x.setRequestHeader('Content-Type','application/json; charset=utf-8');
x.onreadystatechange=function(){if(x.readyState!=4){return;}var r=JSON.parse(x.responseText);
document.getElementById('ctl00_cph_lblClaim').innerHTML=x.status==200?'Claim '+r.d.ClmNo+' created.':r.Message;};
x.send(JSON.stringify({enc:${encNo},insSeq:insSeq}));}
//]]>
</script>
`);
}

function chargeGrid(charges: readonly Charge[]): Html {
  return grid({
    id: "gvChg",
    columns: [
      { header: "Ln" },
      { header: "Procedure" },
      { header: "Mod" },
      { header: "Description" },
      { header: "Units", align: "right" },
      { header: "Unit", align: "right" },
      { header: "Amount", align: "right" },
      { header: "Dx" },
      { header: "Claim" },
      { header: "Status" },
      { header: "" },
    ],
    rows: charges.map((one) => [
      String(one.LnNo),
      one.ProcCd,
      one.Mod1,
      one.ProcDs,
      String(Number(one.Units)),
      dollars(one.UnitAmt),
      dollars(one.ExtAmt),
      one.DxPtr,
      one.ClmNo,
      chargeStatuses[one.StatCd] ?? one.StatCd,
      one.StatCd === "N" ? postBackLink("gvChg", `Void$${one.LnNo}`, "Void") : "",
    ]),
    empty: "No charges.",
  });
}

function entryGrid(ctx: PageContext, posted: boolean): Html {
  const box = (name: string, size: number, maxLength: number): Html =>
    html`<td>${textBox(name, posted ? ctx.field(name) : "", { size, maxLength })}</td>`;
  return html`<table><tr><th>Procedure</th><th>Mod</th><th>Units</th><th>Unit amount</th><th>Dx</th></tr>
${formLines.map(
  (
    n,
  ) => html`<tr>${box(`txtProc${n}`, 12, 18)}${box(`txtMod${n}`, 2, 2)}${box(`txtUnits${n}`, 4, 5)}${box(`txtAmt${n}`, 9, 11)}${box(`txtDx${n}`, 4, 4)}</tr>
`,
)}</table>`;
}

async function post(ctx: PageContext, visit: BillingVisit): Promise<Answer> {
  const self = `/Billing/ChargeEntry.aspx?enc=${visit.EncNo}`;
  const voided = /^Void\$(\d{1,5})$/.exec(ctx.rawField("__EVENTARGUMENT"));
  if (eventTarget(ctx) === "gvChg" && voided) {
    const changed = await ctx.db.execute(
      "UPDATE CHGMST SET StatCd = 'V' WHERE EncNo = @enc AND LnNo = @ln AND StatCd = 'N'",
      { enc: p.int(visit.EncNo), ln: p.int(Number(voided[1])) },
    );
    return changed === 0 ? show(ctx, visit, "Only new charges can be voided.") : redirect(`${self}&msg=VOIDED`);
  }
  if (visit.StatCd === "X") return show(ctx, visit, "Visit is void.");
  const read = readChargeLines(ctx);
  if (!read.ok) return show(ctx, visit, read.error);
  const priced: PricedLine[] = [];
  for (const line of read.lines) {
    const procedure = await findCode(ctx.db, "PROC", line.procCd);
    if (!procedure) return show(ctx, visit, `Unknown procedure code: ${line.procCd}`);
    priced.push({ ...line, description: procedure.LongDs || procedure.ShortDs, price: price(line, procedure.NumVal) });
  }
  await ctx.db.transaction((tx) => insertCharges(tx, ctx, visit.EncNo, priced));
  return redirect(`${self}&msg=SAVED`);
}

type PricedLine = ChargeLine & { readonly description: string; readonly price: string };

/** The typed amount, or the price list's, which is in cents. */
function price(line: ChargeLine, listCents: number | null): string {
  return line.unitAmt === "" ? ((listCents ?? 0) / 100).toFixed(2) : line.unitAmt;
}

async function insertCharges(tx: Sql, ctx: PageContext, encNo: number, lines: readonly PricedLine[]): Promise<void> {
  const visit = await findVisit(tx, encNo, true);
  if (!visit) return;
  const last = await tx.first<{ LnNo: number | null }>("SELECT MAX(LnNo) AS LnNo FROM CHGMST WHERE EncNo = @enc", {
    enc: p.int(encNo),
  });
  let lineNo = last?.LnNo ?? 0;
  for (const line of lines) {
    lineNo += 1;
    await tx.execute(
      `INSERT INTO CHGMST (EncNo, LnNo, PatNo, ProcCd, ProcDs, Mod1, Units, UnitAmt, ExtAmt, DxPtr, SvcDt, ProvID, CrtUsr, CrtDt)
       VALUES (@enc, @ln, @pat, @proc, @ds, @mod, @units, CONVERT(money, @amt), @units * CONVERT(money, @amt), @dx, @svc, @prov,
         @usr, @now)`,
      {
        enc: p.int(encNo),
        ln: p.smallint(lineNo),
        pat: p.int(visit.PatNo),
        proc: p.char(18, line.procCd),
        ds: p.varchar(100, line.description),
        mod: p.char(2, line.mod1),
        units: p.decimal(5, 1, line.units),
        amt: p.money(line.price),
        dx: p.char(4, line.dxPtr),
        svc: p.datetime(visit.EncDt),
        prov: p.char(8, visit.ProvID),
        usr: p.char(8, ctx.user.usrId),
        now: p.datetime(ctx.now()),
      },
    );
  }
}
