/**
 * PATINS. The table is billing's, but registration and the edit page write it, so it is two-way. What only billing changes
 * (ending a policy, verifying it, deleting it) stays billing's in a conflict.
 */

import { columns, defineTable } from "@banyan/service-kit/mapping";
import { relationships } from "./codes.ts";

const { code, day, dayAndTime, flag, int, money, text } = columns;

export const coverageTable = defineTable({
  legacyTable: "PATINS",
  legacyKey: ["PatNo", "InsSeq", "EffDt"],
  target: "coverage",
  ownership: "owned",
  lanes: (row) => [`patient:${String(row["PatNo"])}`],
  columns: {
    PatNo: int("patient_no"),
    InsSeq: int("rank", { type: "tinyint" }),
    EffDt: dayAndTime({ day: "effective_on", time: "effective_time" }),
    TermDt: day("terminates_on", { absent: "end", conflict: "legacy" }),
    PayCd: text("payer_code", "char(6)"),
    PlanNm: text("plan_name", "varchar(30)"),
    PolNo: text("policy_no", "varchar(20)"),
    GrpNo: text("group_no", "varchar(15)"),
    SubNm: text("subscriber_name", "varchar(40)"),
    SubDOB: day("subscriber_birth_date", { conflict: "legacy" }),
    RelCd: code("relationship", "char(1)", relationships),
    CopayAmt: money("copay"),
    VerDt: day("verified_on", { conflict: "legacy" }),
    DelYN: flag("deleted", { conflict: "legacy" }),
  },
});
