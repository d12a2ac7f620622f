/**
 * The demographics boxes that PatEdit and PatNew share: which there are, how they are read and checked, and what they mean in
 * the domain.
 */

import { checkBox, details, dropDown, type Html, parseUsDate, textBox, usDate } from "@banyan/service-kit/legacy";
import type { LegacyRow } from "@banyan/service-kit/mapping";
import { patientTable } from "../../mapping/patient.ts";
import type { Patient, PatientDetails } from "../domain/patient.ts";
import type { Choice, FormLists } from "../store/directory.ts";
import type { PatientsContext } from "./context.ts";
import { fromLegacyTerms, inLegacyTerms, type Typed } from "./terms.ts";

type TextColumn = { readonly column: string; readonly label: string; readonly length: number };

/** Text columns in screen order. */
const textColumns: readonly TextColumn[] = [
  { column: "LName", label: "Last name", length: 30 },
  { column: "FName", label: "First name", length: 20 },
  { column: "MI", label: "MI", length: 1 },
  { column: "Suffix", label: "Suffix", length: 4 },
  { column: "MaidNm", label: "Maiden name", length: 30 },
  { column: "SSN", label: "SSN", length: 9 },
  { column: "Addr1", label: "Address", length: 40 },
  { column: "Addr2", label: "", length: 40 },
  { column: "City", label: "City", length: 25 },
  { column: "StCd", label: "State", length: 2 },
  { column: "Zip", label: "Zip", length: 9 },
  { column: "HmPhone", label: "Home phone", length: 10 },
  { column: "WkPhone", label: "Work phone", length: 10 },
  { column: "CellPh", label: "Cell phone", length: 10 },
  { column: "Email", label: "E-mail", length: 60 },
  { column: "NoteTx", label: "Note", length: 255 },
];

const codeColumns = [
  { column: "Sex", label: "Sex", codeSet: "SEX", length: 1, fallback: "U" },
  { column: "MarCd", label: "Marital status", codeSet: "MARITL", length: 1, fallback: "U" },
  { column: "RaceCd", label: "Race", codeSet: "RACE", length: 2, fallback: "UN" },
  { column: "EthCd", label: "Ethnicity", codeSet: "ETHN", length: 1, fallback: "U" },
  { column: "LangCd", label: "Language", codeSet: "LANG", length: 2, fallback: "EN" },
] as const;

/** Code sets of the boxes below. */
export const demographicCodeSets: readonly string[] = codeColumns.map(({ codeSet }) => codeSet);

/** Columns kept in upper case, as the 1999 screens forced it. */
const upperCase = new Set(["LName", "FName", "MI", "Suffix", "MaidNm", "Addr1", "Addr2", "City", "StCd"]);
const digitsOnly = new Set(["SSN", "Zip", "HmPhone", "WkPhone", "CellPh"]);

/** Box values by column; DOB as `MM/DD/YYYY`, flags as Y or N. */
export type Demographics = Readonly<Record<string, string>>;

export const emptyDemographics = (site: string): Demographics => ({
  ...Object.fromEntries(codeColumns.map(({ column, fallback }) => [column, fallback])),
  HomeLoc: site,
});

/** A record as box values. */
export function boxValues(patient: Patient): Demographics {
  const { text, date } = inLegacyTerms(patientTable, patient);
  const columns = [...textColumns, ...codeColumns].map(({ column }) => column);
  return {
    ...Object.fromEntries(
      [...columns, "PCPID", "HomeLoc", "VIPYN", "RstrYN"].map((name) => [name, text(name).trimEnd()]),
    ),
    DOB: usDate(date("DOB")),
  };
}

/** Posted boxes, normalised: upper case, digits only, cut to the column. */
export function fromPost(ctx: PatientsContext): Demographics {
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

/** The boxes as a record of the domain. Call after `demographicErrors` found none. @param base what no box tells */
export function recordFrom(values: Demographics, base: LegacyRow): Partial<PatientDetails> {
  const typed: Record<string, Typed> = { ...values, DOB: parseUsDate(values["DOB"] ?? "") ?? null };
  return fromLegacyTerms(patientTable, base, typed);
}

export function demographicBoxes(lists: FormLists, values: Demographics): Html {
  const texts = textColumns.map(({ column, label, length }): [string, Html] => [
    label,
    textBox(`txt${column}`, values[column] ?? "", { maxLength: length, size: Math.min(length + 2, 45) }),
  ]);
  texts.splice(5, 0, ["DOB", textBox("txtDOB", values["DOB"] ?? "", { maxLength: 10, size: 11 })]);
  const codes = codeColumns.map(({ column, label, codeSet }): [string, Html] => {
    const value = values[column] ?? "";
    return [label, dropDown(`ddl${column}`, withCurrent(lists.codes.get(codeSet) ?? [], value), value)];
  });
  const provider = values["PCPID"] ?? "";
  const site = values["HomeLoc"] ?? "";
  return details([
    ...texts,
    ...codes,
    ["PCP", dropDown("ddlPCPID", withCurrent(lists.providers, provider), provider, "(none)")],
    ["Home site", dropDown("ddlHomeLoc", withCurrent(lists.sites, site), site)],
    ["", checkBox("chkVIPYN", values["VIPYN"] === "Y", "VIP")],
    ["", checkBox("chkRstrYN", values["RstrYN"] === "Y", "Restricted record (break-glass)")],
  ]);
}

/** A stored value that is no longer on the list stays choosable, or saving would change it unasked. */
function withCurrent(options: readonly Choice[], current: string): readonly Choice[] {
  return current === "" || options.some((option) => option.value === current)
    ? options
    : [...options, { value: current, text: current }];
}
