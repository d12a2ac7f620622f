/** The page around one appointment: its fields, and beside them check-in and cancelling while it is open. */

import {
  type Answer,
  button,
  checkBox,
  details,
  dropDown,
  hidden,
  type Html,
  html,
  type Option,
  panel,
  textBox,
  usDateTime,
} from "@banyan/service-kit/legacy";
import { type Code, listCodes, listProviders, listSites } from "../store/directory.ts";
import { cancelBoxes } from "./cancel.ts";
import { checkInBoxes } from "./check-in-form.ts";
import type { ScheduleContext } from "./context.ts";
import { type LegacyAppointment, settableCodes } from "./terms.ts";

/** What stands in the boxes of the form. */
export type Boxes = {
  readonly pid: string;
  readonly prov: string;
  readonly loc: string;
  readonly date: string;
  readonly time: string;
  readonly minutes: string;
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly overbook: boolean;
};

export async function editPage(
  ctx: ScheduleContext,
  appointment: LegacyAppointment | undefined,
  boxes: Boxes,
  error: string,
): Promise<Answer> {
  const action = appointment ? `/Sched/ApptEdit.aspx?aid=${appointment.ApptID}` : "/Sched/ApptEdit.aspx";
  const form = ctx.form(
    panel("Appointment", html`${await fieldTable(ctx, appointment, boxes)}${button("btnSave", "Save")}`),
    { action },
  );
  const open = appointment && ["SC", "CF"].includes(appointment.StatCd) ? appointment : undefined;
  const side = html`${open?.PatNo ? checkInBoxes(ctx, open) : ""}${open ? await cancelBoxes(ctx, open) : ""}`;
  return ctx.page({
    title: appointment ? "Edit Appointment" : "New Appointment",
    error,
    body: html`<table class="cols" cellspacing="0"><tr><td class="col">${form}</td><td class="col">${side}</td></tr></table>`,
  });
}

async function fieldTable(
  ctx: ScheduleContext,
  appointment: LegacyAppointment | undefined,
  boxes: Boxes,
): Promise<Html> {
  const providers = await listProviders(ctx.store, { activeOnly: true });
  const sites = await listSites(ctx.store);
  const types = await listCodes(ctx.store, "APTYPE");
  const statuses = await listCodes(ctx.store, "APSTAT");
  const allowed = settableCodes(boxes.status);
  const patient: [string, Html | string] = appointment
    ? ["Patient", html`${hidden("txtPat", boxes.pid)}${appointment.PatNm} ${appointment.MRN} ${appointment.PatPhone}`]
    : ["Patient no.", textBox("txtPat", boxes.pid, { maxLength: 9, size: 10 })];
  const providerOptions = providers.map(({ id, name }) => ({ value: id, text: name }));
  const siteOptions = sites.map(({ code, name }) => ({ value: code, text: name }));
  return details([
    patient,
    ["Provider", dropDown("ddlProv", providerOptions, boxes.prov)],
    ["Site", dropDown("ddlLoc", siteOptions, boxes.loc)],
    ["Date", textBox("txtDt", boxes.date, { maxLength: 10, size: 11 })],
    ["Time", textBox("txtTm", boxes.time, { maxLength: 8, size: 6 })],
    ["Minutes", textBox("txtDur", boxes.minutes, { maxLength: 3, size: 4 })],
    ["Type", dropDown("ddlType", optionsOf(types), boxes.type)],
    ["Status", dropDown("ddlStat", optionsOf(statuses.filter(({ code }) => allowed.includes(code))), boxes.status)],
    ["Reason", textBox("txtRsn", boxes.reason, { maxLength: 100, size: 50 })],
    ["", checkBox("chkOvr", boxes.overbook, "Overbook")],
    ["Checked in", usDateTime(appointment?.ChkInTm)],
    [
      "Visit",
      appointment?.EncNo ? html`<a href="/Clin/Encounter.aspx?enc=${appointment.EncNo}">${appointment.EncNo}</a>` : "",
    ],
  ]);
}

const optionsOf = (codes: readonly Code[]): Option[] =>
  codes.map(({ code, display }) => ({ value: code, text: display }));
