/** Orders and results as the laboratory's pages read them. */

import { p, type Sql } from "../kit/index.ts";

export type LabOrder = {
  readonly OrdNo: string;
  readonly PatNo: number;
  readonly EncNo: number | null;
  readonly ProvID: string;
  readonly ProvNm: string | null;
  readonly PanelCd: string;
  readonly PanelDs: string;
  /** Wall dates. */
  readonly OrdDt: Date;
  readonly CollDt: Date | null;
  readonly PriCd: string;
  /** OR ordered, SN sent, PR partial, FI final, CO corrected, CX cancelled. */
  readonly StatCd: string;
  readonly AccnNo: string;
  readonly RevYN: string;
  readonly RevUsr: string;
  readonly RevDt: Date | null;
  readonly RelPtYN: string;
};

const columns = `o.OrdNo, o.PatNo, o.EncNo, o.ProvID, u.UsrNm AS ProvNm, o.PanelCd, o.PanelDs, o.OrdDt, o.CollDt, o.PriCd,
  o.StatCd, o.AccnNo, o.RevYN, o.RevUsr, o.RevDt, o.RelPtYN`;

export function findOrder(sql: Sql, ordNo: string): Promise<LabOrder | undefined> {
  return sql.first<LabOrder>(
    `SELECT ${columns} FROM LABORD o LEFT JOIN USRMST u ON u.UsrID = o.ProvID WHERE o.OrdNo = @ord`,
    { ord: p.char(12, ordNo) },
  );
}

/** Newest first. */
export function patientOrders(sql: Sql, patNo: number): Promise<LabOrder[]> {
  return sql.query<LabOrder>(
    `SELECT TOP (200) ${columns} FROM LABORD o LEFT JOIN USRMST u ON u.UsrID = o.ProvID WHERE o.PatNo = @pat
     ORDER BY o.OrdDt DESC, o.OrdNo DESC`,
    { pat: p.int(patNo) },
  );
}

export type LabResult = {
  readonly TestCd: string;
  readonly SeqNo: number;
  readonly TestDs: string;
  readonly ResVal: string;
  readonly ResUnt: string;
  readonly RefRng: string;
  readonly AbnFlg: string;
  readonly ResSt: string;
  readonly ObsDt: Date | null;
  readonly RptDt: Date;
  readonly ResCmt: string;
};

export function orderResults(sql: Sql, ordNo: string): Promise<LabResult[]> {
  return sql.query<LabResult>(
    `SELECT TestCd, SeqNo, TestDs, ResVal, ResUnt, RefRng, AbnFlg, ResSt, ObsDt, RptDt, ResCmt FROM LABRES
     WHERE OrdNo = @ord ORDER BY TestCd, SeqNo`,
    { ord: p.char(12, ordNo) },
  );
}

export const orderStatuses: Readonly<Record<string, string>> = {
  OR: "Ordered",
  SN: "Sent",
  PR: "Partial",
  FI: "Final",
  CO: "Corrected",
  CX: "Cancelled",
};

export const resultStatuses: Readonly<Record<string, string>> = {
  P: "Preliminary",
  F: "Final",
  C: "Corrected",
  X: "Cancelled",
};

/** Whether anything has come back that a physician could review. */
export function isReviewable(order: Pick<LabOrder, "StatCd">): boolean {
  return order.StatCd === "PR" || order.StatCd === "FI" || order.StatCd === "CO";
}
