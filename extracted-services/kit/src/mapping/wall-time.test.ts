import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instantToWall, roundToDatetime, wallToInstant } from "./wall-time.ts";

/** Any reading `datetime` can hold: 1753-01-01 to 9999-12-31, in ticks of 1/300 s. */
const wall = fc
  .tuple(
    fc.integer({ min: Date.UTC(1753, 0, 1) / 1000, max: Date.UTC(9999, 11, 30) / 1000 }),
    fc.integer({ min: 0, max: 299 }),
  )
  .map(([second, tick]) =>
    new Date(second * 1000 + Math.round((tick * 10) / 3)).toISOString().slice(0, 23).replace("T", " "),
  );

describe("wall time of the legacy server", () => {
  it("reads back every reading but those of the hour that spring skips", () => {
    fc.assert(
      fc.property(wall, (reading) => {
        const instant = wallToInstant(reading);
        const back = instant && instantToWall(instant);
        // A skipped reading comes back an hour (in 1883 minutes) later.
        if (back !== reading) expect(Date.parse(`${back}Z`) - Date.parse(`${reading}Z`)).toBeGreaterThan(0);
        expect(back === reading || isSkipped(reading)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it("is an hour apart from winter to summer", () => {
    expect(wallToInstant("2026-01-15 09:00:00.000")).toBe("2026-01-15T14:00:00.000Z");
    expect(wallToInstant("2026-07-15 09:00:00.000")).toBe("2026-07-15T13:00:00.000Z");
  });

  it("takes the repeated hour of autumn as standard time, and both its instants read 01:30", () => {
    expect(wallToInstant("2026-11-01 01:30:00.000")).toBe("2026-11-01T06:30:00.000Z");
    expect(instantToWall("2026-11-01T06:30:00.000Z")).toBe("2026-11-01 01:30:00.000");
    expect(instantToWall("2026-11-01T05:30:00.000Z")).toBe("2026-11-01 01:30:00.000");
  });

  it("keeps both sides of the repeated hour apart from what surrounds it", () => {
    expect(wallToInstant("2026-11-01 00:59:59.997")).toBe("2026-11-01T04:59:59.997Z");
    expect(wallToInstant("2026-11-01 02:00:00.000")).toBe("2026-11-01T07:00:00.000Z");
  });

  it("takes the skipped hour of spring as standard time", () => {
    expect(wallToInstant("2026-03-08 02:30:00.000")).toBe("2026-03-08T07:30:00.000Z");
  });

  it("knows no instant for what is no reading, or would be after the year 9999", () => {
    expect(wallToInstant("2026-02-03")).toBeUndefined();
    expect(wallToInstant("soon")).toBeUndefined();
    expect(wallToInstant("9999-12-31 23:59:59.997")).toBeUndefined();
  });

  it("rounds an instant to the 1/300 s of datetime, as SQL Server does", () => {
    const rounded = [0, 1, 2, 4, 5, 8, 9, 994, 998, 999].map((ms) => roundToDatetime(5000 + ms) - 5000);
    expect(rounded).toEqual([0, 0, 3, 3, 7, 7, 10, 993, 997, 1000]);
    expect(instantToWall("2026-01-15T14:00:00.999Z")).toBe("2026-01-15 09:00:01.000");
  });
});

/** Whether the clock never showed the reading: the same distance in instants is shorter than on the wall. */
function isSkipped(reading: string): boolean {
  const at = Date.parse(`${reading}Z`);
  const text = (ms: number): string => new Date(ms).toISOString().slice(0, 23).replace("T", " ");
  const [before, after] = [wallToInstant(text(at - 7_200_000)), wallToInstant(text(at + 7_200_000))];
  return Date.parse(after ?? "") - Date.parse(before ?? "") < 14_400_000;
}
