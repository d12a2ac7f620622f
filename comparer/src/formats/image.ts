/**
 * Pictures by what is seen of them: kind and size, the picture's own data, and apart from these what cameras and programs write
 * beside it. Nothing is decoded but PNG's compression: two encoders give two pictures, and that is a difference.
 */

import { createHash } from "node:crypto";
import { inflateSync } from "node:zlib";
import type { Forest } from "../tree/forest.ts";
import type { Tree } from "../tree/tree.ts";

type Picture = { readonly kind: string; readonly size: string; readonly pixels: Buffer; readonly metadata: Buffer };

/** @returns undefined when the bytes are no picture of a known kind. */
export function imageTree(forest: Forest, bytes: Uint8Array): Tree | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const picture = readPng(buffer, forest.meter.bytesMax) ?? readJpeg(buffer) ?? readGif(buffer);
  if (!picture) return undefined;
  const { kind, size, pixels, metadata } = picture;
  return forest.texts({
    kind,
    size,
    pixels: digest(pixels),
    metadata: metadata.length === 0 ? undefined : digest(metadata),
  });
}

const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** Chunks whose name begins with a capital letter make the picture. Source: PNG 1.2, section 5.4. */
function readPng(bytes: Buffer, bytesMax: number): Picture | undefined {
  if (bytes.toString("latin1", 0, 8) !== "\x89PNG\r\n\x1a\n" || bytes.length < 33) return undefined;
  const data: Buffer[] = [];
  const rest: Buffer[] = [];
  const head: Buffer[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const name = bytes.toString("latin1", at + 4, at + 8);
    const content = bytes.subarray(at + 8, at + 8 + length);
    if (name === "IDAT") data.push(content);
    else (/^[A-Z]/.test(name) ? head : rest).push(Buffer.from(name), content);
    at += 12 + length;
  }
  const size = `${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`;
  return {
    kind: "png",
    size,
    pixels: Buffer.concat([...head, inflated(Buffer.concat(data), bytesMax)]),
    metadata: Buffer.concat(rest),
  };
}

function inflated(data: Buffer, maxOutputLength: number): Buffer {
  try {
    return inflateSync(data, { maxOutputLength });
  } catch {
    // A spoiled or huge picture is compared as it stands.
    return data;
  }
}

/** Segments APPn and COM lie beside the picture. Source: ITU T.81, annex B. */
function readJpeg(bytes: Buffer): Picture | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  const picture: Buffer[] = [];
  const metadata: Buffer[] = [];
  let size = "unknown";
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda) {
    const marker = bytes[at + 1] ?? 0;
    const length = bytes.readUInt16BE(at + 2);
    const segment = bytes.subarray(at, at + 2 + length);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame && segment.length >= 9) size = `${segment.readUInt16BE(7)}x${segment.readUInt16BE(5)}`;
    const beside = (marker >= 0xe0 && marker <= 0xef) || marker === 0xfe;
    (beside ? metadata : picture).push(segment);
    at += 2 + length;
  }
  picture.push(bytes.subarray(at));
  return { kind: "jpeg", size, pixels: Buffer.concat(picture), metadata: Buffer.concat(metadata) };
}

/** GIFs of this system are single pixels and icons: compared whole. */
function readGif(bytes: Buffer): Picture | undefined {
  if (!/^GIF8[79]a$/.test(bytes.toString("latin1", 0, 6)) || bytes.length < 10) return undefined;
  const size = `${bytes.readUInt16LE(6)}x${bytes.readUInt16LE(8)}`;
  return { kind: "gif", size, pixels: bytes, metadata: Buffer.alloc(0) };
}
