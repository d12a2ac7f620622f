/** The audit trail's way to control, of its parts: a spool on disk and what empties it. */

import type { Logger } from "@banyan/kernel";
import type { Source } from "../observe/metrics.ts";
import { AuditSender } from "./audit-sender.ts";
import { AuditSpool } from "./audit-spool.ts";
import type { AuditSink } from "./audit-trail.ts";

export type AuditDelivery = { readonly sink: AuditSink; readonly sources: readonly Source[]; close(): Promise<void> };

/** @throws the file system's error when the folder cannot be used. */
export async function openAuditDelivery(options: {
  readonly folder: string;
  readonly url: string;
  readonly token: string | undefined;
  readonly replica: string;
  readonly logger: Logger;
}): Promise<AuditDelivery> {
  const { folder, logger } = options;
  const spool = await AuditSpool.open({ folder, logger });
  const sender = new AuditSender({ ...options, spool });
  const counter = (name: string, help: string, value: () => number): Source => ({
    name,
    help,
    kind: "counter",
    read: () => [{ labels: {}, value: value() }],
  });
  return {
    sink: spool,
    close: () => sender.close(),
    sources: [
      {
        name: "banyan_proxy_audit_spool_bytes",
        help: "Audit events on disk that control has not taken.",
        kind: "gauge",
        read: () => [{ labels: {}, value: spool.bytes }],
      },
      counter("banyan_proxy_audit_segments_sent_total", "Segments control has stored.", () => sender.sent),
      {
        name: "banyan_proxy_audit_lost_total",
        help: "Audit events that were not kept (spoolFull, diskFailed) and segments control refused.",
        kind: "counter",
        labels: ["reason"],
        read: () => Object.entries(spool.counts).map(([reason, value]) => ({ labels: { reason }, value })),
      },
    ],
  };
}
