import { expect, test, vi } from "vitest";
import { limits } from "../limits.ts";
import { ModuleGates, type Passage } from "./module-gates.ts";

const never = (): void => {};
function hold(gates: ModuleGates, session: string, onGone: (callback: () => void) => void = never, msMax = 60_000) {
  return gates.hold({ module: "lab", session, msMax, onGone });
}
const through = async (passage: Promise<Passage>) => {
  const result = await passage;
  if (result.kind !== "through") throw new Error(result.failure);
  return result.place;
};

test("writes are counted by module and epoch until they end, each once", () => {
  const gates = new ModuleGates();
  const first = gates.begin("lab", 1);
  const second = gates.begin("lab", 1);
  const other = gates.begin("lab", 2);
  expect(gates.inFlight()).toEqual({ lab: { "1": 2, "2": 1 } });
  first();
  first();
  expect(gates.inFlight()).toEqual({ lab: { "1": 1, "2": 1 } });
  second();
  other();
  expect(gates.inFlight()).toEqual({});
});

test("a fenced module holds its writes; the release lets one of each session through, the next after it has ended", async () => {
  const gates = new ModuleGates();
  gates.setFences(["lab"]);
  const order: string[] = [];
  const run = async (session: string, name: string): Promise<void> => {
    const place = await through(hold(gates, session));
    order.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    order.push(`${name} ends`);
    place.leave();
  };
  const running = [run("anna", "a1"), run("anna", "a2"), run("ben", "b1")];
  expect(gates.held()).toEqual({ lab: 3 });
  gates.setFences([]);
  await Promise.all(running);
  expect(order.indexOf("a2 begins")).toBeGreaterThan(order.indexOf("a1 ends"));
  expect(order.indexOf("b1 begins")).toBeLessThan(order.indexOf("a1 ends"));
  expect(gates.held()).toEqual({});
});

test("a write that comes after the release still waits behind held ones of its session", async () => {
  const gates = new ModuleGates();
  gates.setFences(["lab"]);
  const first = hold(gates, "anna");
  gates.setFences([]);
  const place = await through(first);
  expect(gates.mustWait("lab", "anna")).toBe(true);
  expect(gates.mustWait("lab", "ben")).toBe(false);
  place.leave();
  expect(gates.mustWait("lab", "anna")).toBe(false);
});

test("past the bound a held write fails and the module stays fenced", async () => {
  vi.useFakeTimers();
  try {
    const gates = new ModuleGates();
    gates.setFences(["lab"]);
    const held = hold(gates, "anna", never, 100);
    vi.advanceTimersByTime(101);
    expect(await held).toEqual({ kind: "failed", failure: "holdTimeout" });
    expect(gates.isFenced("lab")).toBe(true);
    expect(gates.held()).toEqual({});
    expect(gates.refused.holdTimeout).toBe(1);
  } finally {
    vi.useRealTimers();
  }
});

test("a held write whose client has left is dropped and does not go at the release", async () => {
  const gates = new ModuleGates();
  gates.setFences(["lab"]);
  let leave = never;
  const dropped = hold(gates, "anna", (callback) => {
    leave = callback;
  });
  const kept = hold(gates, "anna");
  leave();
  expect(await dropped).toEqual({ kind: "failed", failure: "clientGone" });
  gates.setFences([]);
  (await through(kept)).leave();
});

test("a module fenced again keeps a write's turn", async () => {
  const gates = new ModuleGates();
  gates.setFences(["lab"]);
  const first = hold(gates, "anna");
  const second = hold(gates, "anna");
  gates.setFences([]);
  const place = await through(first);
  gates.setFences(["lab"]);
  place.leave();
  const again = gates.hold({ module: "lab", session: "anna", msMax: 60_000, onGone: never, again: true });
  gates.setFences([]);
  const order: string[] = [];
  const run = async (name: string, passage: Promise<Passage>): Promise<void> => {
    const got = await through(passage);
    order.push(name);
    got.leave();
  };
  await Promise.all([run("second", second), run("first again", again)]);
  expect(order).toEqual(["first again", "second"]);
});

test("there is a bound on held writes", async () => {
  const gates = new ModuleGates();
  gates.setFences(["lab"]);
  const held = Array.from({ length: limits.heldWritesMax }, (_, index) => hold(gates, String(index)));
  expect(await hold(gates, "one more")).toEqual({ kind: "failed", failure: "holdQueueFull" });
  gates.setFences([]);
  for (const one of held) (await through(one)).leave();
});

test("the end of a fenced module's last write is told at once; of one that is not fenced nothing is told", () => {
  const gates = new ModuleGates();
  let told = 0;
  gates.onDrained(() => (told += 1));
  gates.begin("lab", 1)();
  expect(told).toBe(0);
  const ends = [gates.begin("lab", 1), gates.begin("lab", 1), gates.begin("rx", 1)];
  gates.setFences(["lab"]);
  ends[0]?.();
  expect(told).toBe(0);
  ends[2]?.();
  expect(told).toBe(0);
  ends[1]?.();
  expect(told).toBe(1);
});
