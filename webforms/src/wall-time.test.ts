import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ageYears,
  atTime,
  isSentinel,
  noEndDate,
  noStartDate,
  parseTime,
  parseUsDate,
  toWall,
  usDate,
  usDateTime,
  usTime,
  wallToInstant,
} from "./wall-time.ts";

describe("wall time", () => {
  test("an instant reads as the New York clock, in winter and in summer", () => {
    expect(toWall(new Date("2026-01-15T17:30:00Z")).toISOString()).toBe("2026-01-15T12:30:00.000Z");
    expect(toWall(new Date("2026-07-15T16:30:00.123Z")).toISOString()).toBe("2026-07-15T12:30:00.123Z");
  });

  test("both 01:30 of the autumn night read the same, and that reading goes back as standard time", () => {
    const daylight = new Date("2026-11-01T05:30:00Z");
    const standard = new Date("2026-11-01T06:30:00Z");
    expect(toWall(daylight)).toEqual(toWall(standard));
    expect(wallToInstant(toWall(daylight))).toEqual(standard);
  });

  test("outside the repeated hour, there and back is the same instant", () => {
    const repeated = (instant: Date) =>
      toWall(instant).getTime() === toWall(new Date(instant.getTime() + 3_600_000)).getTime();
    fc.assert(
      fc.property(
        fc.date({ min: new Date("1990-01-01"), max: new Date("2037-01-01"), noInvalidDate: true }),
        (instant) => {
          fc.pre(!repeated(instant));
          expect(wallToInstant(toWall(instant)).getTime()).toBe(instant.getTime());
        },
      ),
      { numRuns: 300 },
    );
  });

  test("a US date is taken only when the calendar has it", () => {
    expect(parseUsDate("2/29/2024")?.toISOString()).toBe("2024-02-29T00:00:00.000Z");
    for (const text of ["02/29/2025", "13/01/2025", "1/1/25", "2025-01-01", "01/01/1700", "", "x"]) {
      expect(parseUsDate(text), text).toBeUndefined();
    }
  });

  test("a time of day is taken in the three ways people type it", () => {
    expect(parseTime("0915")).toBe("0915");
    expect(parseTime("9:15")).toBe("0915");
    expect(parseTime("12:05 am")).toBe("0005");
    expect(parseTime("1:30 PM")).toBe("1330");
    for (const text of ["2460", "25:00", "13:00 PM", "915x", ""]) expect(parseTime(text), text).toBeUndefined();
  });

  test("sentinels show as no date", () => {
    expect(isSentinel(noEndDate) && isSentinel(noStartDate)).toBe(true);
    expect(usDate(noEndDate)).toBe("");
    expect(usDate(new Date(Date.UTC(9999, 11, 30)))).toBe("12/30/9999");
    expect(usDateTime(null)).toBe("");
  });

  test("day and time make one wall date, shown with AM and PM", () => {
    const wall = atTime(new Date(Date.UTC(2026, 10, 22)), "0005");
    expect(wall.toISOString()).toBe("2026-11-22T00:05:00.000Z");
    expect(usDateTime(wall)).toBe("11/22/2026 12:05 AM");
    expect(usTime("1200")).toBe("12:00 PM");
  });

  test("age counts whole years, on the birthday one more", () => {
    const birth = new Date(Date.UTC(2000, 1, 29));
    expect(ageYears(birth, new Date(Date.UTC(2026, 1, 28)))).toBe(25);
    expect(ageYears(birth, new Date(Date.UTC(2026, 2, 1)))).toBe(26);
  });
});
