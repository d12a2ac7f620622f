/** Portal passwords as the portal of 2008 kept them: SHA-1 of the salt's bytes and the password in UTF-8. */

import { createHash, timingSafeEqual } from "node:crypto";

/** The 16 bytes of a GUID as .NET's Guid.ToByteArray gives them: the first three groups little-endian. */
export function guidBytes(guid: string): Buffer {
  const bytes = Buffer.from(guid.replaceAll(/[{}-]/g, ""), "hex");
  const part = (from: number, to: number): Buffer => Buffer.from(bytes.subarray(from, to)).reverse();
  return Buffer.concat([part(0, 4), part(4, 6), part(6, 8), bytes.subarray(8)]);
}

/** @param stored PORTAL_USER.PwdHash. @param salt PORTAL_USER.Salt as text. */
export function isPortalPassword(password: string, { stored, salt }: { stored: Buffer; salt: string }): boolean {
  const hash = createHash("sha1").update(guidBytes(salt)).update(password, "utf8").digest();
  return stored.length === hash.length && timingSafeEqual(hash, stored);
}
