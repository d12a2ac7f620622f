/**
 * One FHIR server to the outside, several services behind: `/fhir/metadata` is made of what each service says of itself, and
 * `/.well-known/smart-configuration` of the types in it. A service that is away keeps its place in the statement by its last word;
 * one that has never spoken is left out, and with none at all the answer is 503. Nothing of any patient is in these answers.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "@banyan/kernel";
import { request } from "undici";
import { z } from "zod";
import type { TargetGroup } from "../forward/target-group.ts";
import { limits } from "../limits.ts";

const resourceShape = z.looseObject({
  type: z.string().regex(/^[A-Z][A-Za-z]{1,63}$/),
  interaction: z.array(z.looseObject({ code: z.string() })).default([]),
});
const statementShape = z.looseObject({
  resourceType: z.literal("CapabilityStatement"),
  date: z.string(),
  rest: z
    .array(z.looseObject({ mode: z.string(), security: z.unknown().optional(), resource: z.array(resourceShape) }))
    .min(1),
});
type Statement = z.infer<typeof statementShape>;
type ResourceStatement = z.infer<typeof resourceShape>;

type Kept = { readonly statement: Statement; readonly atMs: number };

export type FhirMetadata = {
  /** Answers the request when its path is one of these. @returns undefined: it is not */
  answer(request: IncomingMessage, response: ServerResponse, protocol: "http" | "https"): Promise<void> | undefined;
};

const paths = {
  "/fhir/metadata": "metadata",
  "/.well-known/smart-configuration": "smart",
  "/fhir/.well-known/smart-configuration": "smart",
} as const;

export function createFhirMetadata(services: ReadonlyMap<string, TargetGroup>, clock: Clock): FhirMetadata {
  const kept = new Map<string, Kept>();
  return {
    answer(asked, response, protocol) {
      const [path = ""] = (asked.url ?? "").split("?", 1);
      const wanted = paths[path as keyof typeof paths];
      return wanted && give(asked, response, { wanted, protocol });
    },
  };

  async function give(
    asked: IncomingMessage,
    response: ServerResponse,
    { wanted, protocol }: { readonly wanted: "metadata" | "smart"; readonly protocol: string },
  ): Promise<void> {
    asked.resume();
    if (asked.method !== "GET" && asked.method !== "HEAD") {
      send(response, 405, outcome("not-supported", "this is only read"), { allow: "GET, HEAD" });
      return;
    }
    const statements = await statementsOf(services, kept, clock);
    if (statements.length === 0)
      send(response, 503, outcome("transient", "no service that speaks FHIR answers"), { "retry-after": "5" });
    else if (wanted === "metadata") send(response, 200, merged(statements, `${protocol}://${hostOf(asked)}/fhir`));
    else send(response, 200, smartConfiguration(statements), { "content-type": "application/json; charset=utf-8" });
  }
}

/** A host as it may stand in a URL; anything else is not repeated. */
function hostOf(asked: IncomingMessage): string {
  const host = asked.headers.host ?? "";
  return /^[A-Za-z0-9.-]{1,253}(:\d{1,5})?$|^\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?$/.test(host) ? host : "localhost";
}

async function statementsOf(
  services: ReadonlyMap<string, TargetGroup>,
  kept: Map<string, Kept>,
  clock: Clock,
): Promise<Statement[]> {
  await Promise.all(
    [...services].map(async ([name, group]) => {
      const last = kept.get(name);
      if (last && clock.monotonicMs() - last.atMs < limits.fhirMetadataMs) return;
      const statement = await statementOf(group);
      if (statement) kept.set(name, { statement, atMs: clock.monotonicMs() });
    }),
  );
  return [...services.keys()].flatMap((name) => kept.get(name)?.statement ?? []);
}

/** The first instance that answers. @returns undefined when none does, or the service speaks no FHIR */
async function statementOf(group: TargetGroup): Promise<Statement | undefined> {
  for (const { origin } of group.targets) {
    try {
      const signal = AbortSignal.timeout(limits.fhirMetadataMsMax);
      const answer = await request(`${origin}/fhir/metadata`, { signal, headers: { accept: "application/fhir+json" } });
      const text = await textOf(answer.body);
      const parsed = answer.statusCode === 200 ? statementShape.safeParse(JSON.parse(text)) : undefined;
      if (parsed?.success) return parsed.data;
    } catch {
      // Away, too slow or no JSON: the next instance, else the statement it gave last. Health checks report the target.
    }
  }
  return undefined;
}

/** @throws RangeError past the bound */
async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > limits.fhirMetadataBytesMax) throw new RangeError("a capability statement past its bound");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** What a type can do at any service; the first service that serves a type speaks for it. */
function resourcesOf(statements: readonly Statement[]): ResourceStatement[] {
  const byType = new Map<string, ResourceStatement>();
  for (const { rest } of statements)
    for (const resource of rest[0]?.resource ?? []) if (!byType.has(resource.type)) byType.set(resource.type, resource);
  return [...byType.values()];
}

function merged(statements: readonly Statement[], base: string): object {
  const [first] = statements;
  const newest = statements
    .map(({ date }) => date)
    .toSorted()
    .at(-1);
  return {
    ...first,
    date: newest,
    software: { name: "banyan" },
    implementation: { description: "FHIR R4 of the extracted services, behind one address", url: base },
    rest: [{ ...first?.rest[0], resource: resourcesOf(statements) }],
  };
}

const letters: Readonly<Record<string, string>> = {
  create: "c",
  read: "r",
  update: "u",
  delete: "d",
  "search-type": "s",
};

/**
 * SMART App Launch 2: which scopes there are. Callers are known by their session with this proxy, and their role decides their
 * scopes; there is no authorization server, so none of its end points is named.
 */
function smartConfiguration(statements: readonly Statement[]): object {
  const scopes = resourcesOf(statements).flatMap(({ type, interaction }) => {
    const granted = ["create", "read", "update", "delete", "search-type"]
      .filter((code) => interaction.some((one) => one.code === code))
      .map((code) => letters[code])
      .join("");
    return granted === "" ? [] : [`user/${type}.${granted}`, `patient/${type}.${granted}`];
  });
  return {
    capabilities: ["permission-user", "permission-patient", "permission-v2"],
    scopes_supported: ["openid", "fhirUser", "launch/patient", ...scopes],
    grant_types_supported: [],
    code_challenge_methods_supported: ["S256"],
  };
}

const outcome = (code: string, text: string): object => ({
  resourceType: "OperationOutcome",
  issue: [{ severity: "error", code, details: { text } }],
});

function send(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, {
    "content-type": "application/fhir+json; charset=utf-8",
    "cache-control": "no-store",
    ...headers,
  });
  response.end(JSON.stringify(body));
}
