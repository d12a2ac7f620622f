/**
 * The sync, for people: how far it is, what is parked, copies and comparisons. Control passes orders on to the adapter that
 * leads and keeps the audit; rows stay in the services' databases. Lists that name lanes or keys, which may be patients'
 * numbers, need an operator.
 */

import { z } from "zod";
import { limits } from "../limits.ts";
import { askAny, askLeader, order } from "../sync/sync-access.ts";
import { endpoint, nameSchema, reasonSchema } from "./endpoint.ts";

/** The adapter's answer is passed on as it is; its form is the adapter's to say. */
const passed = z.record(z.string(), z.unknown());
const moduleOf = (params: Readonly<Record<string, string>>): string => params["module"] ?? "";
const at = (module: string, rest: string): string => `/modules/${encodeURIComponent(module)}/${rest}`;

export const syncEndpoints = [
  endpoint({
    method: "get",
    path: "/sync",
    role: "viewer",
    handle: ({ context }) => {
      const { views, leading } = context.sync.watch;
      return { body: { leading: leading?.url ?? null, adapters: views, services: leading?.status.services ?? [] } };
    },
  }),
  endpoint({
    method: "get",
    path: "/sync/check",
    role: "viewer",
    handle: async ({ context }) => ({ body: await askAny(context, { method: "GET", path: "/check" }, passed) }),
  }),
  endpoint({
    method: "get",
    path: "/sync/script",
    role: "operator",
    query: z.strictObject({ login: nameSchema.default("banyan_adapter") }),
    handle: async ({ context, query }) => ({
      body: await askAny(context, { method: "GET", path: `/script?login=${encodeURIComponent(query.login)}` }, passed),
    }),
  }),
  endpoint({
    method: "post",
    path: "/sync/enable",
    role: "admin",
    changes: true,
    body: z.strictObject({ reason: reasonSchema }),
    handle: async ({ context, caller, basedOn, body }) => {
      const what = { caller, basedOn, action: "sync.enable", module: null, reason: body.reason, details: {} };
      // A source that is not prepared has no leader yet.
      return { body: await order(context, what, { method: "POST", path: "/enable", body: {} }, passed, askAny) };
    },
  }),
  endpoint({
    method: "post",
    path: "/modules/:module/sync/copy",
    role: "operator",
    changes: true,
    body: z.strictObject({
      tables: z.array(nameSchema).max(limits.copyTablesMax).default([]),
      newEra: z.boolean().default(false),
      reason: reasonSchema,
    }),
    handle: async ({ context, caller, basedOn, params, body }) => {
      const module = moduleOf(params);
      const { tables, newEra, reason } = body;
      const what = { caller, basedOn, action: "sync.copy", module, reason, details: { tables, newEra } };
      const request = { method: "POST", path: at(module, "copy"), body: { ...body, who: caller.who } } as const;
      return { body: await order(context, what, request, passed) };
    },
  }),
  endpoint({
    method: "get",
    path: "/modules/:module/parked",
    role: "operator",
    handle: async ({ context, params }) => ({
      body: await askLeader(context, { method: "GET", path: at(moduleOf(params), "parked") }, passed),
    }),
  }),
  endpoint({
    method: "post",
    path: "/modules/:module/parked/retry",
    role: "operator",
    changes: true,
    handle: async ({ context, caller, basedOn, params }) => {
      const module = moduleOf(params);
      const what = { caller, basedOn, action: "parked.retry", module, reason: null, details: {} };
      return {
        body: await order(context, what, { method: "POST", path: at(module, "parked/retry"), body: {} }, passed),
      };
    },
  }),
  endpoint({
    method: "post",
    path: "/modules/:module/parked/discard",
    role: "operator",
    changes: true,
    body: z.strictObject({
      ids: z
        .array(z.string().regex(/^\d{1,18}$/))
        .min(1)
        .max(limits.listRowsMax),
      reason: reasonSchema,
    }),
    handle: async ({ context, caller, basedOn, params, body }) => {
      const module = moduleOf(params);
      const what = {
        caller,
        basedOn,
        action: "parked.discard",
        module,
        reason: body.reason,
        details: { ids: body.ids },
      };
      const request = {
        method: "POST",
        path: at(module, "parked/discard"),
        body: { ...body, who: caller.who },
      } as const;
      return { body: await order(context, what, request, passed) };
    },
  }),
  endpoint({
    method: "post",
    path: "/modules/:module/reconcile",
    role: "operator",
    changes: true,
    body: z.strictObject({ repair: z.boolean().default(false), reason: reasonSchema.optional() }),
    handle: async ({ context, caller, basedOn, params, body }) => {
      const module = moduleOf(params);
      const { repair } = body;
      const what = {
        caller,
        basedOn,
        action: repair ? "reconcile.repair" : "reconcile",
        module,
        reason: body.reason ?? null,
        details: {},
      };
      const request = { method: "POST", path: at(module, "reconcile"), body: { repair, who: caller.who } } as const;
      return { status: 202, body: await order(context, what, request, passed) };
    },
  }),
  endpoint({
    method: "get",
    path: "/modules/:module/reconciles",
    role: "viewer",
    handle: async ({ context, params }) => ({
      body: await askLeader(context, { method: "GET", path: at(moduleOf(params), "reconciles") }, passed),
    }),
  }),
  endpoint({
    method: "get",
    path: "/modules/:module/reconciles/:id",
    role: "operator",
    handle: async ({ context, params }) => ({
      body: await askLeader(
        context,
        { method: "GET", path: at(moduleOf(params), `reconciles/${encodeURIComponent(params["id"] ?? "")}`) },
        passed,
      ),
    }),
  }),
];
