import { createPrivateKey, X509Certificate } from "node:crypto";
import { expect, it } from "vitest";
import { selfSignedCertificate } from "./certificate.ts";

it("is a valid X.509 certificate for its hosts, signed by its own key, for ten years", () => {
  const { key, cert } = selfSignedCertificate(["db.example", "127.0.0.1"], new Date("2026-11-22T00:00:00Z"));
  const certificate = new X509Certificate(cert);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
  expect(certificate.checkHost("db.example")).toBe("db.example");
  expect(certificate.checkHost("other.example")).toBeUndefined();
  expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
  expect(certificate.subject).toBe("CN=db.example");
  expect(certificate.ca).toBe(true);
  expect(certificate.validFromDate).toEqual(new Date("2026-11-21T00:00:00Z"));
  expect(certificate.validToDate.getUTCFullYear()).toBe(2036);
});
