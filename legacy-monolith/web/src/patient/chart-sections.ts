/** The panels of the face sheet, one query each. */

import {
  dollars,
  grid,
  type Html,
  html,
  link,
  moneyText,
  p,
  type Sql,
  usDate,
  usDateTime,
  usTime,
  wallMidnight,
} from "../kit/index.ts";

export type Section = { readonly sql: Sql; readonly patNo: number; readonly now: Date };

/** Rows of a panel; the module's own page shows the rest. */
const panelRowsMax = 10;

type ListRow = { ItemDs: string; ItemCd: string; OnsetDt: Date | null; ReactDs: string; SevCd: string };

function listRows({ sql, patNo }: Section, lstTyp: "A" | "P" | "I", order: string): Promise<ListRow[]> {
  return sql.query<ListRow>(
    `SELECT ItemDs, ItemCd, OnsetDt, ReactDs, SevCd FROM PATLIST
     WHERE PatNo = @pid AND LstTyp = @typ AND StatCd = 'A' AND DelYN <> 'Y'${order}`,
    { pid: p.int(patNo), typ: p.char(1, lstTyp) },
  );
}

export async function problems(section: Section): Promise<Html> {
  const rows = await listRows(section, "P", " ORDER BY OnsetDt DESC, ListID DESC");
  return grid({
    id: "gvProb",
    columns: [{ header: "Problem" }, { header: "Code" }, { header: "Onset" }],
    rows: rows.map((row) => [row.ItemDs, row.ItemCd, usDate(row.OnsetDt)]),
    empty: "No active problems.",
  });
}

export async function allergies(section: Section): Promise<Html> {
  const rows = await listRows(section, "A", " ORDER BY ListID");
  return grid({
    id: "gvAlg",
    columns: [{ header: "Allergy" }, { header: "Reaction" }, { header: "Severity" }],
    rows: rows.map((row) => [html`<span class="alg">${row.ItemDs}</span>`, row.ReactDs, row.SevCd]),
    empty: "No known allergies recorded.",
  });
}

/** Without ORDER BY: the order of this panel has always been whatever the server gave. */
export async function immunizations(section: Section): Promise<Html> {
  const rows = await listRows(section, "I", "");
  return grid({
    id: "gvImm",
    columns: [{ header: "Vaccine" }, { header: "Code" }, { header: "Date" }],
    rows: rows.map((row) => [row.ItemDs, row.ItemCd, usDate(row.OnsetDt)]),
    empty: "No immunizations recorded.",
  });
}

type MedRow = { RxNo: number; DrugNm: string; StrTx: string; SigTx: string; StartDt: Date };

export async function activeMedications({ sql, patNo }: Section): Promise<Html> {
  const rows = await sql.query<MedRow>(
    "SELECT RxNo, DrugNm, StrTx, SigTx, StartDt FROM RXMST WHERE PatNo = @pid AND StatCd = 'A' ORDER BY StartDt DESC, RxNo DESC",
    { pid: p.int(patNo) },
  );
  return grid({
    id: "gvMed",
    columns: [{ header: "Drug" }, { header: "Sig" }, { header: "Start" }],
    rows: rows.map((row) => [`${row.DrugNm} ${row.StrTx}`.trim(), row.SigTx, usDate(row.StartDt)]),
    empty: "No active medications.",
  });
}

type VitalRow = {
  TakenDt: Date;
  HtIn: number | null;
  WtLb: number | null;
  TempF: number | null;
  BPSys: number | null;
  BPDia: number | null;
  Pulse: number | null;
  Resp: number | null;
  O2Sat: number | null;
  PainSc: number | null;
  BMI: number | null;
};

export async function lastVitals({ sql, patNo }: Section): Promise<Html> {
  const row = await sql.first<VitalRow>(
    `SELECT TOP (1) TakenDt, HtIn, WtLb, TempF, BPSys, BPDia, Pulse, Resp, O2Sat, PainSc, BMI FROM VITALS
     WHERE PatNo = @pid ORDER BY TakenDt DESC, EncNo DESC`,
    { pid: p.int(patNo) },
  );
  if (!row) return html`No vitals recorded.`;
  const value = (number: number | null, digits: number): string => (number === null ? "" : number.toFixed(digits));
  return grid({
    id: "gvVit",
    columns: [
      { header: "Taken" },
      { header: "BP" },
      { header: "Pulse" },
      { header: "Resp" },
      { header: "Temp" },
      { header: "O2" },
      { header: "Ht" },
      { header: "Wt" },
      { header: "BMI" },
      { header: "Pain" },
    ],
    rows: [
      [
        usDateTime(row.TakenDt),
        row.BPSys === null ? "" : `${row.BPSys}/${row.BPDia ?? ""}`,
        value(row.Pulse, 0),
        value(row.Resp, 0),
        value(row.TempF, 1),
        value(row.O2Sat, 0),
        value(row.HtIn, 2),
        value(row.WtLb, 2),
        value(row.BMI, 1),
        value(row.PainSc, 0),
      ],
    ],
    empty: "",
  });
}

type LabRow = { OrdNo: string; PanelDs: string; OrdDt: Date; StatCd: string; Abn: number };

export async function recentLabs({ sql, patNo }: Section): Promise<Html> {
  const rows = await sql.query<LabRow>(
    `SELECT TOP (${panelRowsMax}) o.OrdNo, o.PanelDs, o.OrdDt, o.StatCd,
       (SELECT COUNT(*) FROM LABRES AS r WHERE r.OrdNo = o.OrdNo AND r.AbnFlg <> '' AND r.AbnFlg <> 'N') AS Abn
     FROM LABORD AS o WHERE o.PatNo = @pid ORDER BY o.OrdDt DESC, o.OrdNo DESC`,
    { pid: p.int(patNo) },
  );
  return grid({
    id: "gvLab",
    columns: [{ header: "Order" }, { header: "Panel" }, { header: "Ordered" }, { header: "Status" }, { header: "Abn" }],
    rows: rows.map((row) => [
      link(`/Lab/LabResults.aspx?pid=${patNo}&ord=${row.OrdNo}`, row.OrdNo),
      row.PanelDs,
      usDate(row.OrdDt),
      row.StatCd,
      row.Abn > 0 ? html`<span class="abn">${row.Abn}</span>` : "",
    ]),
    empty: "No lab orders.",
  });
}

type VisitRow = { EncNo: number; EncDt: Date; EncTyp: string; ProvID: string; RsnTx: string; StatCd: string };

export async function recentVisits({ sql, patNo }: Section): Promise<Html> {
  const rows = await sql.query<VisitRow>(
    `SELECT TOP (${panelRowsMax}) EncNo, EncDt, EncTyp, ProvID, RsnTx, StatCd FROM ENCMST
     WHERE PatNo = @pid AND StatCd <> 'X' ORDER BY EncDt DESC, EncNo DESC`,
    { pid: p.int(patNo) },
  );
  return grid({
    id: "gvEnc",
    columns: [
      { header: "Date" },
      { header: "Type" },
      { header: "Provider" },
      { header: "Reason" },
      { header: "Status" },
    ],
    rows: rows.map((row) => [
      link(`/Clin/Encounter.aspx?enc=${row.EncNo}`, usDate(row.EncDt)),
      row.EncTyp,
      row.ProvID,
      row.RsnTx,
      row.StatCd === "O" ? "Open" : "Closed",
    ]),
    empty: "No visits.",
  });
}

type ApptRow = { ApptID: number; ApptDt: Date; ApptTm: string; ProvNm: string; ApTypCd: string; StatCd: string };

export async function comingAppointments({ sql, patNo, now }: Section): Promise<Html> {
  const rows = await sql.query<ApptRow>(
    `SELECT TOP (${panelRowsMax}) ApptID, ApptDt, ApptTm, ProvNm, ApTypCd, StatCd FROM tblAppointment
     WHERE PatNo = @pid AND ApptDt >= @today AND StatCd IN ('SC', 'CF') AND DelYN <> 'Y' ORDER BY ApptDt, ApptTm, ApptID`,
    { pid: p.int(patNo), today: p.datetime(wallMidnight(now)) },
  );
  return grid({
    id: "gvAppt",
    columns: [{ header: "Date" }, { header: "Time" }, { header: "Provider" }, { header: "Type" }],
    rows: rows.map((row) => [
      link(`/Sched/ApptEdit.aspx?aid=${row.ApptID}`, usDate(row.ApptDt)),
      usTime(row.ApptTm),
      row.ProvNm,
      row.ApTypCd,
    ]),
    empty: "No coming appointments.",
  });
}

export async function balance({ sql, patNo }: Section): Promise<Html> {
  const row = await sql.first<{ AcctBal: string }>(`SELECT ${moneyText("AcctBal")} FROM PATMST WHERE PatNo = @pid`, {
    pid: p.int(patNo),
  });
  return html`<span id="ctl00_cph_lblBal">${dollars(row?.AcctBal)}</span>`;
}
