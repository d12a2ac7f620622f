/**
 * Row 37: a patient's refill request. The one page whose GET writes: opening it marks the request as read. Approving adds
 * a refill and queues the pharmacy's message again; either way the patient is told in the portal.
 */

import { randomUUID } from "node:crypto";
import {
  type Answer,
  button,
  details,
  type Html,
  html,
  openPatient,
  p,
  type Page,
  type PageContext,
  panel,
  redirect,
  type Sql,
  textBox,
  usDate,
  usDateTime,
} from "../kit/index.ts";
import { findPrescription, type Prescription } from "./prescription-record.ts";

const title = "Refill Request";

type Request = {
  readonly MsgId: string;
  readonly ThreadId: string;
  readonly Body: string | null;
  readonly SentOn: Date;
};

export const rxRefillPage: Page = {
  path: "/Rx/RxRefill.aspx",
  module: "rx",
  kind: "html",
  access: ["NURS", "PHYS"],
  get: (ctx) =>
    withPrescription(ctx, async (rx) => {
      await ctx.db.execute(
        "UPDATE PORTAL_MSG SET IsRead = 1 WHERE MsgType = 'RXRF' AND RefKey = @key AND FromType = 'P' AND IsRead = 0",
        { key: p.varchar(20, String(rx.RxNo)) },
      );
      return show(ctx, rx);
    }),
  post: (ctx) => withPrescription(ctx, (rx) => post(ctx, rx)),
};

async function withPrescription(ctx: PageContext, then: (rx: Prescription) => Promise<Answer>): Promise<Answer> {
  const rxNo = ctx.queryInt("rx");
  const rx = rxNo === undefined ? undefined : await findPrescription(ctx.db, rxNo);
  if (!rx) return ctx.page({ title, body: html``, error: "Prescription not found." });
  const opened = await openPatient(ctx, { pid: rx.PatNo });
  return opened.kind === "answer" ? opened.answer : then(rx);
}

/** The latest request of a prescription. */
function findRequest(sql: Sql, rxNo: number): Promise<Request | undefined> {
  return sql.first<Request>(
    `SELECT TOP (1) MsgId, ThreadId, Body, SentOn FROM PORTAL_MSG
     WHERE MsgType = 'RXRF' AND RefKey = @key AND FromType = 'P' AND IsDeleted = 0 ORDER BY SentOn DESC`,
    { key: p.varchar(20, String(rxNo)) },
  );
}

async function show(ctx: PageContext, rx: Prescription, error?: string): Promise<Answer> {
  const request = await findRequest(ctx.db, rx.RxNo);
  const body = ctx.form(refillForm(ctx, rx, request));
  return ctx.page({ title, body, ...(error === undefined ? {} : { error }) });
}

function refillForm(ctx: PageContext, rx: Prescription, request: Request | undefined): Html {
  const actions =
    rx.RefReqYN === "Y"
      ? html`<div class="btns">Refills to add ${textBox("txtRef", ctx.field("txtRef") || "1", { size: 3, maxLength: 2 })}
Note to patient ${textBox("txtNote", ctx.field("txtNote"), { size: 50, maxLength: 200 })}
${button("btnApprove", "Approve")} ${button("btnDeny", "Deny")}</div>`
      : html`<p>There is no open refill request for this prescription.</p>`;
  return panel(
    `Rx ${rx.RxNo}`,
    html`${details([
      ["Drug", `${rx.DrugNm} ${rx.StrTx}`.trim()],
      ["Sig", rx.SigTx],
      ["Quantity", rx.QtyTx],
      ["Refills", `${rx.RefUsed} of ${rx.RefAuth} used`],
      ["Start", usDate(rx.StartDt)],
      ["Prescriber", rx.ProvNm ?? rx.ProvID],
      ["Requested", request ? usDateTime(request.SentOn) : ""],
      ["Message", request?.Body ?? ""],
    ])}${actions}`,
  );
}

async function post(ctx: PageContext, rx: Prescription): Promise<Answer> {
  const approve = ctx.hasField("btnApprove");
  if (!approve && !ctx.hasField("btnDeny")) return show(ctx, rx);
  const refills = /^\d{1,2}$/.test(ctx.field("txtRef").trim()) ? Number(ctx.field("txtRef")) : Number.NaN;
  const refusal = refillRefusal(ctx, rx, { approve, refills });
  if (refusal !== undefined) return show(ctx, rx, refusal);
  const done = await ctx.db.transaction((tx) => answerRequest(tx, ctx, { rx, approve, refills }));
  if (!done) return show(ctx, rx, "The request was already answered.");
  return redirect(`/Default.aspx?msg=${approve ? "REFILLED" : "DENIED"}`);
}

function refillRefusal(
  ctx: PageContext,
  rx: Prescription,
  { approve, refills }: { approve: boolean; refills: number },
): string | undefined {
  if (rx.RefReqYN !== "Y") return "The request was already answered.";
  if (!approve) return undefined;
  if (!ctx.user.provider) return "Only a provider may approve a refill.";
  if (!(refills >= 1 && refills <= 11)) return "Refills must be between 1 and 11.";
  if (rx.CtrlCl === "2") return "A schedule II substance can not be refilled.";
  if (rx.RefAuth + refills > 255) return "Too many refills.";
  return undefined;
}

/** @returns false when somebody else has answered meanwhile. */
async function answerRequest(
  tx: Sql,
  ctx: PageContext,
  { rx, approve, refills }: { rx: Prescription; approve: boolean; refills: number },
): Promise<boolean> {
  const key = String(rx.RxNo);
  const controlled = rx.CtrlCl !== "";
  const queue = approve && !controlled && rx.PhrmCd !== "";
  const open = await tx.first("SELECT RxNo FROM RXMST WITH (UPDLOCK) WHERE RxNo = @rx AND RefReqYN = 'Y'", {
    rx: p.int(rx.RxNo),
  });
  if (!open) return false;
  await tx.execute(
    `UPDATE RXMST SET RefReqYN = 'N', RefAuth = RefAuth + @add, SentCd = CASE WHEN @queue = 1 THEN 'Q' ELSE SentCd END,
       ModUsr = @usr, ModDt = @now WHERE RxNo = @rx`,
    {
      add: p.int(approve ? refills : 0),
      queue: p.int(queue ? 1 : 0),
      usr: p.char(8, ctx.user.usrId),
      now: p.datetime(ctx.now()),
      rx: p.int(rx.RxNo),
    },
  );
  if (queue) {
    await tx.execute(
      "INSERT INTO IFCMSG (DirCd, MsgTyp, RefTyp, RefKey, MsgTx, CrtDt) VALUES ('O', 'NEWRX', 'RX', @key, @msg, @now)",
      {
        key: p.varchar(20, key),
        msg: p.text(`REFILL|${key}|${rx.DrugCd}|${refills}`),
        now: p.datetime(ctx.now()),
      },
    );
  }
  const request = await findRequest(tx, rx.RxNo);
  const note = ctx.field("txtNote").trim().slice(0, 200);
  const verdict = approve ? `approved with ${refills} refill(s)` : "denied";
  await tx.execute(
    `INSERT INTO PORTAL_MSG (ThreadId, PatNo, FromType, FromId, ToId, MsgType, Subject, Body, RefKey, SentOn)
     VALUES (@thread, @pat, 'U', @usr, @to, 'RXRF', @subject, @body, @key, @now)`,
    {
      thread: p.guid(request?.ThreadId ?? randomUUID()),
      pat: p.int(rx.PatNo),
      usr: p.varchar(20, ctx.user.usrId),
      to: p.varchar(20, String(rx.PatNo)),
      subject: p.nvarchar(150, `Refill ${approve ? "approved" : "denied"}: ${rx.DrugNm}`),
      body: p.ntext(`Your refill request was ${verdict}.${note === "" ? "" : `\r\n${note}`}`),
      key: p.varchar(20, key),
      now: p.datetime(ctx.now()),
    },
  );
  await tx.execute(
    "UPDATE PORTAL_MSG SET IsRead = 1 WHERE MsgType = 'RXRF' AND RefKey = @key AND FromType = 'P' AND IsRead = 0",
    { key: p.varchar(20, key) },
  );
  return true;
}
