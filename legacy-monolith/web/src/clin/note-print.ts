/** Row 28: the note as PDF, shown in the browser. */

import { audit, bytes, type Page, text } from "../kit/index.ts";
import { notePdf } from "./note-pdf.ts";
import { openNote } from "./note-view.ts";

export const notePrintPage: Page = {
  path: "/Handlers/NotePrint.ashx",
  module: "clin",
  kind: "ashx",
  access: ["NURS", "PHYS", "ADMN"],
  get: async (ctx) => {
    const format = ctx.query("fmt").toLowerCase() || "pdf";
    if (format !== "pdf") return text("ERROR: Unknown format");
    const opened = await openNote(ctx);
    if ("answer" in opened) return opened.answer;
    const { note } = opened;
    await audit(ctx.db, ctx, { act: "PRNT", obj: "CLINNOTE", key: note.NoteID, patNo: note.PatNo });
    return bytes(await notePdf(opened), "application/pdf", `inline; filename=Note_${note.NoteID}.pdf`);
  },
};
