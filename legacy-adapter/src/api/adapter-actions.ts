/** What the API can make the adapter do. All of it acts on the present term; without one it is refused with NOT_LEADING. */

import { AppError } from "@banyan/kernel";
import type { ServiceMapping } from "@banyan/service-kit/mapping";
import type { Leadership } from "../leading/leadership.ts";
import type { ServiceTerm } from "../leading/service-term.ts";
import type { Term } from "../leading/term.ts";
import type { SyncMetrics } from "../report/metrics.ts";
import { type AdapterStatus, adapterStatus } from "../report/status.ts";
import type { AnnouncedBeats } from "../source/announced-beats.ts";
import type { LegacyDatabase } from "../source/legacy-database.ts";

export type AdapterActions = {
  readonly source: LegacyDatabase;
  readonly mappings: readonly ServiceMapping[];
  status(): AdapterStatus;
  /** The control process `by` looks. @param taken highest heartbeat number it has taken. @returns the one to announce now */
  announce(by: string, taken: number): number;
  metrics(): Promise<{ readonly type: string; readonly text: string }>;
  /** Looks at the lease at once, after the source was prepared. */
  wake(): void;
  /** @throws AppError NOT_LEADING */
  term(): Term;
  /** @throws AppError NOT_LEADING, MODULE_UNKNOWN */
  module(name: string): ServiceTerm;
};

export type ActionsOptions = {
  readonly leadership: Leadership;
  readonly source: LegacyDatabase;
  readonly mappings: readonly ServiceMapping[];
  readonly metrics: SyncMetrics;
  readonly announced: AnnouncedBeats;
  readonly holder: string;
  readonly queueFailures: () => number;
};

export function adapterActions({
  leadership,
  source,
  mappings,
  metrics,
  announced,
  holder,
  queueFailures,
}: ActionsOptions): AdapterActions {
  const term = (): Term => {
    if (leadership.term) return leadership.term;
    throw new AppError({
      code: "NOT_LEADING",
      op: "ask the adapter",
      message: `this adapter does not lead (${leadership.standing.kind})`,
      hint: "Ask the one that leads; `banyan sync` shows it.",
    });
  };
  return {
    source,
    mappings,
    wake: () => leadership.wake(),
    term,
    module(name) {
      const found = term().ofModule(name);
      if (found) return found;
      throw new AppError({
        code: "MODULE_UNKNOWN",
        op: "ask the adapter",
        message: `the adapter keeps no module ${name.slice(0, 64)} in step`,
        hint: `It knows ${mappings.map(({ module }) => module).join(", ")}.`,
      });
    },
    status: () => adapterStatus(leadership, { holder, database: source.database, queueFailures: queueFailures() }),
    announce: (by, taken) => announced.look(by, { taken, written: leadership.term?.heartbeats.written ?? 0 }),
    metrics: async () => {
      showGauges(leadership.term, metrics, queueFailures());
      return { type: metrics.registry.contentType, text: await metrics.registry.metrics() };
    },
  };
}

function showGauges(term: Term | undefined, metrics: SyncMetrics, queueFailures: number): void {
  metrics.leading.set(term ? 1 : 0);
  metrics.queueFailures.set(queueFailures);
  metrics.streamState.reset();
  if (!term) return;
  const captureLagMs = term.watermarks.captureLagMs;
  if (captureLagMs !== undefined) metrics.captureLag.set(captureLagMs / 1000);
  const minutes = term.pulse.retentionMinutes;
  for (const service of term.services)
    service.showGauges(captureLagMs, minutes === undefined ? undefined : minutes * 60_000);
}
