/** The kit: everything a module of the old application needs. Modules import from here and from nowhere deeper. */

import type { AsmxService as AnyAsmxService } from "@banyan/webforms";
import type { PageContext } from "./page.ts";

export {
  addDays,
  addMinutes,
  ageYears,
  type Answer,
  type AsmxArguments,
  atTime,
  button,
  bytes,
  checkBox,
  compactDate,
  csv1252,
  details,
  dollars,
  dropDown,
  escapeXml,
  eventTarget,
  FormatFailure,
  grid,
  hhmm,
  hidden,
  type Html,
  html,
  link,
  noEndDate,
  type Option,
  panel,
  parseTime,
  parseUsDate,
  postBackLink,
  raw,
  redirect,
  type Role,
  sameSecret,
  type StaffUser,
  text,
  textArea,
  textBox,
  toInt32,
  toMoney,
  urlEncode,
  usDate,
  usDateTime,
  usTime,
  wallMidnight,
  wallToInstant,
  WebMethodError,
  xml1252,
} from "@banyan/webforms";
export { audit } from "./audit.ts";
export { type Code, codeList, findCode } from "./codes.ts";
export { openPatient, type PatientHeader } from "./current-patient.ts";
export {
  type Database,
  moneyText,
  p,
  type Sql,
  SqlFailure,
  type SqlParameters,
} from "./database.ts";
export type { Page, PageContext } from "./page.ts";
export { nextSeq } from "./sequence.ts";
export type { Session } from "./session-store.ts";
export type AsmxService = AnyAsmxService<PageContext>;
