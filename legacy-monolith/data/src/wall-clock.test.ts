import { describe, expect, test } from "vitest";
import {
  autumnChange,
  dayOfWeek,
  dayText,
  midnight,
  newYorkTime,
  parseDay,
  plusMinutes,
  wallTime,
} from "./wall-clock.ts";

describe("wall clock", () => {
  test("both instants of the repeated autumn hour show the same time", () => {
    const daylight = newYorkTime(Date.parse("2023-11-05T05:30:00Z"));
    const standard = newYorkTime(Date.parse("2023-11-05T06:30:00Z"));
    expect([daylight, standard]).toEqual(["2023-11-05 01:30:00", "2023-11-05 01:30:00"]);
    expect(newYorkTime(Date.parse("2023-11-05T07:30:00Z"))).toBe("2023-11-05 02:30:00");
  });

  test("the skipped spring hour is jumped over", () => {
    expect(newYorkTime(Date.parse("2024-03-10T06:59:59Z"))).toBe("2024-03-10 01:59:59");
    expect(newYorkTime(Date.parse("2024-03-10T07:00:00Z"))).toBe("2024-03-10 03:00:00");
  });

  test("midnight in New York is hour 0, not 24, and may be the day before in UTC", () => {
    expect(newYorkTime(Date.parse("1968-01-21T05:00:00Z"))).toBe("1968-01-21 00:00:00");
    expect(newYorkTime(Date.parse("1968-01-21T00:21:58Z"))).toBe("1968-01-20 19:21:58");
  });

  test("days and minutes make times that sort as they pass", () => {
    const day = parseDay("2026-11-22") ?? 0;
    expect(wallTime(day, 9 * 60 + 30)).toBe("2026-11-22 09:30:00");
    expect(plusMinutes("2026-12-31 23:50:00", 20)).toBe("2027-01-01 00:10:00");
    expect(midnight("2026-11-22 09:30:00")).toBe("2026-11-22 00:00:00");
    expect(dayText(day - 1)).toBe("2026-11-21");
  });

  test("Sunday is day 1", () => {
    expect(dayOfWeek(parseDay("2026-11-22") ?? 0)).toBe(1);
    expect(dayOfWeek(parseDay("1969-12-31") ?? 0)).toBe(4);
  });

  test("clocks go back on the first Sunday of November", () => {
    expect([2023, 2024, 2025, 2026].map((year) => dayText(autumnChange(year)))).toEqual([
      "2023-11-05",
      "2024-11-03",
      "2025-11-02",
      "2026-11-01",
    ]);
  });

  test("a day that the calendar does not have is refused", () => {
    expect(["2026-02-29", "2026-13-01", "22.11.2026", ""].map(parseDay)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
