import { inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { PatientHeader } from "../kit/index.ts";
import type { Note } from "./encounter-record.ts";
import { mayRead } from "./note-access.ts";
import { notePdf } from "./note-pdf.ts";

const patient: PatientHeader = {
  PatNo: 100001,
  MRN: "0001000012",
  LName: "MUÑOZ",
  FName: "JOSÉ",
  MI: "A",
  DOB: new Date("1950-02-03T00:00:00Z"),
  Sex: "M",
  RstrYN: "N",
  DelYN: "N",
  MrgToPat: null,
};

const note: Note = {
  NoteID: 7,
  EncNo: 5000001,
  PatNo: 100001,
  NotTyp: "PROG",
  NoteDt: new Date("2008-11-07T10:00:00Z"),
  AuthID: "JSMITH",
  AuthNm: "SMITH, JANE",
  NoteTx: "Feels well.",
  SgndYN: "Y",
  SgndDt: new Date("2008-11-07T11:00:00Z"),
  SgndBy: "JSMITH",
  AddOfID: null,
  SensCd: "N",
};

/** Text of all content streams; the built-in fonts write it as hexadecimal strings, split by kerning. */
function textOf(pdf: Buffer): string {
  const source = pdf.toString("latin1");
  let out = "";
  for (const match of source.matchAll(/stream\r?\n([\s\S]*?)\r?\nendstream/g)) {
    const content = inflateSync(Buffer.from(match[1] ?? "", "latin1")).toString("latin1");
    for (const run of content.matchAll(/\[(.*?)\] TJ/g)) {
      for (const hex of (run[1] ?? "").matchAll(/<([0-9a-f]+)>/g))
        out += Buffer.from(hex[1] ?? "", "hex").toString("latin1");
      out += "\n";
    }
  }
  return out;
}

describe("notePdf", () => {
  it("prints patient, text, signature and addenda", async () => {
    const addendum = { ...note, NoteID: 8, NotTyp: "ADDM", NoteTx: "Phoned.", AddOfID: 7 };
    const text = textOf(await notePdf({ note, patient, addenda: [addendum] }));
    expect(text).toContain("Patient: MUÑOZ, JOSÉ A");
    expect(text).toContain("DOB: 02/03/1950 (58 y)");
    expect(text).toContain("Feels well.");
    expect(text).toContain("Electronically signed by JSMITH 11/07/2008 11:00 AM");
    expect(text).toContain("ADDENDUM");
    expect(text).toContain("Phoned.");
    expect(text).toContain("Page 1 of 1");
  });

  it("gives the same bytes for the same note", async () => {
    const first = await notePdf({ note, patient, addenda: [] });
    expect(first.equals(await notePdf({ note, patient, addenda: [] }))).toBe(true);
    expect(first.subarray(0, 5).toString()).toBe("%PDF-");
  });

  it("breaks a long note over pages without empty ones", async () => {
    const long = { ...note, NoteTx: "Line of the note.\r\n".repeat(150) };
    const pdf = await notePdf({ note: long, patient, addenda: [] });
    expect(textOf(pdf)).toContain("Page 3 of 3");
  });
});

describe("mayRead", () => {
  const sensitive = { ...note, SensCd: "P" };
  it("opens sensitive notes to their author and to who broke the glass for this patient", () => {
    expect(mayRead(sensitive, { usrId: "JSMITH", btgPat: undefined })).toBe(true);
    expect(mayRead(sensitive, { usrId: "OTHER", btgPat: 100001 })).toBe(true);
    expect(mayRead(sensitive, { usrId: "OTHER", btgPat: 100002 })).toBe(false);
    expect(mayRead({ ...note, SensCd: "S" }, { usrId: "OTHER", btgPat: undefined })).toBe(false);
  });
  it("leaves restricted and normal notes to the page's roles", () => {
    expect(mayRead({ ...note, SensCd: "R" }, { usrId: "OTHER", btgPat: undefined })).toBe(true);
  });
});
