/**
 * Directory resources (Practitioner, PractitionerRole, Location): rows that the legacy system keeps, and beside them documents that
 * were made through FHIR. Of a row, FHIR may change what legacy has no column for, and nothing else.
 */

import type { WriteTransaction } from "@banyan/service-kit";
import {
  type Change,
  createSqlStore,
  currentVersion,
  disagreements,
  documentWrites,
  type Facet,
  FhirRefusal,
  keepExtra,
  type NotChanged,
  type ResourceDefinition,
  type RowSource,
  type Version,
} from "@banyan/service-kit/fhir";
import type { Resource } from "fhir/r4.js";
import type { Knex } from "knex";

export type DirectoryRow = { readonly fhir_extra: unknown };

export type Directory<R extends Resource, Row extends DirectoryRow> = {
  readonly definition: Omit<ResourceDefinition<R>, "open" | "sorts" | "interactions">;
  readonly rows: RowSource<R>;
  /** How a row keeps what it has no column for; absent: it keeps nothing, and FHIR changes nothing of it. */
  readonly lens?: DirectoryLens<R, Row>;
};

export type DirectoryLens<R extends Resource, Row extends DirectoryRow> = {
  /** Table behind the rows, and the column of its key. */
  readonly table: string;
  readonly key: string;
  readonly facets: readonly Facet<R, Row>[];
  readonly blank: R;
  /** A row without values. */
  readonly empty: Row;
  /** Takes off what the service puts on by itself. */
  undecorate(resource: R): R;
};

export function directoryResource<R extends Resource, Row extends DirectoryRow>(
  directory: Directory<R, Row>,
): ResourceDefinition<R> {
  const { definition, rows } = directory;
  return {
    ...definition,
    interactions: ["read", "vread", "history-instance", "search-type", "create", "update"],
    sorts: ["_id", "_lastUpdated"],
    open({ db }) {
      const options = { db, type: definition.type, rows, documents: true };
      const documents = documentWrites<R>(options, definition.search);
      return {
        ...createSqlStore(options),
        create: (tx, resource, author) => documents.create(tx, resource, author),
        update: async (tx, change, author) =>
          (await updateRow(directory, tx, change)) ?? documents.update(tx, change, author),
      };
    },
  };
}

/** @returns undefined when no row has the id. @throws FhirRefusal rule for a change of what legacy keeps */
async function updateRow<R extends Resource, Row extends DirectoryRow>(
  { rows, lens, definition }: Directory<R, Row>,
  tx: WriteTransaction,
  { id, resource, expected }: Change<R>,
): Promise<Version<R> | NotChanged | undefined> {
  const options = { db: tx.db, type: definition.type, rows, documents: false };
  const current = await currentVersion(options, tx.db, id);
  const key = rows.key.fromId(id);
  if (!current || key === undefined) return undefined;
  if (current.number !== expected) return "stale";
  if (!lens) throw new FhirRefusal("rule", [{ text: keptByLegacy, expression: definition.type }]);
  const where = { [lens.key]: key };
  const row = await lockRow<Row>(tx.db, lens.table, where);
  if (!row || Number(row.version) !== expected) return "stale";
  const wanted = lens.undecorate(resource);
  const changed = disagreements(wanted, row, lens.facets);
  if (changed.length > 0)
    throw new FhirRefusal(
      "rule",
      changed.map(({ element }) => ({ text: keptByLegacy, expression: element })),
    );
  const { table, facets, blank, empty } = lens;
  const of = { table, where, id, facets, blank, parameters: definition.search, row, empty };
  await keepExtra<R, Row>(tx, wanted, of, { sameVersion: false });
  return currentVersion(options, tx.db, id);
}

const keptByLegacy = "this is kept by the legacy system and cannot be changed here";

async function lockRow<Row>(db: Knex.Transaction, table: string, where: Record<string, string | number>) {
  const found: (Row & { readonly version: string }) | undefined = await db(table).where(where).forUpdate().first();
  return found;
}
