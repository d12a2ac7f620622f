/**
 * Active checks: every second each instance is asked for /healthz; one that has no such page (the legacy web) is well when
 * it answers at all. The finding goes to the same circuit that requests open and close.
 */

import { request } from "undici";
import type { Logger } from "@banyan/kernel";
import { events } from "../events.ts";
import { limits } from "../limits.ts";
import type { TargetGroup } from "./target-group.ts";
import type { TargetState } from "./target.ts";

/** Starts checking. @returns what stops it. */
export function startHealthChecks(groups: Iterable<TargetGroup>, logger: Logger): () => void {
  const targets = [...groups].flatMap((group) => group.targets);
  const seen = new Map<TargetState, boolean>();
  const stopping = new AbortController();
  const check = async (target: TargetState): Promise<void> => {
    const well = await isWell(target, stopping.signal);
    if (stopping.signal.aborted) return;
    target.observe(well ? "success" : "failure");
    if (seen.get(target) === well) return;
    seen.set(target, well);
    const about = { op: target.name, url: target.origin };
    if (well) logger.info({ event: events.targetUp, ...about });
    else logger.warn({ event: events.targetDown, ...about });
  };
  const busy = new Set<TargetState>();
  const round = (): void => {
    for (const target of targets) {
      if (busy.has(target)) continue;
      busy.add(target);
      void check(target).finally(() => busy.delete(target));
    }
  };
  round();
  const timer = setInterval(round, limits.healthCheckMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    stopping.abort();
  };
}

async function isWell(target: TargetState, stop: AbortSignal): Promise<boolean> {
  try {
    const answer = await request(new URL("/healthz", target.origin), {
      dispatcher: target.checks,
      headersTimeout: limits.healthCheckMsMax,
      bodyTimeout: limits.healthCheckMsMax,
      signal: AbortSignal.any([stop, AbortSignal.timeout(limits.healthCheckMsMax)]),
    });
    await answer.body.dump();
    return answer.statusCode < 502;
  } catch {
    // Whatever kept it from answering in time is what the check is for.
    return false;
  }
}
