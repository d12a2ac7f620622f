/**
 * A self-signed certificate for the server's TLS, as SQL Server makes itself one when it is given none. Node signs but
 * does not write X.509, so the few DER structures (RFC 5280) are put together here.
 */

import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

export type Certificate = { readonly key: string; readonly cert: string };

const tag = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  objectId: 0x06,
  utf8: 0x0c,
  sequence: 0x30,
  set: 0x31,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const;

function der(type: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([type, length]), content]);
  const size = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([type, ...size]), content]);
}

/** @param dotted first arc 0 to 2, as in `2.5.29.17` */
function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(tag.objectId, Buffer.from(bytes));
}

function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return date.getUTCFullYear() < 2050
    ? der(tag.utcTime, Buffer.from(digits.slice(2)))
    : der(tag.generalizedTime, Buffer.from(digits));
}

function name(commonName: string): Buffer {
  const attribute = der(tag.sequence, objectId("2.5.4.3"), der(tag.utf8, Buffer.from(commonName)));
  return der(tag.sequence, der(tag.set, attribute));
}

/** subjectAltName of host names and IPv4 addresses. */
function alternativeNames(hosts: readonly string[]): Buffer {
  const names = hosts.map((host) => {
    const address = /^\d+(\.\d+){3}$/.test(host) ? Buffer.from(host.split(".").map(Number)) : undefined;
    return address ? der(0x87, address) : der(0x82, Buffer.from(host, "latin1"));
  });
  return der(tag.sequence, objectId("2.5.29.17"), der(tag.octets, der(tag.sequence, ...names)));
}

function authority(): Buffer {
  const yes = der(tag.boolean, Buffer.from([0xff]));
  return der(tag.sequence, objectId("2.5.29.19"), yes, der(tag.octets, der(tag.sequence, yes)));
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** P-256 with SHA-256, valid from a day before `now` for ten years. @param hosts the first is the subject */
export function selfSignedCertificate(
  hosts: readonly string[] = ["localhost", "127.0.0.1"],
  now = new Date(),
): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ type: "spki", format: "der" });
  const algorithm = der(tag.sequence, objectId("1.2.840.10045.4.3.2"));
  const subject = name(hosts[0] ?? "localhost");
  const dayMs = 86_400_000;
  // A serial number is positive: its first bit stays clear, and its first byte is not zero.
  const serial = Buffer.concat([Buffer.from([0x40]), randomBytes(15)]);
  const keyId = createHash("sha1").update(spki).digest();
  const body = der(
    tag.sequence,
    der(0xa0, der(tag.integer, Buffer.from([2]))),
    der(tag.integer, serial),
    algorithm,
    subject,
    der(tag.sequence, time(new Date(now.getTime() - dayMs)), time(new Date(now.getTime() + 3650 * dayMs))),
    subject,
    spki,
    der(
      0xa3,
      der(
        tag.sequence,
        authority(),
        der(tag.sequence, objectId("2.5.29.14"), der(tag.octets, der(tag.octets, keyId))),
        alternativeNames(hosts),
      ),
    ),
  );
  const signature = sign("sha256", body, privateKey);
  const certificate = der(tag.sequence, body, algorithm, der(tag.bits, Buffer.from([0]), signature));
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: pem("CERTIFICATE", certificate),
  };
}
