/**
 * Check-in at the desk: what usp_CheckIn did. Appointment (scheduling), visit (clinical) and copay (billing) are written in
 * one transaction; either all three are there or none.
 */

import {
  type Answer,
  button,
  compactDate,
  type Html,
  html,
  p,
  type PageContext,
  panel,
  redirect,
  type Sql,
  textBox,
  toMoney,
  usTime,
  wallMidnight,
} from "../kit/index.ts";
import { type Appointment, findAppointment, isOpen, notFound } from "./appointment.ts";

export async function checkInForm(ctx: PageContext): Promise<Answer> {
  const appointment = await findAppointment(ctx.db, ctx.queryInt("aid") ?? 0);
  return appointment ? checkInPage(ctx, appointment, "") : notFound(ctx);
}

export async function checkIn(ctx: PageContext): Promise<Answer> {
  const apptId = ctx.queryInt("aid") ?? 0;
  const copay = toMoney("txtCopay", ctx.field("txtCopay"));
  const appointment = await findAppointment(ctx.db, apptId);
  if (!appointment) return notFound(ctx);
  if (Number(copay) < 0) return checkInPage(ctx, appointment, "Copay cannot be negative.");
  const visit = await ctx.db.transaction((tx) => arrive(tx, ctx, apptId, copay));
  if (!visit) return checkInPage(ctx, appointment, "Patient cannot be checked in.");
  ctx.setCurrent(visit.patNo, visit.encNo);
  return redirect(`/Clin/Encounter.aspx?enc=${visit.encNo}`);
}

/** Undefined when the appointment is not one that can be checked in (any more). */
async function arrive(
  tx: Sql,
  ctx: PageContext,
  apptId: number,
  copay: string,
): Promise<{ patNo: number; encNo: number } | undefined> {
  const appointment = await findAppointment(tx, apptId, { lock: true });
  if (!appointment || appointment.PatNo === null || !isOpen(appointment)) return undefined;
  const who = { usr: p.char(8, ctx.user.usrId), now: p.datetime(ctx.now()) };
  const encNo = await tx.insertIdentity(
    `INSERT INTO ENCMST (PatNo, PatNm, ApptID, ProvID, LocCd, EncTyp, EncDt, RsnTx, CrtUsr, CrtDt, ModUsr, ModDt)
     VALUES (@pid, @nm, @aid, @prov, @loc, @typ, @now, @rsn, @usr, @now, @usr, @now)`,
    {
      ...who,
      pid: p.int(appointment.PatNo),
      nm: p.varchar(60, appointment.PatNm),
      aid: p.int(apptId),
      prov: p.char(8, appointment.ProvID),
      loc: p.char(4, appointment.LocCd),
      typ: p.char(4, appointment.ApTypCd === "TELE" ? "TELE" : "AMB"),
      rsn: p.varchar(200, appointment.RsnTx),
    },
  );
  await tx.execute(
    `UPDATE tblAppointment SET StatCd = 'CI', ChkInTm = @now, EncNo = @enc, ModUsr = @usr, ModDt = @now WHERE ApptID = @aid`,
    { ...who, enc: p.int(encNo), aid: p.int(apptId) },
  );
  if (Number(copay) > 0) {
    await tx.execute(
      `INSERT INTO PMTTRN (PatNo, EncNo, TrnTyp, Amt, TrnDt, PostDt, BatNo, PostUsr, Cmt)
       VALUES (@pid, @enc, 'CP', -CONVERT(money, @amt), @day, @now, @bat, @usr, 'COPAY AT CHECK-IN')`,
      {
        ...who,
        pid: p.int(appointment.PatNo),
        enc: p.int(encNo),
        amt: p.money(copay),
        day: p.datetime(wallMidnight(ctx.now())),
        bat: p.char(8, `CP${compactDate(ctx.now()).slice(2)}`),
      },
    );
  }
  return { patNo: appointment.PatNo, encNo };
}

/** The form that posts here, for this page and for the appointment's. */
export function checkInBoxes(ctx: PageContext, appointment: Appointment): Html {
  const inner = html`${usTime(appointment.ApptTm)} ${appointment.PatNm} &nbsp; Copay ${textBox("txtCopay", ctx.field("txtCopay"), { maxLength: 10, size: 8 })} ${button("btnCheckIn", "Check In")}`;
  return ctx.form(panel("Check in", inner), {
    action: `/Sched/CheckIn.aspx?aid=${appointment.ApptID}`,
    id: "frmCheckIn",
  });
}

function checkInPage(ctx: PageContext, appointment: Appointment, error: string): Promise<Answer> {
  return ctx.page({ title: "Check In", error, body: checkInBoxes(ctx, appointment) });
}
