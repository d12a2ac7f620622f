/**
 * The proof, at every start, that a dry run leaves nothing: a real write transaction through `withWrite`, as a dry run, that
 * writes a row, names a change for legacy and would store an answer; then, on another connection, a look for any of them. Only a
 * service that found none takes dry runs.
 */

import { randomUUID } from "node:crypto";
import { events } from "./events.ts";
import { definePolicy } from "./policy.ts";
import type { StaffPrincipal } from "./principal.ts";
import type { ServiceContext } from "./service-context.ts";
import { commit, withWrite } from "./write.ts";

const policy = definePolicy({
  actions: { "kit.probe": { operation: "C", subtype: "dry-run-probe" } },
  rules: [{ id: "kit.probe", who: ["ADMN"], may: ["kit.probe"], why: "the service's own test of itself at start" }],
});

const nobody: StaffPrincipal = {
  kind: "staff",
  user: "~PROBE",
  name: "",
  role: "ADMN",
  site: "",
  provider: false,
  currentPatient: undefined,
  currentEncounter: undefined,
  breakGlassPatient: undefined,
  purpose: "shadow",
  epoch: 0,
  session: "",
  tokenId: undefined,
};

/** @returns whether the database held nothing of the dry run afterwards, its audit row apart */
export async function proveDryRun(service: ServiceContext): Promise<boolean> {
  const probe = randomUUID();
  const request = {
    principal: nobody,
    requestId: probe,
    address: null,
    dryRun: true,
    key: { key: probe, tokenId: probe, requestHash: Buffer.alloc(32) },
  };
  const written = await withWrite({ ...service, policy, dryRunProved: true }, request, async (tx) => {
    tx.require({ action: "kit.probe" });
    await tx.db("kit.dry_run_probe").insert({ id: probe });
    tx.changed({ table: "none", key: {}, old: null, new: {} });
    return commit({ id: probe });
  });
  const left = await Promise.all([
    service.db("kit.dry_run_probe").where({ id: probe }).first("id"),
    service.db("kit.outbox").where({ request_id: probe }).first("id"),
    service.db("kit.idempotency").where({ key: probe }).first("key"),
    service
      .db("kit.audit_event")
      .whereRaw("event ->> 'requestId' = ? AND event ->> 'target' <> 'dry-run' AND recorded_ms >= ?", [
        probe,
        service.clock.now().getTime() - recentMs,
      ])
      .first("seq"),
  ]);
  const proved = written.kind === "done" && left.every((row) => row === undefined);
  if (!proved) service.logger.error({ event: events.dryRunUnproved, module: service.module });
  return proved;
}

/** Bounds the search of the audit by its index. */
const recentMs = 60_000;
