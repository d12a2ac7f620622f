/**
 * Demographics and primary insurance of a patient. The only page with optimistic locking: the row's timestamp travels in
 * `hdnTS`, and a save on an older one is refused. What a rename does elsewhere is the trigger's business.
 */

import {
  type Answer,
  audit,
  button,
  hidden,
  html,
  openPatient,
  p,
  type PageContext,
  panel,
  redirect,
} from "../kit/index.ts";
import {
  type Demographics,
  demographicBoxes,
  demographicColumns,
  demographicErrors,
  demographicParameters,
  fromPost,
  fromRow,
} from "./demographics.ts";
import {
  type Insurance,
  insuranceBoxes,
  insuranceErrors,
  insuranceFromPost,
  primaryInsurance,
  saveInsurance,
} from "./insurance.ts";

const changedByOther = "Record changed by another user";

export async function editForm(ctx: PageContext): Promise<Answer> {
  const opened = await openPatient(ctx);
  if (opened.kind === "answer") return opened.answer;
  const { PatNo } = opened.patient;
  const row = await ctx.db.first(`SELECT ${demographicColumns.join(", ")}, RowVer FROM PATMST WHERE PatNo = @pid`, {
    pid: p.int(PatNo),
  });
  const stamp = row?.["RowVer"];
  const insurance = await primaryInsurance(ctx.db, PatNo, ctx.now());
  return editPage(ctx, PatNo, {
    values: fromRow(row ?? {}),
    insurance,
    stamp: Buffer.isBuffer(stamp) ? stamp.toString("hex").toUpperCase() : "",
    error: "",
  });
}

export async function saveEdit(ctx: PageContext): Promise<Answer> {
  const opened = await openPatient(ctx);
  if (opened.kind === "answer") return opened.answer;
  const { PatNo } = opened.patient;
  const detailUrl = `/Patient/PatDetail.aspx?pid=${PatNo}`;
  if (ctx.hasField("btnCancel")) return redirect(detailUrl);

  const values = fromPost(ctx);
  const insurance = insuranceFromPost(ctx);
  const stamp = ctx.field("hdnTS");
  const error = [demographicErrors(values, ctx.now()), insuranceErrors(insurance)].filter(Boolean).join(" ");
  if (error) return editPage(ctx, PatNo, { values, insurance, stamp, error });
  const saved = await save(ctx, PatNo, values, insurance, stamp);
  return saved
    ? redirect(`${detailUrl}&msg=SAVED`)
    : editPage(ctx, PatNo, { values, insurance, stamp, error: changedByOther });
}

/** False when the row is no longer the one the form was made from. */
async function save(
  ctx: PageContext,
  patNo: number,
  values: Demographics,
  insurance: Insurance,
  stamp: string,
): Promise<boolean> {
  if (!/^[0-9A-F]{16}$/i.test(stamp)) return false;
  const assignments = demographicColumns.map((column) => `${column} = @${column}`).join(", ");
  return ctx.db.transaction(async (tx) => {
    const updated = await tx.first<{ Cnt: number }>(
      `UPDATE PATMST SET ${assignments}, ModUsr = @usr, ModDt = @now WHERE PatNo = @pid AND RowVer = @ts;
       SELECT @@ROWCOUNT AS Cnt`,
      {
        ...demographicParameters(values),
        usr: p.char(8, ctx.user.usrId),
        now: p.datetime(ctx.now()),
        pid: p.int(patNo),
        ts: p.varbinary(8, Buffer.from(stamp, "hex")),
      },
    );
    if (updated?.Cnt !== 1) return false;
    if (await saveInsurance(tx, patNo, insurance)) {
      await audit(tx, ctx, { act: "UPDT", obj: "PATINS", key: patNo, patNo });
    }
    return true;
  });
}

type Shown = {
  readonly values: Demographics;
  readonly insurance: Insurance;
  readonly stamp: string;
  readonly error: string;
};

async function editPage(ctx: PageContext, patNo: number, shown: Shown): Promise<Answer> {
  const inner = html`${hidden("hdnTS", shown.stamp)}
<table class="cols" cellspacing="0"><tr><td class="col">${panel("Demographics", await demographicBoxes(ctx.db, shown.values))}</td>
<td class="col">${panel("Primary insurance", await insuranceBoxes(ctx.db, shown.insurance))}</td></tr></table>
${button("btnSave", "Save")} ${button("btnCancel", "Cancel")}`;
  const form = ctx.form(inner, { action: `/Patient/PatEdit.aspx?pid=${patNo}` });
  return ctx.page({ title: "Edit Patient", error: shown.error, body: form });
}
