/** Cancels an appointment with a reason (CX) or marks the patient as not come (NS). Blocked time is the one thing ever deleted. */

import { commit, rollBack, type WriteTransaction } from "@banyan/service-kit";
import { type Answer, button, dropDown, type Html, html, panel, redirect } from "@banyan/service-kit/legacy";
import { deleteAppointment, updateAppointment } from "../booking/store-appointment.ts";
import { type Appointment, isOpen } from "../domain/appointment.ts";
import { findAppointment } from "../store/appointments.ts";
import { findCode, listCodes } from "../store/directory.ts";
import { dayViewUrl, notFound, openAppointment } from "./appointment-page.ts";
import { accessTo, actorOf, type ScheduleContext } from "./context.ts";
import { type LegacyAppointment, legacyTerms } from "./terms.ts";

export async function cancelForm(ctx: ScheduleContext): Promise<Answer> {
  const appointment = await openAppointment(ctx, ctx.queryInt("aid") ?? 0);
  return appointment ? cancelPage(ctx, legacyTerms(appointment), "") : notFound(ctx);
}

const notOpen = "Appointment cannot be cancelled.";
const noReason = "Cancel reason is required.";

export async function cancelAppointment(ctx: ScheduleContext): Promise<Answer> {
  const id = ctx.queryInt("aid") ?? 0;
  const noShow = ctx.hasField("btnNoShow");
  const reason = ctx.field("ddlCxRsnCd").trim();
  const found = await findAppointment(ctx.store, id);
  if (!found) return notFound(ctx);
  const written = await ctx.write(async (tx) => {
    const appointment = await findAppointment(tx.db, id, { lock: true });
    tx.require(accessTo(appointment ?? found, "appointment.cancel"));
    if (!appointment) return rollBack("gone", "not-found");
    if (!isOpen(appointment.status)) return rollBack(notOpen, "not-open");
    if (appointment.patientId === null) {
      tx.require(accessTo(appointment, "blocked-time.release"));
      await deleteAppointment(tx, appointment);
      return commit(true);
    }
    if (!noShow && !(await isReason(tx, reason))) return rollBack(noReason, "no-reason");
    await close(tx, appointment, noShow ? null : reason.slice(0, 2), ctx);
    return commit(true);
  });
  const shown = legacyTerms(found);
  if (written.kind === "done") return redirect(dayViewUrl(shown));
  return written.value === "gone" ? notFound(ctx) : cancelPage(ctx, shown, written.value);
}

const isReason = async (tx: WriteTransaction, reason: string): Promise<boolean> =>
  reason !== "" && (await findCode(tx.db, "CXRSN", reason.slice(0, 18))) !== undefined;

/** @param reason null: the patient did not come. */
async function close(
  tx: WriteTransaction,
  appointment: Appointment,
  reason: string | null,
  ctx: ScheduleContext,
): Promise<void> {
  const status = reason === null ? "no-show" : "cancelled";
  await updateAppointment(tx, appointment, { status, cancelReason: reason }, actorOf(ctx));
}

/** The form that posts here, for this page and for the appointment's. */
export async function cancelBoxes(ctx: ScheduleContext, appointment: LegacyAppointment): Promise<Html> {
  const reasons = (await listCodes(ctx.store, "CXRSN")).map(({ code, display }) => ({ value: code, text: display }));
  const inner = html`Reason ${dropDown("ddlCxRsnCd", reasons, "", "(choose)")} ${button("btnCancelAppt", "Cancel Appointment")}
${appointment.PatNo === null ? "" : button("btnNoShow", "No Show")}`;
  return ctx.form(panel("Cancel", inner), {
    action: `/Sched/ApptCancel.aspx?aid=${appointment.ApptID}`,
    id: "frmCancel",
  });
}

async function cancelPage(ctx: ScheduleContext, appointment: LegacyAppointment, error: string): Promise<Answer> {
  return ctx.page({ title: "Cancel Appointment", error, body: await cancelBoxes(ctx, appointment) });
}
