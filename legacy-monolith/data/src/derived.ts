/**
 * What the legacy triggers and the nightly run keep: totals, balances, last visits, daily counts, sequence counters. The
 * loader's bulk insert fires no trigger, so these are computed here, by the rules written down in migrations/legacy.
 */

import { codeRow } from "./codes/rows.ts";
import type { Tables } from "./dataset.ts";
import { type Amount, amountOf, moneyText } from "./money.ts";
import { type Row, row } from "./schema.ts";
import { midnight, type WallTime } from "./wall-clock.ts";

/** ENCMST.ChgTot, PATMST.AcctBal, PATMST.LastVst and CLMHDR.PaidAmt. */
export function deriveTotals(tables: Tables): void {
  const charged = new Map<number, Amount>();
  const balance = new Map<number, Amount>();
  const paid = new Map<string, Amount>();
  for (const charge of tables.CHGMST) {
    if (charge.StatCd === "V") continue;
    add(charged, charge.EncNo, amountOf(charge.ExtAmt));
    add(balance, charge.PatNo, amountOf(charge.ExtAmt));
  }
  for (const payment of tables.PMTTRN) {
    add(balance, payment.PatNo, amountOf(payment.Amt));
    if (payment.TrnTyp === "IP") add(paid, payment.ClmNo, -amountOf(payment.Amt));
  }
  for (const encounter of tables.ENCMST) encounter.ChgTot = moneyText(charged.get(encounter.EncNo) ?? 0);
  for (const claim of tables.CLMHDR) claim.PaidAmt = moneyText(paid.get(claim.ClmNo) ?? 0);
  const visited = lastVisits(tables);
  for (const patient of tables.PATMST) {
    patient.AcctBal = moneyText(balance.get(patient.PatNo) ?? 0);
    patient.LastVst = visited.get(patient.PatNo) ?? null;
  }
}

function add<K>(sums: Map<K, number>, key: K, amount: number): void {
  sums.set(key, (sums.get(key) ?? 0) + amount);
}

function lastVisits(tables: Tables): Map<number, WallTime> {
  const last = new Map<number, WallTime>();
  for (const { PatNo, StatCd, ApptDt } of tables.tblAppointment) {
    if (PatNo !== null && StatCd === "CO" && ApptDt > (last.get(PatNo) ?? "")) last.set(PatNo, ApptDt);
  }
  return last;
}

type Counter = "ApptCnt" | "NoShCnt" | "CxlCnt" | "EncCnt" | "NewPtCnt" | "RxCnt" | "LabCnt";
type Sums = Record<Counter, number> & { charges: Amount; payments: Amount };

/**
 * RPT_DAILY as it stands on the morning of `today`, before the nightly run has counted that day: appointments and money of
 * every day (triggers), encounters, new patients, prescriptions and orders only of days before (nightly).
 */
export function deriveDaily(tables: Tables, today: WallTime): void {
  const days = new Map<string, { key: readonly [WallTime, string, string]; sums: Sums }>();
  const at = (time: WallTime, site: string, provider: string): Sums => {
    const key = [midnight(time), site, provider] as const;
    const found = days.get(key.join("|")) ?? { key, sums: noSums() };
    days.set(key.join("|"), found);
    return found.sums;
  };
  countTriggered(tables, at);
  countNightly(tables, at, midnight(today));
  const sorted = [...days.values()].sort((a, b) => (a.key.join("|") < b.key.join("|") ? -1 : 1));
  for (const { key, sums } of sorted) tables.RPT_DAILY.push(dailyRow(key, sums, today));
}

const noSums = (): Sums => ({
  ApptCnt: 0,
  NoShCnt: 0,
  CxlCnt: 0,
  EncCnt: 0,
  NewPtCnt: 0,
  RxCnt: 0,
  LabCnt: 0,
  charges: 0,
  payments: 0,
});

function dailyRow(
  [RptDt, LocCd, ProvID]: readonly [WallTime, string, string],
  sums: Sums,
  today: WallTime,
): Row<"RPT_DAILY"> {
  const { charges, payments, ...counts } = sums;
  return row("RPT_DAILY", {
    ...counts,
    RptDt,
    LocCd,
    ProvID,
    ChgAmt: moneyText(charges),
    PmtAmt: moneyText(payments),
    CalcDt: `${today.slice(0, 10)} 02:00:00`,
  });
}

type At = (time: WallTime, site: string, provider: string) => Sums;

function countTriggered(tables: Tables, at: At): void {
  for (const { PatNo, DelYN, StatCd, ApptDt, LocCd, ProvID } of tables.tblAppointment) {
    if (PatNo === null || DelYN === "Y") continue;
    const sums = at(ApptDt, LocCd, ProvID);
    sums.ApptCnt += 1;
    if (StatCd === "NS") sums.NoShCnt += 1;
    if (StatCd === "CX") sums.CxlCnt += 1;
  }
  const encounters = new Map(tables.ENCMST.map((encounter) => [encounter.EncNo, encounter]));
  const homes = new Map(tables.PATMST.map((patient) => [patient.PatNo, patient.HomeLoc]));
  const claims = new Map(tables.CLMHDR.map((claim) => [claim.ClmNo, claim.EncNo]));
  for (const { StatCd, EncNo, SvcDt, ProvID, ExtAmt } of tables.CHGMST) {
    if (StatCd !== "V") at(SvcDt, encounters.get(EncNo)?.LocCd ?? "", ProvID).charges += amountOf(ExtAmt);
  }
  for (const { EncNo, ClmNo, PatNo, PostDt, Amt } of tables.PMTTRN) {
    const encounter = encounters.get(EncNo ?? claims.get(ClmNo) ?? 0);
    at(PostDt, encounter?.LocCd ?? homes.get(PatNo) ?? "", encounter?.ProvID ?? "").payments += amountOf(Amt);
  }
}

function countNightly(tables: Tables, at: At, before: WallTime): void {
  const sites = new Map(tables.ENCMST.map((encounter) => [encounter.EncNo, encounter.LocCd]));
  const homes = new Map(tables.PATMST.map((patient) => [patient.PatNo, patient.HomeLoc]));
  const siteOf = (EncNo: number | null, PatNo: number) => sites.get(EncNo ?? 0) ?? homes.get(PatNo) ?? "";
  for (const { EncDt, LocCd, ProvID, StatCd } of tables.ENCMST) {
    if (EncDt < before && StatCd !== "X") at(EncDt, LocCd, ProvID).EncCnt += 1;
  }
  for (const { ApptDt, LocCd, ProvID, ApTypCd, StatCd } of tables.tblAppointment) {
    if (ApptDt < before && ApTypCd === "NEWP" && StatCd === "CO") at(ApptDt, LocCd, ProvID).NewPtCnt += 1;
  }
  for (const { RxDt, EncNo, PatNo, ProvID, StatCd } of tables.RXMST) {
    if (RxDt < before && StatCd !== "E") at(RxDt, siteOf(EncNo, PatNo), ProvID).RxCnt += 1;
  }
  for (const { OrdDt, EncNo, PatNo, ProvID, StatCd } of tables.LABORD) {
    if (OrdDt < before && StatCd !== "CX") at(OrdDt, siteOf(EncNo, PatNo), ProvID).LabCnt += 1;
  }
}

const sequenceNames = ["LABORD", "ACCN", "CLAIM", "EDIBAT", "PMTBAT", "MRN"] as const;
export type SequenceName = (typeof sequenceNames)[number];

/** CODETBL SEQ rows; NumVal is the last number issued. */
export function sequenceRows(issued: Readonly<Record<SequenceName, number>>, since: WallTime): Row<"CODETBL">[] {
  return sequenceNames.map((name, index) =>
    codeRow("SEQ", { val: name, short: `Last ${name} number`, num: issued[name] }, index, since),
  );
}
