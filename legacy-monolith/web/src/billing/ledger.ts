/** A patient's account as the billing pages read it: charges, payments, claims, coverage. Money is decimal text. */

import { moneyText, p, type Sql } from "../kit/index.ts";

export type Charge = {
  readonly EncNo: number;
  readonly LnNo: number;
  readonly ProcCd: string;
  readonly ProcDs: string;
  readonly Mod1: string;
  readonly Units: number | string;
  readonly UnitAmt: string;
  readonly ExtAmt: string;
  readonly DxPtr: string;
  /** Wall date. */
  readonly SvcDt: Date;
  readonly ProvID: string;
  readonly ClmNo: string;
  /** N new, B billed, P paid, V void. */
  readonly StatCd: string;
};

const chargeColumns = `EncNo, LnNo, ProcCd, ProcDs, Mod1, Units, ${moneyText("UnitAmt")}, ${moneyText("ExtAmt")}, DxPtr, SvcDt,
  ProvID, ClmNo, StatCd`;

/** Newest service first. */
export function patientCharges(sql: Sql, patNo: number): Promise<Charge[]> {
  return sql.query<Charge>(
    `SELECT TOP (1000) ${chargeColumns} FROM CHGMST WHERE PatNo = @pat ORDER BY SvcDt DESC, EncNo DESC, LnNo`,
    { pat: p.int(patNo) },
  );
}

export function visitCharges(sql: Sql, encNo: number): Promise<Charge[]> {
  return sql.query<Charge>(`SELECT ${chargeColumns} FROM CHGMST WHERE EncNo = @enc ORDER BY LnNo`, {
    enc: p.int(encNo),
  });
}

export type Payment = {
  readonly TrnID: number;
  readonly ClmNo: string;
  readonly EncNo: number | null;
  readonly TrnTyp: string;
  readonly Amt: string;
  readonly TrnDt: Date;
  readonly ChkNo: string;
  readonly BatNo: string;
  readonly PostUsr: string;
  readonly Cmt: string;
};

/** Newest first. */
export function patientPayments(sql: Sql, patNo: number): Promise<Payment[]> {
  return sql.query<Payment>(
    `SELECT TOP (1000) TrnID, ClmNo, EncNo, TrnTyp, ${moneyText("Amt")}, TrnDt, ChkNo, BatNo, PostUsr, Cmt FROM PMTTRN
     WHERE PatNo = @pat ORDER BY TrnDt DESC, TrnID DESC`,
    { pat: p.int(patNo) },
  );
}

export type Claim = {
  readonly ClmNo: string;
  readonly EncNo: number;
  readonly InsSeq: number;
  readonly PayCd: string;
  readonly TotAmt: string;
  readonly PaidAmt: string;
  readonly PtResp: string;
  readonly StatCd: string;
  readonly SubDt: Date | null;
  readonly EDIBat: string;
};

export function patientClaims(sql: Sql, patNo: number): Promise<Claim[]> {
  return sql.query<Claim>(
    `SELECT TOP (500) ClmNo, EncNo, InsSeq, PayCd, ${moneyText("TotAmt")}, ${moneyText("PaidAmt")}, ${moneyText("PtResp")}, StatCd,
       SubDt, EDIBat
     FROM CLMHDR WHERE PatNo = @pat ORDER BY ClmNo DESC`,
    { pat: p.int(patNo) },
  );
}

export type Coverage = {
  readonly InsSeq: number;
  readonly PayCd: string;
  readonly PlanNm: string;
  readonly PolNo: string;
  readonly GrpNo: string;
  readonly RelCd: string;
  readonly EffDt: Date;
  readonly TermDt: Date;
  readonly CopayAmt: string;
};

/** Coverage in force on a day. */
export function coverageOn(sql: Sql, patNo: number, day: Date): Promise<Coverage[]> {
  return sql.query<Coverage>(
    `SELECT InsSeq, PayCd, PlanNm, PolNo, GrpNo, RelCd, EffDt, TermDt, ${moneyText("CopayAmt")} FROM PATINS
     WHERE PatNo = @pat AND DelYN <> 'Y' AND EffDt <= @day AND TermDt >= @day ORDER BY InsSeq, EffDt DESC`,
    { pat: p.int(patNo), day: p.datetime(day) },
  );
}

export type BillingVisit = {
  readonly EncNo: number;
  readonly PatNo: number;
  readonly PatNm: string;
  readonly EncDt: Date;
  readonly ProvID: string;
  readonly StatCd: string;
  readonly Dx1: string;
  readonly Dx2: string;
  readonly Dx3: string;
  readonly Dx4: string;
  readonly ChgTot: string;
};

/** @param lock takes the row for the caller's transaction; line numbers are issued under it. */
export function findVisit(sql: Sql, encNo: number, lock = false): Promise<BillingVisit | undefined> {
  return sql.first<BillingVisit>(
    `SELECT EncNo, PatNo, PatNm, EncDt, ProvID, StatCd, Dx1, Dx2, Dx3, Dx4, ${moneyText("ChgTot")}
     FROM ENCMST${lock ? " WITH (UPDLOCK)" : ""} WHERE EncNo = @enc`,
    { enc: p.int(encNo) },
  );
}

export type VisitTotal = {
  readonly EncNo: number;
  readonly EncDt: Date;
  readonly ProvID: string;
  readonly ChgTot: string;
  readonly BillYN: string;
};

/** The latest visits that are not void, newest first. */
export function latestVisits(sql: Sql, patNo: number): Promise<VisitTotal[]> {
  return sql.query<VisitTotal>(
    `SELECT TOP (10) EncNo, EncDt, ProvID, ${moneyText("ChgTot")}, BillYN FROM ENCMST
     WHERE PatNo = @pat AND StatCd <> 'X' ORDER BY EncDt DESC, EncNo DESC`,
    { pat: p.int(patNo) },
  );
}

export const chargeStatuses: Readonly<Record<string, string>> = { N: "New", B: "Billed", P: "Paid", V: "Void" };
export const claimStatuses: Readonly<Record<string, string>> = {
  RD: "Ready",
  SB: "Submitted",
  AC: "Accepted",
  DN: "Denied",
  PD: "Paid",
  CL: "Closed",
  VD: "Void",
};
export const paymentTypes: Readonly<Record<string, string>> = {
  CP: "Copay",
  PP: "Patient payment",
  IP: "Insurance payment",
  AD: "Adjustment",
  RF: "Refund",
};
