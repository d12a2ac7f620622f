/** Row 31: ordering a panel for a visit. The order's number, the order and the message to the laboratory are one transaction. */

import {
  type Answer,
  button,
  checkBox,
  type Code,
  codeList,
  compactDate,
  details,
  dropDown,
  findCode,
  type Html,
  html,
  nextSeq,
  openPatient,
  p,
  type Page,
  type PageContext,
  type PatientHeader,
  panel,
  redirect,
  type Sql,
} from "../kit/index.ts";
import { orderMessage } from "./hl7-order.ts";

const title = "Lab Order";

type Visit = {
  readonly EncNo: number;
  readonly PatNo: number;
  readonly ProvID: string;
  readonly ProvNm: string | null;
  readonly LocCd: string;
  readonly StatCd: string;
  readonly Dx1: string;
  readonly Dx2: string;
  readonly Dx3: string;
  readonly Dx4: string;
};

export const labOrderPage: Page = {
  path: "/Lab/LabOrder.aspx",
  module: "lab",
  kind: "html",
  access: ["NURS", "PHYS"],
  get: (ctx) => withVisit(ctx, (visit) => show(ctx, visit)),
  post: (ctx) => withVisit(ctx, (visit, patient) => post(ctx, visit, patient)),
};

async function withVisit(
  ctx: PageContext,
  then: (visit: Visit, patient: PatientHeader) => Promise<Answer>,
): Promise<Answer> {
  const encNo = ctx.queryInt("enc") ?? ctx.session.CurEncNo;
  const visit = encNo === undefined ? undefined : await findVisit(ctx.db, encNo);
  if (!visit) {
    return ctx.page({ title, body: html``, error: encNo === undefined ? "No visit selected." : "Visit not found." });
  }
  const opened = await openPatient(ctx, { pid: visit.PatNo });
  if (opened.kind === "answer") return opened.answer;
  ctx.setCurrent(visit.PatNo, visit.EncNo);
  return then(visit, opened.patient);
}

function findVisit(sql: Sql, encNo: number): Promise<Visit | undefined> {
  return sql.first<Visit>(
    `SELECT e.EncNo, e.PatNo, e.ProvID, u.UsrNm AS ProvNm, e.LocCd, e.StatCd, e.Dx1, e.Dx2, e.Dx3, e.Dx4
     FROM ENCMST e LEFT JOIN USRMST u ON u.UsrID = e.ProvID WHERE e.EncNo = @enc`,
    { enc: p.int(encNo) },
  );
}

async function show(ctx: PageContext, visit: Visit, error?: string): Promise<Answer> {
  const panels = (await codeList(ctx.db, "LABTST")).filter((code) => code.Flag1 === "Y");
  const body = ctx.form(orderForm(ctx, visit, panels));
  return ctx.page({ title, body, ...(error === undefined ? {} : { error }) });
}

function orderForm(ctx: PageContext, visit: Visit, panels: readonly Code[]): Html {
  const diagnoses = [visit.Dx1, visit.Dx2, visit.Dx3, visit.Dx4].filter((code) => code !== "");
  return panel(
    `New order for visit ${visit.EncNo}`,
    html`${details([
      [
        "Panel",
        dropDown(
          "ddlPanel",
          panels.map((code) => ({ value: code.CodeVal, text: code.LongDs || code.ShortDs })),
          ctx.field("ddlPanel"),
          "- select -",
        ),
      ],
      [
        "Priority",
        dropDown(
          "ddlPri",
          [
            { value: "R", text: "Routine" },
            { value: "S", text: "STAT" },
          ],
          ctx.field("ddlPri") || "R",
        ),
      ],
      [
        "Diagnosis",
        dropDown(
          "ddlDx",
          diagnoses.map((code) => ({ value: code, text: code })),
          ctx.field("ddlDx"),
          "",
        ),
      ],
      ["", checkBox("chkFast", ctx.hasField("chkFast"), "Fasting")],
      ["Ordering provider", visit.ProvNm ?? visit.ProvID],
    ])}<div class="btns">${button("btnSend", "Send Order")}</div>`,
  );
}

async function post(ctx: PageContext, visit: Visit, patient: PatientHeader): Promise<Answer> {
  if (visit.StatCd === "X") return show(ctx, visit, "Visit is void.");
  const panelCd = ctx.field("ddlPanel").trim();
  const ordered = panelCd === "" ? undefined : await findCode(ctx.db, "LABTST", panelCd);
  if (!ordered || ordered.Flag1 !== "Y") return show(ctx, visit, "Select a panel.");
  const priority = ctx.field("ddlPri") === "S" ? "S" : "R";
  const ordNo = await ctx.db.transaction((tx) => placeOrder(tx, ctx, { visit, patient, ordered, priority }));
  return redirect(`/Lab/LabResults.aspx?ord=${ordNo}&msg=SENT`);
}

/** @returns the order's number, `L` + YYMMDD + the last five digits of the sequence. */
async function placeOrder(
  tx: Sql,
  ctx: PageContext,
  request: { visit: Visit; patient: PatientHeader; ordered: Code; priority: "R" | "S" },
): Promise<string> {
  const { visit, patient, ordered, priority } = request;
  const now = ctx.now();
  const fasting = ctx.hasField("chkFast");
  const dxCd = ctx.field("ddlDx").trim().slice(0, 18);
  const provId = ctx.user.provider ? ctx.user.usrId : visit.ProvID;
  const provName = ctx.user.provider ? ctx.user.name : (visit.ProvNm ?? "");
  const seq = await nextSeq(tx, "LABORD");
  const ordNo = `L${compactDate(now).slice(2)}${String(seq % 100_000).padStart(5, "0")}`;
  const panelCd = ordered.CodeVal.slice(0, 10);
  const panelDs = (ordered.LongDs || ordered.ShortDs).slice(0, 100);
  await tx.execute(
    `INSERT INTO LABORD (OrdNo, PatNo, EncNo, ProvID, PanelCd, PanelDs, OrdDt, PriCd, DxCd, FastYN, ModDt)
     VALUES (@ord, @pat, @enc, @prov, @panel, @ds, @now, @pri, @dx, @fast, @now)`,
    {
      ord: p.char(12, ordNo),
      pat: p.int(visit.PatNo),
      enc: p.int(visit.EncNo),
      prov: p.char(8, provId),
      panel: p.char(10, panelCd),
      ds: p.varchar(100, panelDs),
      now: p.datetime(now),
      pri: p.char(1, priority),
      dx: p.char(18, dxCd),
      fast: p.char(1, fasting ? "Y" : "N"),
    },
  );
  const message = orderMessage({
    ordNo,
    mrn: patient.MRN,
    lName: patient.LName,
    fName: patient.FName,
    mi: patient.MI,
    dob: patient.DOB,
    sex: patient.Sex,
    encNo: visit.EncNo,
    panelCd,
    panelDs,
    priority,
    dxCd,
    provId,
    provName,
    orderedAt: now,
    fasting,
    locCd: visit.LocCd,
  });
  await tx.execute(
    `INSERT INTO IFCMSG (DirCd, MsgTyp, RefTyp, RefKey, MsgTx, CrtDt) VALUES ('O', 'ORM^O01', 'LAB', @ord, @msg, @now)`,
    { ord: p.varchar(20, ordNo), msg: p.text(message), now: p.datetime(now) },
  );
  return ordNo;
}
