/** PRELOGIN: both sides say what they can, above all whether to encrypt (MS-TDS 2.2.6.5). */

import { ByteReader, ByteWriter, protocolError } from "./bytes.ts";

export const encryption = { off: 0, on: 1, notSupported: 2, required: 3 } as const;

/** What the server offers: nothing; what the client asks for; or no client without encryption. */
export type EncryptMode = "off" | "optional" | "required";

/** What of the conversation TLS covers. */
export type EncryptionScope = "nothing" | "login" | "everything";

const option = { version: 0, encryption: 1, instance: 2, thread: 3, mars: 4, end: 0xff } as const;

/** 15.0.2000: SQL Server 2019, the version that the simulator answers as. */
export const serverVersion = Buffer.from([0x0f, 0x00, 0x07, 0xd0, 0x00, 0x00]);

/** @returns the client's encryption wish; `notSupported` when it does not say. @throws AppError TDS_PROTOCOL */
export function readPrelogin(payload: Buffer): number {
  const reader = new ByteReader(payload);
  for (let token = reader.u8(); token !== option.end; token = reader.u8()) {
    const entry = reader.bytes(4);
    const offset = entry.readUInt16BE(0);
    const length = entry.readUInt16BE(2);
    if (offset + length > payload.length) throw protocolError("a PRELOGIN option lies outside of its message");
    if (token === option.encryption && length >= 1) return payload.readUInt8(offset);
  }
  return encryption.notSupported;
}

/** What both sides end up with; `refused` when one needs encryption and the other cannot. MS-TDS 2.2.6.5, encryption table. */
export function negotiate(
  mode: EncryptMode,
  wish: number,
): { readonly answer: number; readonly scope: EncryptionScope; readonly refused: boolean } {
  const wanted = wish === encryption.on || wish === encryption.required;
  if (mode === "off")
    return { answer: encryption.notSupported, scope: "nothing", refused: wish === encryption.required };
  if (wish === encryption.notSupported) {
    const refused = mode === "required";
    return { answer: refused ? encryption.required : encryption.notSupported, scope: "nothing", refused };
  }
  if (wanted) return { answer: encryption.on, scope: "everything", refused: false };
  if (mode === "required") return { answer: encryption.required, scope: "everything", refused: false };
  return { answer: encryption.off, scope: "login", refused: false };
}

export function preloginAnswer(encryptionAnswer: number): Buffer {
  const options: readonly (readonly [number, Buffer])[] = [
    [option.version, serverVersion],
    [option.encryption, Buffer.from([encryptionAnswer])],
    [option.instance, Buffer.from([0])],
    [option.thread, Buffer.alloc(0)],
    [option.mars, Buffer.from([0])],
  ];
  const writer = new ByteWriter(64);
  let offset = options.length * 5 + 1;
  for (const [token, data] of options) {
    writer.u8(token);
    writer.u16BE(offset);
    writer.u16BE(data.length);
    offset += data.length;
  }
  writer.u8(option.end);
  for (const [, data] of options) writer.bytes(data);
  return writer.toBuffer();
}
