/**
 * Writes the results of a message into LABRES and LABORD, inside the caller's transaction. Rows that say what is already
 * there are left alone, so that a message sent twice writes nothing twice; preliminary rows go in before final ones, because
 * TR_LABRES_IU takes an order for final as soon as none of its rows is preliminary.
 */

import { p, type Sql, type SqlParameters } from "../kit/index.ts";
import { resultInsertRowsMax } from "../limits.ts";
import type { AckRefusal } from "./hl7-ack.ts";
import type { ResultObservation, ResultOrder } from "./hl7-result.ts";
import { type LabResult, orderResults } from "./lab-record.ts";

export type LockedOrder = { readonly PatNo: number; readonly StatCd: string; readonly MRN: string | null };

/** Locks the order a message answers. @param patientIds what the message calls the patient; one must be the MRN of the order's patient. */
export async function lockOrder(
  tx: Sql,
  ordNo: string,
  patientIds: readonly string[],
): Promise<{ readonly locked: LockedOrder } | { readonly refusal: AckRefusal }> {
  const locked = await tx.first<LockedOrder>(
    `SELECT o.PatNo, o.StatCd, m.MRN FROM LABORD AS o WITH (UPDLOCK) LEFT JOIN PATMST AS m ON m.PatNo = o.PatNo
     WHERE o.OrdNo = @ord`,
    { ord: p.char(12, ordNo) },
  );
  const refuse = (reason: string) =>
    ({ refusal: { code: "AE", text: reason, condition: "unknownKey" } }) as const satisfies { refusal: AckRefusal };
  if (!locked) return refuse("ORDER NOT FOUND");
  if (patientIds.length > 0 && !patientIds.includes(locked.MRN ?? "")) return refuse("PATIENT DOES NOT MATCH ORDER");
  return locked.StatCd === "CX" ? refuse("ORDER IS CANCELLED") : { locked };
}

export async function writeOrderResults(
  tx: Sql,
  order: ResultOrder,
  { locked, now }: { locked: LockedOrder; now: Date },
): Promise<void> {
  await touchOrder(tx, order, now);
  const stored = new Map(
    (await orderResults(tx, order.ordNo)).map((row) => [`${row.TestCd.toUpperCase()} ${row.SeqNo}`, row]),
  );
  const finality = (row: ResultObservation): number => (row.resSt === "P" ? 0 : 1);
  const fresh: ResultObservation[] = [];
  for (const row of order.observations.toSorted((a, b) => finality(a) - finality(b))) {
    const before = stored.get(`${row.testCd.toUpperCase()} ${row.seqNo}`);
    if (!before) fresh.push(row);
    else if (!sameResult(before, row)) await updateResult(tx, { ordNo: order.ordNo, row, now });
  }
  for (let at = 0; at < fresh.length; at += resultInsertRowsMax) {
    await insertResults(tx, { order, patNo: locked.PatNo, rows: fresh.slice(at, at + resultInsertRowsMax), now });
  }
}

/** Before the results, because the laboratory's charge takes its day from CollDt. */
async function touchOrder(tx: Sql, order: ResultOrder, now: Date): Promise<void> {
  await tx.execute(
    `UPDATE LABORD SET AccnNo = CASE WHEN @accn = '' THEN AccnNo ELSE @accn END, CollDt = ISNULL(@coll, CollDt),
       StatCd = CASE WHEN StatCd IN ('OR', 'SN') AND @any = 1 THEN 'PR' ELSE StatCd END, ModDt = @now
     WHERE OrdNo = @ord`,
    {
      accn: p.varchar(20, order.accnNo),
      coll: p.datetime(order.collDt ?? null),
      any: p.int(order.observations.length > 0 ? 1 : 0),
      now: p.datetime(now),
      ord: p.char(12, order.ordNo),
    },
  );
}

function sameResult(before: LabResult, row: ResultObservation): boolean {
  return (
    before.ResVal === row.resVal &&
    before.ResSt === row.resSt &&
    before.AbnFlg === row.abnFlg &&
    before.ResUnt === row.resUnt &&
    before.RefRng === row.refRng &&
    before.ResCmt === row.resCmt
  );
}

function values(row: ResultObservation, suffix: string | number = ""): SqlParameters {
  return {
    [`test${suffix}`]: p.char(10, row.testCd),
    [`seq${suffix}`]: p.smallint(row.seqNo),
    [`ds${suffix}`]: p.varchar(100, row.testDs),
    [`val${suffix}`]: p.varchar(30, row.resVal),
    [`unt${suffix}`]: p.varchar(15, row.resUnt),
    [`rng${suffix}`]: p.varchar(25, row.refRng),
    [`flg${suffix}`]: p.char(2, row.abnFlg),
    [`st${suffix}`]: p.char(1, row.resSt),
    [`obs${suffix}`]: p.datetime(row.obsDt ?? null),
    [`cmt${suffix}`]: p.varchar(255, row.resCmt),
  };
}

async function updateResult(
  tx: Sql,
  { ordNo, row, now }: { ordNo: string; row: ResultObservation; now: Date },
): Promise<void> {
  await tx.execute(
    `UPDATE LABRES SET TestDs = @ds, ResVal = @val, ResUnt = @unt, RefRng = @rng, AbnFlg = @flg, ResSt = @st, ObsDt = @obs,
       RptDt = @now, ResCmt = @cmt
     WHERE OrdNo = @ord AND TestCd = @test AND SeqNo = @seq`,
    { ...values(row), ord: p.char(12, ordNo), now: p.datetime(now) },
  );
}

async function insertResults(
  tx: Sql,
  { order, patNo, rows, now }: { order: ResultOrder; patNo: number; rows: readonly ResultObservation[]; now: Date },
): Promise<void> {
  const parameters = Object.assign(
    { ord: p.char(12, order.ordNo), pat: p.int(patNo), now: p.datetime(now) },
    ...rows.map((row, index) => values(row, index)),
  ) as SqlParameters;
  const tuples = rows.map(
    (_, i) =>
      `(@ord, @test${i}, @seq${i}, @pat, @ds${i}, @val${i}, @unt${i}, @rng${i}, @flg${i}, @st${i}, @obs${i}, @now, @cmt${i})`,
  );
  await tx.execute(
    `INSERT INTO LABRES (OrdNo, TestCd, SeqNo, PatNo, TestDs, ResVal, ResUnt, RefRng, AbnFlg, ResSt, ObsDt, RptDt, ResCmt)
     VALUES ${tuples.join(", ")}`,
    parameters,
  );
}
