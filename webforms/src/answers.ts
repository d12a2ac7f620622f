/** Constructors of answers that need nothing of the request. */

import iconv from "iconv-lite";
import type { Answer } from "./page.ts";

/** 302 with the small body ASP.NET sends along. `location` is relative to the server's root. */
export function redirect(location: string): Answer {
  const shown = location.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
  return {
    status: 302,
    contentType: "text/html; charset=utf-8",
    headers: { Location: headerSafe(location) },
    body: `<html><head><title>Object moved</title></head><body>\r\n<h2>Object moved to <a href="${shown}">here</a>.</h2>\r\n</body></html>\r\n`,
  };
}

/** Characters a header can not hold are percent-encoded, so that a strange query can not break the answer. */
function headerSafe(value: string): string {
  return value.replaceAll(/[^\x21-\x7e]/gu, (char) => encodeURIComponent(char.toWellFormed()));
}

/** Plain text in UTF-8, or in the charset named: `iso-8859-1` for HL7, `windows-1252`. */
export function text(body: string, charset: "utf-8" | "iso-8859-1" | "windows-1252" = "utf-8"): Answer {
  return {
    status: 200,
    contentType: `text/plain; charset=${charset}`,
    body: charset === "utf-8" ? body : iconv.encode(body, charset),
  };
}

/** XML of `/xml/*.aspx`: windows-1252 with declaration. `body` is the root element; characters outside the code page become `?`. */
export function xml1252(body: string): Answer {
  return {
    status: 200,
    contentType: "text/xml; charset=windows-1252",
    body: iconv.encode(`<?xml version="1.0" encoding="windows-1252"?>\r\n${body}`, "windows-1252"),
  };
}

/** Escapes XML text and attribute values; control characters XML can not hold vanish. */
export function escapeXml(value: string): string {
  return (
    value
      // oxlint-disable-next-line no-control-regex -- exactly the characters XML 1.0 forbids
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
  );
}

/** CSV export: windows-1252, CRLF, every field quoted, as attachment. */
export function csv1252(rows: readonly (readonly string[])[], fileName: string): Answer {
  const lines = rows.map((row) => row.map((value) => `"${value.replaceAll('"', '""')}"`).join(","));
  return {
    status: 200,
    contentType: "text/csv; charset=windows-1252",
    headers: { "Content-Disposition": `attachment; filename=${fileName}` },
    body: iconv.encode(lines.map((line) => `${line}\r\n`).join(""), "windows-1252"),
  };
}

/** Any bytes with their type; `disposition` as `inline; filename=note_12.pdf`. */
export function bytes(body: Buffer, contentType: string, disposition?: string): Answer {
  return {
    status: 200,
    contentType,
    ...(disposition === undefined ? {} : { headers: { "Content-Disposition": disposition } }),
    body,
  };
}
