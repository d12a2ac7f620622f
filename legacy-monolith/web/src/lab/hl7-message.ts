/**
 * HL7 v2 on the wire: pipes, carets and carriage returns. Written here because the interface engine of the time did no
 * more than this, and a library that understands modern profiles would accept what the legacy system refused. Parsing is
 * strict about the header and bounded everywhere; what is inside the fields is for the caller to judge.
 *
 * Source: HL7 v2.3, chapter 2 (message header, delimiters, escape sequences).
 */

import { hl7FieldsMax, hl7SegmentCharsMax, hl7SegmentsMax } from "../limits.ts";

export type Hl7Delimiters = {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escape: string;
  readonly subcomponent: string;
};

/** `fields[0]` is the segment's name; for MSH `fields[1]` is the field separator, so that `fields[n]` is MSH-n. */
export type Hl7Segment = { readonly name: string; readonly fields: readonly string[] };

export type Hl7Message = { readonly delimiters: Hl7Delimiters; readonly segments: readonly Hl7Segment[] };

export type Hl7Parsed =
  | { readonly ok: true; readonly message: Hl7Message }
  | { readonly ok: false; readonly reason: string };

const segmentName = /^[A-Z][A-Z0-9]{2}$/;
const delimiterChars = /^[!-/:-@[-`{-~]{3,4}$/;

/** Drops what surrounds a message: a UTF-8 byte-order mark (also as it looks in iso-8859-1) and MLLP's framing bytes. */
function unwrapped(text: string): string {
  const start = text.startsWith("\u00ef\u00bb\u00bf") ? 3 : text.startsWith("\ufeff") ? 1 : 0;
  return text.slice(start).replaceAll("\u000b", "").replaceAll("\u001c", "").trim();
}

/** Reads one message. Segments end in CR; LF and CRLF are taken too, because senders of the time never agreed. */
export function parseHl7(text: string): Hl7Parsed {
  const body = unwrapped(text);
  if (body === "") return { ok: false, reason: "Empty message" };
  if (!body.startsWith("MSH")) return { ok: false, reason: "Message does not begin with MSH" };
  const lines = body.split(/\r\n|\r|\n/).filter((line) => line.trim() !== "");
  if (lines.length > hl7SegmentsMax) return { ok: false, reason: `More than ${hl7SegmentsMax} segments` };
  const delimiters = readDelimiters(lines[0] ?? "");
  if (!delimiters) return { ok: false, reason: "MSH-1 and MSH-2 do not name the delimiters" };
  const segments: Hl7Segment[] = [];
  for (const [index, line] of lines.entries()) {
    const segment = readSegment(line, delimiters);
    if (!segment) return { ok: false, reason: `Segment ${index + 1} cannot be read` };
    if (segment.name === "MSH" && index > 0) return { ok: false, reason: "More than one MSH segment" };
    segments.push(segment);
  }
  return { ok: true, message: { delimiters, segments } };
}

function readDelimiters(header: string): Hl7Delimiters | undefined {
  const field = header.charAt(3);
  const encoding = header.slice(4).split(field, 1)[0] ?? "";
  const all = field + encoding;
  // v2.7 added a fifth encoding character, the truncation mark; it changes nothing here.
  if (!delimiterChars.test(encoding.slice(0, 4)) || encoding.length > 5) return undefined;
  if (/[\w\s]/.test(field) || field === "" || new Set(all).size !== all.length) return undefined;
  return {
    field,
    component: encoding.charAt(0),
    repetition: encoding.charAt(1),
    escape: encoding.charAt(2),
    subcomponent: encoding.charAt(3) || "&",
  };
}

function readSegment(line: string, delimiters: Hl7Delimiters): Hl7Segment | undefined {
  if (line.length > hl7SegmentCharsMax) return undefined;
  const parts = line.split(delimiters.field);
  const name = parts[0] ?? "";
  if (!segmentName.test(name) || parts.length > hl7FieldsMax) return undefined;
  return { name, fields: name === "MSH" ? [name, delimiters.field, ...parts.slice(1)] : parts };
}

/** The raw text of SEG-n, first repetition; "" when it is absent or HL7's null (`""`). */
export function field(message: Hl7Message, segment: Hl7Segment | undefined, position: number): string {
  const raw = segment?.fields[position] ?? "";
  if (segment?.name === "MSH" && position <= 2) return raw;
  const first = raw.split(message.delimiters.repetition, 1)[0] ?? "";
  return first === '""' ? "" : first.trim();
}

/** The unescaped text of component `component` (from 1) of SEG-n, first repetition, first sub-component. */
export function component(
  message: Hl7Message,
  segment: Hl7Segment | undefined,
  { position, component: index = 1 }: { position: number; component?: number },
): string {
  const parts = field(message, segment, position).split(message.delimiters.component);
  const text = (parts[index - 1] ?? "").split(message.delimiters.subcomponent, 1)[0] ?? "";
  return unescapeHl7(text, message.delimiters).trim();
}

/** Every repetition of SEG-n, raw. */
export function repetitions(message: Hl7Message, segment: Hl7Segment | undefined, position: number): string[] {
  return (segment?.fields[position] ?? "").split(message.delimiters.repetition);
}

export function firstSegment(message: Hl7Message, name: string): Hl7Segment | undefined {
  return message.segments.find((segment) => segment.name === name);
}

/** \F\ \S\ \T\ \R\ \E\ and \.br\; other sequences (highlighting, hexadecimal) are dropped as the legacy parser did. */
export function unescapeHl7(text: string, delimiters: Hl7Delimiters): string {
  const { escape } = delimiters;
  if (!text.includes(escape)) return text;
  const meaning: Readonly<Record<string, string>> = {
    F: delimiters.field,
    S: delimiters.component,
    T: delimiters.subcomponent,
    R: delimiters.repetition,
    E: escape,
    ".br": " ",
  };
  const parts = text.split(escape);
  let out = parts[0] ?? "";
  for (let index = 1; index < parts.length; index += 2) {
    const closed = index + 1 < parts.length;
    out += closed ? (meaning[parts[index] ?? ""] ?? "") : escape + (parts[index] ?? "");
    out += parts[index + 1] ?? "";
  }
  return out;
}

const standard: Hl7Delimiters = { field: "|", component: "^", repetition: "~", escape: "\\", subcomponent: "&" };

/** Escapes a value for a field of a message with the usual delimiters. CR and LF become a blank: they end segments. */
export function escapeHl7(value: string): string {
  return value.replace(/[\r\n]+/g, " ").replace(/[\\|^~&]/g, (char) => {
    if (char === standard.escape) return "\\E\\";
    if (char === standard.field) return "\\F\\";
    if (char === standard.component) return "\\S\\";
    return char === standard.repetition ? "\\R\\" : "\\T\\";
  });
}

/** Joins segments, given as arrays of finished field texts, with pipes and CRs. Trailing empty fields are left out. */
export function writeHl7(segments: readonly (readonly string[])[]): string {
  return segments.map((fields) => `${fields.join("|").replace(/\|+$/, "")}\r`).join("");
}

/** A stamp of HL7's TS type at server-local time, `YYYYMMDDHHMMSS`. `local` is a datetime as tedious gives it: its UTC parts are the local time. */
export function hl7Stamp(local: Date): string {
  return local.toISOString().slice(0, 19).replace(/[-:T]/g, "");
}

/**
 * Reads a TS value. A zone offset is ignored, as the legacy system did: the digits are taken for server-local time.
 * @returns a datetime whose UTC parts are the local time, or undefined when the digits are no date.
 */
export function readHl7Stamp(text: string): Date | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?/.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map((part) => Number(part ?? 0));
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  const real = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && (hour ?? 0) < 24 && (minute ?? 0) < 60;
  // datetime begins in 1753; anything older would be an error of the database, not of the sender's.
  return real && year >= 1753 ? date : undefined;
}
