/** Laws of the value codecs, and vectors worked out by hand from MS-TDS 2.2.5.5. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SqlType } from "../contract.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { dayNumber, dayText } from "./calendar.ts";
import { decodeValue } from "./decode-value.ts";
import { encoderFor } from "./encode-value.ts";
import { readTypeInfo, writeTypeInfo } from "./type-info.ts";

function encoded(type: SqlType, text: string): Buffer {
  const writer = new ByteWriter(1);
  encoderFor(type)(writer, text);
  return writer.toBuffer();
}

/** What the same bytes say when read as a row's value. */
function roundTrip(type: SqlType, text: string): string | null {
  const writer = new ByteWriter(1);
  writeTypeInfo(writer, type);
  encoderFor(type)(writer, text);
  const reader = new ByteReader(writer.toBuffer());
  const value = decodeValue(reader, readTypeInfo(reader), "row");
  expect(reader.remaining).toBe(0);
  return value;
}

/** A decimal number as text: sign, whole digits, exactly `scale` places. */
function scaled(digits: bigint, scale: number): string {
  const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, "0");
  return `${digits < 0n ? "-" : ""}${text.slice(0, text.length - scale)}${scale ? `.${text.slice(-scale)}` : ""}`;
}

/** JavaScript writes minus zero as `0`, so its text cannot come back. */
const signed = (value: number): boolean => !Object.is(value, -0);

/** Characters of the bytes 80 to 9F; Node's own decoder takes them for Latin-1. */
const upperHalf = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";

const day = fc.integer({ min: 0, max: 3_652_058 });
const pad = (value: number, width = 2): string => String(value).padStart(width, "0");
const clock = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 59 }))
  .map((parts) => parts.map((part) => pad(part)).join(":"));

describe("values survive the wire unchanged:", () => {
  it("decimal of every precision and scale", () => {
    const shape = fc
      .integer({ min: 1, max: 38 })
      .chain((precision) =>
        fc.tuple(
          fc.constant(precision),
          fc.integer({ min: 0, max: precision }),
          fc.bigInt({ min: -(10n ** BigInt(precision)) + 1n, max: 10n ** BigInt(precision) - 1n }),
        ),
      );
    fc.assert(
      fc.property(shape, ([precision, scale, digits]) => {
        const text = scaled(digits, scale);
        expect(roundTrip({ name: "decimal", precision, scale }, text)).toBe(text);
      }),
    );
  });

  it("money over its whole range", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (units) => {
        expect(roundTrip({ name: "money" }, scaled(units, 4))).toBe(scaled(units, 4));
      }),
    );
  });

  it("bigint and float", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(roundTrip({ name: "bigint" }, String(value))).toBe(String(value));
      }),
    );
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }).filter(signed), (value) => {
        expect(Number(roundTrip({ name: "float" }, String(value)))).toBe(value);
      }),
    );
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }).filter(signed), (value) => {
        expect(Math.fround(Number(roundTrip({ name: "real" }, String(value))))).toBe(value);
      }),
    );
  });

  it("datetime2 and time of every scale, date", () => {
    const moment = fc.tuple(day, clock, fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 9_999_999 }));
    fc.assert(
      fc.property(moment, ([days, time, scale, fraction]) => {
        const digits = pad(fraction, 7).slice(0, scale);
        // A seventh digit of 0 is not written, because PostgreSQL has six.
        const shown = scale === 7 && digits.endsWith("0") ? digits.slice(0, 6) : digits;
        const tail = shown === "" ? time : `${time}.${shown}`;
        expect(roundTrip({ name: "datetime2", scale }, `${dayText(days)} ${tail}`)).toBe(`${dayText(days)} ${tail}`);
        expect(roundTrip({ name: "time", scale }, tail)).toBe(tail);
        expect(roundTrip({ name: "date" }, dayText(days))).toBe(dayText(days));
      }),
    );
  });

  it("datetime at every tick of a second", () => {
    for (let tick = 0; tick < 300; tick++) {
      const text = `2026-11-22 01:30:59.${pad(Math.round(tick / 0.3), 3)}`;
      expect(roundTrip({ name: "datetime" }, text)).toBe(text);
    }
  });

  it("text, Unicode and bytes of any content", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 60 }).filter((value) => !value.includes("\0"));
    const names = fc.constantFrom<SqlType>(
      { name: "nvarchar", length: 4000 },
      { name: "nvarchar", length: -1 },
      { name: "ntext" },
    );
    fc.assert(fc.property(names, text, (type, value) => void expect(roundTrip(type, value)).toBe(value)));
    const bytes = fc.uint8Array({ maxLength: 60 }).map((value) => `\\x${Buffer.from(value).toString("hex")}`);
    const binary = fc.constantFrom<SqlType>(
      { name: "varbinary", length: 80 },
      { name: "varbinary", length: -1 },
      { name: "image" },
    );
    fc.assert(fc.property(binary, bytes, (type, value) => void expect(roundTrip(type, value)).toBe(value)));
    fc.assert(
      fc.property(fc.uuid(), (value) => void expect(roundTrip({ name: "uniqueidentifier" }, value)).toBe(value)),
    );
  });

  it("every character of code page 1252; others become a question mark", () => {
    for (let byte = 1; byte < 256; byte++) {
      const character = byte >= 0x80 && byte < 0xa0 ? upperHalf.charAt(byte - 0x80) : String.fromCharCode(byte);
      expect(encoded({ name: "varchar", length: 1 }, character)).toEqual(Buffer.from([1, 0, byte]));
      expect(roundTrip({ name: "varchar", length: 1 }, character)).toBe(character);
    }
    expect(roundTrip({ name: "varchar", length: 9 }, "Ω=ノ")).toBe("?=?");
  });
});

describe("bytes on the wire:", () => {
  it.each<readonly [SqlType, string, string]>([
    [{ name: "int" }, "-2", "04feffffff"],
    [{ name: "bit" }, "1", "0101"],
    // 2026-11-22 is day 46346 after 1900-01-01; 00:00:00.997 is 299.1 → 299 ticks.
    [{ name: "datetime" }, "2026-11-22 00:00:00.997", "080ab500002b010000"],
    // .999 is nearer to the next second: 300 ticks.
    [{ name: "datetime" }, "1900-01-01 00:00:00.999", "08000000002c010000"],
    [{ name: "datetime" }, "1899-12-31 23:59:59.999", "080000000000000000"],
    [{ name: "smalldatetime" }, "1900-01-02 00:00:30", "0401000100"],
    [{ name: "date" }, "0001-01-02", "03010000"],
    [{ name: "time", scale: 7 }, "00:00:00.0000001", "050100000000"],
    [{ name: "datetime2", scale: 0 }, "0001-01-01 23:59:59.6", "06000000010000"],
    [{ name: "money" }, "1.0000", "080000000010270000"],
    [{ name: "money" }, "-0.0001", "08ffffffffffffffff"],
    [{ name: "decimal", precision: 9, scale: 2 }, "-1.5", "050096000000"],
    [{ name: "decimal", precision: 9, scale: 1 }, "0.25", "050103000000"],
    [{ name: "uniqueidentifier" }, "00112233-4455-6677-8899-aabbccddeeff", "1033221100554477668899aabbccddeeff"],
    [{ name: "varchar", length: -1 }, "", "000000000000000000000000"],
    [{ name: "nvarchar", length: -1 }, "a", "020000000000000002000000610000000000"],
  ])("%o of %s", (type, text, hex) => {
    expect(encoded(type, text).toString("hex")).toBe(hex);
  });

  it("counts days as the calendar does", () => {
    expect(dayNumber(1, 1, 1)).toBe(0);
    fc.assert(
      fc.property(day, (days) => {
        const date = new Date(Date.UTC(2000, 0, 1) + (days - 730_119) * 86_400_000);
        expect(dayText(days)).toBe(`${pad(date.getUTCFullYear(), 4)}-${date.toISOString().slice(-19, -14)}`);
        expect(dayNumber(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())).toBe(days);
      }),
    );
  });
});
