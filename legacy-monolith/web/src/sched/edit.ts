/**
 * One appointment: book it (no `aid`), change it, and from here cancel it or check the patient in. Last writer wins; only
 * the trigger's overlap check stands between two desks.
 */

import {
  type Answer,
  button,
  checkBox,
  codeList,
  details,
  dropDown,
  hidden,
  type Html,
  html,
  type Option,
  p,
  type PageContext,
  panel,
  parseTime,
  parseUsDate,
  redirect,
  textBox,
  usDate,
  usDateTime,
  wallMidnight,
} from "../kit/index.ts";
import {
  type Appointment,
  dayViewUrl,
  findAppointment,
  isOpen,
  isSlotTaken,
  notFound,
  queryDate,
} from "./appointment.ts";
import { cancelBoxes } from "./cancel.ts";
import { checkInBoxes } from "./check-in.ts";
import { bookAppointment } from "./service.ts";

type Boxes = {
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

export async function editAppointment(ctx: PageContext): Promise<Answer> {
  const aid = ctx.queryInt("aid");
  if (aid === undefined) return editPage(ctx, undefined, newBoxes(ctx), "");
  const appointment = await findAppointment(ctx.db, aid);
  return appointment ? editPage(ctx, appointment, boxesOf(appointment), "") : notFound(ctx);
}

export async function saveAppointment(ctx: PageContext): Promise<Answer> {
  const aid = ctx.queryInt("aid");
  const appointment = aid === undefined ? undefined : await findAppointment(ctx.db, aid);
  if (aid !== undefined && !appointment) return notFound(ctx);
  const boxes = postedBoxes(ctx);
  const checked = await checkBoxes(ctx, boxes);
  if (typeof checked === "string") return editPage(ctx, appointment, boxes, checked);
  try {
    if (appointment) await update(ctx, appointment, checked);
    else await bookAppointment(ctx, { ...checked, patNo: checked.patNo });
  } catch (error) {
    if (isSlotTaken(error)) return editPage(ctx, appointment, boxes, "SLOT TAKEN");
    throw error;
  }
  return redirect(`${dayViewUrl({ ApptDt: checked.day, ProvID: checked.prov, LocCd: checked.loc })}&msg=SAVED`);
}

function newBoxes(ctx: PageContext): Boxes {
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

function boxesOf(row: Appointment): Boxes {
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

function postedBoxes(ctx: PageContext): Boxes {
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
  patNo: number | null;
  prov: string;
  loc: string;
  day: Date;
  time: string;
  minutes: number;
  type: string;
  status: string;
  reason: string;
  overbook: boolean;
};

/** The boxes as values, or what is wrong with them. Without a patient it is blocked time. */
async function checkBoxes(ctx: PageContext, boxes: Boxes): Promise<Checked | string> {
  const day = parseUsDate(boxes.date);
  const time = parseTime(boxes.time);
  const minutes = /^\d{1,3}$/.test(boxes.minutes) ? Number(boxes.minutes) : 0;
  if (!day) return "Date must be MM/DD/YYYY.";
  if (!time) return "Time must be HHMM.";
  if (minutes < 5 || minutes > 600) return "Duration must be 5 to 600 minutes.";
  if (boxes.prov === "" || boxes.loc === "") return "Provider and site are required.";
  if (boxes.pid === "" && boxes.type !== "BLCK") return "Patient is required.";
  if (boxes.pid !== "" && !/^\d{1,9}$/.test(boxes.pid)) return "Patient not found.";
  const patNo = boxes.pid === "" ? null : Number(boxes.pid);
  if (patNo !== null) {
    const patient = await ctx.db.first(
      "SELECT PatNo FROM PATMST WHERE PatNo = @pid AND DelYN <> 'Y' AND MrgToPat IS NULL",
      { pid: p.int(patNo) },
    );
    if (!patient) return "Patient not found.";
  }
  const provider = await ctx.db.first<{ UsrID: string }>(
    "SELECT UsrID FROM USRMST WHERE UsrID = @prov AND ProvYN = 'Y'",
    { prov: p.varchar(9, boxes.prov) },
  );
  if (!provider) return "Provider not found.";
  const { loc, type, status, reason, overbook } = boxes;
  return { patNo, prov: provider.UsrID, loc: loc.slice(0, 4), day, time, minutes, type, status, reason, overbook };
}

/** Statuses a desk may set by hand; the others come from check-in, cancelling and the visit. */
function settable(current: string): readonly string[] {
  if (["SC", "CF"].includes(current)) return ["SC", "CF"];
  return ["CI", "RM"].includes(current) ? ["CI", "RM"] : [current];
}

async function update(ctx: PageContext, appointment: Appointment, checked: Checked): Promise<void> {
  const status = settable(appointment.StatCd).includes(checked.status) ? checked.status : appointment.StatCd;
  await ctx.db.execute(
    `UPDATE tblAppointment SET ProvID = @prov, LocCd = @loc, ApptDt = @dt, ApptTm = @tm, DurMin = @dur, ApTypCd = @type,
       StatCd = @stat, RsnTx = @rsn, OvrBkYN = @ovr, ModUsr = @usr, ModDt = @now WHERE ApptID = @aid`,
    {
      prov: p.char(8, checked.prov),
      loc: p.char(4, checked.loc),
      dt: p.datetime(checked.day),
      tm: p.char(4, checked.time),
      dur: p.smallint(checked.minutes),
      type: p.char(4, checked.type),
      stat: p.char(2, status),
      rsn: p.varchar(100, checked.reason),
      ovr: p.char(1, checked.overbook ? "Y" : "N"),
      usr: p.char(8, ctx.user.usrId),
      now: p.datetime(ctx.now()),
      aid: p.int(appointment.ApptID),
    },
  );
}

async function editPage(
  ctx: PageContext,
  appointment: Appointment | undefined,
  boxes: Boxes,
  error: string,
): Promise<Answer> {
  const action = appointment ? `/Sched/ApptEdit.aspx?aid=${appointment.ApptID}` : "/Sched/ApptEdit.aspx";
  const form = ctx.form(
    panel("Appointment", html`${await fieldTable(ctx, appointment, boxes)}${button("btnSave", "Save")}`),
    {
      action,
    },
  );
  const open = appointment && isOpen(appointment) ? appointment : undefined;
  const side = html`${open?.PatNo ? checkInBoxes(ctx, open) : ""}${open ? await cancelBoxes(ctx, open) : ""}`;
  return ctx.page({
    title: appointment ? "Edit Appointment" : "New Appointment",
    error,
    body: html`<table class="cols" cellspacing="0"><tr><td class="col">${form}</td><td class="col">${side}</td></tr></table>`,
  });
}

async function fieldTable(ctx: PageContext, appointment: Appointment | undefined, boxes: Boxes): Promise<Html> {
  const providers = await ctx.db.query<{ UsrID: string; UsrNm: string }>(
    "SELECT UsrID, UsrNm FROM USRMST WHERE ProvYN = 'Y' AND ActvYN = 'Y' ORDER BY UsrNm, UsrID",
  );
  const sites = await ctx.db.query<{ LocCd: string; LocNm: string }>(
    "SELECT LocCd, LocNm FROM CLINLOC WHERE ActvYN = 'Y' ORDER BY LocNm, LocCd",
  );
  const types = await codeList(ctx.db, "APTYPE");
  const statuses = await codeList(ctx.db, "APSTAT");
  const allowed = settable(boxes.status);
  const options = (rows: readonly { CodeVal: string; ShortDs: string }[]): Option[] =>
    rows.map((row) => ({ value: row.CodeVal, text: row.ShortDs }));
  const patient: [string, Html | string] = appointment
    ? ["Patient", html`${hidden("txtPat", boxes.pid)}${appointment.PatNm} ${appointment.MRN} ${appointment.PatPhone}`]
    : ["Patient no.", textBox("txtPat", boxes.pid, { maxLength: 9, size: 10 })];
  return details([
    patient,
    [
      "Provider",
      dropDown(
        "ddlProv",
        providers.map((row) => ({ value: row.UsrID, text: row.UsrNm })),
        boxes.prov,
      ),
    ],
    [
      "Site",
      dropDown(
        "ddlLoc",
        sites.map((row) => ({ value: row.LocCd, text: row.LocNm })),
        boxes.loc,
      ),
    ],
    ["Date", textBox("txtDt", boxes.date, { maxLength: 10, size: 11 })],
    ["Time", textBox("txtTm", boxes.time, { maxLength: 8, size: 6 })],
    ["Minutes", textBox("txtDur", boxes.minutes, { maxLength: 3, size: 4 })],
    ["Type", dropDown("ddlType", options(types), boxes.type)],
    ["Status", dropDown("ddlStat", options(statuses.filter((row) => allowed.includes(row.CodeVal))), boxes.status)],
    ["Reason", textBox("txtRsn", boxes.reason, { maxLength: 100, size: 50 })],
    ["", checkBox("chkOvr", boxes.overbook, "Overbook")],
    ["Checked in", usDateTime(appointment?.ChkInTm)],
    [
      "Visit",
      appointment?.EncNo ? html`<a href="/Clin/Encounter.aspx?enc=${appointment.EncNo}">${appointment.EncNo}</a>` : "",
    ],
  ]);
}
