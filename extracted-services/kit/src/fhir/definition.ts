/**
 * What a service says of a resource type it serves. Everything the shell does with the type, and everything the
 * CapabilityStatement says of it, comes from here: a new type is one file that exports one of these.
 */

import type { FhirResource, Resource } from "fhir/r4.js";
import type { ServiceContext } from "../service-context.ts";
import type { SearchParameter } from "./search/parameter.ts";
import type { ResourceStore } from "./store.ts";
import type { Profile, Rule } from "./validation/profile.ts";

const interactions = ["read", "vread", "history-instance", "search-type", "create", "update", "delete"] as const;
export type Interaction = (typeof interactions)[number];

export type ResourceDefinition<R extends Resource = Resource> = {
  readonly type: FhirResource["resourceType"];
  /** Profile every write must fit, if there is one for the type. */
  readonly profile?: Profile;
  /** Rules of the business that hold for writes besides the profile's. */
  readonly rules?: readonly Rule[];
  readonly interactions: readonly Interaction[];
  /** Besides `_id`, `_lastUpdated` and `_security`, which every type has. */
  readonly search: readonly SearchParameter[];
  /** What `_sort` takes; the store orders by it. Nothing that shows a person's data, since `next` links come from it. */
  readonly sorts: readonly string[];
  /** Names of reference parameters whose targets this service can give along with a match. */
  readonly includes?: readonly string[];
  /** The search parameter that ties a resource to a patient; absent for what belongs to nobody (directory data). */
  readonly patient?: "_id" | (string & {});
  /** Open: resources about a patient whose chart is restricted are shown as any other. Say why where it is set. */
  readonly restricted?: "open";
  readonly documentation?: string;
  /** Where the resources are; called once, when the service starts. */
  open(service: ServiceContext): ResourceStore<R>;
};
