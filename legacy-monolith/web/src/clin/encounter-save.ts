/**
 * What the buttons of the visit screen write, each in one transaction. Signing fires TR_NOTE_U, which closes the visit and
 * inserts its charge; the appointment behind the visit is completed here, which in turn moves the patient's last visit.
 */

import { audit } from "../kit/index.ts";
import { p, type Sql } from "../kit/index.ts";
import type { PageContext } from "../kit/index.ts";
import type { EncounterForm } from "./encounter-form.ts";
import { draftOf, type Encounter, visitNotes } from "./encounter-record.ts";
import { saveVitals } from "./vitals.ts";

/** btnSave: header, vitals and the user's draft note. @returns the draft's id, undefined while nothing is written. */
export async function saveVisit(
  tx: Sql,
  ctx: PageContext,
  { encounter, form }: { encounter: Encounter; form: EncounterForm },
): Promise<number | undefined> {
  const now = ctx.now();
  const [dx1, dx2, dx3, dx4] = form.dx;
  await tx.execute(
    `UPDATE ENCMST SET RsnTx = @rsn, Dx1 = @dx1, Dx2 = @dx2, Dx3 = @dx3, Dx4 = @dx4, ModUsr = @usr, ModDt = @now
     WHERE EncNo = @enc`,
    {
      rsn: p.varchar(200, form.reason),
      dx1: p.char(18, dx1),
      dx2: p.char(18, dx2),
      dx3: p.char(18, dx3),
      dx4: p.char(18, dx4),
      usr: p.char(8, ctx.user.usrId),
      now: p.datetime(now),
      enc: p.int(encounter.EncNo),
    },
  );
  const { EncNo: encNo, PatNo: patNo } = encounter;
  await saveVitals(tx, { encNo, patNo, usrId: ctx.user.usrId, now, vitals: form.vitals });
  const draft = await saveDraft(tx, ctx, { encounter, form });
  await audit(tx, ctx, { act: "UPDT", obj: "ENCMST", key: encNo, patNo });
  return draft;
}

async function saveDraft(
  tx: Sql,
  ctx: PageContext,
  { encounter, form }: { encounter: Encounter; form: EncounterForm },
): Promise<number | undefined> {
  const draft = draftOf(await visitNotes(tx, encounter.EncNo), ctx.user.usrId);
  const values = {
    typ: p.char(4, form.noteType),
    sens: p.char(1, form.sensitivity),
    text: p.text(form.note),
    now: p.datetime(ctx.now()),
  };
  if (draft) {
    await tx.execute(
      "UPDATE CLINNOTE SET NotTyp = @typ, SensCd = @sens, NoteTx = @text, ModDt = @now WHERE NoteID = @nid AND SgndYN <> 'Y'",
      { ...values, nid: p.int(draft.NoteID) },
    );
    return draft.NoteID;
  }
  if (form.note === "") return undefined;
  return tx.insertIdentity(
    `INSERT INTO CLINNOTE (EncNo, PatNo, NotTyp, NoteDt, AuthID, AuthNm, NoteTx, SensCd, ModDt)
     VALUES (@enc, @pat, @typ, @now, @usr, @nm, @text, @sens, @now)`,
    {
      ...values,
      enc: p.int(encounter.EncNo),
      pat: p.int(encounter.PatNo),
      usr: p.char(8, ctx.user.usrId),
      nm: p.varchar(40, ctx.user.name),
    },
  );
}

/** btnSign, after `saveVisit` in the same transaction. */
export async function signNote(
  tx: Sql,
  ctx: PageContext,
  { encounter, noteId }: { encounter: Encounter; noteId: number },
): Promise<void> {
  await tx.execute(
    "UPDATE CLINNOTE SET SgndYN = 'Y', SgndDt = @now, SgndBy = @usr, ModDt = @now WHERE NoteID = @nid AND SgndYN <> 'Y'",
    { now: p.datetime(ctx.now()), usr: p.char(8, ctx.user.usrId), nid: p.int(noteId) },
  );
  if (encounter.ApptID !== null) {
    await tx.execute(
      `UPDATE tblAppointment SET StatCd = 'CO', EncNo = @enc, ModUsr = @usr, ModDt = @now
       WHERE ApptID = @appt AND StatCd IN ('SC', 'CF', 'CI', 'RM')`,
      {
        enc: p.int(encounter.EncNo),
        usr: p.char(8, ctx.user.usrId),
        now: p.datetime(ctx.now()),
        appt: p.int(encounter.ApptID),
      },
    );
  }
  await audit(tx, ctx, { act: "UPDT", obj: "CLINNOTE", key: noteId, patNo: encounter.PatNo, comment: "SIGNED" });
}

/** btnAddendum: a note of its own, signed as it is written, that points to the note it adds to. @returns its id. */
export async function addAddendum(
  tx: Sql,
  ctx: PageContext,
  { encounter, addOf, text }: { encounter: Encounter; addOf: { NoteID: number; SensCd: string }; text: string },
): Promise<number> {
  const noteId = await tx.insertIdentity(
    `INSERT INTO CLINNOTE (EncNo, PatNo, NotTyp, NoteDt, AuthID, AuthNm, NoteTx, SgndYN, SgndDt, SgndBy, AddOfID, SensCd, ModDt)
     VALUES (@enc, @pat, 'ADDM', @now, @usr, @nm, @text, 'Y', @now, @usr, @of, @sens, @now)`,
    {
      enc: p.int(encounter.EncNo),
      pat: p.int(encounter.PatNo),
      now: p.datetime(ctx.now()),
      usr: p.char(8, ctx.user.usrId),
      nm: p.varchar(40, ctx.user.name),
      text: p.text(text),
      of: p.int(addOf.NoteID),
      sens: p.char(1, addOf.SensCd || "N"),
    },
  );
  await audit(tx, ctx, { act: "CREA", obj: "CLINNOTE", key: noteId, patNo: encounter.PatNo, comment: "ADDENDUM" });
  return noteId;
}
