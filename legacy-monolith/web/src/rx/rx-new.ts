/**
 * Row 36: a new prescription. What the interaction check says must be overridden by a tick of its own. TR_RX_I queues the
 * message to the pharmacy, except for a controlled substance: that one goes on paper.
 */

import {
  type Answer,
  audit,
  button,
  checkBox,
  type Code,
  codeList,
  details,
  dropDown,
  findCode,
  type Html,
  html,
  openPatient,
  p,
  type Page,
  type PageContext,
  type PatientHeader,
  panel,
  redirect,
  textBox,
  wallMidnight,
} from "../kit/index.ts";
import type { Warning } from "./interactions.ts";
import { checkDrug } from "./prescription-record.ts";
import { controlledClass, drugName, type PrescriptionForm, readPrescription } from "./prescription-form.ts";

const title = "New Prescription";

type Visit = { readonly EncNo: number; readonly PatNo: number; readonly StatCd: string };

export const rxNewPage: Page = {
  path: "/Rx/RxNew.aspx",
  module: "rx",
  kind: "html",
  access: ["PHYS"],
  get: (ctx) => withVisit(ctx, (visit) => show(ctx, visit)),
  post: (ctx) => withVisit(ctx, (visit, patient) => post(ctx, visit, patient)),
};

async function withVisit(
  ctx: PageContext,
  then: (visit: Visit, patient: PatientHeader) => Promise<Answer>,
): Promise<Answer> {
  const encNo = ctx.queryInt("enc") ?? ctx.session.CurEncNo;
  const visit =
    encNo === undefined
      ? undefined
      : await ctx.db.first<Visit>("SELECT EncNo, PatNo, StatCd FROM ENCMST WHERE EncNo = @enc", { enc: p.int(encNo) });
  if (!visit) {
    return ctx.page({ title, body: html``, error: encNo === undefined ? "No visit selected." : "Visit not found." });
  }
  const opened = await openPatient(ctx, { pid: visit.PatNo });
  if (opened.kind === "answer") return opened.answer;
  ctx.setCurrent(visit.PatNo, visit.EncNo);
  return then(visit, opened.patient);
}

async function show(
  ctx: PageContext,
  visit: Visit,
  refused?: { error: string; warnings?: readonly Warning[] },
): Promise<Answer> {
  const drugs = await codeList(ctx.db, "DRUG");
  const pharmacies = await codeList(ctx.db, "PHARM");
  const body = ctx.form(rxForm(ctx, { visit, drugs, pharmacies, warnings: refused?.warnings ?? [] }));
  return ctx.page({ title, body, ...(refused ? { error: refused.error } : {}) });
}

type FormView = {
  readonly visit: Visit;
  readonly drugs: readonly Code[];
  readonly pharmacies: readonly Code[];
  readonly warnings: readonly Warning[];
};

function rxForm(ctx: PageContext, { visit, drugs, pharmacies, warnings }: FormView): Html {
  const box = (name: string, size: number, maxLength: number, fallback = ""): Html =>
    textBox(name, ctx.method === "POST" ? ctx.field(name) : fallback, { size, maxLength });
  const choices = (codes: readonly Code[]) =>
    codes.map((code) => ({ value: code.CodeVal, text: code.LongDs || code.ShortDs }));
  const warned =
    warnings.length === 0
      ? ""
      : html`<div class="err" id="ctl00_cph_pnlWarn"><ul>${warnings.map((one) => html`<li>${one.Severity}: ${one.Text}</li>`)}</ul>
${checkBox("chkOverride", false, "Override and prescribe anyway")}</div>`;
  return panel(
    `Prescription for visit ${visit.EncNo}`,
    html`${details([
      ["Drug", dropDown("ddlDrug", choices(drugs), ctx.field("ddlDrug"), "- select -")],
      ["Strength", box("txtStr", 15, 20)],
      ["Sig", box("txtSig", 70, 140)],
      ["Quantity", box("txtQty", 8, 10, "30")],
      ["Refills", box("txtRef", 3, 2, "0")],
      ["", checkBox("chkDAW", ctx.hasField("chkDAW"), "Dispense as written")],
      ["Pharmacy", dropDown("ddlPhrm", choices(pharmacies), ctx.field("ddlPhrm"), "- print -")],
    ])}${warned}<div class="btns">${button("btnSave", "Prescribe")}</div>`,
  );
}

async function post(ctx: PageContext, visit: Visit, patient: PatientHeader): Promise<Answer> {
  const drugCd = ctx.field("ddlDrug").trim();
  const drug = drugCd === "" ? undefined : await findCode(ctx.db, "DRUG", drugCd);
  if (!drug) return show(ctx, visit, { error: "Select a drug." });
  const read = readPrescription(ctx, drug);
  if (!read.ok) return show(ctx, visit, { error: read.error });
  const { form } = read;
  const refusal = await prescriberRefusal(ctx, visit, form);
  if (refusal !== undefined) return show(ctx, visit, { error: refusal });
  const warnings = await checkDrug(ctx.db, visit.PatNo, { code: drug.CodeVal, name: drugName(drug) });
  if (warnings.length > 0 && !ctx.hasField("chkOverride")) {
    return show(ctx, visit, { error: "Interaction warning. Check Override to continue.", warnings });
  }
  await prescribe(ctx, { visit, patient, drug, form, overridden: warnings });
  return redirect(`/Rx/RxList.aspx?pid=${visit.PatNo}&msg=${controlledClass(drug) === " " ? "QUEUED" : "PRINTED"}`);
}

async function prescriberRefusal(ctx: PageContext, visit: Visit, form: PrescriptionForm): Promise<string | undefined> {
  if (visit.StatCd === "X") return "Visit is void.";
  if (form.phrmCd !== "" && !(await findCode(ctx.db, "PHARM", form.phrmCd))) return "Unknown pharmacy.";
  if (form.ctrlCl === " ") return undefined;
  const prescriber = await ctx.db.first<{ DEANo: string }>("SELECT DEANo FROM USRMST WHERE UsrID = @usr", {
    usr: p.char(8, ctx.user.usrId),
  });
  return prescriber?.DEANo ? undefined : "A DEA number is required to prescribe a controlled substance.";
}

async function prescribe(
  ctx: PageContext,
  rx: {
    visit: Visit;
    patient: PatientHeader;
    drug: Code;
    form: PrescriptionForm;
    overridden: readonly Warning[];
  },
): Promise<void> {
  const { visit, patient, drug, form, overridden } = rx;
  await ctx.db.transaction(async (tx) => {
    const rxNo = await tx.insertIdentity(
      `INSERT INTO RXMST (PatNo, PatNm, EncNo, ProvID, DrugCd, DrugNm, StrTx, SigTx, QtyTx, RefAuth, DAWYN, CtrlCl, StartDt,
         PhrmCd, RxDt, ModUsr, ModDt)
       VALUES (@pat, @nm, @enc, @usr, @drug, @drugnm, @str, @sig, @qty, @ref, @daw, @ctrl, @start, @phrm, @now, @usr, @now)`,
      {
        pat: p.int(visit.PatNo),
        nm: p.varchar(60, `${patient.LName}, ${patient.FName}${patient.MI === "" ? "" : ` ${patient.MI}`}`),
        enc: p.int(visit.EncNo),
        usr: p.char(8, ctx.user.usrId),
        drug: p.char(12, drug.CodeVal),
        drugnm: p.varchar(100, drugName(drug)),
        str: p.varchar(20, form.strength),
        sig: p.varchar(140, form.sig),
        qty: p.varchar(10, form.quantity),
        ref: p.tinyint(form.refills),
        daw: p.char(1, form.daw ? "Y" : "N"),
        ctrl: p.char(1, form.ctrlCl),
        start: p.datetime(wallMidnight(ctx.now())),
        phrm: p.char(7, form.phrmCd),
        now: p.datetime(ctx.now()),
      },
    );
    const comment =
      overridden.length === 0 ? {} : { comment: `OVERRIDE ${overridden.map((one) => one.Text).join("; ")}` };
    await audit(tx, ctx, { act: "CREA", obj: "RXMST", key: rxNo, patNo: visit.PatNo, ...comment });
  });
}
