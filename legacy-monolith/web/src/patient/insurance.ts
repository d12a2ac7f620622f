/** The primary insurance boxes of PatEdit and PatNew. PATINS belongs to billing; the front desk writes it all the same. */

import {
  addDays,
  codeList,
  details,
  dropDown,
  type Html,
  moneyText,
  noEndDate,
  p,
  type PageContext,
  parseUsDate,
  type Sql,
  textBox,
  toMoney,
  usDate,
  wallMidnight,
} from "../kit/index.ts";

export type Insurance = {
  readonly PayCd: string;
  readonly PlanNm: string;
  readonly PolNo: string;
  readonly GrpNo: string;
  readonly SubNm: string;
  readonly RelCd: string;
  /** Decimal text. */
  readonly CopayAmt: string;
  /** `MM/DD/YYYY`. */
  readonly EffDt: string;
};

export type PolicyRow = {
  readonly InsSeq: number;
  readonly EffDt: Date;
  readonly TermDt: Date;
  readonly PayCd: string;
  readonly PlanNm: string;
  readonly PolNo: string;
  readonly GrpNo: string;
  readonly SubNm: string;
  readonly RelCd: string;
  readonly CopayAmt: string;
};

export const noInsurance: Insurance = {
  PayCd: "",
  PlanNm: "",
  PolNo: "",
  GrpNo: "",
  SubNm: "",
  RelCd: "S",
  CopayAmt: "0",
  EffDt: "",
};

/** Policies that are not deleted, primary first, newest first. */
export function policies(sql: Sql, patNo: number): Promise<PolicyRow[]> {
  return sql.query<PolicyRow>(
    `SELECT InsSeq, EffDt, TermDt, PayCd, PlanNm, PolNo, GrpNo, SubNm, RelCd, ${moneyText("CopayAmt")}
     FROM PATINS WHERE PatNo = @pid AND DelYN <> 'Y' ORDER BY InsSeq, EffDt DESC`,
    { pid: p.int(patNo) },
  );
}

/** The primary policy in force, as box values. */
export async function primaryInsurance(sql: Sql, patNo: number, today: Date): Promise<Insurance> {
  const current = (await policies(sql, patNo)).find(
    (row) => row.InsSeq === 1 && row.EffDt.getTime() <= today.getTime() && row.TermDt.getTime() >= today.getTime(),
  );
  return current ? { ...current, CopayAmt: trimMoney(current.CopayAmt), EffDt: usDate(current.EffDt) } : noInsurance;
}

/** `20.0000` → `20.00`. */
const trimMoney = (text: string): string => text.replace(/00$/, "");

export function insuranceFromPost(ctx: PageContext): Insurance {
  const today = usDate(ctx.now());
  return {
    PayCd: ctx.field("ddlPayCd").trim(),
    PlanNm: ctx.field("txtPlanNm").trim().slice(0, 30),
    PolNo: ctx.field("txtPolNo").trim().slice(0, 20),
    GrpNo: ctx.field("txtGrpNo").trim().slice(0, 15),
    SubNm: ctx.field("txtSubNm").trim().toUpperCase().slice(0, 40),
    RelCd: ctx.field("ddlRelCd").trim().slice(0, 1) || "S",
    CopayAmt: toMoney("txtCopayAmt", ctx.field("txtCopayAmt")),
    EffDt: ctx.field("txtEffDt").trim() || today,
  };
}

export function insuranceErrors(insurance: Insurance): string {
  if (insurance.PayCd === "") return "";
  if (insurance.PolNo === "") return "Policy number is required.";
  return parseUsDate(insurance.EffDt) ? "" : "Insurance effective date must be MM/DD/YYYY.";
}

/**
 * Writes the primary policy: changes the row of the same effective date, or ends the one before and adds a row. No payer
 * chosen leaves the policies alone. Gives whether anything was written.
 */
export async function saveInsurance(tx: Sql, patNo: number, insurance: Insurance): Promise<boolean> {
  const effective = parseUsDate(insurance.EffDt);
  if (insurance.PayCd === "" || !effective) return false;
  const key = { pid: p.int(patNo), eff: p.datetime(wallMidnight(effective)) };
  const values = {
    pay: p.char(6, insurance.PayCd),
    plan: p.varchar(30, insurance.PlanNm),
    pol: p.varchar(20, insurance.PolNo),
    grp: p.varchar(15, insurance.GrpNo),
    sub: p.varchar(40, insurance.SubNm),
    rel: p.char(1, insurance.RelCd),
    copay: p.money(insurance.CopayAmt),
  };
  const existing = await tx.first<{ DelYN: string; Same: number }>(
    `SELECT DelYN, CASE WHEN DelYN <> 'Y' AND PayCd = @pay AND PlanNm = @plan AND PolNo = @pol AND GrpNo = @grp AND SubNm = @sub
       AND RelCd = @rel AND CopayAmt = CONVERT(money, @copay) THEN 1 ELSE 0 END AS Same
     FROM PATINS WHERE PatNo = @pid AND InsSeq = 1 AND EffDt = @eff`,
    { ...key, ...values },
  );
  if (existing?.Same === 1) return false;
  if (existing) {
    await tx.execute(
      `UPDATE PATINS SET PayCd = @pay, PlanNm = @plan, PolNo = @pol, GrpNo = @grp, SubNm = @sub, RelCd = @rel,
         CopayAmt = CONVERT(money, @copay), DelYN = 'N'
       WHERE PatNo = @pid AND InsSeq = 1 AND EffDt = @eff`,
      { ...key, ...values },
    );
    return true;
  }
  await tx.execute(
    "UPDATE PATINS SET TermDt = @before WHERE PatNo = @pid AND InsSeq = 1 AND DelYN <> 'Y' AND EffDt < @eff AND TermDt >= @eff",
    { ...key, before: p.datetime(addDays(wallMidnight(effective), -1)) },
  );
  await tx.execute(
    `INSERT INTO PATINS (PatNo, InsSeq, EffDt, TermDt, PayCd, PlanNm, PolNo, GrpNo, SubNm, RelCd, CopayAmt)
     VALUES (@pid, 1, @eff, @term, @pay, @plan, @pol, @grp, @sub, @rel, CONVERT(money, @copay))`,
    { ...key, ...values, term: p.datetime(noEndDate) },
  );
  return true;
}

const relations = [
  { value: "S", text: "Self" },
  { value: "P", text: "Spouse" },
  { value: "C", text: "Child" },
  { value: "O", text: "Other" },
];

export async function insuranceBoxes(sql: Sql, insurance: Insurance): Promise<Html> {
  const payers = (await codeList(sql, "PAYER")).map((code) => ({ value: code.CodeVal, text: code.ShortDs }));
  return details([
    ["Payer", dropDown("ddlPayCd", payers, insurance.PayCd, "(none)")],
    ["Plan", textBox("txtPlanNm", insurance.PlanNm, { maxLength: 30 })],
    ["Policy no.", textBox("txtPolNo", insurance.PolNo, { maxLength: 20 })],
    ["Group no.", textBox("txtGrpNo", insurance.GrpNo, { maxLength: 15 })],
    ["Subscriber", textBox("txtSubNm", insurance.SubNm, { maxLength: 40, size: 30 })],
    ["Relation", dropDown("ddlRelCd", relations, insurance.RelCd)],
    ["Copay", textBox("txtCopayAmt", insurance.CopayAmt, { maxLength: 10, size: 8 })],
    ["Effective", textBox("txtEffDt", insurance.EffDt, { maxLength: 10, size: 11 })],
  ]);
}
