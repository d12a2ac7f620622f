/** The posted prescription, read and checked. */

import type { Code, PageContext } from "../kit/index.ts";

export type PrescriptionForm = {
  readonly strength: string;
  readonly sig: string;
  readonly quantity: string;
  readonly refills: number;
  readonly daw: boolean;
  /** "" when the prescription is printed. */
  readonly phrmCd: string;
  /** " " or "2" to "5". */
  readonly ctrlCl: string;
};

export type PrescriptionRead =
  | { readonly ok: true; readonly form: PrescriptionForm }
  | { readonly ok: false; readonly error: string };

/** Refills one prescription may carry: a year of months. */
const refillsMax = 11;
/** Refills of a schedule III to V substance: five within six months (21 CFR 1306.22). Schedule II has none (1306.12). */
const controlledRefillsMax = 5;

/** DEA schedule of a drug code as RXMST.CtrlCl: " " when it is not controlled. Flag1 says whether, NumVal which. */
export function controlledClass(drug: Pick<Code, "Flag1" | "NumVal">): string {
  if (drug.Flag1 !== "Y") return " ";
  return drug.NumVal !== null && drug.NumVal >= 2 && drug.NumVal <= 5 ? String(drug.NumVal) : "2";
}

/** Name as it is copied into RXMST.DrugNm. */
export function drugName(drug: Pick<Code, "ShortDs" | "LongDs">): string {
  return (drug.LongDs || drug.ShortDs).slice(0, 100);
}

export function readPrescription(ctx: Pick<PageContext, "field" | "hasField">, drug: Code): PrescriptionRead {
  const refuse = (error: string): PrescriptionRead => ({ ok: false, error });
  const sig = ctx.field("txtSig").trim();
  const quantity = ctx.field("txtQty").trim();
  const refillText = ctx.field("txtRef").trim() || "0";
  if (sig === "") return refuse("Sig is required.");
  if (sig.length > 140) return refuse("Sig is longer than 140 characters.");
  if (quantity === "") return refuse("Quantity is required.");
  if (quantity.length > 10) return refuse("Quantity is longer than 10 characters.");
  if (!/^\d{1,2}$/.test(refillText)) return refuse("Refills must be a number.");
  const refills = Number(refillText);
  if (refills > refillsMax) return refuse(`No more than ${refillsMax} refills.`);
  const ctrlCl = controlledClass(drug);
  if (ctrlCl === "2" && refills > 0) return refuse("A schedule II substance has no refills.");
  if (ctrlCl !== " " && refills > controlledRefillsMax) {
    return refuse(`A controlled substance has no more than ${controlledRefillsMax} refills.`);
  }
  const strength = ctx.field("txtStr").trim().slice(0, 20);
  const phrmCd = ctx.field("ddlPhrm").trim().slice(0, 7);
  return { ok: true, form: { strength, sig, quantity, refills, daw: ctx.hasField("chkDAW"), phrmCd, ctrlCl } };
}
