/** What the adapter says of itself, as control takes it. (The adapter's own side: legacy-adapter/src/report/status.ts.) */

import { z } from "zod";

const count = z.number().min(0);
const trouble = z.object({ code: z.string(), message: z.string(), hint: z.string(), since: z.string() });

const serviceSchema = z.object({
  service: z.string(),
  module: z.string(),
  state: z.enum(["starting", "following", "retrying", "stopped"]),
  trouble: trouble.nullable(),
  mode: z.enum(["cdc", "tracking"]).nullable(),
  era: z.number().nullable(),
  position: z.string().nullable(),
  heartbeat: z.number().int().min(0),
  watermarkAgeMs: count.nullable(),
  lagMs: count.nullable(),
  hasParkedKey: z.boolean(),
  parked: z.object({ transactions: count, changes: count, oldestAt: z.string().nullable() }),
  changesPerSecond: count,
  copiedPerSecond: count,
  retentionHeadroomMs: z.number().nullable(),
  tables: z.array(
    z.object({
      table: z.string(),
      state: z.enum(["copying", "following", "stopped"]),
      copiedRows: count,
      totalRows: count.nullable(),
      stopped: z.object({ code: z.string(), message: z.string() }).nullable(),
    }),
  ),
  unmappedColumns: z.array(z.string()),
});

export const adapterStatusSchema = z.object({
  holder: z.string(),
  standing: z.enum(["leading", "standing-by", "unprepared", "source-away"]),
  fence: z.string().nullable(),
  source: z.object({
    database: z.string(),
    published: z.string().nullable(),
    captureLagMs: count.nullable(),
    retentionMinutes: count.nullable(),
  }),
  queueFailures: count,
  services: z.array(serviceSchema),
  announced: z.number().int().min(0),
});
export type AdapterStatus = z.infer<typeof adapterStatusSchema>;
