/** Organization: the practice itself and whoever it deals with. The legacy system has no table of them; all are documents. */

import {
  createSqlStore,
  documentWrites,
  parametersOf,
  type ResourceDefinition,
  usCore,
} from "@banyan/service-kit/fhir";
import type { Organization } from "fhir/r4.js";

const search = parametersOf("Organization", ["name", "address"], {
  name: { type: "string", expression: "Organization.name | Organization.alias" },
  address: { type: "string", expression: "Organization.address" },
  identifier: { type: "token", expression: "Organization.identifier" },
  type: { type: "token", expression: "Organization.type" },
  active: { type: "token", expression: "Organization.active" },
  partof: { type: "reference", expression: "Organization.partOf", targets: ["Organization"] },
});

export const organizationResource: ResourceDefinition<Organization> = {
  type: "Organization",
  profile: usCore.organization,
  interactions: ["read", "vread", "history-instance", "search-type", "create", "update"],
  search,
  sorts: ["_id", "_lastUpdated"],
  documentation: "The practice (Organization/practice) and the organisations it deals with.",
  open({ db }) {
    const options = { db, type: "Organization", documents: true };
    const { create, update } = documentWrites<Organization>(options, search);
    return { ...createSqlStore<Organization>(options), create, update };
  },
};
