/**
 * Whose data the portal shows: the account's own patient, or the one it is proxy for. The choice is kept in the server
 * session and checked against the ticket on every request, so a forged choice shows nothing.
 */

import { type Answer, button, dropDown, type Html, html, p, type PageContext, redirect } from "../kit/index.ts";

const chosenKey = "PortalPat";

/** The patient number this request is about. */
function viewedPatNo(ctx: PageContext): number {
  const { patNo, proxyForPatNo } = ctx.portal;
  const chosen = ctx.session.bag.get(chosenKey);
  return proxyForPatNo !== null && chosen === String(proxyForPatNo) ? proxyForPatNo : patNo;
}

export function isProxyView(ctx: PageContext): boolean {
  return viewedPatNo(ctx) !== ctx.portal.patNo;
}

export type PortalPatient = {
  readonly PatNo: number;
  readonly MRN: string;
  readonly LName: string;
  readonly FName: string;
  readonly MI: string;
  readonly DOB: Date;
  readonly HmPhone: string;
  readonly CellPh: string;
  readonly Email: string;
  readonly PCPID: string;
};

function findPortalPatient(ctx: PageContext, patNo: number): Promise<PortalPatient | undefined> {
  return ctx.db.first<PortalPatient>(
    `SELECT PatNo, MRN, LName, FName, MI, DOB, HmPhone, CellPh, Email, PCPID FROM PATMST
     WHERE PatNo = @pat AND DelYN <> 'Y'`,
    { pat: p.int(patNo) },
  );
}

/** Runs `then` with the viewed patient. Answers a posted switch first, on whichever page it was made. */
export async function withPortalPatient(
  ctx: PageContext,
  then: (patient: PortalPatient) => Promise<Answer>,
): Promise<Answer> {
  if (ctx.method === "POST" && ctx.hasField("btnSwitch")) {
    ctx.session.bag.set(chosenKey, ctx.field("ddlPat"));
    return redirect(ctx.self.path);
  }
  const patient = await findPortalPatient(ctx, viewedPatNo(ctx));
  if (!patient) {
    ctx.signOutPortal();
    return redirect("/Portal/Login.aspx");
  }
  return then(patient);
}

/** The line under the header: whose record this is, and the switch of a proxy. */
export async function whoseRecord(ctx: PageContext, patient: PortalPatient): Promise<Html> {
  const { patNo, proxyForPatNo } = ctx.portal;
  const name = html`<div class="who">Health record of <b>${patient.FName} ${patient.LName}</b></div>`;
  if (proxyForPatNo === null) return name;
  const other = patient.PatNo === patNo ? proxyForPatNo : patNo;
  const second = await findPortalPatient(ctx, other);
  if (!second) return name;
  const choices = [patient, second].map((one) => ({ value: String(one.PatNo), text: `${one.FName} ${one.LName}` }));
  const form = ctx.form(html`View ${dropDown("ddlPat", choices, String(patient.PatNo))} ${button("btnSwitch", "Go")}`, {
    id: "frmSwitch",
    action: ctx.self.path,
  });
  return html`${name}${form}`;
}
