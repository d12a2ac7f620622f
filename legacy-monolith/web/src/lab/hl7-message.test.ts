import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  component,
  escapeHl7,
  field,
  firstSegment,
  hl7Stamp,
  parseHl7,
  readHl7Stamp,
  repetitions,
  unescapeHl7,
  writeHl7,
} from "./hl7-message.ts";

const header = "MSH|^~\\&|LABSYS|INHS|EHRPROD|MAIN|20081107120000||ORU^R01|42|P|2.3";

function parsed(text: string) {
  const result = parseHl7(text);
  if (!result.ok) throw new Error(result.reason);
  return result.message;
}

describe("parseHl7", () => {
  it("numbers MSH fields as the standard does, with the separator as MSH-1", () => {
    const message = parsed(`${header}\r`);
    const msh = firstSegment(message, "MSH");
    expect(field(message, msh, 1)).toBe("|");
    expect(field(message, msh, 2)).toBe("^~\\&");
    expect(component(message, msh, { position: 9, component: 2 })).toBe("R01");
    expect(field(message, msh, 10)).toBe("42");
  });

  it.each([
    ["CR", "\r"],
    ["LF", "\n"],
    ["CRLF", "\r\n"],
  ])("ends segments at %s", (_name, end) => {
    expect(parsed([header, "PID|1||000100001X", ""].join(end)).segments.map((s) => s.name)).toEqual(["MSH", "PID"]);
  });

  it("drops a byte-order mark, however it was decoded, and MLLP framing", () => {
    expect(parsed(`\ufeff${header}`).segments).toHaveLength(1);
    expect(parsed(`\u00ef\u00bb\u00bf${header}`).segments).toHaveLength(1);
    expect(parsed(`\x0b${header}\r\x1c\r`).segments).toHaveLength(1);
  });

  it.each([
    ["", "Empty message"],
    ["PID|1", "Message does not begin with MSH"],
    ["MSH", "MSH-1 and MSH-2 do not name the delimiters"],
    ["MSH|^^^^|a", "MSH-1 and MSH-2 do not name the delimiters"],
    [`${header}\rpid|1`, "Segment 2 cannot be read"],
    [`${header}\r${header}`, "More than one MSH segment"],
    [`${header}\rOBX|${"|".repeat(300)}`, "Segment 2 cannot be read"],
    [`${header}\r${"NTE|1\r".repeat(2001)}`, "More than 2000 segments"],
  ])("refuses %j", (text, reason) => {
    expect(parseHl7(text)).toEqual({ ok: false, reason });
  });

  it("takes other delimiters than the usual ones", () => {
    const message = parsed("MSH#*~\\&#A\rPID#1##X*Y");
    expect(component(message, firstSegment(message, "PID"), { position: 3, component: 2 })).toBe("Y");
  });

  it("answers every text, however broken, without throwing", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((tail) => `MSH|^~\\&${tail}`),
        ),
        (text) => {
          expect(typeof parseHl7(text).ok).toBe("boolean");
        },
      ),
    );
  });
});

describe("values", () => {
  it("gives nothing for an absent field and for HL7's null", () => {
    const message = parsed(`${header}\rPID|1||""`);
    const pid = firstSegment(message, "PID");
    expect(field(message, pid, 3)).toBe("");
    expect(field(message, pid, 30)).toBe("");
    expect(component(message, undefined, { position: 3 })).toBe("");
  });

  it("separates repetitions", () => {
    const message = parsed(`${header}\rPID|1||A^^^MR~B^^^SS`);
    expect(repetitions(message, firstSegment(message, "PID"), 3)).toEqual(["A^^^MR", "B^^^SS"]);
  });

  it("gives back what was escaped", () => {
    const { delimiters } = parsed(header);
    fc.assert(
      fc.property(
        fc.string().filter((text) => !/[\r\n]/.test(text)),
        (text) => {
          expect(unescapeHl7(escapeHl7(text), delimiters)).toBe(text);
        },
      ),
    );
  });

  it("writes segments that end in CR and drop trailing empty fields", () => {
    expect(writeHl7([["MSA", "AA", "1", "", ""], ["ERR"]])).toBe("MSA|AA|1\rERR\r");
  });

  it("reads a stamp as local time and ignores its offset", () => {
    expect(readHl7Stamp("20141006064500+0700")?.toISOString()).toBe("2014-10-06T06:45:00.000Z");
    expect(readHl7Stamp("20141006")?.toISOString()).toBe("2014-10-06T00:00:00.000Z");
    expect(readHl7Stamp("20141332")).toBeUndefined();
    expect(readHl7Stamp("00011230")).toBeUndefined();
    expect(hl7Stamp(new Date("2014-10-06T06:45:00.000Z"))).toBe("20141006064500");
  });
});
