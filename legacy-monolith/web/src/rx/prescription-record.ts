/** Prescriptions and what the check against them needs, as the Rx pages read it. */

import { p, type Sql } from "../kit/index.ts";
import { type CheckedDrug, interactionWarnings, type Warning } from "./interactions.ts";

export type Prescription = {
  readonly RxNo: number;
  readonly PatNo: number;
  readonly PatNm: string;
  readonly EncNo: number | null;
  readonly ProvID: string;
  readonly ProvNm: string | null;
  readonly DrugCd: string;
  readonly DrugNm: string;
  readonly StrTx: string;
  readonly SigTx: string;
  readonly QtyTx: string;
  readonly RefAuth: number;
  readonly RefUsed: number;
  readonly RefReqYN: string;
  /** "" or 2..5. */
  readonly CtrlCl: string;
  /** Wall dates. */
  readonly StartDt: Date;
  readonly EndDt: Date;
  readonly PhrmCd: string;
  /** A active, D discontinued, C completed, H hold, E error. */
  readonly StatCd: string;
  /** N none, Q queued, S sent, A accepted, R rejected. */
  readonly SentCd: string;
};

const columns = `r.RxNo, r.PatNo, r.PatNm, r.EncNo, r.ProvID, u.UsrNm AS ProvNm, r.DrugCd, r.DrugNm, r.StrTx, r.SigTx, r.QtyTx,
  r.RefAuth, r.RefUsed, r.RefReqYN, r.CtrlCl, r.StartDt, r.EndDt, r.PhrmCd, r.StatCd, r.SentCd`;

/** Newest first; entries made in error are left out. */
export function patientPrescriptions(sql: Sql, patNo: number): Promise<Prescription[]> {
  return sql.query<Prescription>(
    `SELECT TOP (300) ${columns} FROM RXMST r LEFT JOIN USRMST u ON u.UsrID = r.ProvID
     WHERE r.PatNo = @pat AND r.StatCd <> 'E' ORDER BY r.StartDt DESC, r.RxNo DESC`,
    { pat: p.int(patNo) },
  );
}

export function findPrescription(sql: Sql, rxNo: number): Promise<Prescription | undefined> {
  return sql.first<Prescription>(
    `SELECT ${columns} FROM RXMST r LEFT JOIN USRMST u ON u.UsrID = r.ProvID WHERE r.RxNo = @rx`,
    { rx: p.int(rxNo) },
  );
}

/** Reads a patient's allergies and active prescriptions and checks a drug against them. */
export async function checkDrug(sql: Sql, patNo: number, drug: CheckedDrug): Promise<Warning[]> {
  const allergies = await sql.query<{ itemCd: string; itemDs: string; reaction: string }>(
    `SELECT ItemCd AS itemCd, ItemDs AS itemDs, ReactDs AS reaction FROM PATLIST
     WHERE PatNo = @pat AND LstTyp = 'A' AND StatCd = 'A' AND DelYN <> 'Y' ORDER BY ListID`,
    { pat: p.int(patNo) },
  );
  const active = await sql.query<{ code: string; name: string }>(
    "SELECT DrugCd AS code, DrugNm AS name FROM RXMST WHERE PatNo = @pat AND StatCd = 'A' ORDER BY RxNo",
    { pat: p.int(patNo) },
  );
  return interactionWarnings(drug, { allergies, active });
}

export const rxStatuses: Readonly<Record<string, string>> = {
  A: "Active",
  D: "Discontinued",
  C: "Completed",
  H: "On hold",
};

export const sentStatuses: Readonly<Record<string, string>> = {
  N: "Not sent",
  Q: "Queued",
  S: "Sent",
  A: "Accepted",
  R: "Rejected",
};
