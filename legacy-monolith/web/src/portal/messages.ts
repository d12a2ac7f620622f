/**
 * Messages between a patient and the practice. Opening one is a post (it marks it read) that leads to a GET which only
 * shows. A refill request is a message too, and sets RXMST.RefReqYN for the prescriber's list.
 */

import { randomUUID } from "node:crypto";
import {
  type Answer,
  button,
  dropDown,
  eventTarget,
  grid,
  html,
  p,
  type Page,
  type PageContext,
  panel,
  postBackLink,
  redirect,
  type Sql,
  textArea,
  textBox,
  usDateTime,
} from "../kit/index.ts";
import { messageCharsMax } from "../limits.ts";
import { type PortalPatient, whoseRecord, withPortalPatient } from "./portal-patient.ts";

const path = "/Portal/Messages.aspx";

export const messagesPage: Page = {
  path,
  module: "portal",
  kind: "html",
  access: "portal",
  get: (ctx) => withPortalPatient(ctx, (patient) => show(ctx, patient)),
  post: (ctx) => withPortalPatient(ctx, (patient) => post(ctx, patient)),
};

type MessageRow = {
  readonly MsgId: string;
  readonly FromType: string;
  readonly FromId: string;
  readonly MsgType: string;
  readonly Subject: string;
  readonly Body: string | null;
  readonly RefKey: string;
  readonly IsRead: boolean;
  readonly SentOn: Date;
};

const guid = /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/i;

async function show(ctx: PageContext, patient: PortalPatient, error?: string): Promise<Answer> {
  const rows = await ctx.db.query<MessageRow>(
    `SELECT TOP (200) MsgId, FromType, FromId, MsgType, Subject, Body, RefKey, IsRead, SentOn FROM PORTAL_MSG
     WHERE PatNo = @pat AND IsDeleted = 0 ORDER BY SentOn DESC, MsgId`,
    { pat: p.int(patient.PatNo) },
  );
  const opened = rows.find((row) => row.MsgId.toLowerCase() === ctx.query("id").toLowerCase());
  const list = grid({
    id: "gv",
    columns: [{ header: "Date" }, { header: "From" }, { header: "Subject" }, { header: "" }, { header: "" }],
    rows: rows.map((row) => [
      usDateTime(row.SentOn),
      row.FromType === "P" ? "Me" : "Clinic",
      row.FromType === "P" || row.IsRead ? row.Subject : html`<b>${row.Subject}</b>`,
      postBackLink("gv", `Open$${row.MsgId}`, "Open"),
      postBackLink("gv", `Delete$${row.MsgId}`, "Delete"),
    ]),
    empty: "No messages.",
  });
  const body = html`${await whoseRecord(ctx, patient)}
${
  opened
    ? panel(
        opened.Subject,
        html`<p>${usDateTime(opened.SentOn)}</p><pre class="note">${opened.Body ?? ""}</pre>${
          opened.MsgType === "RSLT"
            ? html`<p><a href="/Portal/MyResults.aspx?ord=${opened.RefKey}">See the result</a></p>`
            : ""
        }`,
      )
    : ""
}
${ctx.form(html`${panel("Messages", list)}${await composePanels(ctx, patient)}`, { action: path })}`;
  return ctx.page({ title: "Messages", body, ...(error === undefined ? {} : { error }) });
}

async function composePanels(ctx: PageContext, patient: PortalPatient) {
  const prescriptions = await ctx.db.query<{ RxNo: number; DrugNm: string }>(
    `SELECT RxNo, DrugNm FROM RXMST WHERE PatNo = @pat AND StatCd = 'A' AND RefReqYN <> 'Y' ORDER BY DrugNm, RxNo`,
    { pat: p.int(patient.PatNo) },
  );
  const choices = prescriptions.map((row) => ({ value: String(row.RxNo), text: `${row.DrugNm} (Rx ${row.RxNo})` }));
  return html`${panel(
    "Write to the clinic",
    html`Subject ${textBox("txtSubj", ctx.field("txtSubj"), { size: 60, maxLength: 150 })}<br />
${textArea("txtBody", ctx.field("txtBody"), { rows: 6, cols: 80 })}<br />${button("btnSend", "Send")}`,
  )}${panel(
    "Request a refill",
    choices.length === 0
      ? html`<p>No active prescriptions.</p>`
      : html`${dropDown("ddlRx", choices, ctx.field("ddlRx"), "- choose -")} ${button("btnRefill", "Request refill")}`,
  )}`;
}

async function post(ctx: PageContext, patient: PortalPatient): Promise<Answer> {
  const command = /^(Open|Delete)\$(.+)$/.exec(ctx.rawField("__EVENTARGUMENT"));
  if (eventTarget(ctx) === "gv" && command && guid.test(command[2] ?? "")) {
    return touchMessage(ctx, patient, { msgId: command[2] ?? "", remove: command[1] === "Delete" });
  }
  const error = ctx.hasField("btnRefill") ? await refillRequest(ctx, patient) : await sendMessage(ctx, patient);
  return error === undefined
    ? redirect(`${path}?msg=${ctx.hasField("btnRefill") ? "REQUESTED" : "MSGSENT"}`)
    : show(ctx, patient, error);
}

async function touchMessage(
  ctx: PageContext,
  patient: PortalPatient,
  { msgId, remove }: { msgId: string; remove: boolean },
): Promise<Answer> {
  const of = { id: p.guid(msgId), pat: p.int(patient.PatNo) };
  if (remove) {
    await ctx.db.execute("UPDATE PORTAL_MSG SET IsDeleted = 1 WHERE MsgId = @id AND PatNo = @pat", of);
    return redirect(path);
  }
  // Only what came from the clinic is the patient's to mark: IsRead of his own messages tells whether the clinic has read them.
  await ctx.db.execute("UPDATE PORTAL_MSG SET IsRead = 1 WHERE MsgId = @id AND PatNo = @pat AND FromType <> 'P'", of);
  return redirect(`${path}?id=${msgId}`);
}

async function sendMessage(ctx: PageContext, patient: PortalPatient): Promise<string | undefined> {
  const subject = ctx.field("txtSubj").trim();
  const body = ctx.field("txtBody").trim();
  if (subject === "") return "Please enter a subject.";
  if (subject.length > 150) return "The subject is too long.";
  if (body === "") return "Please enter a message.";
  if (body.length > messageCharsMax) return `Please keep the message below ${messageCharsMax} characters.`;
  await insertMessage(ctx.db, ctx, { patient, type: "GENQ", toId: patient.PCPID, subject, body, refKey: "" });
  return undefined;
}

/** @returns the refusal, or undefined when the request is made. */
async function refillRequest(ctx: PageContext, patient: PortalPatient): Promise<string | undefined> {
  const asked = ctx.field("ddlRx").trim();
  if (!/^\d{1,9}$/.test(asked)) return "Please choose a prescription.";
  return ctx.db.transaction(async (tx) => {
    const rx = await tx.first<{ RxNo: number; DrugNm: string; ProvID: string; RefReqYN: string }>(
      "SELECT RxNo, DrugNm, ProvID, RefReqYN FROM RXMST WITH (UPDLOCK) WHERE RxNo = @rx AND PatNo = @pat AND StatCd = 'A'",
      { rx: p.int(Number(asked)), pat: p.int(patient.PatNo) },
    );
    if (!rx) return "Prescription not found.";
    if (rx.RefReqYN === "Y") return "A refill was already requested.";
    await tx.execute("UPDATE RXMST SET RefReqYN = 'Y', ModUsr = 'PORTAL', ModDt = @now WHERE RxNo = @rx", {
      now: p.datetime(ctx.now()),
      rx: p.int(rx.RxNo),
    });
    const subject = `Refill request: ${rx.DrugNm}`.slice(0, 150);
    const body = ctx.field("txtBody").trim().slice(0, messageCharsMax);
    await insertMessage(tx, ctx, { patient, type: "RXRF", toId: rx.ProvID, subject, body, refKey: String(rx.RxNo) });
    return undefined;
  });
}

async function insertMessage(
  sql: Sql,
  ctx: PageContext,
  message: {
    patient: PortalPatient;
    type: "GENQ" | "RXRF";
    toId: string;
    subject: string;
    body: string;
    refKey: string;
  },
): Promise<void> {
  await sql.execute(
    `INSERT INTO PORTAL_MSG (ThreadId, PatNo, FromType, FromId, ToId, MsgType, Subject, Body, RefKey, SentOn)
     VALUES (@thread, @pat, 'P', @from, @to, @typ, @subject, @body, @key, @now)`,
    {
      thread: p.guid(randomUUID()),
      pat: p.int(message.patient.PatNo),
      from: p.varchar(20, String(ctx.portal.portalUserId)),
      to: p.varchar(20, message.toId),
      typ: p.char(4, message.type),
      subject: p.nvarchar(150, message.subject),
      body: p.ntext(message.body),
      key: p.varchar(20, message.refKey),
      now: p.datetime(ctx.now()),
    },
  );
}
