/** `ScheduleService.asmx`: what the day grid's scripts and the phone room's client call. */

import {
  addDays,
  type AsmxService,
  p,
  type PageContext,
  parseTime,
  parseUsDate,
  type Sql,
  WebMethodError,
} from "../kit/index.ts";
import { slotDaysMax } from "../limits.ts";
import { findAppointment, isOpen, isSlotTaken, typeMinutes } from "./appointment.ts";
import { daysBetween, freeSlots, readBusy, readHours } from "./slots.ts";

const booked = { name: "BookResult", fields: { ApptID: "int", Status: "string" } } as const;
const sqlException = "System.Data.SqlClient.SqlException";
const formatException = "System.FormatException";

export const scheduleService: AsmxService = {
  name: "ScheduleService",
  methods: {
    GetSlots: {
      params: { prov: "string", loc: "string", from: "string", to: "string", type: "string" },
      result: {
        listOf: {
          name: "Slot",
          fields: { ProvID: "string", LocCd: "string", Dt: "datetime", Tm: "string", DurMin: "int" },
        },
      },
      async run(ctx, { args }) {
        const prov = args.string("prov").trim().toUpperCase();
        const type = args.string("type").trim();
        const from = dateArgument(args.string("from"));
        const to = new Date(Math.min(dateArgument(args.string("to")).getTime(), addDays(from, slotDaysMax).getTime()));
        const minutes = type === "" ? 0 : await typeMinutes(ctx.db, type);
        const hours = await readHours(ctx.db, { prov, loc: args.string("loc").trim().slice(0, 4), from, to });
        const busy = await readBusy(ctx.db, { prov, from, to });
        return daysBetween(from, to, slotDaysMax)
          .flatMap((day) => freeSlots(day, type, minutes, hours, busy))
          .map(({ LocCd, Dt, Tm, DurMin }) => ({ ProvID: prov, LocCd, Dt, Tm, DurMin }));
      },
    },
    BookAppointment: {
      params: {
        pid: "int",
        prov: "string",
        loc: "string",
        dt: "string",
        tm: "string",
        dur: "int",
        type: "string",
        reason: "string",
        overbook: "boolean",
      },
      result: booked,
      async run(ctx, { args }) {
        const type = args.string("type").trim() || "FOLL";
        const minutes = args.int("dur") > 0 ? args.int("dur") : await typeMinutes(ctx.db, type);
        if (minutes > 24 * 60) throw new WebMethodError("Invalid duration.", formatException);
        await requirePatient(ctx.db, args.int("pid"));
        const prov = await requireProvider(ctx.db, args.string("prov"));
        return slotTakenAsError(async () => {
          const apptId = await bookAppointment(ctx, {
            patNo: args.int("pid"),
            prov,
            loc: args.string("loc").trim() || ctx.user.locCd,
            day: dateArgument(args.string("dt")),
            time: timeArgument(args.string("tm")),
            minutes,
            type,
            reason: args.string("reason"),
            overbook: args.boolean("overbook"),
          });
          return { ApptID: apptId, Status: "SC" };
        });
      },
    },
    MoveAppointment: {
      params: { aid: "int", prov: "string", dt: "string", tm: "string" },
      result: booked,
      async run(ctx, { args }) {
        const day = dateArgument(args.string("dt"));
        const time = timeArgument(args.string("tm"));
        const named = args.string("prov").trim();
        const newProvider = named === "" ? undefined : await requireProvider(ctx.db, named);
        return slotTakenAsError(() =>
          ctx.db.transaction(async (tx) => {
            const appointment = await findAppointment(tx, args.int("aid"), { lock: true });
            if (!appointment) throw new WebMethodError("Appointment not found.");
            if (!isOpen(appointment)) throw new WebMethodError("Appointment cannot be moved.");
            await tx.execute(
              `UPDATE tblAppointment SET ProvID = @prov, ApptDt = @dt, ApptTm = @tm, ModUsr = @usr, ModDt = @now
               WHERE ApptID = @aid`,
              {
                prov: p.char(8, newProvider ?? appointment.ProvID),
                dt: p.datetime(day),
                tm: p.char(4, time),
                usr: p.char(8, ctx.user.usrId),
                now: p.datetime(ctx.now()),
                aid: p.int(appointment.ApptID),
              },
            );
            return { ApptID: appointment.ApptID, Status: appointment.StatCd };
          }),
        );
      },
    },
  },
};

export type Booking = {
  /** Null books blocked time. */
  readonly patNo: number | null;
  readonly prov: string;
  readonly loc: string;
  /** Wall midnight. */
  readonly day: Date;
  /** HHMM */
  readonly time: string;
  readonly minutes: number;
  readonly type: string;
  readonly reason: string;
  readonly overbook: boolean;
};

/** What usp_BookAppt did; the trigger copies names and refuses an overlap. Gives ApptID. @throws SqlFailure raised 'SLOT TAKEN' */
export function bookAppointment(ctx: PageContext, booking: Booking): Promise<number> {
  return ctx.db.insertIdentity(
    `INSERT INTO tblAppointment
       (PatNo, PatNm, ProvID, LocCd, ApptDt, ApptTm, DurMin, ApTypCd, RsnTx, OvrBkYN, CrtUsr, CrtDt, ModUsr, ModDt)
     VALUES (@pid, @nm, @prov, @loc, @dt, @tm, @dur, @type, @rsn, @ovr, @usr, @now, @usr, @now)`,
    {
      pid: p.int(booking.patNo),
      nm: p.varchar(60, booking.patNo === null ? booking.reason : ""),
      prov: p.char(8, booking.prov),
      loc: p.char(4, booking.loc),
      dt: p.datetime(booking.day),
      tm: p.char(4, booking.time),
      dur: p.smallint(booking.minutes),
      type: p.char(4, booking.type),
      rsn: p.varchar(100, booking.reason),
      ovr: p.char(1, booking.overbook ? "Y" : "N"),
      usr: p.char(8, ctx.user.usrId),
      now: p.datetime(ctx.now()),
    },
  );
}

async function slotTakenAsError<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (isSlotTaken(error)) throw new WebMethodError("SLOT TAKEN", sqlException);
    throw error;
  }
}

async function requirePatient(sql: Sql, patNo: number): Promise<void> {
  const row = await sql.first("SELECT PatNo FROM PATMST WHERE PatNo = @pid AND DelYN <> 'Y' AND MrgToPat IS NULL", {
    pid: p.int(patNo),
  });
  if (!row) throw new WebMethodError("Patient not found.");
}

async function requireProvider(sql: Sql, prov: string): Promise<string> {
  const row = await sql.first<{ UsrID: string }>(
    "SELECT UsrID FROM USRMST WHERE UsrID = @prov AND ProvYN = 'Y' AND ActvYN = 'Y'",
    { prov: p.varchar(9, prov.trim()) },
  );
  if (!row) throw new WebMethodError("Provider not found.");
  return row.UsrID;
}

function dateArgument(text: string): Date {
  const date = parseUsDate(text);
  if (!date) throw new WebMethodError("String was not recognized as a valid DateTime.", formatException);
  return date;
}

function timeArgument(text: string): string {
  const time = parseTime(text);
  if (!time) throw new WebMethodError("String was not recognized as a valid time.", formatException);
  return time;
}
