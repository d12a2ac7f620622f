/** How rows of a service's table are resources: what a service says to have them read, searched and ordered. */

import type { Resource } from "fhir/r4.js";
import type { Knex } from "knex";
import type { PatientSubject } from "../store.ts";
import type { ColumnSearch } from "./columns.ts";

/** A row as `to_jsonb` gives it: dates and instants as text, the service's columns and `fhir_extra`. */
export type Image = Readonly<Record<string, unknown>>;

/** What a row says; a row without a resource counts as deleted. */
export type Reading<R extends Resource> = {
  readonly resource: R | undefined;
  readonly changedBy?: string | undefined;
  readonly subject?: PatientSubject;
};

export type RowSource<R extends Resource> = {
  /** Table that `fhir.track` has prepared, or a view of such; `r` in every expression below. */
  readonly table: string;
  /** Where `fhir.history` has earlier images, when that is not under the table and the key. Null: they are not kept. */
  readonly history?: { readonly source: string; keyOf(id: string): string } | null;
  /** The column that is the key, its type, and how FHIR ids name it. */
  readonly key: {
    readonly column: string;
    readonly type: "int" | "text";
    fromId(id: string): string | number | undefined;
  };
  /** Expression of the FHIR id. */
  readonly id: string;
  /** Which rows are of the type at all, deleted ones among them; absent: every row. */
  readonly of?: string;
  /** Which rows searches give. */
  readonly served: string;
  /** Columns that are left out of the image. */
  readonly leftOut: readonly string[];
  /** Expressions of the sort keys besides `_id` and `_lastUpdated`. They must not be NULL. */
  readonly sorts?: Readonly<Record<string, { readonly sql: string; readonly type: string }>>;
  /** Search parameters the columns answer. Those not named are looked for among the terms alone. */
  readonly search: Readonly<Record<string, ColumnSearch>>;
  /** Of these, the ones a row answers whole: no part of it may lie in `fhir_extra`. */
  readonly whole: readonly string[];
  read(image: Image): Reading<R>;
};

export type SqlStoreOptions<R extends Resource> = {
  readonly db: Knex;
  readonly type: string;
  readonly rows?: RowSource<R>;
  /** Whether resources of the type may be documents. Then sorts are `_id` and `_lastUpdated` only. */
  readonly documents: boolean;
};
