/** One module: its copies, its parked transactions, its reconciles, and its state for the flip. */

import { AppError } from "@banyan/kernel";
import { z } from "zod";
import { listParked } from "../apply/parked-list.ts";
import { limits } from "../limits.ts";
import { listReconciles, readReconcile, requestReconcile } from "../reconcile/reconciliation.ts";
import { route } from "./route.ts";

const who = z.string().trim().min(1).max(200);
const reason = z.string().trim().min(3).max(2_000);
const id = z.string().regex(/^\d{1,18}$/);

export const moduleRoutes = [
  route({
    method: "get",
    path: "/modules/:module/state",
    handle: async (actions, { params }) => {
      const service = actions.module(params["module"] ?? "");
      await service.refresh();
      const last = (await listReconciles(service.database, 20)).find(({ state }) => state === "done");
      const found = last?.tables.reduce((sum, one) => sum + one.missing + one.extra + one.different, 0);
      return {
        watermarkAgeMs: service.watermarkAgeMs === undefined ? null : Math.round(service.watermarkAgeMs),
        parkedKeys: service.stream.blocked.size,
        openConflicts: 0,
        lastReconcile: last?.finishedAt ? { at: last.finishedAt, clean: found === 0 } : null,
        relayPending: await service.relayPending(),
      };
    },
  }),
  route({
    method: "post",
    path: "/modules/:module/wake",
    handle: async (actions, { params }) => {
      actions.module(params["module"] ?? "").stream.wake();
      return { woken: true };
    },
  }),
  route({
    method: "post",
    path: "/modules/:module/copy",
    body: z.strictObject({
      tables: z.array(z.string().max(128)).max(100).default([]),
      newEra: z.boolean().default(false),
      who,
      reason,
    }),
    handle: async (actions, { params, body }) => {
      const service = actions.module(params["module"] ?? "");
      const tables = body.tables.length > 0 ? body.tables : service.tablesToCopy();
      await service.beginCopy({ ...body, tables });
      await actions.term().ask("sync-copy", service.service);
      return { tables };
    },
  }),
  route({
    method: "get",
    path: "/modules/:module/parked",
    handle: async (actions, { params }) => ({
      parked: await listParked(actions.module(params["module"] ?? "").database, limits.listRowsMax),
    }),
  }),
  route({
    method: "post",
    path: "/modules/:module/parked/retry",
    handle: async (actions, { params }) => actions.module(params["module"] ?? "").retryParked(),
  }),
  route({
    method: "post",
    path: "/modules/:module/parked/discard",
    body: z.strictObject({ ids: z.array(id).min(1).max(limits.listRowsMax), who, reason }),
    handle: async (actions, { params, body }) => {
      const service = actions.module(params["module"] ?? "");
      const discarded = await service.discardParked(body.ids, { who: body.who, reason: body.reason });
      return { discarded, retried: await service.retryParked() };
    },
  }),
  route({
    method: "post",
    path: "/modules/:module/reconcile",
    body: z.strictObject({ repair: z.boolean().default(false), who }),
    handle: async (actions, { params, body }) => {
      const service = actions.module(params["module"] ?? "");
      const run = await requestReconcile(service.database, { requestedBy: body.who, repair: body.repair });
      await actions.term().ask("sync-reconcile", service.service, run);
      return { id: run };
    },
  }),
  route({
    method: "get",
    path: "/modules/:module/reconciles",
    handle: async (actions, { params }) => ({
      reconciles: await listReconciles(actions.module(params["module"] ?? "").database, 20),
    }),
  }),
  route({
    method: "get",
    path: "/modules/:module/reconciles/:id",
    handle: async (actions, { params }) => {
      const run = z.uuid().safeParse(params["id"]);
      const report = run.success
        ? await readReconcile(actions.module(params["module"] ?? "").database, run.data)
        : undefined;
      if (report) return report;
      throw new AppError({
        code: "RECONCILE_UNKNOWN",
        op: "read a reconcile",
        message: "there is no such reconcile",
        hint: "`banyan reconcile MODULE --list` shows those that are kept.",
      });
    },
  }),
];
