/**
 * What the legacy codes of a patient mean. Race and ethnicity are the codes of the CDC set that OMB's categories come from
 * (urn:oid:2.16.840.1.113883.6.238); the rest are words of this domain.
 */

export const sexes = { F: "female", M: "male", O: "other", U: "unknown" } as const;

export const maritalStatuses = {
  S: "single",
  M: "married",
  D: "divorced",
  W: "widowed",
  P: "separated",
  U: "unknown",
} as const;

export const races = {
  WH: "2106-3",
  BL: "2054-5",
  AS: "2028-9",
  AI: "1002-5",
  PI: "2076-8",
  OT: "2131-1",
  UN: "unknown",
} as const;

export const ethnicities = { H: "2135-2", N: "2186-5", U: "unknown" } as const;

/** Of the insured person to the subscriber. */
export const relationships = { S: "self", P: "spouse", C: "child", O: "other" } as const;

export const listKinds = { A: "allergy", P: "problem", I: "immunization" } as const;
export const listStatuses = { A: "active", I: "inactive", R: "resolved", E: "entered-in-error" } as const;
export const severities = { M: "mild", O: "moderate", S: "severe" } as const;

export const prescriptionStatuses = {
  A: "active",
  D: "discontinued",
  C: "completed",
  H: "on-hold",
  E: "entered-in-error",
} as const;

export const labOrderStatuses = {
  OR: "ordered",
  SN: "sent",
  PR: "preliminary",
  FI: "final",
  CO: "corrected",
  CX: "cancelled",
} as const;

export const abnormalFlags = {
  N: "normal",
  H: "high",
  L: "low",
  HH: "critically-high",
  LL: "critically-low",
  A: "abnormal",
} as const;

export const encounterClasses = {
  AMB: "ambulatory",
  EMER: "emergency",
  IMP: "inpatient",
  TELE: "virtual",
} as const;
export const encounterStatuses = { O: "open", C: "closed", X: "void" } as const;

export const appointmentStatuses = {
  SC: "scheduled",
  CF: "confirmed",
  CI: "checked-in",
  RM: "in-room",
  CO: "completed",
  NS: "no-show",
  CX: "cancelled",
} as const;

export const staffRoles = {
  FDSK: "front-desk",
  NURS: "nurse",
  PHYS: "physician",
  LABT: "laboratory",
  BILL: "billing",
  RPTS: "reports",
  ADMN: "administrator",
} as const;
