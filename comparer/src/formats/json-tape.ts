/**
 * A JSON document as a flat list of tokens over its bytes. Nothing is decoded and no object is made, so reading is about as
 * fast as the engine's own parser, numbers keep their spelling and a name that occurs twice is seen. RFC 8259, strict.
 */

import { Incomparable, type Meter } from "../budget.ts";
import { depthMax } from "../limits.ts";

export const token = {
  object: 1,
  array: 2,
  string: 3,
  escapedString: 4,
  number: 5,
  true: 6,
  false: 7,
  null: 8,
} as const;

/** Three numbers a token: what it is; where it starts; where it ends (a container: index of the token after its last one). */
export type JsonTape = { readonly bytes: Uint8Array; readonly cells: Int32Array; readonly length: number };

export const cellsPerToken = 3;

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;

/** @returns undefined when the bytes are no JSON document. The bytes must be valid UTF-8. @throws Incomparable */
export function readJsonTape(bytes: Uint8Array, meter: Meter): JsonTape | undefined {
  return new TapeReader(bytes, meter).read();
}

class TapeReader {
  readonly #bytes: Uint8Array;
  readonly #meter: Meter;
  #cells: Int32Array;
  #length = 0;
  #at = 0;

  constructor(bytes: Uint8Array, meter: Meter) {
    this.#bytes = bytes;
    this.#meter = meter;
    this.#cells = new Int32Array(Math.max(192, (bytes.length >> 3) * cellsPerToken));
  }

  read(): JsonTape | undefined {
    if (this.#bytes[0] === 0xef && this.#bytes[1] === 0xbb && this.#bytes[2] === 0xbf) this.#at = 3;
    this.#blanks();
    if (!this.#value(0)) return undefined;
    this.#blanks();
    if (this.#at !== this.#bytes.length) return undefined;
    this.#meter.take(this.#length / cellsPerToken);
    return { bytes: this.#bytes, cells: this.#cells, length: this.#length };
  }

  #value(depth: number): boolean {
    const byte = this.#bytes[this.#at] ?? 0;
    if (byte === quote) return this.#string();
    if (byte === 0x7b) return this.#members(depth);
    if (byte === 0x5b) return this.#items(depth);
    if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) return this.#number();
    if (byte === 0x74) return this.#word("true", token.true);
    if (byte === 0x66) return this.#word("false", token.false);
    return byte === 0x6e && this.#word("null", token.null);
  }

  #members(depth: number): boolean {
    const opened = this.#open(token.object, depth);
    if (this.#bytes[this.#at] === 0x7d) return this.#close(opened);
    for (;;) {
      if (this.#bytes[this.#at] !== quote || !this.#string()) return false;
      this.#blanks();
      if (this.#bytes[this.#at] !== colon) return false;
      this.#at += 1;
      this.#blanks();
      if (!this.#value(depth + 1)) return false;
      this.#blanks();
      if (this.#bytes[this.#at] === 0x7d) return this.#close(opened);
      if (this.#bytes[this.#at] !== comma) return false;
      this.#at += 1;
      this.#blanks();
    }
  }

  #items(depth: number): boolean {
    const opened = this.#open(token.array, depth);
    if (this.#bytes[this.#at] === 0x5d) return this.#close(opened);
    for (;;) {
      if (!this.#value(depth + 1)) return false;
      this.#blanks();
      if (this.#bytes[this.#at] === 0x5d) return this.#close(opened);
      if (this.#bytes[this.#at] !== comma) return false;
      this.#at += 1;
      this.#blanks();
    }
  }

  #open(kind: number, depth: number): number {
    if (depth >= depthMax) throw new Incomparable("depth-budget");
    const opened = this.#add(kind, this.#at, 0);
    this.#at += 1;
    this.#blanks();
    return opened;
  }

  #close(opened: number): boolean {
    this.#at += 1;
    this.#cells[opened + 2] = this.#length;
    return true;
  }

  #string(): boolean {
    const bytes = this.#bytes;
    const start = this.#at + 1;
    let at = start;
    let escaped = false;
    for (;;) {
      const byte = bytes[at];
      if (byte === quote) break;
      // Past the end, and control characters, which JSON does not allow.
      if (byte === undefined || byte < 0x20) return false;
      if (byte === backslash) {
        escaped = true;
        const length = this.#escapeLength(at + 1);
        if (length === 0) return false;
        at += length;
      }
      at += 1;
    }
    this.#add(escaped ? token.escapedString : token.string, start, at);
    this.#at = at + 1;
    return true;
  }

  /** Bytes behind a backslash that belong to it; 0 when they are no escape. */
  #escapeLength(at: number): number {
    const byte = this.#bytes[at] ?? 0;
    if (byte !== 0x75) return shortEscapes.has(byte) ? 1 : 0;
    for (let digit = at + 1; digit <= at + 4; digit += 1) if (!isHexDigit(this.#bytes[digit] ?? 0)) return 0;
    return 5;
  }

  #number(): boolean {
    const bytes = this.#bytes;
    const start = this.#at;
    let at = bytes[start] === 0x2d ? start + 1 : start;
    if (bytes[at] === 0x30) at += 1;
    else if ((at = this.#digits(at)) < 0) return false;
    if (bytes[at] === 0x2e && (at = this.#digits(at + 1)) < 0) return false;
    if (bytes[at] === 0x65 || bytes[at] === 0x45) {
      const sign = bytes[at + 1];
      at = this.#digits(sign === 0x2b || sign === 0x2d ? at + 2 : at + 1);
      if (at < 0) return false;
    }
    this.#add(token.number, start, at);
    this.#at = at;
    return true;
  }

  /** The place behind one or more digits, -1 when there is none. */
  #digits(at: number): number {
    let end = at;
    for (let byte = this.#bytes[end] ?? 0; byte >= 0x30 && byte <= 0x39; byte = this.#bytes[end] ?? 0) end += 1;
    return end > at ? end : -1;
  }

  #word(text: string, kind: number): boolean {
    for (let index = 0; index < text.length; index += 1) {
      if (this.#bytes[this.#at + index] !== text.charCodeAt(index)) return false;
    }
    this.#add(kind, this.#at, this.#at + text.length);
    this.#at += text.length;
    return true;
  }

  #blanks(): void {
    const bytes = this.#bytes;
    let byte = bytes[this.#at];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      this.#at += 1;
      byte = bytes[this.#at];
    }
  }

  #add(kind: number, start: number, end: number): number {
    const at = this.#length;
    if (at + cellsPerToken > this.#cells.length) this.#grow();
    const cells = this.#cells;
    cells[at] = kind;
    cells[at + 1] = start;
    cells[at + 2] = end;
    this.#length = at + cellsPerToken;
    return at;
  }

  #grow(): void {
    this.#meter.lookAtClock();
    const larger = new Int32Array(this.#cells.length * 2);
    larger.set(this.#cells);
    this.#cells = larger;
  }
}

const shortEscapes = new Set([...'"\\/bfnrt'].map((one) => one.charCodeAt(0)));

function isHexDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}

/** Index of the token behind the one at `at` and everything in it. */
export function nextToken({ cells }: JsonTape, at: number): number {
  const kind = cells[at] as number;
  return kind <= token.array ? (cells[at + 2] as number) : at + cellsPerToken;
}

const decoder = new TextDecoder();

/** The text of a string or number token, escapes resolved. */
export function tokenText({ bytes, cells }: JsonTape, at: number): string {
  const written = decoder.decode(bytes.subarray(cells[at + 1], cells[at + 2]));
  return cells[at] === token.escapedString ? (JSON.parse(`"${written}"`) as string) : written;
}

/** The text of a string as it stands in the document. */
export function tokenSpelling({ bytes, cells }: JsonTape, at: number): string {
  return decoder.decode(bytes.subarray(cells[at + 1], cells[at + 2]));
}
