/** `ScheduleService.asmx`: what the day grid's scripts and the phone room's client call. */

import { commit, rollBack } from "@banyan/service-kit";
import { addDays, asStored, parseTime, parseUsDate, WebMethodError } from "@banyan/service-kit/legacy";
import type { Knex } from "knex";
import { insertAppointment, updateAppointment } from "../booking/store-appointment.ts";
import { isOpen } from "../domain/appointment.ts";
import { daysBetween, freeSlots } from "../domain/free-slots.ts";
import { slotDaysMax } from "../limits.ts";
import { findAppointment, takenTimes } from "../store/appointments.ts";
import { findParties, findProvider, visitMinutes } from "../store/directory.ts";
import { workingHoursOf } from "../store/working-hours.ts";
import { accessTo, actorOf, type ScheduleService } from "./context.ts";
import { dayOf, hhmmOf, legacyTerms, timeOf, wallDay } from "./terms.ts";

const booked = { name: "BookResult", fields: { ApptID: "int", Status: "string" } } as const;
const sqlException = "System.Data.SqlClient.SqlException";
const formatException = "System.FormatException";
const minutesMax = 24 * 60;

export const scheduleService: ScheduleService = {
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
        const provider = args.string("prov").trim().toUpperCase();
        const site = args.string("loc").trim().slice(0, 4);
        const visitType = args.string("type").trim();
        const first = dateArgument(args.string("from"));
        const last = new Date(
          Math.min(dateArgument(args.string("to")).getTime(), addDays(first, slotDaysMax).getTime()),
        );
        const [from, to] = [dayOf(first), dayOf(last)];
        await ctx.authorise({
          action: "schedule.slots",
          query: `provider=${provider.slice(0, 8)}&from=${from}&to=${to}`,
        });
        const minutes = visitType === "" ? 0 : await visitMinutes(ctx.store, visitType.slice(0, 18));
        const where = { provider: provider.slice(0, 8), site, from, to };
        const hours = await workingHoursOf(ctx.store, where);
        const taken = await takenTimes(ctx.store, where);
        return freeSlots(daysBetween(from, to, slotDaysMax), { visitType, minutes }, hours, taken).map((slot) => ({
          ProvID: provider,
          LocCd: slot.site,
          Dt: wallDay(slot.day),
          Tm: hhmmOf(slot.time),
          DurMin: slot.minutes,
        }));
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
        const visitType = args.string("type").trim() || "FOLL";
        const minutes = args.int("dur") > 0 ? args.int("dur") : await visitMinutes(ctx.store, visitType.slice(0, 18));
        if (minutes > minutesMax) throw new WebMethodError("Invalid duration.", formatException);
        const patientId = args.int("pid");
        const named = { patientId, provider: args.string("prov").trim().slice(0, 9) };
        const { patient, provider } = await findParties(ctx.store, named, { activeOnly: true });
        if (!patient) throw new WebMethodError("Patient not found.");
        if (provider === null) throw new WebMethodError(noProvider);
        const site = asStored(args.string("loc").trim() || ctx.user.locCd, 4);
        const wanted = {
          patientId,
          provider,
          site,
          day: dayOf(dateArgument(args.string("dt"))),
          time: timeOf(timeArgument(args.string("tm"))),
          minutes,
          visitType: asStored(visitType, 4),
          reason: asStored(args.string("reason"), 100) || null,
          overbooked: args.boolean("overbook"),
          status: "scheduled",
          bookedThrough: "desk",
        } as const;
        const written = await ctx.write(async (tx) => {
          tx.require({ action: "appointment.book", site, patient: { id: patientId } });
          const stored = await insertAppointment(tx, wanted, actorOf(ctx));
          return stored.kind === "stored" ? commit(stored.appointment.id) : rollBack(slotTaken, "slot-taken");
        });
        if (written.kind === "rolled-back") throw errorOf(written.value);
        return { ApptID: written.value, Status: "SC" };
      },
    },
    MoveAppointment: {
      params: { aid: "int", prov: "string", dt: "string", tm: "string" },
      result: booked,
      async run(ctx, { args }) {
        const day = dayOf(dateArgument(args.string("dt")));
        const time = timeOf(timeArgument(args.string("tm")));
        const named = args.string("prov").trim();
        const provider = named === "" ? undefined : await requireProvider(ctx.store, named);
        const id = args.int("aid");
        const written = await ctx.write(async (tx) => {
          const before = await findAppointment(tx.db, id, { lock: true });
          if (!before) {
            tx.require({ action: "appointment.move", object: { type: "Appointment", id } });
            return rollBack("Appointment not found.", "not-found");
          }
          tx.require(accessTo(before, "appointment.move"));
          if (!isOpen(before.status)) return rollBack("Appointment cannot be moved.", "not-open");
          const change = { provider: provider ?? before.provider, day, time };
          const stored = await updateAppointment(tx, before, change, actorOf(ctx));
          return stored.kind === "stored"
            ? commit(legacyTerms(stored.appointment).StatCd)
            : rollBack(slotTaken, "slot-taken");
        });
        if (written.kind === "rolled-back") throw errorOf(written.value);
        return { ApptID: id, Status: written.value };
      },
    },
  },
};

const noProvider = "Provider not found.";
const slotTaken = "SLOT TAKEN";

/** The old trigger's refusal came as an error of the database, the others as the application's own. */
const errorOf = (message: string): WebMethodError =>
  message === slotTaken ? new WebMethodError(message, sqlException) : new WebMethodError(message);

async function requireProvider(db: Knex, named: string): Promise<string> {
  const provider = await findProvider(db, named.trim().slice(0, 9), { activeOnly: true });
  if (provider === undefined) throw new WebMethodError(noProvider);
  return provider;
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
