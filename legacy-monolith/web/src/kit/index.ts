/** The kit: everything a module of the old application needs. Modules import from here and from nowhere deeper. */

export { bytes, csv1252, escapeXml, redirect, text, xml1252 } from "./answers.ts";
export {
  type AsmxArguments,
  type AsmxService,
  WebMethodError,
} from "./asmx-service.ts";
export { audit } from "./audit.ts";
export { type Code, codeList, findCode } from "./codes.ts";
export {
  button,
  checkBox,
  details,
  dropDown,
  eventTarget,
  grid,
  hidden,
  link,
  type Option,
  panel,
  postBackLink,
  textArea,
  textBox,
} from "./controls.ts";
export { openPatient, type PatientHeader } from "./current-patient.ts";
export {
  type Database,
  dollars,
  moneyText,
  p,
  type Sql,
  SqlFailure,
  type SqlParameters,
} from "./database.ts";
export { FormatFailure, toInt32, toMoney } from "./format-failure.ts";
export { type Html, html, raw, urlEncode } from "./html.ts";
export { sameSecret } from "./machine-key.ts";
export {
  type Answer,
  type Page,
  type PageContext,
  type Role,
  type StaffUser,
} from "./page.ts";
export { nextSeq } from "./sequence.ts";
export type { Session } from "./session-store.ts";
export {
  addDays,
  addMinutes,
  ageYears,
  atTime,
  compactDate,
  hhmm,
  noEndDate,
  parseTime,
  parseUsDate,
  usDate,
  usDateTime,
  usTime,
  wallMidnight,
  wallToInstant,
} from "./wall-time.ts";
