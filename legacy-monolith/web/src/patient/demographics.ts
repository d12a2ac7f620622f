/** The demographics boxes that PatEdit and PatNew share: which there are, how they are read and checked. */

import {
  checkBox,
  codeList,
  details,
  dropDown,
  type Html,
  type PageContext,
  p,
  parseUsDate,
  type Sql,
  type SqlParameters,
  textBox,
  usDate,
} from "../kit/index.ts";

type TextColumn = { readonly column: string; readonly label: string; readonly length: number; readonly char?: true };

/** Text columns in screen order. `char` columns are padded by the server. */
const textColumns: readonly TextColumn[] = [
  { column: "LName", label: "Last name", length: 30 },
  { column: "FName", label: "First name", length: 20 },
  { column: "MI", label: "MI", length: 1, char: true },
  { column: "Suffix", label: "Suffix", length: 4, char: true },
  { column: "MaidNm", label: "Maiden name", length: 30 },
  { column: "SSN", label: "SSN", length: 9, char: true },
  { column: "Addr1", label: "Address", length: 40 },
  { column: "Addr2", label: "", length: 40 },
  { column: "City", label: "City", length: 25 },
  { column: "StCd", label: "State", length: 2, char: true },
  { column: "Zip", label: "Zip", length: 9, char: true },
  { column: "HmPhone", label: "Home phone", length: 10, char: true },
  { column: "WkPhone", label: "Work phone", length: 10, char: true },
  { column: "CellPh", label: "Cell phone", length: 10, char: true },
  { column: "Email", label: "E-mail", length: 60 },
  { column: "NoteTx", label: "Note", length: 255 },
];

const codeColumns = [
  { column: "Sex", label: "Sex", codeTyp: "SEX", length: 1, fallback: "U" },
  { column: "MarCd", label: "Marital status", codeTyp: "MARITL", length: 1, fallback: "U" },
  { column: "RaceCd", label: "Race", codeTyp: "RACE", length: 2, fallback: "UN" },
  { column: "EthCd", label: "Ethnicity", codeTyp: "ETHN", length: 1, fallback: "U" },
  { column: "LangCd", label: "Language", codeTyp: "LANG", length: 2, fallback: "EN" },
] as const;

/** Columns kept in upper case, as the 1999 screens forced it. */
const upperCase = new Set(["LName", "FName", "MI", "Suffix", "MaidNm", "Addr1", "Addr2", "City", "StCd"]);
const digitsOnly = new Set(["SSN", "Zip", "HmPhone", "WkPhone", "CellPh"]);

/** Box values by column; DOB as `MM/DD/YYYY`, flags as Y or N. */
export type Demographics = Readonly<Record<string, string>>;

export const demographicColumns: readonly string[] = [
  ...textColumns.map(({ column }) => column),
  "DOB",
  ...codeColumns.map(({ column }) => column),
  "PCPID",
  "HomeLoc",
  "VIPYN",
  "RstrYN",
];

export const emptyDemographics = (site: string): Demographics => ({
  ...Object.fromEntries(codeColumns.map(({ column, fallback }) => [column, fallback])),
  HomeLoc: site,
});

/** A row of PATMST as box values. */
export function fromRow(row: Readonly<Record<string, unknown>>): Demographics {
  return Object.fromEntries(
    demographicColumns.map((column) => {
      const value = row[column];
      return [column, value instanceof Date ? usDate(value) : typeof value === "string" ? value.trimEnd() : ""];
    }),
  );
}

/** Posted boxes, normalised: upper case, digits only, cut to the column. */
export function fromPost(ctx: PageContext): Demographics {
  const values: Record<string, string> = {};
  for (const { column, length } of textColumns) {
    let value = ctx.field(`txt${column}`).trim();
    if (upperCase.has(column)) value = value.toUpperCase();
    if (digitsOnly.has(column)) value = value.replaceAll(/\D/g, "");
    values[column] = value.slice(0, length);
  }
  for (const { column, length, fallback } of codeColumns) {
    values[column] = ctx.field(`ddl${column}`).trim().slice(0, length) || fallback;
  }
  values["DOB"] = ctx.field("txtDOB").trim();
  values["PCPID"] = ctx.field("ddlPCPID").trim().slice(0, 8);
  values["HomeLoc"] = ctx.field("ddlHomeLoc").trim().slice(0, 4) || ctx.user.locCd;
  values["VIPYN"] = ctx.hasField("chkVIPYN") ? "Y" : "N";
  values["RstrYN"] = ctx.hasField("chkRstrYN") ? "Y" : "N";
  return values;
}

/** What is wrong with the boxes; empty when nothing is. */
export function demographicErrors(values: Demographics, today: Date): string {
  const errors: string[] = [];
  if (!values["LName"]) errors.push("Last name is required.");
  if (!values["FName"]) errors.push("First name is required.");
  const born = parseUsDate(values["DOB"] ?? "");
  if (!born) errors.push("Date of birth must be MM/DD/YYYY.");
  else if (born.getTime() > today.getTime()) errors.push("Date of birth is in the future.");
  if (values["SSN"] && values["SSN"].length !== 9) errors.push("SSN must have 9 digits.");
  return errors.join(" ");
}

/** Parameters named like the columns. Call after `demographicErrors` found none. */
export function demographicParameters(values: Demographics): SqlParameters {
  const parameters: Record<string, SqlParameters[string]> = {};
  for (const { column, length, char } of textColumns) {
    const value = values[column] ?? "";
    parameters[column] = char ? p.char(length, value) : p.varchar(length, value);
  }
  for (const { column, length, fallback } of codeColumns) {
    parameters[column] = p.char(length, values[column] ?? fallback);
  }
  parameters["DOB"] = p.datetime(parseUsDate(values["DOB"] ?? "") ?? null);
  parameters["PCPID"] = p.char(8, values["PCPID"] ?? "");
  parameters["HomeLoc"] = p.char(4, values["HomeLoc"] ?? "MAIN");
  parameters["VIPYN"] = p.char(1, values["VIPYN"] ?? "N");
  parameters["RstrYN"] = p.char(1, values["RstrYN"] ?? "N");
  return parameters;
}

export async function demographicBoxes(sql: Sql, values: Demographics): Promise<Html> {
  const texts = textColumns.map(({ column, label, length }): [string, Html] => [
    label,
    textBox(`txt${column}`, values[column] ?? "", { maxLength: length, size: Math.min(length + 2, 45) }),
  ]);
  texts.splice(5, 0, ["DOB", textBox("txtDOB", values["DOB"] ?? "", { maxLength: 10, size: 11 })]);
  const codes: [string, Html][] = [];
  for (const { column, label, codeTyp } of codeColumns) {
    const options = (await codeList(sql, codeTyp)).map((code) => ({ value: code.CodeVal, text: code.ShortDs }));
    codes.push([label, dropDown(`ddl${column}`, withCurrent(options, values[column] ?? ""), values[column] ?? "")]);
  }
  const providers = await sql.query<{ UsrID: string; UsrNm: string }>(
    "SELECT UsrID, UsrNm FROM USRMST WHERE ProvYN = 'Y' AND ActvYN = 'Y' ORDER BY UsrNm, UsrID",
  );
  const sites = await sql.query<{ LocCd: string; LocNm: string }>(
    "SELECT LocCd, LocNm FROM CLINLOC WHERE ActvYN = 'Y' ORDER BY LocNm, LocCd",
  );
  const provider = providers.map((row) => ({ value: row.UsrID, text: row.UsrNm }));
  const site = sites.map((row) => ({ value: row.LocCd, text: row.LocNm }));
  return details([
    ...texts,
    ...codes,
    ["PCP", dropDown("ddlPCPID", withCurrent(provider, values["PCPID"] ?? ""), values["PCPID"] ?? "", "(none)")],
    ["Home site", dropDown("ddlHomeLoc", withCurrent(site, values["HomeLoc"] ?? ""), values["HomeLoc"] ?? "")],
    ["", checkBox("chkVIPYN", values["VIPYN"] === "Y", "VIP")],
    ["", checkBox("chkRstrYN", values["RstrYN"] === "Y", "Restricted record (break-glass)")],
  ]);
}

/** A stored value that is no longer on the list stays choosable, or saving would change it unasked. */
function withCurrent(
  options: readonly { value: string; text: string }[],
  current: string,
): readonly { value: string; text: string }[] {
  return current === "" || options.some((option) => option.value === current)
    ? options
    : [...options, { value: current, text: current }];
}
