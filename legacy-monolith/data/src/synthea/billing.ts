/**
 * Claims, charges and payments out of an export. Synthea's transfers move a debt from insurer to patient and are no money:
 * only CHARGE, PAYMENT and ADJUSTMENT rows are kept. By the method of payment ECHECK is the insurer, COPAY the copay at the
 * desk, everything else the patient.
 */

import { type Amount, amountOf, moneyText } from "../money.ts";
import { type Row, row } from "../schema.ts";
import { midnight } from "../wall-clock.ts";
import type { ExportRow } from "./export-files.ts";
import { amount, decimal, fail, moment, required, requiredMoment, text } from "./fields.ts";
import { encounterOf, type ImportWorld, skip } from "./import-world.ts";

/** Fills CLMHDR, CHGMST and PMTTRN. @returns the last claim number issued. */
export function addClaims(world: ImportWorld): number {
  const claims = claimRows(world);
  const payments: Row<"PMTTRN">[] = [];
  const lines = new Map<number, number>();
  for (const source of world.from.claims_transactions) {
    const type = required(source, "TYPE");
    if (type === "TRANSFERIN" || type === "TRANSFEROUT") continue;
    const claim = claims.get(required(source, "CLAIMID"));
    if (!claim) skip(world, source, "rows of a claim that was not imported");
    else if (type === "CHARGE") addCharge(world, source, claim, lines);
    else if (type === "PAYMENT" || type === "ADJUSTMENT") payments.push(paymentRow(source, claim, type));
    else fail(source, "TYPE", "is none of CHARGE, PAYMENT, ADJUSTMENT, TRANSFERIN, TRANSFEROUT");
  }
  numberPayments(world, payments);
  completeClaims(world, payments);
  return world.tables.CLMHDR.length;
}

function claimRows(world: ImportWorld): Map<string, Row<"CLMHDR">> {
  const dated = world.from.claims.flatMap((source) => {
    const encounter = encounterOf(world, source, "APPOINTMENTID");
    return encounter ? [{ source, encounter, served: requiredMoment(source, "SERVICEDATE") }] : [];
  });
  dated.sort((a, b) => (a.served < b.served ? -1 : a.served > b.served ? 1 : a.source.line - b.source.line));
  const claims = new Map<string, Row<"CLMHDR">>();
  for (const [index, { source, encounter, served }] of dated.entries()) {
    const PayCd = world.payers.get(text(source, "PRIMARYPATIENTINSURANCEID")) ?? "SELF";
    const closed = text(source, "STATUS1") === "CLOSED";
    const claim = row("CLMHDR", {
      ClmNo: `C${String(index + 1).padStart(9, "0")}`,
      EncNo: encounter.EncNo,
      PatNo: encounter.PatNo,
      PatNm: encounter.PatNm,
      PayCd,
      PolNo: policyNumber(world, encounter, PayCd),
      ClmTyp: text(source, "HEALTHCARECLAIMTYPEID1") === "2" ? "I" : "P",
      Dx1: text(source, "DIAGNOSIS1", 18),
      Dx2: text(source, "DIAGNOSIS2", 18),
      Dx3: text(source, "DIAGNOSIS3", 18),
      Dx4: text(source, "DIAGNOSIS4", 18),
      TotAmt: moneyText(0),
      StatCd: closed ? "CL" : "SB",
      SubDt: moment(source, "LASTBILLEDDATE1") ?? served,
      RspDt: closed ? (moment(source, "LASTBILLEDDATE1") ?? served) : null,
      ModDt: moment(source, "LASTBILLEDDATE1") ?? served,
    });
    encounter.BillYN = "Y";
    claims.set(required(source, "Id"), claim);
    world.tables.CLMHDR.push(claim);
  }
  return claims;
}

/** Of the policy with that payer on the day of the visit. */
function policyNumber(world: ImportWorld, encounter: Row<"ENCMST">, payer: string): string {
  const policy = world.tables.PATINS.find(
    ({ PatNo, PayCd, EffDt, TermDt }) =>
      PatNo === encounter.PatNo && PayCd === payer && EffDt <= encounter.EncDt && encounter.EncDt <= TermDt,
  );
  return policy?.PolNo ?? "";
}

function addCharge(world: ImportWorld, source: ExportRow, claim: Row<"CLMHDR">, lines: Map<number, number>): void {
  const LnNo = (lines.get(claim.EncNo) ?? 0) + 1;
  lines.set(claim.EncNo, LnNo);
  const SvcDt = requiredMoment(source, "FROMDATE");
  const ProcCd = required(source, "PROCEDURECODE", 18);
  const unit = amount(source, "UNITAMOUNT");
  const units = decimal(source, "UNITS");
  if (!Number.isInteger(units * 10)) fail(source, "UNITS", "has more than one decimal");
  const total = Math.round((unit * (units * 10)) / 10);
  if (total !== amount(source, "AMOUNT")) fail(source, "AMOUNT", "is not UNITS times UNITAMOUNT");
  world.codes.add("PROC", ProcCd, text(source, "NOTES"), { num: Math.round(unit / 100) });
  world.tables.CHGMST.push(
    row("CHGMST", {
      EncNo: claim.EncNo,
      LnNo,
      PatNo: claim.PatNo,
      ProcCd,
      ProcDs: text(source, "NOTES", 100),
      Mod1: text(source, "MODIFIER1", 2),
      Units: units.toFixed(1),
      UnitAmt: moneyText(unit),
      ExtAmt: moneyText(total),
      SvcDt,
      ProvID: world.tables.ENCMST[claim.EncNo - (world.tables.ENCMST[0]?.EncNo ?? 0)]?.ProvID ?? "SYSTEM",
      ClmNo: claim.ClmNo,
      StatCd: claim.StatCd === "CL" ? "P" : "B",
      CrtUsr: "SYSTEM",
      CrtDt: SvcDt,
    }),
  );
}

const paymentTypes: Readonly<Record<string, string>> = { ECHECK: "IP", COPAY: "CP" };

function paymentRow(source: ExportRow, claim: Row<"CLMHDR">, type: "PAYMENT" | "ADJUSTMENT"): Row<"PMTTRN"> {
  const at = requiredMoment(source, "FROMDATE");
  const received: Amount = amount(source, type === "PAYMENT" ? "PAYMENTS" : "ADJUSTMENTS");
  return row("PMTTRN", {
    TrnID: 0,
    PatNo: claim.PatNo,
    ClmNo: claim.ClmNo,
    EncNo: claim.EncNo,
    TrnTyp: type === "ADJUSTMENT" ? "AD" : (paymentTypes[text(source, "METHOD")] ?? "PP"),
    Amt: moneyText(received === 0 ? 0 : -received),
    TrnDt: midnight(at),
    PostDt: at,
    PostUsr: "SYSTEM",
    Cmt: text(source, "METHOD", 100),
  });
}

function numberPayments(world: ImportWorld, payments: Row<"PMTTRN">[]): void {
  payments.sort((a, b) => (a.PostDt < b.PostDt ? -1 : a.PostDt > b.PostDt ? 1 : 0));
  for (const [index, payment] of payments.entries()) payment.TrnID = index + 1;
  world.tables.PMTTRN.push(...payments);
}

/** The billed total is allowed in full; what the insurer did not pay is the patient's part. */
function completeClaims(world: ImportWorld, payments: readonly Row<"PMTTRN">[]): void {
  const charges = Map.groupBy(world.tables.CHGMST, ({ ClmNo }) => ClmNo);
  const paid = Map.groupBy(
    payments.filter(({ TrnTyp }) => TrnTyp === "IP"),
    ({ ClmNo }) => ClmNo,
  );
  for (const claim of world.tables.CLMHDR) {
    const total = (charges.get(claim.ClmNo) ?? []).reduce((sum, { ExtAmt }) => sum + amountOf(ExtAmt), 0);
    const insurer = (paid.get(claim.ClmNo) ?? []).reduce((sum, { Amt }) => sum - amountOf(Amt), 0);
    claim.TotAmt = moneyText(total);
    claim.AlwAmt = claim.StatCd === "CL" ? moneyText(total) : moneyText(0);
    claim.PtResp = claim.StatCd === "CL" ? moneyText(Math.max(total - insurer, 0)) : moneyText(0);
  }
}
