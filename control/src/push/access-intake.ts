/**
 * Takes the proxies' audit events: `POST /replicas/{id}/access-events`, a segment of a replica's spool as lines of JSON. The
 * first line says how many events were dropped since the segment before; headers name spool and segment. 204 once it is
 * committed, also when it had come before; a segment that does not fit is refused with 400 and stays with the replica.
 */

import type { Request, Response } from "express";
import { z } from "zod";
import type { ControlContext } from "../context.ts";
import { limits } from "../limits.ts";
import { Refusal } from "../refusal.ts";
import { type AccessEvent, accessEventSchema, storeAccessBatch } from "../store/access-events.ts";

const nameSchema = z.object({
  "x-banyan-spool": z.uuid(),
  "x-banyan-segment": z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
});
const headSchema = z.strictObject({ dropped: z.number().int().min(0) });

export async function takeAccessEvents(
  context: ControlContext,
  id: string,
  request: Request,
  response: Response,
): Promise<void> {
  const name = nameSchema.safeParse(request.headers);
  if (!name.success) throw unreadable("its headers do not name spool and segment");
  const [first = "", ...lines] = String(request.body ?? "")
    .trimEnd()
    .split("\n");
  if (lines.length > limits.accessEventsOfBatchMax)
    throw unreadable(`it has more than ${limits.accessEventsOfBatchMax} lines`);
  const head = headSchema.safeParse(jsonOf(first));
  if (!head.success) throw unreadable("its first line does not say how many events were dropped");
  const isNew = await storeAccessBatch(context.db, {
    replica: id,
    spool: name.data["x-banyan-spool"],
    segment: name.data["x-banyan-segment"],
    receivedAt: context.clock.now(),
    dropped: head.data.dropped,
    events: lines.map(eventOf),
  });
  if (isNew) {
    context.metrics.accessEvents.inc(lines.length);
    context.metrics.accessEventsDropped.inc(head.data.dropped);
  }
  response.status(204).end();
}

function eventOf(line: string, index: number): AccessEvent {
  const event = accessEventSchema.safeParse(jsonOf(line));
  if (event.success) return event.data;
  // Names of fields only: what stands in a line that does not fit nobody knows.
  const fields = [...new Set(event.error.issues.map((issue) => issue.path.join(".")))].slice(0, 5);
  throw unreadable(`line ${index + 2} is no event: ${fields.join(", ")}`);
}

/** @returns undefined for what is not JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreadable(why: string): Refusal {
  return new Refusal({
    code: "BODY_INVALID",
    message: "the audit events were not stored",
    why,
    hint: "Proxy and control must be of versions that fit; the replica keeps the segment beside its spool.",
  });
}
