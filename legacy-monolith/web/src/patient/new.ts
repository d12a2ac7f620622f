/**
 * Registration. A patient with the same name and birth date is shown first; only a ticked `chkForce` registers another one.
 * The MRN follows from the identity, so the row is inserted under a provisional number of the MRN sequence and numbered after.
 */

import {
  type Answer,
  button,
  checkBox,
  grid,
  type Html,
  html,
  link,
  nextSeq,
  p,
  type PageContext,
  panel,
  parseUsDate,
  redirect,
  type Sql,
  usDate,
} from "../kit/index.ts";
import {
  type Demographics,
  demographicBoxes,
  demographicColumns,
  demographicErrors,
  demographicParameters,
  emptyDemographics,
  fromPost,
} from "./demographics.ts";
import {
  type Insurance,
  insuranceBoxes,
  insuranceErrors,
  insuranceFromPost,
  noInsurance,
  saveInsurance,
} from "./insurance.ts";
import { mrnOf } from "./mrn.ts";

export async function newForm(ctx: PageContext): Promise<Answer> {
  return newPage(ctx, emptyDemographics(ctx.user.locCd), noInsurance, "", html``);
}

export async function saveNew(ctx: PageContext): Promise<Answer> {
  const values = fromPost(ctx);
  const insurance = insuranceFromPost(ctx);
  const error = [demographicErrors(values, ctx.now()), insuranceErrors(insurance)].filter(Boolean).join(" ");
  if (error) return newPage(ctx, values, insurance, error, html``);
  if (!ctx.hasField("chkForce")) {
    const alike = await duplicates(ctx.db, values);
    if (alike.length > 0) {
      return newPage(ctx, values, insurance, "Possible duplicate patient.", duplicateList(alike));
    }
  }
  const patNo = await register(ctx, values, insurance);
  return redirect(`/Patient/PatDetail.aspx?pid=${patNo}&msg=ADDED`);
}

function register(ctx: PageContext, values: Demographics, insurance: Insurance): Promise<number> {
  return ctx.db.transaction(async (tx) => {
    const provisional = `N${String(await nextSeq(tx, "MRN")).padStart(9, "0")}`;
    const patNo = await tx.insertIdentity(
      `INSERT INTO PATMST (MRN, ${demographicColumns.join(", ")}, CrtUsr, CrtDt, ModUsr, ModDt)
       VALUES (@mrn, ${demographicColumns.map((column) => `@${column}`).join(", ")}, @usr, @now, @usr, @now)`,
      {
        ...demographicParameters(values),
        mrn: p.char(10, provisional),
        usr: p.char(8, ctx.user.usrId),
        now: p.datetime(ctx.now()),
      },
    );
    await tx.execute("UPDATE PATMST SET MRN = @mrn WHERE PatNo = @pid", {
      mrn: p.char(10, mrnOf(patNo)),
      pid: p.int(patNo),
    });
    await saveInsurance(tx, patNo, insurance);
    return patNo;
  });
}

type Alike = { PatNo: number; MRN: string; LName: string; FName: string; DOB: Date; Sex: string };

function duplicates(sql: Sql, values: Demographics): Promise<Alike[]> {
  return sql.query<Alike>(
    `SELECT TOP (25) PatNo, MRN, LName, FName, DOB, Sex FROM PATMST
     WHERE LName = @ln AND FName = @fn AND DOB = @dob AND DelYN <> 'Y' AND MrgToPat IS NULL ORDER BY PatNo`,
    {
      ln: p.varchar(30, values["LName"] ?? ""),
      fn: p.varchar(20, values["FName"] ?? ""),
      dob: p.datetime(parseUsDate(values["DOB"] ?? "") ?? null),
    },
  );
}

function duplicateList(alike: readonly Alike[]): Html {
  const list = grid({
    id: "gvDup",
    columns: [{ header: "MRN" }, { header: "Name" }, { header: "DOB" }, { header: "Sex" }],
    rows: alike.map((row) => [
      row.MRN,
      link(`/Patient/PatDetail.aspx?pid=${row.PatNo}`, `${row.LName}, ${row.FName}`),
      usDate(row.DOB),
      row.Sex,
    ]),
    empty: "",
  });
  return html`${panel("Existing patients with this name and date of birth", list)}
<p>${checkBox("chkForce", false, "Register as a new patient anyway")}</p>`;
}

async function newPage(
  ctx: PageContext,
  values: Demographics,
  insurance: Insurance,
  error: string,
  above: Html,
): Promise<Answer> {
  const inner = html`${above}
<table class="cols" cellspacing="0"><tr><td class="col">${panel("Demographics", await demographicBoxes(ctx.db, values))}</td>
<td class="col">${panel("Primary insurance", await insuranceBoxes(ctx.db, insurance))}</td></tr></table>
${button("btnSave", "Save")}`;
  return ctx.page({ title: "New Patient", error, body: ctx.form(inner) });
}
