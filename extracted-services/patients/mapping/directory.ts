/** Copies of the shared tables: who works here (without password hash, DEA number and log-in history), where, and the code lists. */

import { columns, defineTable } from "@banyan/service-kit/mapping";
import { staffRoles } from "./codes.ts";

const { bit, code, flag, int, keyText, text } = columns;

export const staffTable = defineTable({
  legacyTable: "USRMST",
  legacyKey: ["UsrID"],
  target: "staff",
  ownership: "reference",
  lanes: (row) => [`staff:${String(row["UsrID"]).trimEnd()}`],
  columns: {
    UsrID: keyText("staff_id", "char(8)"),
    UsrNm: text("name", "varchar(40)"),
    RoleCd: code("role", "char(4)", staffRoles),
    ProvYN: flag("provider"),
    NPI: text("npi", "char(10)"),
    SpecCd: text("specialty", "char(4)"),
    LocCd: text("site", "char(4)"),
    ActvYN: flag("active"),
  },
});

export const siteTable = defineTable({
  legacyTable: "CLINLOC",
  legacyKey: ["LocCd"],
  target: "site",
  ownership: "reference",
  lanes: (row) => [`site:${String(row["LocCd"]).trimEnd()}`],
  columns: {
    LocCd: keyText("site_code", "char(4)"),
    LocNm: text("name", "varchar(50)"),
    Addr1: text("address_line", "varchar(40)"),
    City: text("city", "varchar(25)"),
    StCd: text("state", "char(2)"),
    Zip: text("postal_code", "char(9)"),
    Phone: text("phone", "char(10)"),
    ActvYN: flag("active"),
  },
});

export const codeTable = defineTable({
  legacyTable: "CODETBL",
  legacyKey: ["CodeTyp", "CodeVal"],
  target: "code",
  ownership: "reference",
  lanes: (row) => [`code:${String(row["CodeTyp"]).trimEnd()}`],
  columns: {
    CodeTyp: keyText("code_set", "char(6)"),
    CodeVal: keyText("code", "char(18)"),
    ShortDs: text("short_text", "varchar(30)"),
    LongDs: text("long_text", "varchar(120)"),
    SortOrd: int("sort_order", { type: "smallint" }),
    ActvYN: flag("active"),
  },
});

/** Who may act for whom in the portal; names, passwords and questions stay there. */
export const portalAccountTable = defineTable({
  legacyTable: "PORTAL_USER",
  legacyKey: ["PortalUserId"],
  target: "portal_account",
  ownership: "reference",
  lanes: (row) => [`patient:${String(row["PatNo"])}`],
  columns: {
    PortalUserId: int("account_no"),
    PatNo: int("patient_no"),
    ProxyForPatNo: int("proxy_for_no", { nullable: true }),
    IsActive: bit("active"),
  },
});
