/** Replicas as rows: who they are, whether they run the newest revision, what they hold. */

import type { ReplicaView } from "../control-answers.ts";
import { bad, clean, doubtful, good, renderTable } from "./table.ts";
import { ago } from "./time.ts";

export function replicasTable(replicas: readonly ReplicaView[], now: Date): string {
  if (replicas.length === 0) return doubtful("no proxy replica is registered: nobody serves these revisions");
  const columns = [
    "replica",
    "standing",
    { title: "revision", align: "right" },
    "build",
    "writes",
    "held",
    "heard",
  ] as const;
  return renderTable(
    columns,
    replicas.map((one) => [
      one.id,
      standing(one),
      one.acknowledged === 0 ? "none yet" : String(one.acknowledged),
      clean(one.build),
      String(sum(Object.values(one.inFlight).flatMap((epochs) => Object.values(epochs)))),
      String(sum(Object.values(one.held))),
      one.heartbeatAt === null ? "never" : ago(one.heartbeatAt, now),
    ]),
  );
}

function standing({ standing, refused, evicted }: ReplicaView): string {
  switch (standing) {
    case "current":
      return good(standing);
    case "refused":
      return bad(`refused: ${clean(refused?.why ?? "no reason given")}`);
    case "evicted":
      return doubtful(`evicted by ${clean(evicted?.by ?? "?")}: ${clean(evicted?.reason ?? "")}`);
    case "behind":
    case "ahead":
    case "silent":
      return doubtful(standing);
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
