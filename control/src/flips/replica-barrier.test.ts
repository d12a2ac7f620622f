import { expect, test } from "vitest";
import type { ReplicaRow } from "../store/replicas.ts";
import { drained } from "./replica-barrier.ts";

const now = new Date("2026-03-02T15:00:00Z");
const ask = { module: "patient", epoch: 3, now, writeMsMax: 30_000 };
const row = (extra: Partial<ReplicaRow>): ReplicaRow =>
  ({
    id: "proxy-1",
    evicted_at: null,
    lease_until: new Date(now.getTime() + 5_000),
    fences: ["patient"],
    in_flight: {},
    ...extra,
  }) as ReplicaRow;
const kind = (extra: Partial<ReplicaRow>): string => drained([row(extra)], ask).kind;

test("a single write of the old epoch, or of one before it, keeps a replica from being drained; a later one does not", () => {
  expect(kind({ in_flight: { patient: { "3": 1 } } })).toBe("waiting");
  expect(kind({ in_flight: { patient: { "2": 1 } } })).toBe("waiting");
  expect(kind({ in_flight: { patient: { "4": 1 }, lab: { "3": 1 } } })).toBe("passed");
  expect(kind({ in_flight: { patient: { "3": 0 } } })).toBe("passed");
});

test("no count is believed from a replica that does not hold the module's writes", () => {
  expect(kind({ fences: [] })).toBe("waiting");
});

test("a silent or evicted replica is waited out: lease, longest write, margin", () => {
  expect(kind({ lease_until: new Date(now.getTime() - 1_000) })).toBe("waiting");
  expect(kind({ lease_until: new Date(now.getTime() - 31_000) })).toBe("passed");
  expect(kind({ evicted_at: now, lease_until: new Date(now.getTime() - 60_000) })).toBe("waiting");
});
