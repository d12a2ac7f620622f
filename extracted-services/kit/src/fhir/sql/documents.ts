/** Writes of documents: resources the legacy system has no table for. Nothing of them goes to the outbox. */

import { randomUUID } from "node:crypto";
import type { Resource } from "fhir/r4.js";
import { securityParameter, type SearchParameter } from "../search/parameter.ts";
import type { ResourceStore, Version } from "../store.ts";
import type { SqlStoreOptions } from "./row-source.ts";
import { currentVersion } from "./store.ts";
import { writeTerms } from "./terms.ts";

type Writes<R extends Resource> = Required<Pick<ResourceStore<R>, "create" | "update" | "remove">>;

/** @param parameters of the type: what the index of terms is to hold */
export function documentWrites<R extends Resource>(
  options: SqlStoreOptions<R>,
  parameters: readonly SearchParameter[],
): Writes<R> {
  const { type } = options;
  const indexed = [...parameters, securityParameter];

  const locked = async (tx: Parameters<Writes<R>["create"]>[0], id: string): Promise<Version<R> | undefined> => {
    await tx.db("fhir.document").where({ type, id }).forUpdate().select("id");
    return currentVersion({ ...options, documents: true }, tx.db, id);
  };

  return {
    async create(tx, resource, author) {
      const id = randomUUID();
      await tx
        .db("fhir.document")
        .insert({ type, id, changed_by: author.user, resource: JSON.stringify(storedForm(resource)) });
      await writeTerms(tx.db, { type, id }, indexed, resource);
      return reread(options, tx.db, id);
    },
    async update(tx, { id, resource, expected }, author) {
      const before = await locked(tx, id);
      if (!before) return "absent";
      if (!before.resource) return "deleted";
      if (before.number !== expected) return "stale";
      await tx
        .db("fhir.document")
        .where({ type, id })
        .update({ ...next(expected), changed_by: author.user, resource: JSON.stringify(storedForm(resource)) });
      await writeTerms(tx.db, { type, id }, indexed, resource);
      return reread(options, tx.db, id);
    },
    async remove(tx, { id, expected }, author) {
      const before = await locked(tx, id);
      if (!before) return "absent";
      if (!before.resource) return "deleted";
      if (before.number !== expected) return "stale";
      await tx
        .db("fhir.document")
        .where({ type, id })
        .update({ ...next(expected), changed_by: author.user, resource: null });
      await writeTerms(tx.db, { type, id }, indexed, undefined);
      return reread(options, tx.db, id);
    },
  };
}

const next = (version: number) => ({ version: version + 1, changed_at: new Date().toISOString() });

/** What the server gives is not part of what is kept. */
export function storedForm<R extends Resource>(resource: R): R {
  const { id: _id, meta, ...rest } = resource;
  const { versionId: _version, lastUpdated: _updated, ...kept } = meta ?? {};
  return { ...rest, ...(Object.keys(kept).length === 0 ? {} : { meta: kept }) } as R;
}

async function reread<R extends Resource>(
  options: SqlStoreOptions<R>,
  db: Parameters<typeof currentVersion<R>>[1],
  id: string,
): Promise<Version<R>> {
  const version = await currentVersion(options, db, id);
  if (!version) throw new TypeError("a document that was just written is not there");
  return version;
}
