import { describe, expect, test } from "vitest";
import { csv1252, redirect, xml1252 } from "./answers.ts";

describe("answers", () => {
  test("XML is windows-1252 with its declaration; what the code page lacks is a question mark", () => {
    const answer = xml1252("<Patient>Peña – €5 漢</Patient>");
    expect(answer.contentType).toBe("text/xml; charset=windows-1252");
    const bytes = Buffer.from(answer.body as Buffer);
    expect(bytes.subarray(0, 44).toString("latin1")).toBe('<?xml version="1.0" encoding="windows-1252"?');
    expect(bytes.includes(Buffer.from([0xf1]))).toBe(true);
    expect(bytes.includes(Buffer.from([0x96, 0x20, 0x80, 0x35, 0x20, 0x3f]))).toBe(true);
  });

  test("CSV quotes every field, doubles quotes, and ends lines with CRLF", () => {
    const answer = csv1252(
      [
        ["Name", "Amt"],
        ['O"NEIL, SIOBHÁN', "-12.50"],
      ],
      "rpt_20261122.csv",
    );
    expect(Buffer.from(answer.body as Buffer).toString("latin1")).toBe(
      '"Name","Amt"\r\n"O""NEIL, SIOBHÁN","-12.50"\r\n',
    );
    expect(answer.headers).toEqual({ "Content-Disposition": "attachment; filename=rpt_20261122.csv" });
  });

  test("a redirect can not break its own header", () => {
    const answer = redirect("/x?a=1\r\nSet-Cookie: b=1&c=ñ");
    expect(answer.headers?.["Location"]).toBe("/x?a=1%0D%0ASet-Cookie:%20b=1&c=%C3%B1");
  });
});
