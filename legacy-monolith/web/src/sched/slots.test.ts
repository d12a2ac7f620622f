import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { freeSlots, type Hours, minuteOf, timeOf } from "./slots.ts";

/** A Monday. */
const day = new Date(Date.UTC(2026, 10, 23));
const forever = { EffDt: new Date(Date.UTC(1999, 0, 1)), TermDt: new Date(Date.UTC(9999, 11, 31)) };
const hours = (StartTm: string, EndTm: string, more: Partial<Hours> = {}): Hours => ({
  LocCd: "MAIN",
  DOW: 2,
  StartTm,
  EndTm,
  SlotMin: 15,
  ApTyLst: "",
  ...forever,
  ...more,
});
const times = (slots: readonly { Tm: string }[]) => slots.map((slot) => slot.Tm);

describe("free slots", () => {
  test("step through the hours and leave out what is booked", () => {
    const busy = [{ ApptDt: day, ApptTm: "0815", DurMin: 20 }];
    expect(times(freeSlots(day, "FOLL", 15, [hours("0800", "0915")], busy))).toEqual(["0800", "0845", "0900"]);
  });

  test("a long type needs its whole time free before closing", () => {
    const busy = [{ ApptDt: day, ApptTm: "0845", DurMin: 15 }];
    expect(times(freeSlots(day, "PHYS", 30, [hours("0800", "0945")], busy))).toEqual(["0800", "0815", "0900", "0915"]);
  });

  test("other weekdays, ended schedules and types not listed give nothing", () => {
    expect(freeSlots(day, "FOLL", 15, [hours("0800", "0900", { DOW: 3 })], [])).toEqual([]);
    expect(
      freeSlots(day, "FOLL", 15, [hours("0800", "0900", { TermDt: new Date(Date.UTC(2026, 10, 22)) })], []),
    ).toEqual([]);
    expect(freeSlots(day, "FOLL", 15, [hours("0800", "0900", { ApTyLst: "NEWP,PHYS" })], [])).toEqual([]);
    expect(freeSlots(day, "phys", 15, [hours("0800", "0815", { ApTyLst: "NEWP, PHYS" })], [])).toHaveLength(1);
  });

  test("no slot ever overlaps a booking or leaves the hours", () => {
    const booking = fc.record({ start: fc.integer({ min: 420, max: 1080 }), DurMin: fc.integer({ min: 5, max: 120 }) });
    fc.assert(
      fc.property(fc.array(booking, { maxLength: 12 }), fc.integer({ min: 5, max: 60 }), (bookings, minutes) => {
        const busy = bookings.map(({ start, DurMin }) => ({ ApptDt: day, ApptTm: timeOf(start), DurMin }));
        for (const slot of freeSlots(day, "", minutes, [hours("0800", "1200"), hours("1300", "1700")], busy)) {
          const start = minuteOf(slot.Tm);
          const inside = (start >= 480 && start + minutes <= 720) || (start >= 780 && start + minutes <= 1020);
          expect(inside).toBe(true);
          expect(bookings.some((one) => start < one.start + one.DurMin && one.start < start + minutes)).toBe(false);
        }
      }),
    );
  });
});
