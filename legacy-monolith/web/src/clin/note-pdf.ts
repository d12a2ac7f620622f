/**
 * The printed note. Printing the same note twice gives the same bytes (the document's date and id come from the note, not
 * from the clock), so that two systems' prints can be compared.
 */

import PDFDocument from "pdfkit";
import { ageYears, type PatientHeader, usDate, usDateTime } from "../kit/index.ts";
import type { Note } from "./encounter-record.ts";
import { noteTypeName } from "./note-access.ts";

type PdfDocument = InstanceType<typeof PDFDocument>;

export type PrintedNote = { readonly note: Note; readonly patient: PatientHeader; readonly addenda: readonly Note[] };

/** Letter size, PDF's own Helvetica and Courier (windows-1252). */
export async function notePdf({ note, patient, addenda }: PrintedNote): Promise<Buffer> {
  const document = new PDFDocument({
    size: "LETTER",
    margins: { top: 54, bottom: 54, left: 60, right: 60 },
    bufferPages: true,
    info: {
      Title: `Note ${note.NoteID}`,
      Author: note.AuthNm,
      Creator: "EHRPROD",
      Producer: "EHRPROD",
      CreationDate: note.SgndDt ?? note.NoteDt,
    },
  });
  const chunks: Buffer[] = [];
  document.on("data", (chunk: Buffer) => chunks.push(chunk));
  const finished = new Promise<void>((resolve, reject) => {
    document.on("end", () => resolve());
    document.on("error", reject);
  });
  heading(document, note, patient);
  writeText(document, note);
  for (const addendum of addenda) {
    document.moveDown().font("Helvetica-Bold").fontSize(10);
    document.text(`ADDENDUM ${usDateTime(addendum.NoteDt)} ${addendum.AuthNm}`);
    writeText(document, addendum);
  }
  numberPages(document, note);
  document.end();
  await finished;
  return Buffer.concat(chunks);
}

function heading(document: PdfDocument, note: Note, patient: PatientHeader): void {
  document.font("Helvetica-Bold").fontSize(14).text(noteTypeName(note.NotTyp).toUpperCase(), { align: "center" });
  document.moveDown(0.5).font("Helvetica").fontSize(10);
  document.text(`Patient: ${patient.LName}, ${patient.FName} ${patient.MI}`);
  document.text(
    `MRN: ${patient.MRN}    DOB: ${usDate(patient.DOB)} (${ageYears(patient.DOB, note.NoteDt)} y)    Sex: ${patient.Sex}`,
  );
  document.text(`Visit: ${note.EncNo}    Date: ${usDateTime(note.NoteDt)}    Author: ${note.AuthNm || note.AuthID}`);
  const { left, right } = document.page.margins;
  document.moveDown(0.3);
  document
    .moveTo(left, document.y)
    .lineTo(document.page.width - right, document.y)
    .stroke();
  document.moveDown(0.7);
}

function writeText(document: PdfDocument, note: Note): void {
  document
    .font("Courier")
    .fontSize(10)
    .text(printable(note.NoteTx ?? ""));
  document.moveDown().font("Helvetica-Oblique").fontSize(9);
  document.text(
    note.SgndYN === "Y"
      ? `Electronically signed by ${note.SgndBy} ${usDateTime(note.SgndDt)}`
      : "*** DRAFT - NOT SIGNED ***",
  );
}

/** The built-in fonts hold windows-1252; line ends become LF, tabs blanks. */
function printable(text: string): string {
  return text.replace(/\r\n?/g, "\n").replaceAll("\t", "    ");
}

function numberPages(document: PdfDocument, note: Note): void {
  const { start, count } = document.bufferedPageRange();
  for (let page = start; page < start + count; page += 1) {
    document.switchToPage(page);
    // Text below the bottom margin would open a page of its own: the margin is lifted for the footer.
    const { bottom } = document.page.margins;
    document.page.margins.bottom = 0;
    const line = `Note ${note.NoteID}   Page ${page + 1} of ${count}`;
    document.font("Helvetica").fontSize(8);
    document.text(line, document.page.margins.left, document.page.height - 40, { lineBreak: false });
    document.page.margins.bottom = bottom;
  }
}
