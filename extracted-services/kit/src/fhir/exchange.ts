/** One FHIR request and its answer, free of Express, so that every interaction is a function from the one to the other. */

import type { Clock } from "@banyan/kernel";
import type { Resource } from "fhir/r4.js";
import type { RequestContext } from "../request-context.ts";
import type { ResourceDefinition } from "./definition.ts";
import type { Preferences } from "./negotiation.ts";
import type { Cursors } from "./search/cursor.ts";
import type { Pair } from "./search/request.ts";
import type { ResourceStore } from "./store.ts";

/** What the interactions use of a request's context. */
export type FhirContext = Pick<RequestContext, "principal" | "authorise" | "may" | "write">;

/** A resource type in a running service. */
export type ServedResource = Omit<ResourceDefinition, "open"> & { readonly store: ResourceStore };

export type FhirRequest = {
  readonly method: string;
  readonly query: readonly Pair[];
  header(name: string): string | undefined;
  readonly body: Buffer | undefined;
  /** FHIR address clients know this server by, without a slash at its end. */
  readonly base: string;
  readonly preferences: Preferences;
  readonly context: FhirContext;
  readonly server: FhirServer;
};

/** What stays the same from request to request. */
export type FhirServer = {
  readonly definitions: ReadonlyMap<string, ServedResource>;
  readonly cursors: Cursors;
  readonly clock: Clock;
};

export type Answer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Resource;
};
