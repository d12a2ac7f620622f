/**
 * One appointment: book it (no `aid`), change it, and from here cancel it or check the patient in. Last writer wins; only
 * the look into the provider's calendar stands between two desks.
 */

import { commit, rollBack, type WriteTransaction } from "@banyan/service-kit";
import {
  type Answer,
  asStored,
  parseTime,
  parseUsDate,
  redirect,
  usDate,
  wallMidnight,
} from "@banyan/service-kit/legacy";
import { insertAppointment, type StoreResult, updateAppointment } from "../booking/store-appointment.ts";
import { findAppointment } from "../store/appointments.ts";
import { findParties } from "../store/directory.ts";
import { dayViewUrl, notFound, openAppointment } from "./appointment-page.ts";
import { accessTo, actorOf, type ScheduleContext } from "./context.ts";
import { type Boxes, editPage } from "./edit-form.ts";
import { dayOf, type LegacyAppointment, legacyTerms, queryDate, settableCodes, statusOf, timeOf } from "./terms.ts";

export async function editAppointment(ctx: ScheduleContext): Promise<Answer> {
  const aid = ctx.queryInt("aid");
  if (aid === undefined) return editPage(ctx, undefined, newBoxes(ctx), "");
  const found = await openAppointment(ctx, aid);
  if (!found) return notFound(ctx);
  const appointment = legacyTerms(found);
  return editPage(ctx, appointment, boxesOf(appointment), "");
}

export async function saveAppointment(ctx: ScheduleContext): Promise<Answer> {
  const aid = ctx.queryInt("aid");
  const found = aid === undefined ? undefined : await findAppointment(ctx.store, aid);
  if (aid !== undefined && !found) return notFound(ctx);
  const shown = found && legacyTerms(found);
  const boxes = postedBoxes(ctx);
  const checked = await checkBoxes(ctx, boxes);
  if (typeof checked === "string") return editPage(ctx, shown, boxes, checked);
  const written = await ctx.write(async (tx) => {
    const stored = aid === undefined ? await book(tx, ctx, checked) : await change(tx, ctx, aid, checked);
    if (stored === undefined) return rollBack("gone", "not-found");
    return stored.kind === "stored" ? commit(true) : rollBack("taken", "slot-taken");
  });
  if (written.kind === "rolled-back") {
    return written.value === "gone" ? notFound(ctx) : editPage(ctx, shown, boxes, "SLOT TAKEN");
  }
  return redirect(`${dayViewUrl({ ApptDt: checked.day, ProvID: checked.provider, LocCd: checked.site })}&msg=SAVED`);
}

function newBoxes(ctx: ScheduleContext): Boxes {
  return {
    pid: ctx.query("pid") || String(ctx.session.CurPatNo ?? ""),
    prov: ctx.query("prov").trim() || (ctx.user.provider ? ctx.user.usrId : ""),
    loc: ctx.query("loc").trim() || ctx.session.LocCd,
    date: usDate(queryDate(ctx, "dt") ?? wallMidnight(ctx.now())),
    time: ctx.query("tm").trim(),
    minutes: "15",
    type: "FOLL",
    status: "SC",
    reason: "",
    overbook: false,
  };
}

function boxesOf(row: LegacyAppointment): Boxes {
  return {
    pid: row.PatNo === null ? "" : String(row.PatNo),
    prov: row.ProvID,
    loc: row.LocCd,
    date: usDate(row.ApptDt),
    time: row.ApptTm,
    minutes: String(row.DurMin),
    type: row.ApTypCd,
    status: row.StatCd,
    reason: row.RsnTx,
    overbook: row.OvrBkYN === "Y",
  };
}

function postedBoxes(ctx: ScheduleContext): Boxes {
  return {
    pid: ctx.field("txtPat").trim(),
    prov: ctx.field("ddlProv").trim(),
    loc: ctx.field("ddlLoc").trim(),
    date: ctx.field("txtDt").trim(),
    time: ctx.field("txtTm").trim(),
    minutes: ctx.field("txtDur").trim(),
    type: ctx.field("ddlType").trim(),
    status: ctx.field("ddlStat").trim(),
    reason: ctx.field("txtRsn").trim(),
    overbook: ctx.hasField("chkOvr"),
  };
}

type Checked = {
  readonly patientId: number | null;
  readonly provider: string;
  readonly site: string;
  /** Wall midnight. */
  readonly day: Date;
  /** HHMM */
  readonly time: string;
  readonly minutes: number;
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly overbook: boolean;
};

/** The boxes as values, or what is wrong with them. Without a patient it is blocked time. */
async function checkBoxes(ctx: ScheduleContext, boxes: Boxes): Promise<Checked | string> {
  const day = parseUsDate(boxes.date);
  const time = parseTime(boxes.time);
  const minutes = /^\d{1,3}$/.test(boxes.minutes) ? Number(boxes.minutes) : 0;
  if (!day) return "Date must be MM/DD/YYYY.";
  if (!time) return "Time must be HHMM.";
  if (minutes < 5 || minutes > 600) return "Duration must be 5 to 600 minutes.";
  if (boxes.prov === "" || boxes.loc === "") return "Provider and site are required.";
  if (boxes.pid === "" && boxes.type !== "BLCK") return "Patient is required.";
  if (boxes.pid !== "" && !/^\d{1,9}$/.test(boxes.pid)) return "Patient not found.";
  const patientId = boxes.pid === "" ? null : Number(boxes.pid);
  const named = { patientId, provider: boxes.prov.slice(0, 9) };
  const { patient, provider } = await findParties(ctx.store, named, { activeOnly: false });
  if (patientId !== null && !patient) return "Patient not found.";
  if (provider === null) return "Provider not found.";
  const { loc, type, status, reason, overbook } = boxes;
  return { patientId, provider, site: loc.slice(0, 4), day, time, minutes, type, status, reason, overbook };
}

function book(tx: WriteTransaction, ctx: ScheduleContext, checked: Checked): Promise<StoreResult> {
  const { patientId, provider, site } = checked;
  tx.require({ action: "appointment.book", site, ...(patientId === null ? {} : { patient: { id: patientId } }) });
  return insertAppointment(
    tx,
    { ...placeOf(checked), patientId, provider, status: "scheduled", bookedThrough: "desk" },
    actorOf(ctx),
  );
}

async function change(
  tx: WriteTransaction,
  ctx: ScheduleContext,
  aid: number,
  checked: Checked,
): Promise<StoreResult | undefined> {
  const before = await findAppointment(tx.db, aid, { lock: true });
  if (!before) {
    tx.require({ action: "appointment.edit", object: { type: "Appointment", id: aid } });
    return undefined;
  }
  tx.require(accessTo(before, "appointment.edit"));
  const settable = settableCodes(legacyTerms(before).StatCd);
  const status = settable.includes(checked.status) ? statusOf(checked.status) : before.status;
  return updateAppointment(tx, before, { ...placeOf(checked), provider: checked.provider, status }, actorOf(ctx));
}

/** When, where and what for, as the table keeps it. */
function placeOf({ site, day, time, minutes, type, reason, overbook }: Checked) {
  return {
    site: asStored(site, 4),
    day: dayOf(day),
    time: timeOf(time),
    minutes,
    visitType: asStored(type, 4) || null,
    reason: asStored(reason, 100) || null,
    overbooked: overbook,
  };
}
