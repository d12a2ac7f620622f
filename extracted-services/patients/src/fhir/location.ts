/** Location: the sites of the practice, as the legacy system keeps them, and places made through FHIR. */

import {
  type ColumnSearch,
  codeColumn,
  directoryCode,
  directoryIdSql,
  dropEmpty,
  type Facet,
  type Image,
  parametersOf,
  practiceReference,
  type Reading,
  referenceColumn,
  render,
  replaceIn,
  setOrDelete,
  textColumns,
  usCore,
} from "@banyan/service-kit/fhir";
import type { Location } from "fhir/r4.js";
import { type DirectoryRow, directoryResource } from "./directory.ts";
import { phoneText, zipOf } from "./patient-contact.ts";

type SiteRow = DirectoryRow & {
  readonly site_code: string;
  readonly name: string | null;
  readonly address_line: string | null;
  readonly city: string | null;
  readonly state: string | null;
  readonly postal_code: string | null;
  readonly phone: string | null;
  readonly active: boolean | null;
};

type SiteFacet = Facet<Location, SiteRow>;

const nameFacet: SiteFacet = {
  element: "Location.name",
  columns: ["name"],
  get: ({ name }) => ({ name: name ?? null }),
  put: (location, { name }) => setOrDelete(location, "name", name),
};

const statusFacet: SiteFacet = {
  element: "Location.status",
  columns: ["active"],
  get: ({ status }) => ({ active: (status ?? "active") === "active" }),
  put(location, { active }) {
    location.status = active === false ? "inactive" : "active";
  },
};

const digits = (text: string | undefined): string | null => text?.replaceAll(/\D/g, "") || null;

const phoneFacet: SiteFacet = {
  element: "Location.telecom",
  columns: ["phone"],
  get: ({ telecom }) => ({ phone: digits(telecom?.find(({ system }) => system === "phone")?.value) }),
  put(location, { phone }) {
    const old = location.telecom?.find(({ system }) => system === "phone");
    replaceIn(
      location,
      "telecom",
      old,
      phone === null ? undefined : { ...old, system: "phone", value: phoneText(phone) },
    );
  },
};

const addressFacet: SiteFacet = {
  element: "Location.address",
  columns: ["address_line", "city", "state", "postal_code"],
  get: ({ address }) => ({
    address_line: address?.line?.[0] ?? null,
    city: address?.city ?? null,
    state: address?.state ?? null,
    postal_code: digits(address?.postalCode),
  }),
  put(location, row) {
    const { line: _line, city: _city, state: _state, postalCode: _code, ...kept } = location.address ?? {};
    const zip = zipOf(row.postal_code);
    const address = {
      ...kept,
      ...(row.address_line === null ? {} : { line: [row.address_line] }),
      ...(row.city === null ? {} : { city: row.city }),
      ...(row.state === null ? {} : { state: row.state }),
      ...(zip === null ? {} : { postalCode: zip }),
    };
    setOrDelete(location, "address", Object.keys(address).length === 0 ? null : address);
  },
};

const blank: Location = {
  resourceType: "Location",
  meta: { profile: [usCore.location.url] },
  status: "active",
  mode: "instance",
  managingOrganization: practiceReference,
};
const facets = [nameFacet, statusFacet, phoneFacet, addressFacet];
const siteSystem = "urn:ehrprod:site";

function readSite(image: Image): Reading<Location> {
  const row = image as unknown as SiteRow;
  const location = render(row, (row.fhir_extra as Location | null) ?? undefined, blank, facets);
  return {
    resource: {
      ...location,
      identifier: [...(location.identifier ?? []), { system: siteSystem, value: row.site_code }],
    },
  };
}

function undecorate(location: Location): Location {
  const kept = { ...location, identifier: (location.identifier ?? []).filter(({ system }) => system !== siteSystem) };
  dropEmpty(kept);
  return kept;
}

const zip = "regexp_replace(r.postal_code, '^(\\d{5})(\\d{4})$', '\\1-\\2')";

const columns: Readonly<Record<string, ColumnSearch>> = {
  name: textColumns("r.name"),
  address: textColumns("r.address_line", "r.city", "r.state", zip),
  "address-city": textColumns("r.city"),
  "address-state": textColumns("r.state"),
  "address-postalcode": textColumns(zip),
  identifier: codeColumn("r.site_code", { system: siteSystem }),
  status: codeColumn("CASE WHEN r.active IS FALSE THEN 'inactive' ELSE 'active' END", {
    system: "http://hl7.org/fhir/location-status",
  }),
  organization: referenceColumn("'practice'", "Organization", (id) => id),
};

export const locationResource = directoryResource<Location, SiteRow>({
  definition: {
    type: "Location",
    profile: usCore.location,
    includes: ["organization"],
    search: parametersOf("Location", ["name", "address", "address-city", "address-state", "address-postalcode"], {
      name: { type: "string", expression: "Location.name | Location.alias" },
      address: { type: "string", expression: "Location.address" },
      "address-city": { type: "string", expression: "Location.address.city" },
      "address-state": { type: "string", expression: "Location.address.state" },
      "address-postalcode": { type: "string", expression: "Location.address.postalCode" },
      identifier: { type: "token", expression: "Location.identifier" },
      status: { type: "token", expression: "Location.status", system: "http://hl7.org/fhir/location-status" },
      organization: { type: "reference", expression: "Location.managingOrganization", targets: ["Organization"] },
    }),
    documentation:
      "Sites of the legacy system, whose name, address, telephone and activity are kept there, and places created here.",
  },
  rows: {
    table: "site",
    key: { column: "r.site_code", type: "text", fromId: directoryCode },
    id: directoryIdSql("r.site_code"),
    served: "TRUE",
    leftOut: ["source_position", "legacy_residue"],
    search: columns,
    whole: ["status"],
    read: readSite,
  },
  lens: {
    table: "site",
    key: "site_code",
    facets,
    blank,
    empty: {
      site_code: "",
      name: null,
      address_line: null,
      city: null,
      state: null,
      postal_code: null,
      phone: null,
      active: null,
      fhir_extra: null,
    },
    undecorate,
  },
});
