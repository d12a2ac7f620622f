/** A kept pair of answers as bytes, before it is sealed, and back. Holds patient data. */

import type { Answer } from "@banyan/comparer";
import { z } from "zod";
import type { Observation, Received } from "./frame.ts";

const storedAnswer = z.object({
  status: z.number(),
  headers: z.array(z.tuple([z.string(), z.string()])),
  body: z.string(),
});
const stored = z.object({
  method: z.string(),
  path: z.string(),
  at: z.string(),
  role: z.string(),
  site: z.string(),
  served: z.enum(["legacy", "service"]),
  legacy: storedAnswer,
  service: storedAnswer,
});

export type Sample = Omit<z.infer<typeof stored>, "legacy" | "service"> & {
  readonly legacy: Answer;
  readonly service: Answer;
};

export function encodeSample(observation: Observation): Buffer {
  const { method, path, at, role, site, served, legacy, service } = observation;
  return Buffer.from(
    JSON.stringify({ method, path, at, role, site, served, legacy: text(legacy), service: text(service) }),
  );
}

export function decodeSample(bytes: Buffer): Sample {
  const { legacy, service, ...rest } = stored.parse(JSON.parse(bytes.toString("utf8")));
  return { ...rest, legacy: answer(legacy), service: answer(service) };
}

function text(received: Received): z.infer<typeof storedAnswer> {
  if ("failed" in received) return { status: 0, headers: [], body: "" };
  return {
    status: received.status,
    headers: received.headers.map(([name, value]) => [name, value]),
    body: Buffer.from(received.body).toString("base64"),
  };
}

const answer = ({ status, headers, body }: z.infer<typeof storedAnswer>): Answer => ({
  status,
  headers,
  body: Buffer.from(body, "base64"),
});
