import { expect, test } from "vitest";
import { fixedClock } from "@banyan/kernel";
import { limits } from "../limits.ts";
import { PinStore } from "./pins.ts";

test("a writer is pinned at the module it wrote to, for as long as a session lives", () => {
  const clock = fixedClock(new Date(0));
  const pins = new PinStore(clock);
  pins.wrote("anna", "lab");
  expect([...pins.of("anna").keys()]).toEqual(["lab"]);
  expect(pins.of("ben").size).toBe(0);
  clock.advance(limits.pinMsMax);
  expect(pins.of("anna").size).toBe(0);
});

test("when there are too many pins everybody counts as pinned: late is harmless, early would show an old chart", () => {
  const pins = new PinStore(fixedClock(new Date(0)));
  for (let n = 0; n <= limits.pinsMax; n += 1) pins.wrote(`s${n}`, "lab");
  expect(pins.overflowed).toBe(1);
  expect(pins.size).toBe(limits.pinsMax);
  expect([...pins.of("s0").keys()]).toEqual(["lab"]);
  expect([...pins.of("somebody else").keys()]).toEqual(["lab"]);
});
