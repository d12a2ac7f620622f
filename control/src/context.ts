/** What the parts of one running control plane share. */

import type { Clock, Logger } from "@banyan/kernel";
import type { Knex } from "knex";
import type { OidcVerifier } from "./access/oidc.ts";
import type { HeadState } from "./head-state.ts";
import type { ControlMetrics } from "./metrics.ts";
import type { Acknowledgements } from "./push/acknowledgements.ts";
import type { ModuleConditions } from "./push/module-conditions.ts";
import type { ReplicaStreams } from "./push/replica-streams.ts";
import type { Flips } from "./flips/flips.ts";
import type { FlipParticipants } from "./flips/participants.ts";
import type { Shadow } from "./shadow/index.ts";
import type { RequestCounts } from "./store/request-counts.ts";
import type { SyncAccess } from "./sync/sync-access.ts";

export type ControlContext = {
  readonly db: Knex;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly head: HeadState;
  readonly streams: ReplicaStreams;
  readonly conditions: ModuleConditions;
  readonly acknowledgements: Acknowledgements;
  readonly counts: RequestCounts;
  readonly shadow: Shadow;
  readonly flips: Flips;
  readonly participants: FlipParticipants;
  readonly sync: SyncAccess;
  readonly metrics: ControlMetrics;
  readonly oidc: OidcVerifier | undefined;
  readonly settings: ControlSettings;
};

export type ControlSettings = {
  readonly adminToken: string;
  readonly replicaToken: string;
  /** Folder or file that `rules/reload` reads. */
  readonly rulesPath: string;
  /** Approvals by other people that a forward move needs. */
  readonly approvalsNeeded: number;
  /** Whether forward moves must pass the gates of readiness, or be forced. */
  readonly requireReady: boolean;
  /** How long a move waits for replicas to acknowledge the revision before. */
  readonly acknowledgeMsMax: number;
};
