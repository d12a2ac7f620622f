import { describe, expect, it } from "vitest";
import { encryption, negotiate, preloginAnswer, readPrelogin } from "./prelogin.ts";

/** MARS entry, end of the entries, then version, encryption, instance and MARS data. */
const trailer = "0400220001ff0f0007d00000020000";

const { off, on, notSupported, required } = encryption;

describe("encryption", () => {
  it.each([
    ["off", off, notSupported, "nothing", false],
    ["off", on, notSupported, "nothing", false],
    ["off", notSupported, notSupported, "nothing", false],
    ["off", required, notSupported, "nothing", true],
    ["optional", off, off, "login", false],
    ["optional", on, on, "everything", false],
    ["optional", notSupported, notSupported, "nothing", false],
    ["optional", required, on, "everything", false],
    ["required", off, required, "everything", false],
    ["required", on, on, "everything", false],
    ["required", notSupported, required, "nothing", true],
  ] as const)("server %s, client %i: answer %i, TLS for %s, refused: %s", (mode, wish, answer, scope, refused) => {
    expect(negotiate(mode, wish)).toEqual({ answer, scope, refused });
  });

  it("is read from the client's PRELOGIN and stands in the server's", () => {
    expect(readPrelogin(Buffer.from("0100060001ff01", "hex"))).toBe(on);
    // A client that says nothing about it cannot do it.
    expect(readPrelogin(Buffer.from("ff", "hex"))).toBe(notSupported);
    expect(readPrelogin(preloginAnswer(required))).toBe(required);
    expect(preloginAnswer(notSupported).toString("hex")).toBe("00001a0006010020000102002100010300220000" + trailer);
  });
});
