/** Row 27: one note with its addenda. A psychotherapy or substance-use note asks a reader who is not its author to break the glass. */

import {
  type Answer,
  audit,
  details,
  type Html,
  html,
  link,
  openPatient,
  type Page,
  type PageContext,
  type PatientHeader,
  panel,
  redirect,
  urlEncode,
  usDateTime,
} from "../kit/index.ts";
import { findNote, type Note, noteAddenda } from "./encounter-record.ts";
import { mayRead, noteTypeName, readerOf, sensitivities } from "./note-access.ts";

const title = "Clinical Note";

export type OpenedNote = { readonly note: Note; readonly patient: PatientHeader; readonly addenda: readonly Note[] };

/** The note of `nid`, if this reader may have it; otherwise the answer to send. NotePrint goes the same way. */
export async function openNote(ctx: PageContext): Promise<OpenedNote | { readonly answer: Answer }> {
  const nid = ctx.queryInt("nid");
  const note = nid === undefined ? undefined : await findNote(ctx.db, nid);
  if (!note) return { answer: await ctx.page({ title, body: html``, error: "Note not found." }) };
  const opened = await openPatient(ctx, { pid: note.PatNo });
  if (opened.kind === "answer") return opened;
  if (!mayRead(note, readerOf(ctx))) {
    return { answer: redirect(`/Patient/BreakGlass.aspx?pid=${note.PatNo}&ReturnUrl=${urlEncode(ctx.rawUrl)}`) };
  }
  ctx.setCurrent(note.PatNo, note.EncNo);
  return { note, patient: opened.patient, addenda: await noteAddenda(ctx.db, note.NoteID) };
}

export const noteViewPage: Page = {
  path: "/Clin/NoteView.aspx",
  module: "clin",
  kind: "html",
  access: ["NURS", "PHYS", "ADMN"],
  get: async (ctx) => {
    const opened = await openNote(ctx);
    if ("answer" in opened) return opened.answer;
    const { note } = opened;
    await audit(ctx.db, ctx, { act: "VIEW", obj: "CLINNOTE", key: note.NoteID, patNo: note.PatNo });
    return ctx.page({ title, body: noteBody(opened) });
  },
};

function noteBody({ note, addenda }: OpenedNote): Html {
  return html`${panel(
    noteTypeName(note.NotTyp),
    html`${details([
      ["Date", usDateTime(note.NoteDt)],
      ["Author", note.AuthNm || note.AuthID],
      ["Visit", link(`/Clin/Encounter.aspx?enc=${note.EncNo}`, String(note.EncNo))],
      ["Sensitivity", sensitivities[note.SensCd] ?? note.SensCd],
      ["Status", note.SgndYN === "Y" ? `Signed ${usDateTime(note.SgndDt)} by ${note.SgndBy}` : "DRAFT - NOT SIGNED"],
    ])}
<pre class="note" id="ctl00_cph_litNote">${note.NoteTx ?? ""}</pre>`,
  )}
${addenda.map((one) => panel(`Addendum ${usDateTime(one.NoteDt)} ${one.AuthNm || one.AuthID}`, html`<pre class="note">${one.NoteTx ?? ""}</pre>`))}
<div class="links"><a href="/Handlers/NotePrint.ashx?nid=${note.NoteID}&amp;fmt=pdf" target="_blank">Print</a></div>
`;
}
