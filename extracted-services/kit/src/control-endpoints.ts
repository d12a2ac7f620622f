/**
 * What control asks of a service, let in by a bearer token that both share: `/ownership` while a module changes its owner, and
 * `/audit/verification`, whose head hash control can keep to prove later that nothing before it was touched. Every command names flip and step, may be repeated, and is answered 409 LATE_COMMAND when what it belongs to is
 * over. Nothing here speaks of a patient.
 */

import { createHash, randomUUID, timingSafeEqual } from "node:crypto";
import express, { type Request, type Response, type Router } from "express";
import { z } from "zod";
import type { AuditEvent } from "./audit-event.ts";
import { verifyAudit } from "./audit-verification.ts";
import { limits } from "./limits.ts";
import type { ServiceContext } from "./service-context.ts";

const commandShape = z
  .object({
    flip: z.guid(),
    step: z.enum(["seal", "open", "reopen"]),
    epoch: z.number().int().min(0),
    state: z.enum(["open", "sealed"]),
  })
  .refine(({ step, state }) => step === "open" || (step === "seal") === (state === "sealed"), {
    message: "seal makes sealed, reopen makes open",
  });
const markerShape = z.object({ flip: z.guid() });

/** @param token undefined: nobody is let in */
export function controlRouter(service: ServiceContext, token: string | undefined): Router {
  const router = express.Router();
  router.use(["/ownership", "/audit"], (request, response, next) => {
    if (mayEnter(request.headers.authorization, token)) next();
    else problem(response, 401, "NOT_ALLOWED", "Control's token is needed.");
  });
  router.use("/ownership", express.json({ limit: limits.commandBytesMax }));
  router.get("/audit/verification", async (_request, response) => void response.json(await verifyAudit(service.db)));
  router.get("/ownership", async (_request, response) => void response.json(await stateOf(service)));
  router.post("/ownership", (request, response) => changeOwner(service, request, response));
  router.post("/ownership/marker", (request, response) => putMarker(service, request, response));
  router.get("/ownership/markers/:flip", (request, response) => tellMarker(service, request, response));
  return router;
}

async function changeOwner(service: ServiceContext, request: Request, response: Response): Promise<void> {
  const command = commandShape.safeParse(request.body);
  if (!command.success) return problem(response, 400, "COMMAND_INVALID", "flip, step, epoch and state are needed.");
  const { flip, step, epoch, state } = command.data;
  const event = commandEvent(service, `owner-${step}`, flip);
  const answer: { rows: { outcome: string }[] } = await service.db.raw(
    "SELECT kit.change_owner(?, ?, ?, ?, ?, ?) AS outcome",
    [service.module, flip, step, epoch, state, JSON.stringify([event])],
  );
  if (answer.rows[0]?.outcome === "late") return late(response);
  response.json(await stateOf(service));
}

async function putMarker(service: ServiceContext, request: Request, response: Response): Promise<void> {
  const command = markerShape.safeParse(request.body);
  if (!command.success) return problem(response, 400, "COMMAND_INVALID", "flip is needed.");
  const { flip } = command.data;
  const event = commandEvent(service, "owner-marker", flip);
  const answer: { rows: { marker: string | null }[] } = await service.db.raw(
    "SELECT kit.put_marker(?, ?, ?, ?) AS marker",
    [service.module, flip, JSON.stringify([event]), event.requestId],
  );
  const marker = answer.rows[0]?.marker;
  if (marker === null || marker === undefined) return late(response);
  response.json({ outboxId: Number(marker) });
}

/** Whether the marker the legacy side committed has been applied here, with everything before it. */
async function tellMarker(service: ServiceContext, request: Request, response: Response): Promise<void> {
  const asked = markerShape.safeParse(request.params);
  if (!asked.success) return problem(response, 400, "COMMAND_INVALID", "the flip is a UUID.");
  const marker = await service.db("sync.flip_marker").where(asked.data).first("flip");
  response.json({ present: marker !== undefined });
}

async function stateOf(service: ServiceContext): Promise<object> {
  const [owner, pending, idBlocks] = await Promise.all([
    service
      .db<{ module: string; epoch: string; state: string; flip: string | null; step: string | null }>(
        "kit.module_owner",
      )
      .where({ module: service.module })
      .first("module", "epoch", "state", "flip", "step"),
    service
      .db("kit.outbox")
      .where("id", ">", service.db("kit.relay_position").select("outbox_id"))
      .count<{ count: string }[]>(),
    service
      .db<{ name: string; next_id: string; last_id: string }>("kit.id_block")
      .orderBy(["name", "first_id"])
      .select("name", "next_id", "last_id"),
  ]);
  return {
    ...owner,
    epoch: Number(owner?.epoch),
    outbox: { pending: Number(pending[0]?.count) },
    idBlocks: idBlocks.map((block) => ({ table: block.name, next: Number(block.next_id), end: Number(block.last_id) })),
  };
}

function commandEvent(service: ServiceContext, subtype: string, flip: string): AuditEvent {
  return {
    recordedMs: service.clock.now().getTime(),
    type: "security",
    subtype,
    action: "E",
    outcome: 0,
    reason: null,
    agent: { id: "control", kind: "service", role: null, site: null, session: null, purposeOfUse: "HOPERAT" },
    address: null,
    observer: service.source,
    target: "service",
    patient: null,
    object: `Flip/${flip}`,
    query: null,
    requestId: randomUUID(),
    rule: "control-token",
    breakGlass: null,
  };
}

function mayEnter(sent: string | undefined, token: string | undefined): boolean {
  return token !== undefined && sent !== undefined && timingSafeEqual(digest(sent), digest(`Bearer ${token}`));
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

const late = (response: Response): void =>
  problem(response, 409, "LATE_COMMAND", "What this command belongs to is over.");

function problem(response: Response, status: number, code: string, message: string): void {
  response.status(status).json({ code, message });
}
