import { expect, test } from "vitest";
import { guidBytes, portalPasswordHash, staffPasswordHash } from "./passwords.ts";

test("a staff hash is plain MD5 in hex", () => {
  // RFC 1321, appendix A.5: MD5 ("abc").
  expect(staffPasswordHash("abc")).toBe("900150983cd24fb0d6963f7d28e17f72");
});

test("a GUID has its first three groups little-endian, as SQL Server stores it", () => {
  expect(guidBytes("00112233-4455-6677-8899-AABBCCDDEEFF").toString("hex")).toBe("33221100554477668899aabbccddeeff");
});

test("a portal hash is twenty bytes and depends on the salt", () => {
  const one = portalPasswordHash("00112233-4455-6677-8899-AABBCCDDEEFF", "x");
  expect(one).toHaveLength(20);
  expect(one.equals(portalPasswordHash("10112233-4455-6677-8899-AABBCCDDEEFF", "x"))).toBe(false);
});
