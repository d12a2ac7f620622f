/**
 * What a replica sends of its shadows: one line of JSON, then the bodies one behind the other. Everything is checked before
 * anything is compared; a body that lies outside what was sent makes the whole frame unreadable.
 */

import type { Answer } from "@banyan/comparer";
import { z } from "zod";
import { limits } from "../limits.ts";
import { Refusal } from "../refusal.ts";

const name = z.string().min(1).max(limits.nameCharsMax);
const answerSchema = z.union([
  z.object({
    status: z.number().int().min(100).max(599),
    headers: z.array(z.string().max(65_536)).max(400),
    ms: z.number().min(0),
    offset: z.number().int().min(0),
    length: z.number().int().min(0),
  }),
  z.object({ failed: z.enum(["timeout", "refused", "tooLarge", "noSession"]) }),
]);
const observationSchema = z.object({
  id: name,
  module: name,
  rule: name,
  template: z.string().max(limits.urlCharsMax),
  method: name,
  effect: z.enum(["read", "write"]),
  at: z.iso.datetime({ offset: true }),
  revision: z.number().int().min(0),
  served: z.enum(["legacy", "service"]),
  watermarkAgeMs: z.number().nullable(),
  sinceMs: z.number().min(0),
  parked: z.boolean(),
  role: z.string().max(limits.nameCharsMax),
  site: z.string().max(limits.nameCharsMax),
  path: z.string().max(limits.urlCharsMax * 2),
  legacy: answerSchema,
  service: answerSchema,
});
const counts = z.record(name, z.number().int().min(0));
const observationsSchema = z.object({
  eligible: counts,
  dropped: z.record(name, counts),
  observations: z.array(observationSchema).max(limits.observationsMax),
});
const rechecksSchema = z.object({
  rechecks: z
    .array(
      z.object({
        id: name,
        round: z.number().int().min(0).max(9),
        watermarkPassed: z.boolean(),
        before: answerSchema,
        service: answerSchema,
        after: answerSchema,
      }),
    )
    .max(limits.observationsMax),
});

export type Failed = { readonly failed: "timeout" | "refused" | "tooLarge" | "noSession" };
/** An answer with its time, or why there is none. */
export type Received = (Answer & { readonly ms: number }) | Failed;

export type Observation = Omit<z.infer<typeof observationSchema>, "legacy" | "service"> & {
  readonly legacy: Received;
  readonly service: Received;
};
export type Observations = Omit<z.infer<typeof observationsSchema>, "observations"> & {
  readonly observations: readonly Observation[];
};
export type Recheck = {
  readonly id: string;
  readonly round: number;
  readonly watermarkPassed: boolean;
  readonly before: Received;
  readonly service: Received;
  readonly after: Received;
};

/** @throws Refusal BODY_INVALID */
export function readObservations(bytes: Buffer): Observations {
  const { head, bodies } = take(bytes, observationsSchema);
  return {
    ...head,
    observations: head.observations.map((one) => ({
      ...one,
      legacy: received(one.legacy, bodies),
      service: received(one.service, bodies),
    })),
  };
}

/** @throws Refusal BODY_INVALID */
export function readRechecks(bytes: Buffer): Recheck[] {
  const { head, bodies } = take(bytes, rechecksSchema);
  return head.rechecks.map((one) => ({
    ...one,
    before: received(one.before, bodies),
    service: received(one.service, bodies),
    after: received(one.after, bodies),
  }));
}

function take<T extends z.ZodType>(bytes: Buffer, schema: T): { head: z.infer<T>; bodies: Buffer } {
  const end = bytes.indexOf(10);
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8", 0, Math.max(end, 0)));
  } catch {
    throw unreadable("its first line is not JSON");
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    // Paths of the schema only: what was received may be patient data.
    const where = parsed.error.issues.map((issue) => issue.path.map(String).join(".")).slice(0, 5);
    throw unreadable(`its first line is not of the agreed form at ${where.join(", ")}`);
  }
  return { head: parsed.data, bodies: bytes.subarray(end + 1) };
}

function received(answer: z.infer<typeof answerSchema>, bodies: Buffer): Received {
  if ("failed" in answer) return answer;
  const { offset, length, status, headers, ms } = answer;
  if (offset + length > bodies.length) throw unreadable("a body lies outside of what was sent");
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < headers.length; index += 2)
    pairs.push([headers[index] as string, headers[index + 1] as string]);
  return { status, headers: pairs, ms, body: bodies.subarray(offset, offset + length) };
}

function unreadable(why: string): Refusal {
  return new Refusal({
    code: "BODY_INVALID",
    message: "the answers to compare were not taken",
    why,
    hint: "Replica and control must be of one version. These pairs count as not run.",
  });
}
