/**
 * PATMST, the one table this service owns. Balance and last visit are kept by triggers of billing and scheduling and stay
 * theirs; the portal writes e-mail, cell phone and its own flag, so the newer value counts there. Everything else that both
 * sides changed is for a person to decide.
 */

import { columns, defineTable } from "@banyan/service-kit/mapping";
import { ethnicities, maritalStatuses, races, sexes } from "./codes.ts";

const { bytes, code, day, flag, instant, int, mapped, money, text } = columns;

/** Two letters are an ISO 639-1 code, in upper case on the legacy side. */
const language = {
  read: (value: string) => (/^[A-Z]{2}$/.test(value) ? value.toLowerCase() : `local:${value}`),
  write: (value: string) => (/^[a-z]{2}$/.test(value) ? value.toUpperCase() : value.replace(/^local:/, "")),
};

export const patientTable = defineTable({
  legacyTable: "PATMST",
  legacyKey: ["PatNo"],
  target: "patient",
  ownership: "owned",
  lanes: (row) => [`patient:${String(row["PatNo"])}`],
  columns: {
    PatNo: int("patient_no", { issued: true }),
    MRN: text("mrn", "char(10)"),
    LName: text("family_name", "varchar(30)"),
    FName: text("given_name", "varchar(20)"),
    MI: text("middle_initial", "char(1)"),
    Suffix: text("name_suffix", "char(4)"),
    MaidNm: text("maiden_name", "varchar(30)"),
    DOB: day("birth_date"),
    Sex: code("sex", "char(1)", sexes),
    SSN: text("ssn", "char(9)"),
    MarCd: code("marital_status", "char(1)", maritalStatuses),
    RaceCd: code("race", "char(2)", races),
    EthCd: code("ethnicity", "char(1)", ethnicities),
    LangCd: mapped("language", "char(2)", language),
    Addr1: text("address_line", "varchar(40)"),
    Addr2: text("address_line_2", "varchar(40)"),
    City: text("city", "varchar(25)"),
    StCd: text("state", "char(2)"),
    Zip: text("postal_code", "char(9)"),
    HmPhone: text("home_phone", "char(10)"),
    WkPhone: text("work_phone", "char(10)"),
    CellPh: text("mobile_phone", "char(10)", { conflict: "newer" }),
    Email: text("email", "varchar(60)", { conflict: "newer" }),
    GuarPat: int("guarantor_no", { nullable: true }),
    PCPID: text("primary_provider_id", "char(8)"),
    HomeLoc: text("home_site", "char(4)"),
    DeathDt: day("died_on", { absent: "end" }),
    VIPYN: flag("vip"),
    RstrYN: flag("restricted"),
    HIPAADt: day("privacy_notice_on", { absent: "start", conflict: "newer" }),
    PortYN: flag("portal_enabled", { conflict: "newer" }),
    AcctBal: money("account_balance", { conflict: "legacy" }),
    LastVst: day("last_visit_on", { conflict: "legacy" }),
    PhotoImg: bytes("photo", "image", { conflict: "newer" }),
    NoteTx: text("note", "varchar(255)"),
    MrgToPat: int("merged_into_no", { nullable: true, conflict: "legacy" }),
    DelYN: flag("deleted"),
    CrtUsr: text("created_by", "char(8)"),
    CrtDt: instant("created_at"),
    ModUsr: text("modified_by", "char(8)", { conflict: "newer" }),
    ModDt: instant("modified_at", { conflict: "newer" }),
    RowVer: bytes("legacy_version", "rowversion", { issued: true }),
  },
});
