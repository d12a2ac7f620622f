/** The body of an answer without its content encoding, within the size budget. */

import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { Incomparable, type Meter } from "../budget.ts";
import { type Answer, headerValues } from "./answer.ts";

/** @throws Incomparable size-budget, content-encoding */
export function bodyOf(answer: Answer, meter: Meter): Uint8Array {
  meter.takeBytes(answer.body.byteLength);
  const encodings = headerValues(answer, "content-encoding")
    .flatMap((value) => value.toLowerCase().split(","))
    .map((one) => one.trim())
    .filter((one) => one !== "" && one !== "identity");
  return encodings.toReversed().reduce((bytes, encoding) => decoded(bytes, encoding, meter), answer.body);
}

function decoded(bytes: Uint8Array, encoding: string, meter: Meter): Uint8Array {
  const decode = decoders[encoding];
  if (!decode) throw new Incomparable("content-encoding");
  try {
    return decode(bytes, { maxOutputLength: meter.bytesMax });
  } catch (error) {
    const tooLarge = error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
    throw new Incomparable(tooLarge ? "size-budget" : "content-encoding");
  }
}

type Decode = (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;

const decoders: Readonly<Record<string, Decode | undefined>> = {
  gzip: gunzipSync,
  "x-gzip": gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};
