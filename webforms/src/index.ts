/** The wire forms of the old web application, shared by the monolith and by the services that take its pages over. */

export { bytes, csv1252, escapeXml, redirect, text, xml1252 } from "./answers.ts";
export {
  type Application,
  type Crash,
  createApplication,
  type Host,
  noAccess,
  type Refusal,
  type Visit,
  type Visitor,
} from "./application.ts";
export { asStored } from "./code-page.ts";
export { jsonError } from "./asmx-json.ts";
export { type AsmxArguments, type AsmxMethod, type AsmxService, WebMethodError } from "./asmx-service.ts";
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
export {
  contextCookie,
  parseCookies,
  portalCookie,
  serializeCookie,
  sessionCookie,
  ticketCookie,
} from "./cookies.ts";
export {
  breakGlass,
  type OpenablePatient,
  type OpenPatient,
  openPatient,
  type OpenPatientOptions,
} from "./current-patient.ts";
export { FormatFailure, toInt32, toMoney } from "./format-failure.ts";
export { type Html, html, raw, urlEncode } from "./html.ts";
export { announcedBodyBytesMax, bodyBytesMax } from "./limits.ts";
export { deriveKey, feedKeys, sameSecret } from "./machine-key.ts";
export { dollars } from "./money.ts";
export {
  type Access,
  type Answer,
  type ModuleName,
  type Page,
  type PageContext,
  type PageFace,
  type PatientBanner,
  type PortalIdentity,
  type Role,
  type SessionValues,
  type StaffUser,
} from "./page.ts";
export { type ContextControl, extendContext } from "./page-context.ts";
export { sendAnswer } from "./send-answer.ts";
export { createViewStates, type ViewStates } from "./view-state.ts";
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
export { crashPage, iisPage, tooLongPage } from "./yellow-page.ts";
