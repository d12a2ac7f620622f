/** What the request path works with; made once, in server.ts. */

import type { Clock, Logger } from "@banyan/kernel";
import type { AuditTrail } from "../audit/audit-trail.ts";
import type { OpenStreams } from "../forward/open-streams.ts";
import type { RetryBudget } from "../forward/retry-budget.ts";
import type { TargetGroup } from "../forward/target-group.ts";
import type { Transport } from "../forward/transport.ts";
import type { Identities } from "../identity/identities.ts";
import type { SessionEndPoint } from "../identity/legacy-session.ts";
import type { TokenIssuer } from "../identity/tokens.ts";
import type { AccessLog } from "../observe/access-log.ts";
import type { CounterBook } from "../observe/rule-counters.ts";
import type { ModelState } from "../replica/model-state.ts";
import type { LegacyReaders } from "../shadow/legacy-readers.ts";
import type { Observer } from "../shadow/observer.ts";
import type { ShadowClient } from "../shadow/shadow-client.ts";
import type { ShadowTee } from "../shadow/shadow-tee.ts";
import type { ModuleGates } from "./module-gates.ts";
import type { PinStore } from "./pins.ts";

export type PathParts = {
  readonly state: ModelState;
  readonly legacy: TargetGroup;
  /** By service name. */
  readonly services: ReadonlyMap<string, TargetGroup>;
  readonly transport: Transport;
  readonly budget: RetryBudget;
  readonly streams: OpenStreams;
  readonly identities: Identities;
  readonly endPoint: SessionEndPoint | undefined;
  readonly tokens: TokenIssuer;
  readonly gates: ModuleGates;
  readonly pins: PinStore;
  readonly shadow: ShadowTee;
  readonly shadowClient: ShadowClient;
  /** Legacy sessions of shadow accounts; undefined without the session end point. */
  readonly readers: LegacyReaders | undefined;
  /** Takes pairs of answers to control; undefined without control: shadows are then sent and counted only. */
  readonly observer: Observer | undefined;
  readonly book: CounterBook;
  readonly log: AccessLog;
  /** Undefined: nobody takes audit events (a proxy without control). */
  readonly audit: AuditTrail | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Key interface partners show in `X-Ifc-Key`. */
  readonly interfaceKey: string | undefined;
  /** Addresses of proxies in front of this one, whose X-Forwarded-For is believed. */
  readonly trustedHops: ReadonlySet<string>;
  /** Longest wait of a held write, in milliseconds. */
  readonly holdMsMax: number;
  isDraining(): boolean;
};
