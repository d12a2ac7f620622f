/** Cancels an appointment with a reason (CX) or marks the patient as not come (NS). Blocked time is the one thing ever deleted. */

import {
  type Answer,
  button,
  codeList,
  dropDown,
  findCode,
  type Html,
  html,
  p,
  type PageContext,
  panel,
  redirect,
} from "../kit/index.ts";
import { type Appointment, dayViewUrl, findAppointment, isOpen, notFound } from "./appointment.ts";

export async function cancelForm(ctx: PageContext): Promise<Answer> {
  const appointment = await findAppointment(ctx.db, ctx.queryInt("aid") ?? 0);
  return appointment ? cancelPage(ctx, appointment, "") : notFound(ctx);
}

export async function cancelAppointment(ctx: PageContext): Promise<Answer> {
  const noShow = ctx.hasField("btnNoShow");
  const reason = ctx.field("ddlCxRsnCd").trim();
  const appointment = await findAppointment(ctx.db, ctx.queryInt("aid") ?? 0);
  if (!appointment) return notFound(ctx);
  if (!isOpen(appointment)) return cancelPage(ctx, appointment, "Appointment cannot be cancelled.");
  if (appointment.PatNo === null) {
    await ctx.db.execute("DELETE FROM tblAppointment WHERE ApptID = @aid AND PatNo IS NULL", {
      aid: p.int(appointment.ApptID),
    });
    return redirect(dayViewUrl(appointment));
  }
  if (!noShow && (reason === "" || !(await findCode(ctx.db, "CXRSN", reason)))) {
    return cancelPage(ctx, appointment, "Cancel reason is required.");
  }
  await ctx.db.execute(
    "UPDATE tblAppointment SET StatCd = @stat, CxRsnCd = @rsn, ModUsr = @usr, ModDt = @now WHERE ApptID = @aid",
    {
      stat: p.char(2, noShow ? "NS" : "CX"),
      rsn: p.char(2, noShow ? "" : reason),
      usr: p.char(8, ctx.user.usrId),
      now: p.datetime(ctx.now()),
      aid: p.int(appointment.ApptID),
    },
  );
  return redirect(dayViewUrl(appointment));
}

/** The form that posts here, for this page and for the appointment's. */
export async function cancelBoxes(ctx: PageContext, appointment: Appointment): Promise<Html> {
  const reasons = (await codeList(ctx.db, "CXRSN")).map((code) => ({ value: code.CodeVal, text: code.ShortDs }));
  const inner = html`Reason ${dropDown("ddlCxRsnCd", reasons, "", "(choose)")} ${button("btnCancelAppt", "Cancel Appointment")}
${appointment.PatNo === null ? "" : button("btnNoShow", "No Show")}`;
  return ctx.form(panel("Cancel", inner), {
    action: `/Sched/ApptCancel.aspx?aid=${appointment.ApptID}`,
    id: "frmCancel",
  });
}

async function cancelPage(ctx: PageContext, appointment: Appointment, error: string): Promise<Answer> {
  return ctx.page({ title: "Cancel Appointment", error, body: await cancelBoxes(ctx, appointment) });
}
