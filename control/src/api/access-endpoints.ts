/** Freeze windows, approvals and tokens: who may do what, and when. None of them makes a revision; all are audited. */

import { stageSchema } from "@banyan/routing-rules";
import { z } from "zod";
import { roles } from "../access/role.ts";
import { change } from "../change.ts";
import { limits } from "../limits.ts";
import { rulesOf } from "../moves/rules-of.ts";
import { Refusal } from "../refusal.ts";
import { addApproval, openApprovals, withdrawApproval } from "../store/approvals.ts";
import { addWindow, openWindows, removeWindow } from "../store/freeze-windows.ts";
import { countTokens, createToken, listTokens, revokeToken } from "../store/tokens.ts";
import { endpoint, idParameter, nameSchema, reasonSchema } from "./endpoint.ts";
import { unknownModule } from "./module-endpoints.ts";

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
const windowBody = z
  .strictObject({
    module: nameSchema.nullable().default(null),
    startsAt: instant.optional(),
    endsAt: instant,
    reason: reasonSchema,
  })
  .refine(({ startsAt, endsAt }) => !startsAt || startsAt < endsAt, {
    path: ["endsAt"],
    message: "ends before it starts",
  });
const approvalBody = z.strictObject({
  module: nameSchema,
  stage: stageSchema,
  reason: reasonSchema,
  hours: z.number().positive().max(limits.approvalHoursMax).default(limits.approvalHoursDefault),
});
/** Names of callers that are not in the table. */
const reservedNames = new Set(["admin", "control"]);
const tokenBody = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$/, "letters, digits and . _ @ -")
    .refine((name) => !reservedNames.has(name.toLowerCase()), "this name is reserved"),
  role: z.enum(roles),
  expiresAt: instant.optional(),
});
const withReason = z.strictObject({ reason: reasonSchema });

const hourMs = 3_600_000;

export const accessEndpoints = [
  endpoint({
    method: "get",
    path: "/freeze-windows",
    role: "viewer",
    handle: async ({ context }) => ({
      body: { freezeWindows: await openWindows(context.db, context.clock.now()) },
    }),
  }),
  endpoint({
    method: "post",
    path: "/freeze-windows",
    role: "admin",
    changes: true,
    body: windowBody,
    handle: async ({ context, caller, basedOn, body }) => {
      const { module, reason } = body;
      const known = context.head.current.files.map((file) => file.module);
      if (module !== null && !known.includes(module)) throw unknownModule(module, known);
      const asked = { endsAt: body.endsAt, startsAt: body.startsAt };
      const request = { caller, basedOn, action: "freeze.add", module: module ?? undefined, reason, asked };
      const id = await change(context, request, async (trx, now) => {
        const startsAt = body.startsAt ?? now;
        if (body.endsAt <= now) throw full("the freeze window was not added", "it would have ended already");
        if (body.endsAt.getTime() - startsAt.getTime() > limits.freezeMsMax)
          throw full("the freeze window was not added", "it would last more than a year");
        if ((await openWindows(trx, now)).length >= limits.freezeWindowsMax)
          throw full("the freeze window was not added", `there are ${limits.freezeWindowsMax} already`);
        const window = { module, startsAt, endsAt: body.endsAt, reason, createdBy: caller.who };
        const id = await addWindow(trx, window, now);
        return { result: id, details: { id, startsAt, endsAt: body.endsAt } };
      });
      return { status: 201, body: { id } };
    },
  }),
  endpoint({
    method: "delete",
    path: "/freeze-windows/:id",
    role: "admin",
    changes: true,
    body: withReason,
    handle: async ({ context, caller, basedOn, params, body }) => {
      const id = numberOf(params["id"]);
      const request = { caller, basedOn, action: "freeze.remove", reason: body.reason, asked: { id } };
      await change(context, request, async (trx, now) => {
        if (!(await removeWindow(trx, id, now))) throw notThere("the freeze window", "/api/v1/freeze-windows");
        return { result: undefined, details: { id } };
      });
      return { body: { removed: id } };
    },
  }),
  endpoint({
    method: "get",
    path: "/approvals",
    role: "viewer",
    handle: async ({ context }) => ({
      body: {
        needed: context.settings.approvalsNeeded,
        approvals: await openApprovals(context.db, context.clock.now()),
      },
    }),
  }),
  endpoint({
    method: "post",
    path: "/approvals",
    role: "operator",
    changes: true,
    body: approvalBody,
    handle: async ({ context, caller, basedOn, body }) => {
      const { module, stage, reason } = body;
      const head = context.head.current;
      if (!rulesOf(head, module))
        throw unknownModule(
          module,
          head.files.map((file) => file.module),
        );
      const request = { caller, basedOn, action: "approval.add", module, reason, asked: { stage } };
      const approval = await change(context, request, async (trx, at) => {
        if ((await openApprovals(trx, at)).length >= limits.approvalsMax)
          throw full("the approval was not kept", `${limits.approvalsMax} are waiting to be used`);
        const expiresAt = new Date(at.getTime() + body.hours * hourMs);
        const { who, role } = caller;
        const id = await addApproval(trx, { module, stage, who, role, reason, at, expiresAt });
        return { result: { id, expiresAt }, details: { id, stage, expiresAt } };
      });
      return { status: 201, body: approval };
    },
  }),
  endpoint({
    method: "delete",
    path: "/approvals/:id",
    role: "operator",
    changes: true,
    body: withReason,
    handle: async ({ context, caller, basedOn, params, body }) => {
      const id = numberOf(params["id"]);
      const request = { caller, basedOn, action: "approval.withdraw", reason: body.reason, asked: { id } };
      await change(context, request, async (trx, now) => {
        if (!(await withdrawApproval(trx, id, now))) throw notThere("the approval", "/api/v1/approvals");
        return { result: undefined, details: { id } };
      });
      return { body: { withdrawn: id } };
    },
  }),
  endpoint({
    method: "get",
    path: "/tokens",
    role: "admin",
    handle: async ({ context }) => ({ body: { tokens: await listTokens(context.db, limits.tokensMax) } }),
  }),
  endpoint({
    method: "post",
    path: "/tokens",
    role: "admin",
    changes: true,
    body: tokenBody,
    handle: async ({ context, caller, basedOn, body }) => {
      const { name, role } = body;
      const expiresAt = body.expiresAt ?? null;
      const request = { caller, basedOn, action: "token.add", asked: { name, role } };
      const token = await change(context, request, async (trx, now) => {
        if ((await countTokens(trx)) >= limits.tokensMax)
          throw full("the token was not made", `there are ${limits.tokensMax} already`);
        const text = await createToken(trx, { name, role, createdBy: caller.who, now, expiresAt });
        if (text === undefined) throw nameTaken(name);
        return { result: text, details: { name, role, expiresAt } };
      });
      return { status: 201, body: { name, role, expiresAt, token } };
    },
  }),
  endpoint({
    method: "delete",
    path: "/tokens/:name",
    role: "admin",
    changes: true,
    body: withReason,
    handle: async ({ context, caller, basedOn, params, body }) => {
      const name = params["name"] ?? "";
      const request = { caller, basedOn, action: "token.revoke", reason: body.reason, asked: { name } };
      await change(context, request, async (trx, now) => {
        if (!(await revokeToken(trx, name, now))) throw notThere("the token", "/api/v1/tokens");
        return { result: undefined, details: { name } };
      });
      return { body: { revoked: name } };
    },
  }),
];

/** 0, which no row has, for what is no number. */
function numberOf(text: string | undefined): number {
  const parsed = idParameter.max(2_147_483_647).safeParse(text);
  return parsed.success ? parsed.data : 0;
}

function full(message: string, why: string): Refusal {
  return new Refusal({
    code: "LIMIT_REACHED",
    message,
    why,
    hint: "Remove what is not needed any more, or ask for less.",
  });
}

function notThere(what: string, list: string): Refusal {
  return new Refusal({
    code: "NOT_FOUND",
    message: `${what} is not there`,
    why: "it never was, or it is used up or removed already",
    hint: `GET ${list} lists what there is.`,
  });
}

function nameTaken(name: string): Refusal {
  return new Refusal({
    code: "ALREADY_THERE",
    message: "the token was not made",
    why: `there is or was a token of the name "${name}", and names in the audit trail stay with one holder`,
    hint: "Choose another name.",
  });
}
