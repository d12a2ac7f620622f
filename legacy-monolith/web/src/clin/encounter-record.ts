/** A visit as the clinical pages read it: header, vitals, notes. */

import { p, type Sql } from "../kit/index.ts";

export type Encounter = {
  readonly EncNo: number;
  readonly PatNo: number;
  readonly PatNm: string;
  readonly ApptID: number | null;
  readonly ProvID: string;
  readonly ProvNm: string | null;
  readonly LocCd: string;
  readonly EncTyp: string;
  /** Wall date. */
  readonly EncDt: Date;
  readonly RsnTx: string;
  readonly Dx1: string;
  readonly Dx2: string;
  readonly Dx3: string;
  readonly Dx4: string;
  /** O open, C closed, X void. */
  readonly StatCd: string;
};

export function findEncounter(sql: Sql, encNo: number): Promise<Encounter | undefined> {
  return sql.first<Encounter>(
    `SELECT e.EncNo, e.PatNo, e.PatNm, e.ApptID, e.ProvID, u.UsrNm AS ProvNm, e.LocCd, e.EncTyp, e.EncDt, e.RsnTx,
            e.Dx1, e.Dx2, e.Dx3, e.Dx4, e.StatCd
     FROM ENCMST e LEFT JOIN USRMST u ON u.UsrID = e.ProvID WHERE e.EncNo = @enc`,
    { enc: p.int(encNo) },
  );
}

export type Note = {
  readonly NoteID: number;
  readonly EncNo: number;
  readonly PatNo: number;
  readonly NotTyp: string;
  readonly NoteDt: Date;
  readonly AuthID: string;
  readonly AuthNm: string;
  readonly NoteTx: string | null;
  readonly SgndYN: string;
  readonly SgndDt: Date | null;
  readonly SgndBy: string;
  readonly AddOfID: number | null;
  readonly SensCd: string;
};

const noteColumns =
  "NoteID, EncNo, PatNo, NotTyp, NoteDt, AuthID, AuthNm, NoteTx, SgndYN, SgndDt, SgndBy, AddOfID, SensCd";

/** Notes of a visit, oldest first, addenda among them. */
export function visitNotes(sql: Sql, encNo: number): Promise<Note[]> {
  return sql.query<Note>(
    `SELECT ${noteColumns} FROM CLINNOTE WHERE EncNo = @enc AND DelYN <> 'Y' ORDER BY NoteDt, NoteID`,
    { enc: p.int(encNo) },
  );
}

export function findNote(sql: Sql, noteId: number): Promise<Note | undefined> {
  return sql.first<Note>(`SELECT ${noteColumns} FROM CLINNOTE WHERE NoteID = @nid AND DelYN <> 'Y'`, {
    nid: p.int(noteId),
  });
}

/** Addenda of a note, oldest first. */
export function noteAddenda(sql: Sql, noteId: number): Promise<Note[]> {
  return sql.query<Note>(
    `SELECT ${noteColumns} FROM CLINNOTE WHERE AddOfID = @nid AND DelYN <> 'Y' ORDER BY NoteDt, NoteID`,
    { nid: p.int(noteId) },
  );
}

/** The note a user is writing on a visit: his unsigned one, if any. */
export function draftOf(notes: readonly Note[], usrId: string): Note | undefined {
  return notes.findLast((note) => note.SgndYN !== "Y" && note.NotTyp !== "ADDM" && note.AuthID === usrId);
}
