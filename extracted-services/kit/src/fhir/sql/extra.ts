/** What a row has no column for, kept beside it: `fhir_extra`, and its terms. */

import { isDeepStrictEqual } from "node:util";
import type { Resource } from "fhir/r4.js";
import type { WriteTransaction } from "../../write.ts";
import { beyond, type Facet, render } from "../lens.ts";
import { securityParameter, type SearchParameter } from "../search/parameter.ts";
import { storedForm } from "./documents.ts";
import { writeTerms } from "./terms.ts";

export type ExtraOf<R extends Resource, Row extends object> = {
  readonly table: string;
  /** Where the row is. */
  readonly where: Readonly<Record<string, string | number>>;
  readonly id: string;
  readonly facets: readonly Facet<R, Row>[];
  readonly blank: R;
  readonly parameters: readonly SearchParameter[];
  /** The row as this transaction has written it. */
  readonly row: Row;
  /** A row without values, whose `put` takes a facet away. */
  readonly empty: Row;
};

/**
 * Keeps a resource beside its row, unless the row says all of it. Makes no version of its own when the row was written in the same
 * transaction (`sameVersion`).
 */
export async function keepExtra<R extends Resource, Row extends object>(
  tx: WriteTransaction,
  resource: R,
  of: ExtraOf<R, Row>,
  { sameVersion }: { readonly sameVersion: boolean },
): Promise<void> {
  const stored = storedForm(resource);
  const whole = isDeepStrictEqual(render(of.row, undefined, of.blank, of.facets), stored);
  if (sameVersion) await tx.db.raw("SELECT set_config('fhir.keeps_version', 'on', true)");
  await tx
    .db(of.table)
    .where(of.where)
    .update({ fhir_extra: whole ? null : JSON.stringify(stored) });
  if (sameVersion) await tx.db.raw("SELECT set_config('fhir.keeps_version', 'off', true)");
  const terms = whole ? undefined : beyond(stored, of.empty, of.facets);
  await writeTerms(tx.db, { type: resource.resourceType, id: of.id }, [...of.parameters, securityParameter], terms);
}
