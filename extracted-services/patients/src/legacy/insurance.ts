/** The primary insurance boxes of PatEdit and PatNew. */

import { details, dropDown, type Html, parseUsDate, textBox, toMoney, usDate } from "@banyan/service-kit/legacy";
import { coverageTable } from "../../mapping/coverage.ts";
import type { Coverage, PrimaryPolicy } from "../domain/coverage.ts";
import type { FormLists } from "../store/directory.ts";
import type { PatientsContext } from "./context.ts";
import { fromLegacyTerms, inLegacyTerms } from "./terms.ts";

export const payerCodeSet = "PAYER";

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

/** The primary policy in force, as box values. @param today wall date */
export function primaryInsurance(policies: readonly Coverage[], today: Date): Insurance {
  for (const policy of policies) {
    const { text, date } = inLegacyTerms(coverageTable, policy);
    const [begins, ends] = [date("EffDt"), date("TermDt")];
    if (policy.rank !== 1 || !begins || !ends || begins > today || ends < today) continue;
    return {
      PayCd: text("PayCd"),
      PlanNm: text("PlanNm"),
      PolNo: text("PolNo"),
      GrpNo: text("GrpNo"),
      SubNm: text("SubNm"),
      RelCd: text("RelCd"),
      // `20.0000` → `20.00`.
      CopayAmt: text("CopayAmt").replace(/00$/, ""),
      EffDt: usDate(begins),
    };
  }
  return noInsurance;
}

export function insuranceFromPost(ctx: PatientsContext): Insurance {
  return {
    PayCd: ctx.field("ddlPayCd").trim(),
    PlanNm: ctx.field("txtPlanNm").trim().slice(0, 30),
    PolNo: ctx.field("txtPolNo").trim().slice(0, 20),
    GrpNo: ctx.field("txtGrpNo").trim().slice(0, 15),
    SubNm: ctx.field("txtSubNm").trim().toUpperCase().slice(0, 40),
    RelCd: ctx.field("ddlRelCd").trim().slice(0, 1) || "S",
    CopayAmt: toMoney("txtCopayAmt", ctx.field("txtCopayAmt")),
    EffDt: ctx.field("txtEffDt").trim() || usDate(ctx.now()),
  };
}

export function insuranceErrors(insurance: Insurance): string {
  if (insurance.PayCd === "") return "";
  if (insurance.PolNo === "") return "Policy number is required.";
  return parseUsDate(insurance.EffDt) ? "" : "Insurance effective date must be MM/DD/YYYY.";
}

/** The boxes as a policy; undefined when no payer is chosen, which leaves the policies alone. */
export function policyFrom(insurance: Insurance): PrimaryPolicy | undefined {
  const effective = parseUsDate(insurance.EffDt);
  if (insurance.PayCd === "" || !effective) return undefined;
  const { EffDt: _day, CopayAmt: copay, ...texts } = insurance;
  const row = fromLegacyTerms(coverageTable, coverageTable.toLegacy({}), { ...texts, EffDt: effective });
  const told = row as unknown as PrimaryPolicy;
  return {
    effective_on: told.effective_on,
    payer_code: told.payer_code,
    plan_name: told.plan_name,
    policy_no: told.policy_no,
    group_no: told.group_no,
    subscriber_name: told.subscriber_name,
    relationship: told.relationship,
    copay,
  };
}

const relations = [
  { value: "S", text: "Self" },
  { value: "P", text: "Spouse" },
  { value: "C", text: "Child" },
  { value: "O", text: "Other" },
];

export function insuranceBoxes(lists: FormLists, insurance: Insurance): Html {
  const payers = lists.codes.get(payerCodeSet) ?? [];
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
