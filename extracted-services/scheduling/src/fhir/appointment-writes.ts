/** Booking and changing appointments through FHIR: by the rules of the old pages, on the same calendar. */

import type { WriteTransaction } from "@banyan/service-kit";
import {
  type Author,
  changesBetween,
  columnsFrom,
  FhirRefusal,
  keepExtra,
  requireHeld,
  type ResourceStore,
  type SearchParameter,
  type Version,
} from "@banyan/service-kit/fhir";
import { instantToWall } from "@banyan/service-kit/mapping";
import type { Appointment } from "fhir/r4.js";
import { type Change, insertAppointment, type StoreResult, updateAppointment } from "../booking/store-appointment.ts";
import { type Appointment as Booked, type AppointmentStatus, isOpen, settableFrom } from "../domain/appointment.ts";
import { findAppointment } from "../store/appointments.ts";
import { findCode, findProvider, isBookable, listSites } from "../store/directory.ts";
import { type AppointmentRow, appointmentFacets, blankAppointment } from "./appointment-facets.ts";

type Reread = (tx: WriteTransaction, id: string) => Promise<Version<Appointment>>;
type Writes = Required<Pick<ResourceStore<Appointment>, "create" | "update">>;

/** @param reread the version as it is now inside the transaction */
export function appointmentWrites(parameters: readonly SearchParameter[], reread: Reread): Writes {
  return {
    async create(tx, resource, author) {
      requireHeld(resource, appointmentFacets);
      const asked = columnsFrom(resource, appointmentFacets);
      if (asked.status !== "scheduled" && asked.status !== "confirmed")
        throw refused("Appointment.status", "an appointment begins as booked");
      const patientId = asked.patient_id ?? 0;
      if (!(await isBookable(tx.db, patientId)))
        throw refused("Appointment.participant", "there is no such patient to book");
      const provider = await knownProvider(tx, asked.provider_id);
      const site = await knownSite(tx, asked.site_code ?? author.site);
      const stored = await insertAppointment(
        tx,
        {
          patientId,
          provider,
          site,
          ...timeOf(asked),
          visitType: await knownVisitType(tx, asked.visit_type ?? "FOLL"),
          reason: asked.reason ?? null,
          overbooked: false,
          bookedThrough: author.kind === "portal" ? "portal" : author.kind === "interface" ? "interface" : "desk",
          status: asked.status,
        },
        actorOf(author),
      );
      const { id } = taken(stored);
      await keep(tx, id, resource, parameters, { sameVersion: true });
      return reread(tx, String(id));
    },

    async update(tx, { id, resource, expected }, author) {
      const before = await findAppointment(tx.db, Number(id), { lock: true });
      if (!before || before.patientId === null) return "absent";
      if (Number(before.version) !== expected) return "stale";
      requireHeld(resource, appointmentFacets);
      const current = (await reread(tx, id)).resource ?? resource;
      const changes = changesBetween(current, resource, appointmentFacets);
      const change = await changeOf(tx, before, changes);
      const changed = Object.keys(change).length > 0;
      if (changed) taken(await updateAppointment(tx, before, change, actorOf(author)));
      await keep(tx, before.id, resource, parameters, { sameVersion: changed });
      return reread(tx, id);
    },
  };
}

/** The portal's own name on the legacy side, else the user's, of which the column takes eight characters. */
const actorOf = ({ user, kind, at }: Author) => ({ user: kind === "portal" ? "PORTAL" : user.slice(0, 8), at });

/** Day and time on the clinic's clock. The times have been found to be ones the calendar can hold. */
function timeOf({ starts_at, ends_at }: Partial<AppointmentRow>) {
  const wall = instantToWall(String(starts_at));
  return {
    day: wall.slice(0, 10),
    time: wall.slice(11, 19),
    minutes: (Date.parse(String(ends_at)) - Date.parse(String(starts_at))) / 60_000,
  };
}

/** @throws FhirRefusal rule for what is not changed here, or not now */
async function changeOf(tx: WriteTransaction, before: Booked, asked: Partial<AppointmentRow>): Promise<Change> {
  if ("patient_id" in asked) throw refused("Appointment.participant", "an appointment is not given to another patient");
  const moves = "provider_id" in asked || "site_code" in asked || "starts_at" in asked || "ends_at" in asked;
  if (moves && !isOpen(before.status))
    throw refused("Appointment.start", "only an appointment that is still open is moved");
  const times = { starts_at: asked.starts_at ?? before.startsAt, ends_at: asked.ends_at ?? before.endsAt };
  return {
    ...("provider_id" in asked ? { provider: await knownProvider(tx, asked.provider_id) } : {}),
    ...("site_code" in asked ? { site: await knownSite(tx, asked.site_code) } : {}),
    ...("starts_at" in asked || "ends_at" in asked ? timeOf(times) : {}),
    ...("visit_type" in asked ? { visitType: await knownVisitType(tx, asked.visit_type) } : {}),
    ...("reason" in asked ? { reason: asked.reason ?? null } : {}),
    ...("status" in asked ? await closing(tx, before, asked) : {}),
  };
}

/** What the desk may set by hand, and how an open appointment ends without a visit. */
async function closing(tx: WriteTransaction, before: Booked, asked: Partial<AppointmentRow>): Promise<Change> {
  const status = asked.status as AppointmentStatus;
  if (status === "cancelled" || status === "no-show") {
    if (!isOpen(before.status))
      throw refused("Appointment.status", "only an appointment that is still open is cancelled");
    if (status === "no-show") return { status, cancelReason: null };
    const reason = asked.cancel_reason ?? null;
    if (reason === null || !(await findCode(tx.db, "CXRSN", reason)))
      throw refused("Appointment.cancelationReason", "a cancellation needs a reason of urn:ehrprod:code:cxrsn");
    return { status, cancelReason: reason };
  }
  if (!settableFrom(before.status).includes(status))
    throw refused("Appointment.status", "arrival, the visit and its end are recorded by check-in and the chart");
  return { status };
}

async function knownProvider(tx: WriteTransaction, id: string | null | undefined): Promise<string> {
  const found = id ? await findProvider(tx.db, id, { activeOnly: true }) : undefined;
  if (found === undefined)
    throw refused("Appointment.participant", "an appointment needs a practitioner who sees patients here");
  return found;
}

async function knownSite(tx: WriteTransaction, code: string | null | undefined): Promise<string> {
  const found = (await listSites(tx.db)).find((site) => site.code.toUpperCase() === code?.toUpperCase());
  if (!found) throw refused("Appointment.participant", "an appointment needs a location of this practice");
  return found.code;
}

async function knownVisitType(tx: WriteTransaction, code: string | null | undefined): Promise<string> {
  if (code && code.length <= 4 && (await findCode(tx.db, "APTYPE", code))) return code;
  throw refused("Appointment.appointmentType", "the type of visit is a code of urn:ehrprod:code:aptype");
}

/** @throws FhirRefusal rule when the time is taken */
function taken(stored: StoreResult): Booked {
  if (stored.kind === "stored") return stored.appointment;
  throw new FhirRefusal("rule", [{ text: "the time is taken", expression: "Appointment.start", code: "conflict" }]);
}

const refused = (expression: string, text: string): FhirRefusal => new FhirRefusal("rule", [{ text, expression }]);

async function keep(
  tx: WriteTransaction,
  id: number,
  resource: Appointment,
  parameters: readonly SearchParameter[],
  version: { readonly sameVersion: boolean },
): Promise<void> {
  const where = { appointment_id: id };
  const row = (await tx.db("appointments").where(where).first()) as AppointmentRow;
  const lens = { facets: appointmentFacets, blank: blankAppointment, empty: emptyRow, parameters };
  const of = { table: "appointments", where, id: String(id), row, ...lens };
  await keepExtra<Appointment, AppointmentRow>(tx, resource, of, version);
}

const emptyRow: AppointmentRow = {
  appointment_id: 0,
  patient_id: null,
  patient_name: null,
  provider_id: null,
  provider_name: null,
  site_code: null,
  starts_at: null,
  ends_at: null,
  visit_type: null,
  status: null,
  cancel_reason: null,
  reason: null,
  created_at: null,
  modified_by: null,
  deleted: false,
};
