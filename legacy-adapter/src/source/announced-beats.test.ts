import { fixedClock } from "@banyan/kernel";
import { expect, test, vi } from "vitest";
import { AnnouncedBeats } from "./announced-beats.ts";

test("without a control plane heartbeats are written at once", async () => {
  await new AnnouncedBeats(fixedClock(new Date(0))).mayWrite(1);
});

test("a number waits until control says that it has taken it", async () => {
  const beats = new AnnouncedBeats(fixedClock(new Date(0)));
  expect(beats.look("a", { taken: 0, written: 10 })).toBe(12);
  const written = vi.fn();
  const waiting = beats.mayWrite(11).then(written);
  await Promise.resolve();
  expect(written).not.toHaveBeenCalled();
  expect(beats.look("a", { taken: 12, written: 10 })).toBe(14);
  await waiting;
  await beats.mayWrite(12);
});

test("a control plane that looks no more is not waited for longer than it believes what it took", async () => {
  vi.useFakeTimers();
  try {
    const clock = fixedClock(new Date(0));
    const beats = new AnnouncedBeats(clock);
    beats.look("a", { taken: 0, written: 10 });
    const waiting = beats.mayWrite(11);
    clock.advance(5_000);
    await vi.advanceTimersByTimeAsync(5_000);
    await waiting;
  } finally {
    vi.useRealTimers();
  }
});

test("of two control processes the one that has taken less decides", async () => {
  const beats = new AnnouncedBeats(fixedClock(new Date(0)));
  beats.look("a", { taken: 12, written: 10 });
  beats.look("b", { taken: 10, written: 10 });
  const written = vi.fn();
  const waiting = beats.mayWrite(11).then(written);
  beats.look("a", { taken: 14, written: 10 });
  await Promise.resolve();
  expect(written).not.toHaveBeenCalled();
  beats.look("b", { taken: 12, written: 10 });
  await waiting;
});
