/** LOGIN7 and its answer (MS-TDS 2.2.6.4, 2.2.7.14). */

import type { LoginRequest } from "../contract.ts";
import { packetBytesDefault, packetBytesMax, packetBytesMin } from "../limits.ts";
import { ByteReader, type ByteWriter, protocolError } from "./bytes.ts";
import { serverVersion } from "./prelogin.ts";
import { environmentType, writeMessage, writeRawEnvironment, writeTextEnvironment } from "./tokens.ts";
import { collation, tds71, tds72, tds73, tds74 } from "./type-info.ts";

export type Login = LoginRequest & {
  readonly version: number;
  readonly packetBytes: number;
  /** Windows or Azure log-ins, which the simulator has not. */
  readonly foreign: boolean;
  /** The client can take UTF-8 and wants to hear about it. */
  readonly utf8Feature: boolean;
};

const at = {
  version: 4,
  packetSize: 8,
  flags2: 25,
  flags3: 27,
  host: 36,
  user: 40,
  password: 44,
  application: 48,
  extension: 56,
  language: 64,
  database: 68,
} as const;

/** LOGIN7 of TDS 7.1 ends here; later versions add fields that the simulator does not need. */
const fixedBytes = 86;
const utf8Feature = 0x0a;

/** @throws AppError TDS_PROTOCOL, TDS_TRUNCATED */
export function readLogin(payload: Buffer): Login {
  if (payload.length < fixedBytes) throw protocolError("LOGIN7 is too short");
  const version = payload.readUInt32LE(at.version) >>> 24;
  if (version < tds71 || version > tds74) throw protocolError("a protocol version from 7.1 to 7.4 is needed");
  const text = (field: number): string => {
    const reader = new ByteReader(payload, payload.readUInt16LE(field));
    return reader.ucs2(payload.readUInt16LE(field + 2));
  };
  const features = readFeatures(payload);
  return {
    version,
    packetBytes: packetSize(payload.readUInt32LE(at.packetSize)),
    foreign: (payload.readUInt8(at.flags2) & 0x80) !== 0 || features.includes(2),
    utf8Feature: features.includes(utf8Feature),
    host: text(at.host),
    user: text(at.user),
    password: plainPassword(payload),
    application: text(at.application),
    language: text(at.language),
    database: text(at.database),
  };
}

function packetSize(wish: number): number {
  return wish === 0 ? packetBytesDefault : Math.min(Math.max(wish, packetBytesMin), packetBytesMax);
}

/** The password is only disguised: each byte XOR A5 with its halves swapped. */
function plainPassword(payload: Buffer): string {
  const bytes = new ByteReader(payload, payload.readUInt16LE(at.password)).bytes(
    payload.readUInt16LE(at.password + 2) * 2,
  );
  const plain = Buffer.alloc(bytes.length);
  bytes.forEach((byte, index) => {
    const swapped = byte ^ 0xa5;
    plain[index] = ((swapped << 4) | (swapped >> 4)) & 0xff;
  });
  return plain.toString("utf16le");
}

/** Ids of the features that the client asks for. */
function readFeatures(payload: Buffer): number[] {
  if ((payload.readUInt8(at.flags3) & 0x10) === 0) return [];
  const pointer = new ByteReader(payload, payload.readUInt16LE(at.extension));
  const reader = new ByteReader(payload, pointer.u32());
  const features: number[] = [];
  for (let id = reader.u8(); id !== 0xff; id = reader.u8()) {
    features.push(id);
    reader.skip(reader.u32());
  }
  return features;
}

/** What LOGINACK says for each version, most significant byte first. */
const acknowledged: Record<number, number> = {
  [tds71]: 0x71000001,
  [tds72]: 0x72090002,
  [tds73]: 0x730b0003,
  [tds74]: 0x74000004,
};

export type LoginAnswer = { readonly login: Login; readonly database: string; readonly serverName: string };

/** Everything of a successful login's answer but its DONE. */
export function writeLoginAnswer(writer: ByteWriter, { login, database, serverName }: LoginAnswer): void {
  const server = { serverName, version: login.version };
  const info = (number: number, state: number, text: string): void =>
    writeMessage(writer, { number, state, severity: 0, text, line: 1 }, server);
  writeTextEnvironment(writer, environmentType.database, database, "master");
  info(5701, 2, `Changed database context to '${database}'.`);
  writeRawEnvironment(writer, environmentType.collation, collation, Buffer.alloc(0));
  writeTextEnvironment(writer, environmentType.language, "us_english", "");
  info(5703, 1, "Changed language setting to us_english.");
  writeAcknowledgement(writer, login.version);
  writeTextEnvironment(writer, environmentType.packetSize, String(login.packetBytes), String(packetBytesDefault));
  if (login.utf8Feature) writer.bytes(Buffer.from([0xae, utf8Feature, 1, 0, 0, 0, 1, 0xff]));
}

function writeAcknowledgement(writer: ByteWriter, version: number): void {
  const product = "Microsoft SQL Server";
  writer.u8(0xad);
  writer.u16(1 + 4 + 1 + product.length * 2 + 4);
  writer.u8(1);
  writer.u32BE(acknowledged[version] ?? 0x74000004);
  writer.shortText(product);
  writer.bytes(serverVersion.subarray(0, 4));
}
