/** PractitionerRole: which provider sees patients of which specialty where. One role a provider, made of the legacy rows. */

import {
  codeColumn,
  codeSystemOf,
  directoryCode,
  directoryIdSql,
  type Image,
  locationReference,
  parametersOf,
  practiceReference,
  practitionerReference,
  type Reading,
  referenceColumn,
  usCore,
} from "@banyan/service-kit/fhir";
import type { PractitionerRole } from "fhir/r4.js";
import { type DirectoryRow, directoryResource } from "./directory.ts";
import { phoneText } from "./patient-contact.ts";

type RoleRow = DirectoryRow & {
  readonly staff_id: string;
  readonly name: string | null;
  readonly role: string | null;
  readonly specialty: string | null;
  readonly specialty_name: string | null;
  readonly site: string | null;
  readonly site_name: string | null;
  readonly site_phone: string | null;
  readonly active: boolean | null;
};

const specialties = codeSystemOf("SPEC");

/** A role is reached by the telephone of its site, until one of its own is known. */
function readRole(image: Image): Reading<PractitionerRole> {
  const row = image as unknown as RoleRow;
  const display = row.specialty_name ?? undefined;
  return {
    resource: {
      resourceType: "PractitionerRole",
      meta: { profile: [usCore.practitionerRole.url] },
      active: row.active ?? true,
      practitioner: { ...practitionerReference(row.staff_id), ...(row.name === null ? {} : { display: row.name }) },
      organization: practiceReference,
      ...(row.role === null ? {} : { code: [{ text: row.role }] }),
      ...(row.specialty === null
        ? {}
        : { specialty: [{ coding: [{ system: specialties, code: row.specialty, ...(display ? { display } : {}) }] }] }),
      ...(row.site === null
        ? {}
        : { location: [{ ...locationReference(row.site), ...(row.site_name ? { display: row.site_name } : {}) }] }),
      ...(row.site_phone === null
        ? {}
        : { telecom: [{ system: "phone", value: phoneText(row.site_phone), use: "work" }] }),
    },
  };
}

export const practitionerRoleResource = directoryResource<PractitionerRole, RoleRow>({
  definition: {
    type: "PractitionerRole",
    profile: usCore.practitionerRole,
    includes: ["practitioner", "location", "organization"],
    search: parametersOf("PractitionerRole", ["practitioner", "specialty"], {
      practitioner: { type: "reference", expression: "PractitionerRole.practitioner", targets: ["Practitioner"] },
      specialty: { type: "token", expression: "PractitionerRole.specialty" },
      location: { type: "reference", expression: "PractitionerRole.location", targets: ["Location"] },
      organization: { type: "reference", expression: "PractitionerRole.organization", targets: ["Organization"] },
      active: { type: "token", expression: "PractitionerRole.active" },
    }),
    documentation: "One role for each provider of the legacy system, kept there, and roles created here.",
  },
  rows: {
    table: "fhir.practitioner_role",
    history: null,
    key: { column: "r.staff_id", type: "text", fromId: directoryCode },
    id: directoryIdSql("r.staff_id"),
    served: "TRUE",
    leftOut: ["source_position", "legacy_residue", "fhir_extra"],
    search: {
      practitioner: referenceColumn("r.staff_id", "Practitioner", directoryCode),
      specialty: codeColumn("r.specialty", { system: specialties }),
      location: referenceColumn("r.site", "Location", directoryCode),
      organization: referenceColumn("'practice'", "Organization", (id) => id),
      active: codeColumn("(r.active IS NOT FALSE)::text"),
    },
    whole: [],
    read: readRole,
  },
});
