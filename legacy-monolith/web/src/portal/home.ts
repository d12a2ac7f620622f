/** The portal's first page: what is new, the balance, and the contact details a patient may change. */

import {
  type Answer,
  button,
  details,
  dollars,
  html,
  link,
  moneyText,
  p,
  type Page,
  type PageContext,
  panel,
  redirect,
  textBox,
  usDate,
  usTime,
  wallMidnight,
} from "../kit/index.ts";
import { isProxyView, type PortalPatient, whoseRecord, withPortalPatient } from "./portal-patient.ts";

export const portalHomePage: Page = {
  path: "/Portal/Home.aspx",
  module: "portal",
  kind: "html",
  access: "portal",
  get: (ctx) => withPortalPatient(ctx, (patient) => show(ctx, patient)),
  post: (ctx) => {
    if (ctx.hasField("btnLogout")) {
      ctx.signOutPortal();
      return Promise.resolve(redirect("/Portal/Login.aspx"));
    }
    return withPortalPatient(ctx, (patient) => saveContact(ctx, patient));
  },
};

async function show(ctx: PageContext, patient: PortalPatient, error?: string): Promise<Answer> {
  const pat = { pat: p.int(patient.PatNo) };
  const next = await ctx.db.first<{ ApptDt: Date; ApptTm: string; ProvNm: string }>(
    `SELECT TOP (1) ApptDt, ApptTm, ProvNm FROM tblAppointment
     WHERE PatNo = @pat AND ApptDt >= @today AND StatCd IN ('SC', 'CF') AND DelYN <> 'Y' ORDER BY ApptDt, ApptTm`,
    { ...pat, today: p.datetime(wallMidnight(ctx.now())) },
  );
  const unread = await ctx.db.first<{ Cnt: number }>(
    "SELECT COUNT(*) AS Cnt FROM PORTAL_MSG WHERE PatNo = @pat AND FromType <> 'P' AND IsRead = 0 AND IsDeleted = 0",
    pat,
  );
  const account = await ctx.db.first<{ AcctBal: string }>(
    `SELECT ${moneyText("AcctBal")} FROM PATMST WHERE PatNo = @pat`,
    pat,
  );
  const typed = (name: string, stored: string): string => (error === undefined ? stored : ctx.field(name));
  const contact = isProxyView(ctx)
    ? html``
    : panel(
        "My contact details",
        ctx.form(
          html`${details([
            ["Email", textBox("txtEmail", typed("txtEmail", patient.Email), { size: 40, maxLength: 60 })],
            ["Cell phone", textBox("txtCell", typed("txtCell", patient.CellPh), { size: 14, maxLength: 14 })],
          ])}<div class="btns">${button("btnSave", "Save")} ${button("btnLogout", "Log out")}</div>`,
          { action: "/Portal/Home.aspx" },
        ),
      );
  const body = html`${await whoseRecord(ctx, patient)}${panel(
    "Welcome",
    details([
      ["Next appointment", next ? `${usDate(next.ApptDt)} ${usTime(next.ApptTm)} with ${next.ProvNm}` : "None"],
      ["New messages", link("/Portal/Messages.aspx", String(unread?.Cnt ?? 0))],
      ["Account balance", dollars(account?.AcctBal)],
    ]),
  )}${contact}`;
  return ctx.page({ title: "Welcome to MyHealth", body, ...(error === undefined ? {} : { error }) });
}

async function saveContact(ctx: PageContext, patient: PortalPatient): Promise<Answer> {
  if (isProxyView(ctx)) return show(ctx, patient);
  const email = ctx.field("txtEmail").trim();
  const cell = ctx.field("txtCell").replace(/[\s().-]/g, "");
  if (email !== "" && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) return show(ctx, patient, "Email is not valid.");
  if (email.length > 60) return show(ctx, patient, "Email is too long.");
  if (cell !== "" && !/^\d{10}$/.test(cell)) return show(ctx, patient, "Cell phone must have 10 digits.");
  await ctx.db.transaction(async (tx) => {
    await tx.execute(
      "UPDATE PATMST SET Email = @email, CellPh = @cell, ModUsr = 'PORTAL', ModDt = @now WHERE PatNo = @pat",
      {
        email: p.varchar(60, email),
        cell: p.char(10, cell),
        now: p.datetime(ctx.now()),
        pat: p.int(patient.PatNo),
      },
    );
    await tx.execute("UPDATE PORTAL_USER SET Email = @email WHERE PortalUserId = @id", {
      email: p.nvarchar(100, email === "" ? null : email),
      id: p.int(ctx.portal.portalUserId),
    });
  });
  return redirect("/Portal/Home.aspx?msg=SAVED");
}
