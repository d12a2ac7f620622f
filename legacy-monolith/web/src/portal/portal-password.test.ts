import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { guidBytes, isPortalPassword } from "./portal-password.ts";

const salt = "00112233-4455-6677-8899-AABBCCDDEEFF";

it("reads a GUID's bytes in .NET's order", () => {
  expect(guidBytes(salt).toString("hex")).toBe("33221100554477668899aabbccddeeff");
});

it("accepts the password and nothing else", () => {
  const stored = createHash("sha1").update(guidBytes(salt)).update("pörtal1").digest();
  expect(isPortalPassword("pörtal1", { stored, salt })).toBe(true);
  expect(isPortalPassword("portal1", { stored, salt })).toBe(false);
  expect(isPortalPassword("pörtal1", { stored: Buffer.alloc(0), salt })).toBe(false);
});
