/**
 * Proxy replicas as control knows them. A replica's standing:
 *
 *   current   lease valid, acknowledged the head revision
 *   behind    lease valid, has not (yet) acknowledged it: no module is moved meanwhile
 *   refused   lease valid, said that it cannot run the head revision
 *   ahead     lease valid, acknowledged a revision that does not exist here: the database was restored
 *   silent    lease lapsed: it refuses canary writes by itself and holds nobody up
 *   evicted   an operator took it out by name; back once it acknowledges the head revision
 */

import type { Knex } from "knex";

export type ReplicaStanding = "current" | "behind" | "refused" | "ahead" | "silent" | "evicted";

export type ReplicaRow = {
  readonly id: string;
  readonly build: string;
  readonly registered_at: Date;
  readonly started_at: Date | null;
  readonly admin_url: string | null;
  readonly acknowledged: number;
  readonly acknowledged_at: Date | null;
  readonly refused_revision: number | null;
  readonly refused_why: string | null;
  readonly heartbeat_at: Date | null;
  readonly lease_until: Date;
  readonly fences: readonly string[];
  /** Writes under way: module to epoch to count. */
  readonly in_flight: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly held: Readonly<Record<string, number>>;
  /** Next epochs it knows, by module: it may be fenced. */
  readonly prepared: Readonly<Record<string, number>>;
  readonly evicted_at: Date | null;
  readonly evicted_by: string | null;
  readonly evicted_reason: string | null;
};

export function standingOf(row: ReplicaRow, head: number, now: Date): ReplicaStanding {
  if (row.evicted_at) return "evicted";
  if (row.lease_until <= now) return "silent";
  if (row.refused_revision === head) return "refused";
  if (row.acknowledged > head) return "ahead";
  return row.acknowledged === head ? "current" : "behind";
}

/** Standings that hold a move up. */
export function holdsUp(standing: ReplicaStanding): boolean {
  return standing === "behind" || standing === "refused" || standing === "ahead";
}

export function listReplicas(db: Knex): Promise<ReplicaRow[]> {
  return db<ReplicaRow>("replicas").orderBy("id").select("*");
}

/**
 * A stream was opened. The replica counts from now on; what it acknowledged before no longer does, because another process
 * may stand behind the same name. @returns false when `max` others are registered.
 */
export async function registerReplica(
  db: Knex,
  replica: { readonly id: string; readonly build: string; readonly now: Date; readonly leaseUntil: Date },
  max: number,
): Promise<boolean> {
  const written: { rowCount: number } = await db.raw(
    `INSERT INTO replicas (id, build, registered_at, lease_until)
     SELECT :id, :build, :now, :until
     WHERE EXISTS (SELECT FROM replicas WHERE id = :id) OR (SELECT count(*) FROM replicas) < :max
     ON CONFLICT (id) DO UPDATE SET
       build = excluded.build, registered_at = excluded.registered_at, acknowledged = 0, acknowledged_at = NULL,
       fences = '[]', prepared = '{}',
       refused_revision = NULL, refused_why = NULL,
       lease_until = CASE WHEN replicas.evicted_at IS NULL THEN excluded.lease_until ELSE replicas.lease_until END`,
    { id: replica.id, build: replica.build, now: replica.now, until: replica.leaseUntil, max },
  );
  return written.rowCount === 1;
}

/** An acknowledgement of the head ends an eviction. @returns false when the replica is not registered. */
export async function acknowledge(
  db: Knex,
  ack: { readonly id: string; readonly revision: number; readonly head: number; readonly now: Date },
): Promise<boolean> {
  const isHead = ack.revision === ack.head;
  const count = await db("replicas")
    .where({ id: ack.id })
    .update({
      acknowledged: ack.revision,
      acknowledged_at: ack.now,
      refused_revision: null,
      refused_why: null,
      ...(isHead ? { evicted_at: null, evicted_by: null, evicted_reason: null } : {}),
    });
  return count === 1;
}

export async function refuseRevision(
  db: Knex,
  refusal: { readonly id: string; readonly revision: number; readonly why: string },
): Promise<boolean> {
  const count = await db("replicas")
    .where({ id: refusal.id })
    .update({ refused_revision: refusal.revision, refused_why: refusal.why });
  return count === 1;
}

export type Heartbeat = {
  readonly id: string;
  readonly build: string;
  readonly startedAt: Date | undefined;
  readonly adminUrl: string | undefined;
  readonly fences: readonly string[];
  readonly inFlight: ReplicaRow["in_flight"];
  readonly held: ReplicaRow["held"];
  readonly prepared: ReplicaRow["prepared"];
  readonly now: Date;
  readonly leaseUntil: Date;
};

/** Renews the lease, unless the replica is evicted. @returns the row, undefined when the replica is not registered. */
export async function beat(db: Knex, heartbeat: Heartbeat): Promise<ReplicaRow | undefined> {
  const rows = (await db("replicas")
    .where({ id: heartbeat.id })
    .update({
      build: heartbeat.build,
      started_at: heartbeat.startedAt ?? null,
      admin_url: heartbeat.adminUrl ?? null,
      fences: JSON.stringify(heartbeat.fences),
      in_flight: JSON.stringify(heartbeat.inFlight),
      held: JSON.stringify(heartbeat.held),
      prepared: JSON.stringify(heartbeat.prepared),
      heartbeat_at: heartbeat.now,
      lease_until: db.raw("CASE WHEN evicted_at IS NULL THEN ?::timestamptz ELSE lease_until END", [
        heartbeat.leaseUntil,
      ]),
    })
    .returning("*")) as ReplicaRow[];
  return rows[0];
}

/** @returns false when there is no such replica. */
export async function evictReplica(
  db: Knex,
  eviction: { readonly id: string; readonly who: string; readonly reason: string; readonly now: Date },
): Promise<boolean> {
  const count = await db("replicas")
    .where({ id: eviction.id })
    .update({ evicted_at: eviction.now, evicted_by: eviction.who, evicted_reason: eviction.reason });
  return count === 1;
}

export async function removeReplica(db: Knex, id: string): Promise<boolean> {
  return (await db("replicas").where({ id }).delete()) === 1;
}

export async function forgetSilent(db: Knex, before: Date): Promise<number> {
  return db("replicas").where("lease_until", "<", before).delete();
}
