/**
 * FHIR as a face of a service: which interaction a request asks for, and its answer on the wire. In order:
 *   1. the format of the answer (406), before anything that could fail needs one
 *   2. the interaction, by method and path (404, 405)
 *   3. the interaction itself: identity, scopes, policy, body, store
 * Whatever goes wrong is answered by an OperationOutcome. Paths below the face's prefix, which FHIR compares with their case.
 */

import type { Request, RequestHandler, Response } from "express";
import type { Provenance, Resource } from "fhir/r4.js";
import type { Face } from "../face.ts";
import type { Refusal } from "../refusal.ts";
import { requestContext } from "../request-context.ts";
import { capabilityStatement } from "./capability.ts";
import type { Interaction, ResourceDefinition } from "./definition.ts";
import type { ServedResource, Answer, FhirRequest, FhirServer } from "./exchange.ts";
import { history, notFound, read, readVersion, requireVisible } from "./interactions/read.ts";
import { search } from "./interactions/search.ts";
import { create, remove, update } from "./interactions/write.ts";
import { limits } from "./limits.ts";
import { type AnswerType, answerTypeOf, preferencesOf } from "./negotiation.ts";
import { FhirRefusal, outcomeOf } from "./refusal.ts";
import { provenanceOf, provenanceTarget } from "./representation.ts";
import { metadataAction } from "./policy.ts";
import { createCursors } from "./search/cursor.ts";
import type { Pair } from "./search/request.ts";
import { loadDefinitions } from "./validation/definitions.ts";

const fhirPrefix = "/fhir";

export type FhirFaceOptions = {
  readonly resources: readonly ResourceDefinition[];
  /** Shared by the instances of a service, so that each reads the others' `next` links. Undefined: good for this process. */
  readonly cursorSecret?: string | undefined;
};

export function fhirFace(options: FhirFaceOptions): Face {
  return {
    name: "fhir",
    prefix: fhirPrefix,
    bodyBytesMax: limits.bodyBytesMax,
    open(service) {
      loadDefinitions();
      const server: FhirServer = {
        definitions: new Map(options.resources.map((one) => [one.type, { ...one, store: one.open(service) }])),
        cursors: createCursors(options.cursorSecret, service.clock),
        clock: service.clock,
      };
      return handlerOf(server, { name: `banyan-${service.name}`, version: service.version });
    },
    refuse: (refusal, request, response) => send(response, typeOrDefault(request), refusalAnswer(refusal)),
  };
}

function handlerOf(server: FhirServer, software: { name: string; version: string }): RequestHandler {
  const date = server.clock.now().toISOString();
  return async (request, response) => {
    const type = typeOrDefault(request);
    try {
      answerTypeOf(request.headers.accept, formatOf(request));
      const asked = requestOf(request, server);
      const [first = "", ...rest] = segmentsOf(request);
      if (first === "metadata" && rest.length === 0) {
        requireMethod(request, ["GET"]);
        await asked.context.authorise({ action: metadataAction });
        const body = capabilityStatement(server.definitions.values(), { base: asked.base, software, date });
        send(response, type, { status: 200, body });
      } else send(response, type, await answerTo(asked, first, rest));
    } catch (error) {
      if (!(error instanceof FhirRefusal)) throw error;
      send(response, type, { status: error.status, body: outcomeOf(error) });
    }
  };
}

/** Paths of FHIR: /Type, /Type/_search, /Type/id, /Type/id/_history, /Type/id/_history/version. */
async function answerTo(request: FhirRequest, type: string, rest: readonly string[]): Promise<Answer> {
  if (type === "Provenance") return readProvenance(request, rest);
  const definition = request.server.definitions.get(type);
  if (!definition) throw new FhirRefusal("not-found", "this server has no resources of such a type");
  const [id, history, version] = rest;
  const shape =
    rest.length > 3 || (history !== undefined && history !== "_history") ? "none" : shapeOf(id, history, version);
  const found = routes[shape]?.[request.method];
  if (shape === "none") throw notFound();
  if (!found || !definition.interactions.includes(found.interaction))
    throw new FhirRefusal("method", `${type} has no such interaction here`);
  return found.run(request, definition, id ?? "", version ?? "");
}

type Shape = "type" | "search" | "instance" | "history" | "version" | "none";

function shapeOf(id: string | undefined, history: string | undefined, version: string | undefined): Shape {
  if (id === undefined) return "type";
  if (id === "_search") return history === undefined ? "search" : "none";
  if (!/^[A-Za-z0-9.-]{1,64}$/.test(id)) return "none";
  return history === undefined ? "instance" : version === undefined ? "history" : "version";
}

type Run = (request: FhirRequest, definition: ServedResource, id: string, version: string) => Promise<Answer>;
type Route = { readonly interaction: Interaction; readonly run: Run };

const routes: Readonly<Partial<Record<Shape, Readonly<Record<string, Route>>>>> = {
  type: { GET: { interaction: "search-type", run: search }, POST: { interaction: "create", run: create } },
  search: { POST: { interaction: "search-type", run: search } },
  instance: {
    GET: { interaction: "read", run: read },
    PUT: { interaction: "update", run: update },
    DELETE: { interaction: "delete", run: remove },
  },
  history: { GET: { interaction: "history-instance", run: history } },
  version: {
    GET: {
      interaction: "vread",
      run: (request, definition, id, version) => readVersion(request, definition, id, version),
    },
  },
};

/** Seen by whoever may see the version it is about. */
async function readProvenance(request: FhirRequest, rest: readonly string[]): Promise<Answer> {
  if (request.method !== "GET") throw new FhirRefusal("method", "Provenance is read only");
  const target = rest.length === 1 ? provenanceTarget(rest[0] ?? "") : undefined;
  const definition = target && request.server.definitions.get(target.type);
  if (!target || !definition) throw notFound();
  const version = await definition.store.readVersion(target.id, target.number);
  await requireVisible(request, definition, "vread", version);
  if (!version) throw notFound();
  const body: Provenance = provenanceOf(definition.type, version);
  return { status: 200, body };
}

function requireMethod(request: Request, methods: readonly string[]): void {
  if (!methods.includes(methodOf(request)))
    throw new FhirRefusal("method", "the server does not take this method here");
}

/** HEAD is GET without its body, which Express leaves out by itself. */
const methodOf = (request: Request): string => (request.method === "HEAD" ? "GET" : request.method);

function requestOf(request: Request, server: FhirServer): FhirRequest {
  const body: unknown = request.body;
  return {
    method: methodOf(request),
    query: queryOf(request),
    header: (name) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(", ") : value;
    },
    body: Buffer.isBuffer(body) ? body : undefined,
    base: baseOf(request),
    preferences: preferencesOf(String(request.headers.prefer ?? "")),
    context: requestContext(request),
    server,
  };
}

const queryOf = (request: Request): Pair[] => {
  const at = request.originalUrl.indexOf("?");
  return at < 0 ? [] : [...new URLSearchParams(request.originalUrl.slice(at + 1))];
};
const formatOf = (request: Request): string | undefined => queryOf(request).find(([name]) => name === "_format")?.[1];

function segmentsOf(request: Request): string[] {
  const path = request.originalUrl.split("?", 1)[0] ?? "";
  try {
    return path.slice(fhirPrefix.length).split("/").slice(1).map(decodeURIComponent);
  } catch {
    // An escape that is none: there is nothing at such a path.
    throw notFound();
  }
}

/** The address clients use: the proxy says which (it rebuilds these headers itself). */
function baseOf(request: Request): string {
  const host = String(request.headers["x-forwarded-host"] ?? request.headers.host ?? "localhost");
  const scheme = request.headers["x-forwarded-proto"] === "https" ? "https" : "http";
  const known = /^[A-Za-z0-9.-]+(:\d{1,5})?$|^\[[0-9a-fA-F:.]+\](:\d{1,5})?$/.test(host);
  return `${scheme}://${known ? host : "localhost"}${fhirPrefix}`;
}

function typeOrDefault(request: Request): AnswerType {
  try {
    return answerTypeOf(request.headers.accept, formatOf(request));
  } catch (error) {
    if (error instanceof FhirRefusal) return "application/fhir+json; charset=utf-8";
    throw error;
  }
}

function send(response: Response, type: AnswerType, { status, headers = {}, body }: Answer): void {
  response.status(status).setHeader("cache-control", "no-store");
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (status === 405) response.setHeader("allow", "GET, HEAD, POST, PUT, DELETE");
  if (body === undefined) {
    response.end();
    return;
  }
  response.setHeader("content-type", type);
  response.end(JSON.stringify(body satisfies Resource));
}

/** The shell's own refusals, in FHIR's form. */
function refusalAnswer(refusal: Refusal): Answer {
  const body = {
    resourceType: "OperationOutcome",
    issue: [
      {
        severity: "error",
        code: refusal.status === 401 ? "login" : refusal.status === 503 ? "transient" : "processing",
        details: { text: refusal.text },
      },
    ],
  } as const;
  return { status: refusal.status, body };
}
