/** What the adapter says of itself: the answer of `GET /status`, from which control and `banyan sync` live. */

import type { Trouble } from "../stream/stream-state.ts";
import { lsnText } from "../capture/position.ts";
import type { Leadership } from "../leading/leadership.ts";
import type { ServiceTerm } from "../leading/service-term.ts";
import type { Term } from "../leading/term.ts";
import type { TableState } from "../apply/cursor.ts";

export type TableStatus = {
  readonly table: string;
  readonly state: TableState["state"];
  readonly copiedRows: number;
  readonly totalRows: number | null;
  readonly stopped: { readonly code: string; readonly message: string } | null;
};

export type ServiceStatus = {
  readonly service: string;
  readonly module: string;
  readonly state: "starting" | "following" | "retrying" | "stopped";
  readonly trouble: Trouble | null;
  readonly mode: "cdc" | "tracking" | null;
  readonly era: number | null;
  readonly position: string | null;
  /** Number of the newest applied heartbeat. */
  readonly heartbeat: number;
  /** Null: not known, or a table is not whole. */
  readonly watermarkAgeMs: number | null;
  /** As the watermark's age, but also while tables are being copied. */
  readonly lagMs: number | null;
  readonly hasParkedKey: boolean;
  readonly parked: { readonly transactions: number; readonly changes: number; readonly oldestAt: string | null };
  readonly changesPerSecond: number;
  readonly copiedPerSecond: number;
  /** How much longer the sync may stand still before unread history is cleaned up. */
  readonly retentionHeadroomMs: number | null;
  readonly tables: readonly TableStatus[];
  /** Columns added to mapped tables that no mapping reads. */
  readonly unmappedColumns: readonly string[];
};

export type AdapterStatus = {
  readonly holder: string;
  readonly standing: string;
  readonly fence: string | null;
  readonly source: {
    readonly database: string;
    readonly published: string | null;
    readonly captureLagMs: number | null;
    readonly retentionMinutes: number | null;
  };
  readonly queueFailures: number;
  readonly services: readonly ServiceStatus[];
};

export function adapterStatus(
  leadership: Leadership,
  about: { readonly holder: string; readonly database: string; readonly queueFailures: number },
): AdapterStatus {
  const { term } = leadership;
  const published = term?.head.published;
  return {
    holder: about.holder,
    standing: leadership.standing.kind,
    fence: term ? String(term.fence) : null,
    source: {
      database: about.database,
      published: published ? lsnText(published) : null,
      captureLagMs: rounded(term?.watermarks.captureLagMs),
      retentionMinutes: term?.pulse.retentionMinutes ?? null,
    },
    queueFailures: about.queueFailures,
    services: term ? term.services.map((service) => serviceStatus(service, term)) : [],
  };
}

function serviceStatus(service: ServiceTerm, term: Term): ServiceStatus {
  const { stream } = service;
  const { state, cursor } = stream;
  const retention = term.pulse.retentionMinutes;
  const { lagMs } = service;
  return {
    service: service.service,
    module: service.module,
    state: state.kind,
    trouble:
      "code" in state ? { code: state.code, message: state.message, hint: state.hint, since: state.since } : null,
    mode: cursor?.mode ?? null,
    era: cursor?.era ?? null,
    position: cursor ? lsnText(cursor.lsn) : null,
    heartbeat: cursor?.heartbeat ?? 0,
    watermarkAgeMs: rounded(service.watermarkAgeMs),
    lagMs: rounded(lagMs),
    hasParkedKey: service.hasParkedKey,
    parked: service.parked,
    changesPerSecond: rounded(service.changeRate.perSecond) ?? 0,
    copiedPerSecond: rounded(service.copyRate.perSecond) ?? 0,
    retentionHeadroomMs: retention === undefined || lagMs === undefined ? null : Math.round(retention * 60_000 - lagMs),
    tables: stream.plans.map(({ legacyTable }) => tableStatus(legacyTable, stream.tables.get(legacyTable))),
    unmappedColumns: stream.unmappedColumns,
  };
}

const tableStatus = (table: string, state: TableState | undefined): TableStatus => ({
  table,
  state: state?.state ?? "copying",
  copiedRows: state?.copyRows ?? 0,
  totalRows: state?.copyTotal ?? null,
  stopped: state?.stopped ?? null,
});

const rounded = (value: number | undefined): number | null => (value === undefined ? null : Math.round(value));
