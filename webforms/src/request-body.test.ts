import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formFieldsMax } from "./limits.ts";
import { urlEncode } from "./html.ts";
import { parseForm, urlDecode } from "./request-body.ts";

describe("form decoding", () => {
  test("reads names and values in UTF-8, blanks as plus, and %u escapes", () => {
    const body = Buffer.from("ctl00%24cph%24txtLName=Pe%c3%b1a+L%u00f3pez&a&b=%zz%4&=c");
    expect(parseForm(body)).toEqual([
      ["ctl00$cph$txtLName", "Peña López"],
      ["", "a"],
      ["b", "%zz%4"],
      ["", "c"],
    ]);
  });

  test("what was encoded decodes to itself", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(urlDecode(urlEncode(text))).toBe(text.toWellFormed());
      }),
    );
  });

  test("any bytes at all decode without an error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(Array.isArray(parseForm(Buffer.from(bytes)))).toBe(true);
      }),
    );
  });

  test("more fields than a form may have are refused", () => {
    expect(parseForm(Buffer.from("a=1&".repeat(formFieldsMax)))).toBeUndefined();
  });
});
