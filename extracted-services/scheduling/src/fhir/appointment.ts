/**
 * Appointment: a patient's time with a provider. Blocked time has no patient and is a Slot. Restricted charts make no difference here,
 * as on the day sheet of the old pages: who comes today is needed at every bench, and no chart is shown.
 */

import {
  anyOf,
  type ColumnSearch,
  codeColumn,
  codeSystemOf,
  createSqlStore,
  currentVersion,
  directoryCode,
  type Image,
  instantColumn,
  intKey,
  parametersOf,
  type Reading,
  referenceColumn,
  render,
  type ResourceDefinition,
  type RowSource,
} from "@banyan/service-kit/fhir";
import type { Appointment } from "fhir/r4.js";
import { type AppointmentRow, appointmentFacets, blankAppointment } from "./appointment-facets.ts";
import { appointmentWrites } from "./appointment-writes.ts";

function readAppointment(image: Image): Reading<Appointment> {
  const row = image as unknown as AppointmentRow & { readonly fhir_extra: Appointment | null };
  const instants = {
    starts_at: row.starts_at && new Date(row.starts_at).toISOString(),
    ends_at: row.ends_at && new Date(row.ends_at).toISOString(),
  };
  const appointment = render({ ...row, ...instants }, row.fhir_extra ?? undefined, blankAppointment, appointmentFacets);
  if (appointment.created === undefined && row.created_at) appointment.created = new Date(row.created_at).toISOString();
  return {
    resource: row.deleted || row.patient_id === null ? undefined : appointment,
    changedBy: row.modified_by ?? undefined,
    ...(row.patient_id === null ? {} : { subject: { id: row.patient_id, site: row.site_code ?? undefined } }),
  };
}

const statusSystem = "http://hl7.org/fhir/appointmentstatus";
const statusColumn = codeColumn(
  `CASE r.status WHEN 'arrived' THEN 'arrived' WHEN 'roomed' THEN 'checked-in' WHEN 'completed' THEN 'fulfilled'
     WHEN 'no-show' THEN 'noshow' WHEN 'cancelled' THEN 'cancelled' ELSE 'booked' END`,
  { system: statusSystem },
);
const patient = referenceColumn("r.patient_id", "Patient", intKey);
const practitioner = referenceColumn("r.provider_id", "Practitioner", directoryCode);
const location = referenceColumn("r.site_code", "Location", directoryCode);
const actor: ColumnSearch = {
  present: patient.present,
  match: (...asked) => anyOf([patient, practitioner, location].map((one) => one.match(...asked))),
};

const rows: RowSource<Appointment> = {
  table: "appointments",
  key: { column: "r.appointment_id", type: "int", fromId: intKey },
  id: "r.appointment_id::text",
  of: "r.patient_id IS NOT NULL",
  served: "r.patient_id IS NOT NULL AND NOT r.deleted",
  leftOut: ["source_position", "legacy_residue"],
  sorts: { date: { sql: "coalesce(r.starts_at, '-infinity')", type: "timestamptz" } },
  search: {
    patient,
    practitioner,
    location,
    actor,
    status: statusColumn,
    date: instantColumn("r.starts_at"),
    "appointment-type": codeColumn("r.visit_type", { system: codeSystemOf("APTYPE") }),
  },
  whole: ["patient", "status", "date"],
  read: readAppointment,
};

const clinical = "http://hl7.org/fhir/SearchParameter/clinical-";
const search = parametersOf("Appointment", [], {
  patient: { type: "reference", expression: "Appointment.participant.actor", targets: ["Patient"] },
  practitioner: { type: "reference", expression: "Appointment.participant.actor", targets: ["Practitioner"] },
  location: { type: "reference", expression: "Appointment.participant.actor", targets: ["Location"] },
  actor: {
    type: "reference",
    expression: "Appointment.participant.actor",
    targets: ["Patient", "Practitioner", "Location"],
  },
  status: { type: "token", expression: "Appointment.status", system: statusSystem },
  date: { type: "date", definition: `${clinical}date`, expression: "Appointment.start" },
  "appointment-type": { type: "token", expression: "Appointment.appointmentType" },
  identifier: { type: "token", expression: "Appointment.identifier" },
});

export const appointmentResource: ResourceDefinition<Appointment> = {
  type: "Appointment",
  interactions: ["read", "vread", "history-instance", "search-type", "create", "update"],
  search,
  sorts: ["_id", "_lastUpdated", "date"],
  patient: "patient",
  restricted: "open",
  documentation:
    "Booked, moved, confirmed, cancelled (with a reason of urn:ehrprod:code:cxrsn) and marked as not come here; arrival and the visit itself are recorded by check-in and the chart.",
  open({ db }) {
    const options = { db, type: "Appointment", rows, documents: false };
    const reread = async (tx: { readonly db: typeof db }, id: string) => {
      const version = await currentVersion(options, tx.db, id);
      if (!version) throw new TypeError("an appointment that was just written is not there");
      return version;
    };
    return { ...createSqlStore(options), ...appointmentWrites(search, reread) };
  },
};
