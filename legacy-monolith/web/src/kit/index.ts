/** The kit: everything a module of the old application needs. Modules import from here and from nowhere deeper. */

export { bytes, csv1252, escapeXml, redirect, text, xml1252 } from "./answers.ts";
export {
  type AsmxArguments,
  type AsmxCall,
  type AsmxMethod,
  type AsmxService,
  type ResultKind,
  WebMethodError,
} from "./asmx-service.ts";
export { type AuditEntry, audit } from "./audit.ts";
export { type Code, codeList, findCode } from "./codes.ts";
export {
  button,
  checkBox,
  controlId,
  controlName,
  details,
  dropDown,
  eventTarget,
  type GridColumn,
  grid,
  hidden,
  link,
  type Option,
  panel,
  postBackLink,
  textArea,
  textBox,
} from "./controls.ts";
export { type OpenPatient, openPatient, type PatientHeader } from "./current-patient.ts";
export {
  type Database,
  dollars,
  moneyText,
  p,
  type Sql,
  SqlFailure,
  type SqlParameter,
  type SqlParameters,
} from "./database.ts";
export { FormatFailure, toInt32, toMoney } from "./format-failure.ts";
export { escapeHtml, type Html, html, raw, urlEncode } from "./html.ts";
export { sameSecret } from "./machine-key.ts";
export {
  type Access,
  type Answer,
  type FormOptions,
  type Handler,
  type ModuleName,
  type Page,
  type PageContent,
  type PageContext,
  type PageKind,
  type Role,
  roles,
  type StaffUser,
} from "./page.ts";
export { nextSeq } from "./sequence.ts";
export type { PortalIdentity, Session } from "./session-store.ts";
export {
  addDays,
  addMinutes,
  ageYears,
  atTime,
  compactDate,
  hhmm,
  isSentinel,
  noEndDate,
  noStartDate,
  parseTime,
  parseUsDate,
  toWall,
  usDate,
  usDateTime,
  usTime,
  wallMidnight,
  wallToInstant,
} from "./wall-time.ts";
