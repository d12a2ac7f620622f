/** A service without tables of its own, for the kit's tests: its face does what a request's body tells it. */

import express from "express";
import { type Face, refusePlainly } from "./face.ts";
import { definePolicy } from "./policy.ts";
import { requestContext } from "./request-context.ts";
import { startTestService, type TestDatabase, type TestService, type TestServices } from "./test-service.ts";
import type { ServiceOptions } from "./service.ts";
import { commit, rollBack } from "./write.ts";

export const notesPolicy = definePolicy({
  actions: {
    "note.read": { operation: "R", subtype: "read" },
    "note.add": { operation: "C", subtype: "create" },
    "note.describe": { operation: "E", subtype: "describe", unaudited: true },
  },
  rules: [
    { id: "N1", who: ["FDSK", "PHYS", "portal"], may: ["note.read"], why: "tests" },
    { id: "N2", who: ["FDSK"], may: ["note.add"], why: "tests" },
    { id: "N3", who: ["FDSK", "anonymous"], may: ["note.describe"], why: "tests" },
  ],
});

/** What a POST does. */
export type NoteOrder = {
  readonly end: "commit" | "roll-back" | "throw" | "ask-nothing";
  readonly action?: string;
  /** Names a row that legacy must learn of. */
  readonly changes?: boolean;
  readonly ids?: boolean;
  /** Runs inside the transaction. */
  readonly sql?: string;
};

export const notesFace: Face = {
  name: "notes",
  open: () => {
    const router = express.Router();
    router.get("/notes/:id", async (request, response) => {
      const id = Number(request.params["id"]);
      const decision = await requestContext(request).authorise({ action: "note.read", patient: { id } });
      response.setHeader("x-banyan-current-patient", String(id));
      response.status(decision.allowed ? 200 : 403).json(decision);
    });
    router.get("/described", async (request, response) => {
      response.json(await requestContext(request).authorise({ action: "note.describe" }));
    });
    router.get("/unasked", (_request, response) => void response.json({ given: "away" }));
    router.post("/notes", async (request, response) => {
      const order = JSON.parse(String(request.body)) as NoteOrder;
      const written = await requestContext(request).write(async (tx) => {
        if (order.end !== "ask-nothing") tx.require({ action: order.action ?? "note.add" });
        const id = order.ids ? await tx.nextId("NOTE") : 1;
        if (order.sql) await tx.db.raw(order.sql);
        if (order.changes) tx.changed({ table: "NOTE", key: { NoteNo: id }, old: null, new: { NoteNo: id } });
        if (order.end === "throw") throw new RangeError("SECRET WORDS of the failure");
        return order.end === "roll-back" ? rollBack({ taken: true }, "SLOT_TAKEN") : commit({ id });
      });
      response.status(written.kind === "refused" ? written.refusal.status : 200).json(written);
    });
    return router;
  },
  refuse: (refusal, _request, response) => refusePlainly(refusal, response),
};

export type Notes = {
  readonly service: TestService;
  readonly database: TestDatabase;
  /** Posts an order; the answer's JSON. */
  order(order: NoteOrder, more?: { readonly requestId?: string; readonly dryRun?: boolean }): Promise<Response>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** A notes service on a database of its own, its module open at epoch 1. */
export async function startNotes(services: TestServices, more: Partial<ServiceOptions> = {}): Promise<Notes> {
  const database = await services.database("notes");
  await database.open("note", 1);
  const service = await startTestService({
    name: "notes",
    module: "note",
    version: "1",
    policy: notesPolicy,
    faces: [notesFace],
    databaseUrl: database.url,
    ...more,
  });
  return {
    service,
    database,
    order: (order, { requestId, dryRun } = {}) =>
      service.send(
        "/notes",
        {},
        {
          method: "POST",
          body: JSON.stringify(order),
          headers: requestId === undefined ? {} : { "x-request-id": requestId },
          ...(dryRun === undefined ? {} : { dryRun }),
        },
      ),
    async [Symbol.asyncDispose]() {
      await service.stop();
      await database.close();
    },
  };
}
