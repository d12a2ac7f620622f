/**
 * create, update and delete. Every write of an existing resource needs If-Match (`versioned-update`): without it 400, with a stale
 * version 412. Ids are the server's: a PUT to an id that never was is 405. Source: FHIR R4 http.html, sections 2.21.0.5 to 2.21.0.8.
 */

import type { OperationOutcome, Resource } from "fhir/r4.js";
import { RefusedError } from "../../refusal.ts";
import { commit, type Json, rollBack, type WriteTransaction } from "../../write.ts";
import { accessTo, boundsOf, isWithin, requireAllowed } from "../access.ts";
import type { Interaction } from "../definition.ts";
import type { ServedResource, Answer, FhirRequest } from "../exchange.ts";
import { limits } from "../limits.ts";
import { requireJsonBody } from "../negotiation.ts";
import { FhirRefusal, type FhirRefusalReason, information, type Problem } from "../refusal.ts";
import { etagOf, present, versionNamed } from "../representation.ts";
import { parseSearch } from "../search/request.ts";
import type { Author, NotChanged, Version } from "../store.ts";
import { requireProfile } from "../validation/profile.ts";
import { requireStructure } from "../validation/structure.ts";
import { deleted, notFound, requireVisible, versionHeaders } from "./read.ts";
import { searchableOf } from "./search.ts";

type Made = { readonly version: Version; readonly created: boolean };
type Undone = { readonly reason: FhirRefusalReason; readonly problems: readonly Problem[] };

export async function create(request: FhirRequest, definition: ServedResource): Promise<Answer> {
  await requireMay(request, definition, "create");
  const resource = resourceOf(request, definition);
  const made = await write(request, (tx) => createOnce(request, definition, { tx, resource }));
  if (!made.created) await requireVisible(request, definition, "read", made.version);
  const answer = answerOf(request, made.version, made.created ? 201 : 200);
  const location = `${request.base}/${definition.type}/${made.version.id}/_history/${made.version.number}`;
  return { ...answer, headers: { ...answer.headers, location } };
}

/** The policy is asked last, when it is known what to write into the audit; a denial undoes everything. */
async function createOnce(
  request: FhirRequest,
  definition: ServedResource,
  { tx, resource }: { readonly tx: WriteTransaction; readonly resource: Resource },
): Promise<Made> {
  const { principal } = request.context;
  let made: Made | undefined;
  try {
    const existing = await existingMatch(request, definition, tx);
    made = existing
      ? { version: existing, created: false }
      : { version: declared(await definition.store.create?.(tx, resource, authorOf(request))), created: true };
    return made;
  } finally {
    tx.require(accessTo(principal, definition, "create", made?.created ? { version: made.version } : {}));
  }
}

export async function update(request: FhirRequest, definition: ServedResource, id: string): Promise<Answer> {
  await requireMay(request, definition, "update");
  const resource = resourceOf(request, definition);
  if (resource.id !== id)
    throw new FhirRefusal("structure", [
      { text: "the id in the body is not the one in the URL", expression: `${definition.type}.id` },
    ]);
  const expected = expectedOf(request);
  const before = await definition.store.read(id);
  if (!before)
    throw new FhirRefusal("method", "no resource has this id, and ids are the server's to give: create it with POST");
  const made = await write(request, async (tx) => {
    requireChange(request, definition, "update", { tx, before });
    const outcome = declared(await definition.store.update?.(tx, { id, resource, expected }, authorOf(request)));
    return { version: changed(outcome), created: false };
  });
  return answerOf(request, made.version, 200);
}

export async function remove(request: FhirRequest, definition: ServedResource, id: string): Promise<Answer> {
  await requireMay(request, definition, "delete");
  const expected = expectedOf(request);
  const before = await definition.store.read(id);
  if (!before) throw notFound();
  const made = await write(request, async (tx) => {
    requireChange(request, definition, "delete", { tx, before });
    // Deleting what is deleted leaves it so, and says so.
    if (!before.resource) return { version: before, created: false };
    return {
      version: changed(declared(await definition.store.remove?.(tx, { id, expected }, authorOf(request)))),
      created: false,
    };
  });
  return { status: 204, headers: { etag: etagOf(made.version) } };
}

function authorOf(request: FhirRequest): Author {
  const { principal } = request.context;
  return {
    user: principal.kind === "anonymous" ? principal.kind : principal.user,
    kind: principal.kind,
    at: request.server.clock.now(),
    site: principal.kind === "staff" ? principal.site : undefined,
    conditional: request.header("if-none-exist") !== undefined,
  };
}

/** Before the body is looked at: a caller who may not write is told so, and audited. @throws FhirRefusal */
async function requireMay(request: FhirRequest, definition: ServedResource, interaction: Interaction): Promise<void> {
  const { context } = request;
  const access = accessTo(context.principal, definition, interaction, {});
  if (!context.may(access).allowed) {
    const decision = await context.authorise(access);
    boundsOf(context, definition, interaction);
    requireAllowed(decision);
  }
  boundsOf(context, definition, interaction);
}

/** The policy's word on this resource, and that of the scopes. @throws FhirRefusal forbidden */
function requireChange(
  { context, server }: FhirRequest,
  definition: ServedResource,
  interaction: Interaction,
  { tx, before }: { readonly tx: WriteTransaction; readonly before: Version },
): void {
  tx.require(accessTo(context.principal, definition, interaction, { version: before }));
  const bounds = boundsOf(context, definition, interaction);
  if (!isWithin(before, bounds, server.clock.now().getTime()))
    throw new FhirRefusal("forbidden", "the caller's scopes do not cover this resource");
}

/** @throws FhirRefusal media-type, too-large, structure, rule */
function resourceOf(request: FhirRequest, definition: ServedResource): Resource {
  requireJsonBody(request.header("content-type"), request.header("content-encoding"));
  const bytes = request.body ?? Buffer.alloc(0);
  if (bytes.length > limits.bodyBytesMax)
    throw new FhirRefusal("too-large", `a resource has at most ${limits.bodyBytesMax} bytes`);
  const resource = requireStructure(parseJson(bytes), definition.type);
  if (definition.profile) requireProfile(resource, definition.profile);
  if (definition.rules) requireProfile(resource, { url: "", rules: definition.rules });
  return resource;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    // The parser's message quotes the body.
    throw new FhirRefusal("structure", "the body is not JSON in UTF-8");
  }
}

/** @throws FhirRefusal version-required */
function expectedOf(request: FhirRequest): number {
  const expected = versionNamed(request.header("if-match"));
  if (expected !== undefined) return expected;
  throw new FhirRefusal("version-required", "a change of a resource names the version it was made from, in If-Match");
}

/** The one resource If-None-Exist describes. @throws FhirRefusal parameter, several-matches */
async function existingMatch(
  request: FhirRequest,
  definition: ServedResource,
  tx: WriteTransaction,
): Promise<Version | undefined> {
  const criteria = request.header("if-none-exist");
  if (criteria === undefined) return undefined;
  const pairs = [...new URLSearchParams(criteria.replace(/^[^?]*\?/, ""))];
  const { conditions } = parseSearch(pairs, searchableOf(definition), "strict", request.base);
  if (conditions.length === 0) throw new FhirRefusal("parameter", "If-None-Exist names no search parameter");
  await definition.store.serialise?.(tx, `${definition.type}?${pairs.toSorted().join("&")}`);
  const nowMs = request.server.clock.now().getTime();
  const found = await definition.store.search(
    { all: conditions, within: [], sort: [], limit: 2, after: undefined, withTotal: false, nowMs },
    tx,
  );
  if (found.hits.length > 1)
    throw new FhirRefusal("several-matches", "more than one resource fits If-None-Exist; none was created");
  return found.hits[0]?.version;
}

/** One transaction of the service. A refusal inside undoes it and is thrown again here. */
async function write(request: FhirRequest, work: (tx: WriteTransaction) => Promise<Made>): Promise<Made> {
  const written = await request.context.write<Json, Undone>(async (tx) => {
    try {
      return commit((await work(tx)) as unknown as Json);
    } catch (error) {
      if (error instanceof FhirRefusal) return rollBack({ reason: error.reason, problems: error.problems }, error.code);
      throw error;
    }
  });
  switch (written.kind) {
    case "done":
      return written.value as unknown as Made;
    case "rolled-back":
      throw new FhirRefusal(written.value.reason, written.value.problems);
    case "denied":
      requireAllowed(written.decision);
      throw new FhirRefusal("forbidden", "the policy does not allow this");
    case "refused":
      throw new RefusedError(written.refusal.code);
  }
}

/** @throws FhirRefusal when the version is not the one the client saw, or there is none */
function changed(outcome: Version | NotChanged): Version {
  switch (outcome) {
    case "absent":
      throw notFound();
    case "deleted":
      throw deleted();
    case "stale":
      throw new FhirRefusal("stale", "the resource has been changed since the version in If-Match");
    default:
      return outcome;
  }
}

/** The face only calls what the definition declares; a store without it is a mistake of ours. */
function declared<T>(outcome: T | undefined): T {
  if (outcome === undefined) throw new TypeError("the store lacks an operation its definition declares");
  return outcome;
}

/** Prefer: the resource, nothing, or a word on what was done. */
function answerOf(request: FhirRequest, version: Version, status: 200 | 201): Answer {
  const headers = versionHeaders(version);
  switch (request.preferences.answer) {
    case "minimal":
      return { status, headers };
    case "representation":
      return { status, headers, body: present(version) };
    case "OperationOutcome": {
      const body: OperationOutcome = information(
        status === 201 ? "the resource was created" : "the resource is stored",
      );
      return { status, headers, body };
    }
  }
}
