/** One request of the legacy face: who asks, the session, the context its page gets, and the question to the policy that none may leave out. */

import {
  type ContextControl,
  extendContext,
  type PageContext,
  type PatientBanner,
  type StaffUser,
  type Visit,
} from "@banyan/webforms";
import type { Access } from "../policy.ts";
import type { Principal } from "../principal.ts";
import { RefusedError } from "../refusal.ts";
import type { RequestContext } from "../request-context.ts";
import { PageDenied } from "./denial.ts";
import type { Json, WorkResult, WriteTransaction } from "../write.ts";
import type { Committed, LegacyContext, LegacyMembers, PageActions, RolledBack } from "./page.ts";
import { tokenSession } from "./session.ts";

export type VisitParts<Store> = {
  readonly store: Store;
  readonly does: PageActions;
  /** The web method that ran, once one did. */
  readonly method: (ctx: object) => string | undefined;
  readonly banner: (patNo: number) => Promise<PatientBanner | undefined>;
};

export function openVisit<Store>(
  { ctx: page }: ContextControl,
  request: RequestContext,
  { store, does, method, banner }: VisitParts<Store>,
): Visit<LegacyContext<Store>> {
  const session = tokenSession(request.principal);
  const ctx = extendContext(page, members(page, request, store));
  const action = (): string => actionOf(does, page, method(ctx));
  return {
    ctx,
    session: () => session.values,
    banner,
    identify: () => Promise.resolve({ staff: staffOf(request.principal) }),
    async refused() {
      await request.authorise({ action: action() });
    },
    async around(run) {
      const answer = await run();
      if (!request.decided) await ctx.authorise({ action: action() });
      return answer;
    },
    headers: () => session.changes(),
  };
}

function members<Store>(ctx: PageContext, request: RequestContext, store: Store): LegacyMembers<Store> {
  return {
    store,
    principal: request.principal,
    async authorise(access: Access) {
      const decision = await request.authorise(access);
      if (!decision.allowed) throw new PageDenied(decision, ctx, access);
    },
    may: (access) => request.may(access),
    async write<Result extends WorkResult<Json, unknown>>(work: (tx: WriteTransaction) => Promise<Result>) {
      type Work = (tx: WriteTransaction) => Promise<WorkResult<Committed<Result>, RolledBack<Result>>>;
      // A result is one of the two kinds: taken apart by its kind and put together again it is the same type.
      const written = await request.write(work as unknown as Work);
      if (written.kind === "denied") throw new PageDenied(written.decision, ctx);
      if (written.kind === "refused") throw new RefusedError(written.refusal.code);
      return written;
    },
  };
}

/**
 * The action of a request. A page made for POST only is asked for by GET as well: then it sends the visitor home. A call of a web
 * service that never came to a method is judged by the method its address names, else by the first.
 */
function actionOf({ get, post, methods }: PageActions, ctx: PageContext, ran: string | undefined): string {
  if (ctx.method === "GET") return get ?? post ?? undeclared;
  if (!methods) return post ?? get ?? undeclared;
  const named = ran ?? /\.asmx\/(\w+)/i.exec(ctx.rawUrl)?.[1] ?? "";
  return (Object.hasOwn(methods, named) ? methods[named] : Object.values(methods)[0]) ?? undeclared;
}

/** No policy knows it: denied. `checkPages` leaves no page for it. */
const undeclared = "undeclared";

function staffOf(principal: Principal): StaffUser | undefined {
  if (principal.kind !== "staff") return undefined;
  const { user, name, role, site, provider } = principal;
  return { usrId: user, name, role, locCd: site, provider };
}
