/**
 * Who may read a note. Psychotherapy (P) and substance-use (S) notes open for their author and by break-glass only; on all
 * other pages they show as a line without text.
 */

import type { PageContext } from "../kit/index.ts";
import type { Note } from "./encounter-record.ts";

export type NoteReader = {
  readonly usrId: string;
  /** Patient opened by break-glass in the reader's session. */
  readonly btgPat: number | undefined;
};

export function mayRead(note: Pick<Note, "SensCd" | "AuthID" | "PatNo">, reader: NoteReader): boolean {
  if (note.SensCd !== "P" && note.SensCd !== "S") return true;
  return note.AuthID === reader.usrId || reader.btgPat === note.PatNo;
}

export function readerOf(ctx: PageContext): NoteReader {
  return { usrId: ctx.user.usrId, btgPat: ctx.session.BtgPat };
}

export const noteTypes: Readonly<Record<string, string>> = {
  PROG: "Progress Note",
  HP: "History & Physical",
  DISC: "Discharge Summary",
  PHON: "Phone Note",
  ADDM: "Addendum",
};

export const sensitivities: Readonly<Record<string, string>> = {
  N: "Normal",
  R: "Restricted",
  P: "Psychotherapy",
  S: "Substance use",
};

export function noteTypeName(code: string): string {
  return noteTypes[code] ?? code;
}
