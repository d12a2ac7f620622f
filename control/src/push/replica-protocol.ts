/**
 * What replicas say to control, over HTTP with the shared replica token (docs/decisions/0007-replica-protocol.md):
 *
 *   GET    /replicas/{id}/stream      opened once, kept open: revisions and conditions are pushed as lines of JSON
 *   POST   /replicas/{id}/ack         a revision is on disk and serving, or is refused with the reason
 *   POST   /replicas/{id}/heartbeat   renews the lease; carries in-flight writes and how often each rule was asked
 *   POST   /replicas/{id}/observations, /rechecks   pairs of answers to compare (shadow/)
 *   POST   /replicas/{id}/access-events   audit events of requests, a segment of the replica's spool (access-intake.ts)
 *   DELETE /replicas/{id}             the replica stops
 */

import express, { type Request, type RequestHandler, type Response, Router } from "express";
import { z } from "zod";
import { requireReplica } from "../access/caller.ts";
import { answerProblem, invalid } from "../api/problem.ts";
import type { ControlContext } from "../context.ts";
import { events } from "../events.ts";
import { limits } from "../limits.ts";
import { Refusal } from "../refusal.ts";
import { readObservations, readRechecks } from "../shadow/frame.ts";
import { takeAccessEvents } from "./access-intake.ts";
import { acknowledge, beat, forgetSilent, refuseRevision, registerReplica, removeReplica } from "../store/replicas.ts";

const idSchema = z.string().regex(/^[A-Za-z0-9-]{1,64}$/);
const moduleName = z.string().min(1).max(limits.nameCharsMax);
const count = z.number().int().min(0).max(1e12);

function bounded<T extends z.ZodType>(value: T, keysMax: number) {
  return z
    .record(moduleName, value)
    .refine((record) => Object.keys(record).length <= keysMax, `at most ${keysMax} names`);
}

const ackSchema = z.object({
  revision: z.number().int().positive(),
  refused: z.string().max(limits.reasonCharsMax).optional(),
});
const heartbeatSchema = z.object({
  build: z.string().max(limits.nameCharsMax).default("unknown"),
  revision: z.number().int().min(0).optional(),
  fences: z.array(moduleName).max(limits.heartbeatModulesMax).default([]),
  inFlight: bounded(bounded(count, limits.heartbeatEpochsMax), limits.heartbeatModulesMax).default({}),
  held: bounded(count, limits.heartbeatModulesMax).default({}),
  prepared: bounded(count, limits.heartbeatModulesMax).default({}),
  requests: bounded(count, limits.heartbeatRulesMax).default({}),
  startedAt: z.iso.datetime({ offset: true }).optional(),
  adminUrl: z.url().max(limits.nameCharsMax).optional(),
});

type Step = (id: string, request: Request, response: Response) => Promise<void>;

/** @param json the application's body parser */
export function replicaProtocol(context: ControlContext, json: RequestHandler): Router {
  const router = Router();
  const step = (name: string, handle: Step): RequestHandler => {
    return (request, response) => {
      run(name, handle, request, response).catch((error: unknown) => response.destroy(error as Error));
    };
  };
  const run = async (name: string, handle: Step, request: Request, response: Response): Promise<void> => {
    const id = idSchema.safeParse(request.params["id"]);
    try {
      if (!id.success) throw invalid(id.error.issues, "body");
      await handle(id.data, request, response);
    } catch (error) {
      answerProblem(response, error, context, name);
    }
    context.metrics.requests.inc({ endpoint: name, status: response.statusCode });
  };
  // Before the body is read, and only for these paths: people's end points live below /replicas too.
  const guard: RequestHandler = (request, response, next) => {
    try {
      requireReplica(request.headers.authorization, context.settings.replicaToken);
    } catch (error) {
      answerProblem(response, error, context, "replica");
      return;
    }
    next();
  };
  router.get("/replicas/:id/stream", guard, step("replica stream", openStream(context)));
  router.post("/replicas/:id/ack", guard, json, step("replica ack", takeAck(context)));
  router.post("/replicas/:id/heartbeat", guard, json, step("replica heartbeat", takeHeartbeat(context)));
  const raw = express.raw({ type: "application/x-banyan-observations", limit: limits.observationBytesMax });
  router.post("/replicas/:id/observations", guard, raw, step("replica observations", takeObservations(context)));
  router.post("/replicas/:id/rechecks", guard, raw, step("replica rechecks", takeRechecks(context)));
  const lines = express.text({ type: "application/x-ndjson", limit: limits.accessBodyBytesMax });
  router.post(
    "/replicas/:id/access-events",
    guard,
    lines,
    step("replica access events", (id, request, response) => takeAccessEvents(context, id, request, response)),
  );
  router.delete("/replicas/:id", guard, step("replica leave", takeLeave(context)));
  return router;
}

function openStream(context: ControlContext): Step {
  return async (id, request, response) => {
    const now = context.clock.now();
    const { build } = request.query;
    const replica = {
      id,
      build: typeof build === "string" ? build.slice(0, limits.nameCharsMax) : "unknown",
      now,
      leaseUntil: new Date(now.getTime() + limits.leaseMs),
    };
    await forgetSilent(context.db, new Date(now.getTime() - limits.replicaForgetMs));
    if (!(await registerReplica(context.db, replica, limits.replicasMax))) {
      context.metrics.limitsReached.inc({ limit: "replicasMax" });
      throw new Refusal({
        code: "LIMIT_REACHED",
        message: `replica ${id} was not registered`,
        why: `${limits.replicasMax} replicas are registered already`,
        hint: "Replicas that are stopped leave by themselves; those silent for a day are forgotten. Give replicas stable names (BANYAN_REPLICA_ID).",
      });
    }
    if (response.destroyed) return;
    response.once("error", () => response.destroy());
    context.streams.open(id, response, () => context.logger.info({ event: events.replicaLeft, replica: id }));
    context.logger.info({ event: events.replicaConnected, replica: id });
  };
}

function takeAck(context: ControlContext): Step {
  return async (id, request, response) => {
    const ack = parse(ackSchema, request.body);
    const { revision } = ack;
    if (ack.refused !== undefined) {
      if (!(await refuseRevision(context.db, { id, revision, why: ack.refused }))) throw unregistered(id);
      context.logger.error({ event: events.replicaRefused, replica: id, revision });
      context.acknowledgements.received(0);
    } else {
      const head = context.head.current.revision.number;
      if (!(await acknowledge(context.db, { id, revision, head, now: context.clock.now() }))) throw unregistered(id);
      const ms = context.acknowledgements.received(revision);
      if (ms !== undefined) context.metrics.acknowledged.observe(ms / 1_000);
      context.flips.bell.ring();
    }
    response.status(204).end();
  };
}

function takeHeartbeat(context: ControlContext): Step {
  return async (id, request, response) => {
    const heartbeat = parse(heartbeatSchema, request.body);
    const now = context.clock.now();
    const row = await beat(context.db, {
      id,
      build: heartbeat.build,
      startedAt: heartbeat.startedAt === undefined ? undefined : new Date(heartbeat.startedAt),
      adminUrl: heartbeat.adminUrl,
      fences: heartbeat.fences,
      inFlight: heartbeat.inFlight,
      held: heartbeat.held,
      prepared: heartbeat.prepared,
      now,
      leaseUntil: new Date(now.getTime() + limits.leaseMs),
    });
    if (!row) throw unregistered(id);
    const head = context.head.current.revision.number;
    if (row.acknowledged !== head && row.refused_revision !== head) context.streams.resendRevision(id);
    if (row.evicted_at) throw evicted(id);
    context.counts.add(heartbeat.requests);
    context.flips.bell.ring();
    response.json({ leaseMs: limits.leaseMs, announced: context.conditions.announced() });
  };
}

function takeObservations(context: ControlContext): Step {
  return async (_id, request, response) => {
    const batch = readObservations(bytesOf(request));
    response.json({ results: await context.shadow.comparison.observe(batch) });
  };
}

function takeRechecks(context: ControlContext): Step {
  return async (_id, request, response) => {
    const rechecks = readRechecks(bytesOf(request));
    response.json({ results: await context.shadow.comparison.reread(rechecks) });
  };
}

const bytesOf = (request: Request): Buffer => (Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));

function takeLeave(context: ControlContext): Step {
  return async (id, _request, response) => {
    await removeReplica(context.db, id);
    context.streams.cut(id);
    context.acknowledgements.received(0);
    response.status(204).end();
  };
}

function parse<T extends z.ZodType>(schema: T, body: unknown): z.infer<T> {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues, "body");
}

function unregistered(id: string): Refusal {
  return new Refusal({
    code: "NOT_FOUND",
    message: `replica ${id} is not registered`,
    why: "it has not opened a stream here, or it was forgotten",
    hint: "Open GET /api/v1/replicas/{id}/stream first.",
  });
}

function evicted(id: string): Refusal {
  return new Refusal({
    code: "REPLICA_EVICTED",
    message: `the lease of replica ${id} was not renewed`,
    why: "an operator evicted it",
    hint: "It is back once it has opened a stream and acknowledged the newest revision.",
  });
}
