/** What the end points of the sync stand on: who leads, and one way to ask it that leaves an audit entry behind. */

import type { z } from "zod";
import type { Caller } from "../access/caller.ts";
import { refuseStale } from "../change.ts";
import type { ControlContext } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { appendAudit } from "../store/audit.ts";
import type { AdapterClient, AdapterRequest } from "./adapter-client.ts";
import type { SyncWatch } from "./sync-watch.ts";

export type SyncAccess = { readonly watch: SyncWatch; readonly client: AdapterClient };

/** @throws Refusal ADAPTER_AWAY, ADAPTER_REFUSED */
export function askLeader<T extends z.ZodType>(
  { sync }: Pick<ControlContext, "sync">,
  request: AdapterRequest,
  schema: T,
): Promise<z.infer<T>> {
  return sync.client.call(leaderUrl(sync), request, schema);
}

/** Any adapter that answers: what does not need the leader. @throws Refusal ADAPTER_AWAY, ADAPTER_REFUSED */
export function askAny<T extends z.ZodType>(
  { sync }: Pick<ControlContext, "sync">,
  request: AdapterRequest,
  schema: T,
): Promise<z.infer<T>> {
  const url = sync.watch.leading?.url ?? sync.watch.views.find(({ status }) => status !== undefined)?.url;
  return sync.client.call(url ?? leaderUrl(sync), request, schema);
}

function leaderUrl({ watch }: SyncAccess): string {
  const { leading, views } = watch;
  if (leading) return leading.url;
  const seen = views.map(({ url, status, failure }) => `${url}: ${status?.standing ?? failure ?? "not heard of yet"}`);
  throw new Refusal({
    code: "ADAPTER_AWAY",
    message: "no adapter leads",
    why: views.length === 0 ? "ADAPTER_URL is not set: this installation has no sync" : seen.join("; "),
    hint: "A stand-by takes over within ten seconds. `banyan sync check` tells what a source lacks.",
  });
}

export type SyncOrder = {
  readonly caller: Caller;
  /** The revision the caller looked at: who owns a module may have changed since. */
  readonly basedOn: number;
  /** For the audit trail: `sync.copy`, `parked.discard`. */
  readonly action: string;
  readonly module: string | null;
  readonly reason: string | null;
  readonly details: Readonly<Record<string, unknown>>;
};

/**
 * Has the leader do something. The order is in the audit trail before it is given, so that nothing is ever done without; a
 * refusal is entered, too. @throws Refusal REVISION_STALE, ADAPTER_AWAY, ADAPTER_REFUSED
 */
export async function order<T extends z.ZodType>(
  context: ControlContext,
  what: SyncOrder,
  request: AdapterRequest,
  schema: T,
  ask: typeof askLeader = askLeader,
): Promise<z.infer<T>> {
  await context.head.refresh();
  refuseStale(what.basedOn, context.head.current.revision.number);
  await enter(context, what, "done", {});
  try {
    return await ask(context, request, schema);
  } catch (error) {
    if (error instanceof Refusal) await enter(context, what, "refused", { code: error.code, why: error.why });
    throw error;
  }
}

async function enter(
  context: ControlContext,
  { caller, action, module, reason, details }: SyncOrder,
  outcome: "done" | "refused",
  more: Readonly<Record<string, unknown>>,
): Promise<void> {
  await context.db.transaction((trx) =>
    appendAudit(trx, {
      at: context.clock.now(),
      who: caller.who,
      role: caller.role,
      via: caller.via,
      action,
      outcome,
      module,
      revision: context.head.current.revision.number,
      reason,
      details: { ...details, ...more },
    }),
  );
}
