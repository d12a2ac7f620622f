/** Schedule: a provider's working hours at one site. Kept by the legacy system; read only. */

import {
  type ColumnSearch,
  anyOf,
  codeColumn,
  codeSystemOf,
  createSqlStore,
  directoryCode,
  type Image,
  locationReference,
  parametersOf,
  practitionerReference,
  type Reading,
  referenceColumn,
  type ResourceDefinition,
  type RowSource,
} from "@banyan/service-kit/fhir";
import type { Schedule } from "fhir/r4.js";
import { scheduleId, scheduleIdSql, scheduleKey } from "./schedule-id.ts";

type ScheduleRow = {
  readonly provider_id: string;
  readonly site_code: string;
  readonly provider_name: string | null;
  readonly site_name: string | null;
  readonly valid_from: string | null;
  readonly valid_to: string | null;
  readonly active: boolean;
  readonly visit_types: readonly string[] | null;
};

function readSchedule(image: Image): Reading<Schedule> {
  const row = image as unknown as ScheduleRow;
  const horizon = {
    ...(row.valid_from === null ? {} : { start: row.valid_from }),
    ...(row.valid_to === null ? {} : { end: row.valid_to }),
  };
  return {
    resource: {
      resourceType: "Schedule",
      active: row.active,
      actor: [
        { ...practitionerReference(row.provider_id), ...(row.provider_name ? { display: row.provider_name } : {}) },
        { ...locationReference(row.site_code), ...(row.site_name ? { display: row.site_name } : {}) },
      ],
      ...(row.visit_types === null
        ? {}
        : { serviceType: row.visit_types.map((code) => ({ coding: [{ system: codeSystemOf("APTYPE"), code }] })) }),
      ...(Object.keys(horizon).length === 0 ? {} : { planningHorizon: horizon }),
    },
  };
}

const actor: ColumnSearch = {
  present: codeColumn("r.provider_id").present,
  match(value, modifier, nowMs) {
    const provider = referenceColumn("r.provider_id", "Practitioner", directoryCode).match(value, modifier, nowMs);
    return anyOf([provider, referenceColumn("r.site_code", "Location", directoryCode).match(value, modifier, nowMs)]);
  },
};

const rows: RowSource<Schedule> = {
  table: "fhir.schedule",
  history: null,
  key: {
    column: `(${scheduleIdSql})`,
    type: "text",
    fromId: (id) => {
      const key = scheduleKey(id);
      return key && scheduleId(key.provider, key.site);
    },
  },
  id: scheduleIdSql,
  served: "TRUE",
  leftOut: [],
  search: { actor, active: codeColumn("r.active::text") },
  whole: ["actor", "active"],
  read: readSchedule,
};

export const scheduleResource: ResourceDefinition<Schedule> = {
  type: "Schedule",
  interactions: ["read", "search-type"],
  search: parametersOf("Schedule", [], {
    actor: { type: "reference", expression: "Schedule.actor", targets: ["Practitioner", "Location"] },
    active: { type: "token", expression: "Schedule.active" },
  }),
  sorts: ["_id", "_lastUpdated"],
  documentation: "A provider's working hours at one site, kept by the legacy system. Its free and taken time: Slot.",
  open: ({ db }) => createSqlStore({ db, type: "Schedule", rows, documents: false }),
};
