import express from "express";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commit, definePolicy, requestContext, verifyAudit } from "./index.ts";
import { refusePlainly } from "./face.ts";
import { startTestService, startTestServices, type TestServices } from "./test-service.ts";

let services: TestServices;
beforeAll(async () => {
  services = await startTestServices();
});
afterAll(() => services.stop());

const policy = definePolicy({
  actions: {
    "note.read": { operation: "R", subtype: "read" },
    "note.add": { operation: "C", subtype: "create" },
  },
  rules: [{ id: "N1", who: ["FDSK"], may: ["note.read", "note.add"], why: "tests" }],
});
const face = {
  name: "plain",
  refuse: refusePlainly,
  open: () => {
    const router = express.Router();
    router.get("/notes/:id", async (request, response) => {
      const id = Number(request.params.id);
      const decision = await requestContext(request).authorise({ action: "note.read", patient: { id } });
      response.status(decision.allowed ? 200 : 403).json(decision);
    });
    router.post("/notes", async (request, response) => {
      const written = await requestContext(request).write(async (tx) => {
        tx.require({ action: "note.add" });
        tx.changed({ table: "NOTE", key: { id: 1 }, old: null, new: { id: 1 } });
        return commit({ id: await tx.nextId("note") });
      });
      response.status(200).json(written);
    });
    return router;
  },
};

test("a read and a write go through", async () => {
  const database = await services.database("notes");
  await database.open("note", 1);
  await database.reserveIds("note", 500, 509);
  await using service = await startTestService({
    name: "notes",
    module: "note",
    version: "1",
    policy,
    faces: [{ ...face, refuse: (r, _q, s) => refusePlainly(r, s) }],
    databaseUrl: database.url,
  });
  expect(service.context.dryRunProved).toBe(true);
  expect(await (await service.send("/notes/7", {})).json()).toEqual({ allowed: true, rule: "N1", breakGlass: false });
  const written = await service.send("/notes", {}, { method: "POST" });
  expect(await written.json()).toMatchObject({ kind: "done", value: { id: 500 }, replayed: false });
  expect(await verifyAudit(database.owner)).toMatchObject({ intact: true, rows: 3 });
});
