/**
 * Charges of closed visits, one claim a visit of an insured patient, and the ledger of copays, insurance payments,
 * adjustments, patient payments, refunds and one-off reversals. Totals on claims, encounters and patients are not set here:
 * derived.ts computes them from these rows, by the same rules as the triggers.
 */

import type { Random } from "@banyan/kernel";
import { priceCents, procedures } from "../codes/procedures.ts";
import { type Amount, amountOf, cents, moneyText, share } from "../money.ts";
import { type Row, row } from "../schema.ts";
import { type Day, plusMinutes, shortDay, wallTime } from "../wall-clock.ts";
import type { LabOrder } from "./orders.ts";
import { digits, type Visit, type World } from "./world.ts";

/** Visit charge by note type; the same codes TR_NOTE_U charges. */
const visitCodes: Readonly<Record<string, string>> = { HP: "99203", PROG: "99213", DISC: "99238", PHON: "99441" };

/** Fills CHGMST, CLMHDR and PMTTRN. @returns the last claim number issued. */
export function addBilling(world: World, visits: readonly Visit[], orders: readonly LabOrder[]): number {
  const random = world.random("billing");
  const ordersOf = Map.groupBy(orders, ({ visit }) => visit);
  const payments: Row<"PMTTRN">[] = [];
  let claims = 0;
  for (const visit of visits) {
    addCopay(world, random, visit, payments);
    if (visit.encounter.StatCd !== "C") continue;
    const charges = chargesOf(random, visit, ordersOf.get(visit) ?? []);
    world.tables.CHGMST.push(...charges);
    const policy = visit.person.policies[0];
    if (!policy || world.today - visit.day < 1 || random.chance(0.03)) {
      addSelfPay(world, random, { visit, charges, payments });
      continue;
    }
    claims += 1;
    settleClaim(world, random, { visit, policy, charges, payments, number: claims });
  }
  numberPayments(world, random, payments);
  return claims;
}

function chargesOf(random: Random, visit: Visit, orders: readonly LabOrder[]): Row<"CHGMST">[] {
  const codes = [visitCodes[visit.noteType] ?? "99213"];
  for (const { order, panel } of orders)
    if (order.StatCd === "FI" || order.StatCd === "CO") codes.push(panel.procedure);
  if (orders.length > 0) codes.push("36415");
  if (visit.encounter.RsnTx.startsWith("Knee injection")) codes.push("20610");
  if (visit.encounter.RsnTx.startsWith("Skin lesion")) codes.push("17000");
  if (visit.encounter.RsnTx.startsWith("Nail")) codes.push("11730");
  if (random.chance(0.06)) codes.push("93000");
  if (random.chance(0.08)) codes.push("90471", "90658");
  const lines = [...new Set(codes)].map((code, index) => charge(random, visit, code, index + 1));
  const wrong = lines.at(-1);
  if (wrong && lines.length > 1 && random.chance(0.03)) wrong.StatCd = "V";
  return lines;
}

function charge(random: Random, visit: Visit, code: string, LnNo: number): Row<"CHGMST"> {
  const { encounter } = visit;
  const units = code === "17000" && random.chance(0.4) ? 3 : code === "94640" ? 2 : 1;
  const unit = cents(priceCents(code));
  return row("CHGMST", {
    EncNo: encounter.EncNo,
    LnNo,
    PatNo: encounter.PatNo,
    ProcCd: code,
    ProcDs: procedures.find(({ val }) => val === code)?.long ?? "",
    Mod1: LnNo === 1 && random.chance(0.1) ? "25" : "",
    Units: units.toFixed(1),
    UnitAmt: moneyText(unit),
    ExtAmt: moneyText(unit * units),
    DxPtr: encounter.Dx2 !== "" && random.chance(0.3) ? "1,2" : "1",
    SvcDt: encounter.EncDt,
    ProvID: encounter.ProvID,
    CrtUsr: LnNo === 1 ? encounter.ProvID : "LABIFC",
    CrtDt: encounter.ModDt,
  });
}

const sumOf = (charges: readonly Row<"CHGMST">[]): Amount =>
  charges.reduce((total, { ExtAmt, StatCd }) => total + (StatCd === "V" ? 0 : amountOf(ExtAmt)), 0);

type Payment = {
  readonly visit: Visit;
  readonly type: string;
  /** Received; the ledger keeps it with the sign turned. */
  readonly amount: Amount;
  readonly day: Day;
  readonly by: string;
  readonly claim?: string;
  readonly note?: string;
};

function payment(random: Random, world: World, what: Payment): Row<"PMTTRN"> {
  const posted = wallTime(Math.min(what.day, world.today), random.int(540, 1000));
  const card = what.type === "CP" || what.type === "PP" ? random.chance(0.6) : false;
  return row("PMTTRN", {
    TrnID: 0,
    PatNo: what.visit.encounter.PatNo,
    ClmNo: what.claim ?? "",
    EncNo: what.visit.encounter.EncNo,
    TrnTyp: what.type,
    Amt: moneyText(-what.amount),
    TrnDt: wallTime(Math.min(what.day, world.today)),
    PostDt: posted,
    ChkNo: !card && what.type !== "AD" ? digits(random, 6) : "",
    CCLast4: card ? digits(random, 4) : "",
    BatNo: "",
    PostUsr: what.by,
    Cmt: what.note ?? "",
  });
}

/** Taken at check-in, before anybody knows whether there will be a claim. */
function addCopay(world: World, random: Random, visit: Visit, payments: Row<"PMTTRN">[]): void {
  const copay = amountOf(visit.person.policies[0]?.CopayAmt ?? "0.0000");
  if (copay === 0 || visit.encounter.ApptID === null || visit.encounter.EncTyp !== "AMB" || random.chance(0.2)) return;
  const by = random.pick(world.clinic.desk);
  payments.push(payment(random, world, { visit, type: "CP", amount: copay, day: visit.day, by }));
}

type Bill = {
  readonly visit: Visit;
  readonly charges: readonly Row<"CHGMST">[];
  readonly payments: Row<"PMTTRN">[];
};

function addSelfPay(world: World, random: Random, { visit, charges, payments }: Bill): void {
  if (world.today - visit.day < 20 || random.chance(0.3)) return;
  const total = sumOf(charges);
  const amount = random.chance(0.6) ? total : share(total, random.int(20, 80));
  const day = visit.day + random.int(8, 60);
  if (day <= world.today)
    payments.push(payment(random, world, { visit, type: "PP", amount, day, by: random.pick(world.clinic.billers) }));
}

function settleClaim(
  world: World,
  random: Random,
  bill: Bill & { readonly policy: Row<"PATINS">; readonly number: number },
): void {
  const { visit, policy, charges } = bill;
  const { encounter } = visit;
  const ClmNo = `C${String(bill.number).padStart(9, "0")}`;
  const age = world.today - visit.day;
  const total = sumOf(charges);
  const status = claimStatus(random, age);
  const submitted = status === "RD" || status === "VD" ? undefined : visit.day + random.int(2, 4);
  const answered = ["PD", "CL", "DN"].includes(status) ? visit.day + random.int(12, 24) : undefined;
  const allowed = answered === undefined || status === "DN" ? 0 : share(total, random.int(55, 90));
  const patientPart = allowed === 0 || random.chance(0.35) ? 0 : share(allowed, random.int(5, 20));
  world.tables.CLMHDR.push(
    row("CLMHDR", {
      ClmNo,
      EncNo: encounter.EncNo,
      PatNo: encounter.PatNo,
      PatNm: encounter.PatNm,
      PayCd: policy.PayCd,
      PolNo: policy.PolNo,
      ClmTyp: encounter.EncTyp === "IMP" ? "I" : "P",
      Dx1: encounter.Dx1,
      Dx2: encounter.Dx2,
      Dx3: encounter.Dx3,
      Dx4: encounter.Dx4,
      TotAmt: moneyText(total),
      AlwAmt: moneyText(allowed),
      PtResp: moneyText(patientPart),
      StatCd: status,
      SubDt: submitted === undefined ? null : wallTime(submitted, 18 * 60),
      RspDt: answered === undefined ? null : wallTime(answered, 9 * 60),
      DnyRsn: status === "DN" ? random.pick(["CO16", "CO18", "PR27", "CO97"]) : "",
      EDIBat: submitted === undefined ? "" : `00${shortDay(submitted)}`,
      ModDt: wallTime(answered ?? submitted ?? visit.day, 18 * 60),
    }),
  );
  markCharges(charges, ClmNo, status);
  if (status !== "VD") encounter.BillYN = "Y";
  if (answered !== undefined && allowed > 0) {
    addAnswer(world, random, { ...bill, claim: ClmNo, total, allowed, patientPart, answered, closed: status === "CL" });
  }
}

function claimStatus(random: Random, ageDays: number): string {
  if (ageDays < 5) return "RD";
  if (random.chance(0.02)) return "VD";
  if (ageDays < 12) return "SB";
  if (ageDays < 26) return random.pick(["SB", "AC", "AC"]);
  return random.chance(0.05) ? "DN" : random.chance(0.08) ? "AC" : random.chance(0.35) ? "PD" : "CL";
}

function markCharges(charges: readonly Row<"CHGMST">[], claim: string, status: string): void {
  if (status === "VD") return;
  for (const line of charges) {
    if (line.StatCd === "V") continue;
    line.ClmNo = claim;
    line.StatCd = status === "CL" ? "P" : "B";
  }
}

type Answer = Bill & {
  readonly claim: string;
  readonly total: Amount;
  readonly allowed: Amount;
  readonly patientPart: Amount;
  readonly answered: Day;
  readonly closed: boolean;
};

/** The insurer pays what is allowed less the patient's part, the rest of the charge is written off; a closed claim has the patient's part too. */
function addAnswer(world: World, random: Random, answer: Answer): void {
  const { visit, claim, answered, payments } = answer;
  const by = random.pick(world.clinic.billers);
  const post = (type: string, amount: Amount, day: Day, note = "") => {
    const made = payment(random, world, { visit, type, amount, day, by, claim, note });
    payments.push(made);
    return made;
  };
  const insurance = answer.allowed - answer.patientPart;
  if (random.chance(0.02)) {
    const wrong = post("IP", insurance, answered - 1, "POSTED TO WRONG CLAIM");
    payments.push({
      ...wrong,
      Amt: moneyText(insurance),
      RevOfID: -1,
      PostDt: plusMinutes(wrong.PostDt, 5),
      Cmt: "REVERSAL",
    });
  }
  post("IP", insurance, answered);
  if (answer.total > answer.allowed) post("AD", answer.total - answer.allowed, answered, "Contractual adjustment");
  if (!answer.closed || answer.patientPart === 0) return;
  post("PP", answer.patientPart, answered + 2);
  if (random.chance(0.01)) post("RF", -cents(500), answered + 4, "Overpayment – refund");
}

/** TrnID follows posting time; a reversal (RevOfID -1 so far) names the payment posted five minutes before it. */
function numberPayments(world: World, random: Random, payments: Row<"PMTTRN">[]): void {
  payments.sort((a, b) => (a.PostDt < b.PostDt ? -1 : a.PostDt > b.PostDt ? 1 : 0));
  for (const [index, entry] of payments.entries()) {
    entry.TrnID = index + 1;
    entry.BatNo = `${entry.PostDt.slice(2, 4)}${entry.PostDt.slice(5, 7)}${entry.PostDt.slice(8, 10)}0${random.int(1, 2)}`;
  }
  for (const entry of payments) {
    if (entry.RevOfID !== -1) continue;
    const origin = payments.find(
      (other) => other.ClmNo === entry.ClmNo && other.Cmt === "POSTED TO WRONG CLAIM" && other.TrnID < entry.TrnID,
    );
    entry.RevOfID = origin?.TrnID ?? null;
  }
  world.tables.PMTTRN.push(...payments);
}
