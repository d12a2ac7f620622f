/** What every part of a running service works with. Built once at start, handed down, never global. */

import type { Clock, Logger } from "@banyan/kernel";
import type { Knex } from "knex";
import type { AuditSource } from "./audit-event.ts";
import type { AuditWriter } from "./audit-writer.ts";
import type { ServiceMetrics } from "./metrics.ts";
import type { Policy } from "./policy.ts";

export type ServiceContext = {
  /** `patients`: the audience of its tokens. */
  readonly name: string;
  /** `patient`: the module of the routing rules. */
  readonly module: string;
  readonly version: string;
  /** The service's own database, with the service's login. Changes go through `RequestContext.write`. */
  readonly db: Knex;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly policy: Policy;
  readonly audit: AuditWriter;
  readonly metrics: ServiceMetrics;
  readonly source: AuditSource;
  /** Set by the self-test at start: only then are dry runs taken. */
  readonly dryRunProved: boolean;
};
