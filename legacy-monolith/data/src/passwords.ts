/**
 * Password hashes as the legacy system keeps them, weak on purpose: unsalted MD5 for staff, one round of salted SHA-1 for
 * the portal. They protect demonstration passwords only.
 */

import { createHash } from "node:crypto";

/** 32 lower-case hex digits over the UTF-8 password (USRMST.PwdHash). */
export const staffPasswordHash = (password: string): string => createHash("md5").update(password).digest("hex");

/** SHA1(salt bytes + UTF-8 password), 20 bytes (PORTAL_USER.PwdHash). */
export const portalPasswordHash = (salt: string, password: string): Buffer =>
  createHash("sha1").update(guidBytes(salt)).update(password).digest();

/** The 16 bytes of a GUID in the order of .NET's Guid.ToByteArray and of SQL Server: the first three groups little-endian. */
export function guidBytes(guid: string): Buffer {
  const bytes = Buffer.from(guid.replaceAll("-", ""), "hex");
  return Buffer.concat([
    bytes.subarray(0, 4).reverse(),
    bytes.subarray(4, 6).reverse(),
    bytes.subarray(6, 8).reverse(),
    bytes.subarray(8),
  ]);
}
