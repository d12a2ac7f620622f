/**
 * The port between the FHIR shell and where resources are kept. A store knows nothing of HTTP; a service has one for each type,
 * over its own tables or over documents.
 */

import type { Resource } from "fhir/r4.js";
import type { Principal } from "../principal.ts";
import type { WriteTransaction } from "../write.ts";
import type { AllOf, AnyOf } from "./search/condition.ts";
import type { SortKey } from "./search/request.ts";

/** One version of a resource. `id`, `meta.versionId` and `meta.lastUpdated` of `resource` are set by the shell, not the store. */
export type Version<R extends Resource = Resource> = {
  readonly id: string;
  /** Counts up from 1 by every write, those of the sync included. */
  readonly number: number;
  /** ISO 8601 in UTC with milliseconds. */
  readonly changedAt: string;
  /** Undefined: this version is the deletion. */
  readonly resource: R | undefined;
  /** Who made it, for Provenance; undefined when that is not known. */
  readonly changedBy?: string | undefined;
  /** The patient it is about, as the policy asks; absent for what is about nobody. */
  readonly subject?: PatientSubject;
};

export type PatientSubject = {
  readonly id: number;
  readonly site?: string | undefined;
  readonly restricted?: boolean;
};

export type StoreQuery = {
  readonly all: AllOf;
  /** What the caller may see: each must hold. */
  readonly within: readonly AnyOf[];
  readonly sort: readonly SortKey[];
  /** Entries wanted. */
  readonly limit: number;
  /** Values of the sort keys and the id of the last entry seen, as `Hit.place` gave them. */
  readonly after: Place | undefined;
  /** Whether the number of all matches is wanted; given up past `limits.totalCountedMax`. */
  readonly withTotal: boolean;
  /** Milliseconds since 1970, for `ap`. */
  readonly nowMs: number;
};

export type Place = readonly (string | null)[];
export type Hit<R extends Resource = Resource> = { readonly version: Version<R>; readonly place: Place };
export type StoreAnswer<R extends Resource = Resource> = {
  readonly hits: readonly Hit<R>[];
  readonly more: boolean;
  /** Accurate, or undefined. */
  readonly total: number | undefined;
};

/** Who writes, and when. */
export type Author = {
  /** User id, or the kind of caller that has none. */
  readonly user: string;
  readonly kind: Principal["kind"];
  readonly at: Date;
  /** Site the caller works at. */
  readonly site: string | undefined;
  /** The client has said in If-None-Exist what would make the resource the same as another, and none is. */
  readonly conditional: boolean;
};

/** Why a change was not made. */
export type NotChanged = "absent" | "deleted" | "stale";

export type Change<R extends Resource> = {
  readonly id: string;
  readonly resource: R;
  /** Version the client saw. */
  readonly expected: number;
};

export type ResourceStore<R extends Resource = Resource> = {
  read(id: string): Promise<Version<R> | undefined>;
  readVersion(id: string, number: number): Promise<Version<R> | undefined>;
  /** Newest first. @param below versions older than this number only */
  history(id: string, limit: number, below: number | undefined): Promise<readonly Version<R>[]>;
  /** @param tx search inside a write, so that a conditional create sees what that write sees */
  search(query: StoreQuery, tx?: WriteTransaction): Promise<StoreAnswer<R>>;
  /** @throws FhirRefusal rule for what the record cannot hold */
  create?(tx: WriteTransaction, resource: R, author: Author): Promise<Version<R>>;
  /** The version is checked under the lock of the row. @throws FhirRefusal rule */
  update?(tx: WriteTransaction, change: Change<R>, author: Author): Promise<Version<R> | NotChanged>;
  /** Makes conditional creates with the same criteria wait for one another until the transaction ends. */
  serialise?(tx: WriteTransaction, criteria: string): Promise<void>;
  remove?(tx: WriteTransaction, change: Omit<Change<R>, "resource">, author: Author): Promise<Version<R> | NotChanged>;
};
