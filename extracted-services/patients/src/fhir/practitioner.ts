/** Practitioner: everybody who works here, as the legacy system keeps them, and practitioners made through FHIR. */

import {
  anyOf,
  type ColumnSearch,
  codeColumn,
  directoryCode,
  directoryIdSql,
  dropEmpty,
  type Facet,
  type Image,
  npiSystem,
  parametersOf,
  type Reading,
  render,
  replaceIn,
  textColumns,
  usCore,
  userSystem,
} from "@banyan/service-kit/fhir";
import type { Practitioner } from "fhir/r4.js";
import { type DirectoryRow, directoryResource } from "./directory.ts";
import { heldText } from "./held-text.ts";

type StaffRow = DirectoryRow & {
  readonly staff_id: string;
  /** `LAST, FIRST` */
  readonly name: string | null;
  readonly npi: string | null;
  readonly active: boolean | null;
};

type StaffFacet = Facet<Practitioner, StaffRow>;

const nameFacet: StaffFacet = {
  element: "Practitioner.name",
  columns: ["name"],
  get({ name = [] }) {
    const [first] = name;
    return { name: heldText([first?.family, first?.given?.join(" ")].filter(Boolean).join(", ")) };
  },
  put(practitioner, { name }) {
    const [family = "", given = ""] = (name ?? "").split(/, */, 2);
    const old = practitioner.name?.[0];
    replaceIn(
      practitioner,
      "name",
      old,
      name === null ? undefined : { ...old, family, ...(given === "" ? {} : { given: [given] }) },
    );
  },
};

const npiFacet: StaffFacet = {
  element: `Practitioner.identifier.where(system='${npiSystem}')`,
  columns: ["npi"],
  get: ({ identifier }) => ({ npi: identifier?.find(({ system }) => system === npiSystem)?.value ?? null }),
  put(practitioner, { npi }) {
    const old = practitioner.identifier?.find(({ system }) => system === npiSystem);
    replaceIn(practitioner, "identifier", old, npi === null ? undefined : { ...old, system: npiSystem, value: npi });
  },
};

const activeFacet: StaffFacet = {
  element: "Practitioner.active",
  columns: ["active"],
  get: ({ active }) => ({ active: active ?? true }),
  put(practitioner, { active }) {
    practitioner.active = active ?? true;
  },
};

const blank: Practitioner = {
  resourceType: "Practitioner",
  meta: { profile: [usCore.practitioner.url] },
  active: true,
};
const facets = [nameFacet, npiFacet, activeFacet];

/** Everybody has a user id, not everybody an NPI, and US Core wants an identifier. */
function readStaff(image: Image): Reading<Practitioner> {
  const row = image as unknown as StaffRow;
  const practitioner = render(row, (row.fhir_extra as Practitioner | null) ?? undefined, blank, facets);
  const identifier = [...(practitioner.identifier ?? []), { system: userSystem, value: row.staff_id }];
  return { resource: { ...practitioner, identifier } };
}

function undecorate(practitioner: Practitioner): Practitioner {
  const kept = {
    ...practitioner,
    identifier: (practitioner.identifier ?? []).filter(({ system }) => system !== userSystem),
  };
  dropEmpty(kept);
  return kept;
}

const columns: Readonly<Record<string, ColumnSearch>> = {
  name: textColumns("r.name", "split_part(r.name, ', ', 2)"),
  identifier: {
    present: codeColumn("r.staff_id").present,
    match(value, modifier, nowMs) {
      const ids = codeColumn("r.staff_id", { system: userSystem }).match(value, modifier, nowMs);
      return anyOf([ids, codeColumn("r.npi", { system: npiSystem }).match(value, modifier, nowMs)]);
    },
  },
  active: codeColumn("(r.active IS NOT FALSE)::text"),
};

export const practitionerResource = directoryResource<Practitioner, StaffRow>({
  definition: {
    type: "Practitioner",
    profile: usCore.practitioner,
    search: parametersOf("Practitioner", ["name", "identifier"], {
      name: { type: "string", expression: "Practitioner.name" },
      identifier: { type: "token", expression: "Practitioner.identifier" },
      active: { type: "token", expression: "Practitioner.active" },
    }),
    documentation:
      "Staff of the legacy system, whose name, NPI and activity are kept there, and practitioners created here. Where somebody works and how to reach them: their PractitionerRole.",
  },
  rows: {
    table: "staff",
    key: { column: "r.staff_id", type: "text", fromId: directoryCode },
    id: directoryIdSql("r.staff_id"),
    served: "TRUE",
    leftOut: ["source_position", "legacy_residue"],
    search: columns,
    whole: [],
    read: readStaff,
  },
  lens: {
    table: "staff",
    key: "staff_id",
    facets,
    blank,
    empty: { staff_id: "", name: null, npi: null, active: null, fhir_extra: null },
    undecorate,
  },
});
