import { expect, test } from "vitest";
import { fixedClock } from "@banyan/kernel";
import type { RevisionModel } from "@banyan/routing-rules";
import { limits } from "../limits.ts";
import { testModel } from "../test-proxy.ts";
import { PinStore } from "./pins.ts";

const { modules }: RevisionModel = testModel();
const lab = modules.get("lab");
if (!lab) throw new Error("the test's rules have a module lab");
const boundMs = lab.watermarkAgeMsMax + limits.pinMarginMs;

function store() {
  const clock = fixedClock(new Date(0));
  const pins = new PinStore(clock);
  const write = (session: string, mark = "a1b2c3d4", cookies?: string) =>
    pins.writing({ session, cookies, module: lab as NonNullable<typeof lab>, mark, isSecure: false });
  const of = (session: string, cookies?: string) => Object.fromEntries(pins.of(session, cookies, modules));
  return { clock, pins, write, of };
}
const sent = (cookie: string): string => cookie.split(";")[0] as string;

test("a writer is pinned from the moment the write begins; others are not", () => {
  const { of, write } = store();
  write("anna");
  expect(of("anna")).toEqual({ lab: null });
  expect(of("ben")).toEqual({});
});

test("a pin gets the number after the one announced to a heartbeat sent after the answer, never an earlier one", () => {
  const { clock, pins, of, write } = store();
  const pinned = write("anna");
  pins.announced({ lab: 70 }, clock.monotonicMs());
  expect(of("anna")).toEqual({ lab: null });
  clock.advance(10);
  const sentBeforeMs = clock.monotonicMs();
  clock.advance(10);
  pinned.answered();
  clock.advance(10);
  // Sent before the answer, answered after it: row 71 may have been written between.
  pins.announced({ lab: 70 }, sentBeforeMs);
  expect(of("anna")).toEqual({ lab: null });
  pins.announced({ rx: 1 }, clock.monotonicMs());
  expect(of("anna")).toEqual({ lab: null });
  pins.announced({ lab: 74 }, clock.monotonicMs());
  expect(of("anna")).toEqual({ lab: 75 });
  pins.announced({ lab: 90 }, clock.monotonicMs());
  expect(of("anna")).toEqual({ lab: 75 });
});

test("without numbers a pin lasts the watermark's bound and a margin, and not longer", () => {
  const { clock, of, write } = store();
  write("anna").answered();
  clock.advance(boundMs - 1);
  expect(of("anna")).toEqual({ lab: null });
  clock.advance(1);
  expect(of("anna")).toEqual({});
});

test("a write that is under way for long stays pinned until it is answered, and the whole bound from then on", () => {
  const { clock, of, write } = store();
  const pinned = write("anna");
  clock.advance(10 * boundMs);
  expect(of("anna")).toEqual({ lab: null });
  pinned.answered();
  clock.advance(boundMs - 1);
  expect(of("anna")).toEqual({ lab: null });
});

test("the cookie pins on a replica that knows nothing of the write, until the number it then gets", () => {
  const here = store();
  const there = store();
  const cookie = sent(here.write("anna", "0123456789ab").cookie);
  expect(cookie).toBe(".BANYANPIN=lab~0123456789ab");
  expect(there.of("anna", `x=1; ${cookie}`)).toEqual({ lab: null });
  there.clock.advance(5);
  there.pins.announced({ lab: 8 }, there.clock.monotonicMs());
  expect(there.of("anna", cookie)).toEqual({ lab: 9 });
  // Known: the browser goes on sending it, which does not begin the pin anew.
  there.clock.advance(boundMs);
  expect(there.of("anna", cookie)).toEqual({});
});

test("of two writes the later number counts; a session without any cookie is pinned on this replica alone", () => {
  const { clock, pins, of, write } = store();
  write("anna", "aaaaaaaa").answered();
  clock.advance(1);
  pins.announced({ lab: 5 }, clock.monotonicMs());
  const second = write("anna", "bbbbbbbb", ".BANYANPIN=lab~aaaaaaaa");
  expect(sent(second.cookie)).toBe(".BANYANPIN=lab~bbbbbbbb");
  second.answered();
  expect(of("anna", ".BANYANPIN=lab~aaaaaaaa")).toEqual({ lab: null });
  clock.advance(1);
  pins.announced({ lab: 8 }, clock.monotonicMs());
  expect(of("anna", ".BANYANPIN=lab~aaaaaaaa")).toEqual({ lab: 9 });
  expect(of("anna")).toEqual({ lab: 9 });
});

test("the cookie keeps what else the browser is pinned at, at most so many modules, and lives as long as a pin", () => {
  const { write } = store();
  const many = Array.from({ length: 40 }, (_, index) => `m${index}~aaaaaaaa`).join("!");
  const { cookie } = write("anna", "bbbbbbbb", `.BANYANPIN=${many}`);
  const marks = sent(cookie).slice(".BANYANPIN=".length).split("!");
  expect(marks.length).toBe(limits.pinMarksMax);
  expect(marks.at(-1)).toBe("lab~bbbbbbbb");
  expect(cookie).toContain(`max-age=${boundMs / 1_000};`);
  expect(cookie).toMatch(/; HttpOnly; SameSite=Lax$/);
});

test("a made-up cookie costs nobody a place and makes no module up", () => {
  const { pins, of, write } = store();
  write("anna").answered();
  for (const cookie of ["lab~AAAAAAAA", "lab", "nowhere~aaaaaaaa", "lab~aaaa", "~", `${"lab~aaaaaaaa!".repeat(50)}`])
    of("", `.BANYANPIN=${cookie}`);
  for (let n = 0; n < limits.pinsMax + 10; n += 1) of("", `.BANYANPIN=lab~${String(n).padStart(8, "0")}`);
  expect(pins.size).toBe(limits.pinsMax);
  expect(pins.overflowed).toBe(0);
  expect(of("", ".BANYANPIN=lab~zzzzzzzz")).toEqual({ lab: null });
  expect(of("anna")).toEqual({ lab: null });
});

test("when there are too many writers everybody counts as pinned: late is harmless, early would show an old chart", () => {
  const { clock, pins, of, write } = store();
  for (let n = 0; n <= limits.pinsMax; n += 1) write(`s${n}`, `${String(n).padStart(8, "0")}`).answered();
  expect(pins.overflowed).toBeGreaterThan(0);
  expect(pins.size).toBe(limits.pinsMax);
  expect(of("s0")).toEqual({ lab: null });
  expect(of("somebody else")).toEqual({ lab: null });
  clock.advance(boundMs);
  expect(of("somebody else")).toEqual({});
});
