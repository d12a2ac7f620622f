/**
 * Laboratory panels and the tests in them. A panel is orderable (Flag1 Y) and its NumVal is the CPT code it is charged
 * under; a test is not orderable. Reference ranges are those of adults; units follow US practice.
 */

import type { Code } from "./code.ts";

export type LabTest = {
  readonly code: string;
  readonly text: string;
  readonly unit: string;
  /** Number of decimals of the result. */
  readonly decimals: number;
  readonly low: number;
  readonly high: number;
  /** Width of what occurs, beyond low and high, as a share of their distance. */
  readonly spread: number;
};

export type Panel = {
  readonly code: string;
  readonly text: string;
  readonly procedure: string;
  readonly fasting: boolean;
  readonly tests: readonly string[];
};

const test = (
  code: string,
  text: string,
  unit: string,
  range: readonly [number, number],
  decimals = 0,
  spread = 0.25,
): LabTest => ({
  code,
  text,
  unit,
  decimals,
  low: range[0],
  high: range[1],
  spread,
});

export const labTests: readonly LabTest[] = [
  test("GLU", "Glucose", "mg/dL", [70, 99], 0, 0.8),
  test("BUN", "Urea nitrogen", "mg/dL", [7, 20]),
  test("CREA", "Creatinine", "mg/dL", [0.6, 1.2], 2),
  test("NA", "Sodium", "mmol/L", [135, 145]),
  test("K", "Potassium", "mmol/L", [3.5, 5.1], 1),
  test("CL", "Chloride", "mmol/L", [98, 107]),
  test("CO2", "Carbon dioxide", "mmol/L", [22, 29]),
  test("CA", "Calcium", "mg/dL", [8.6, 10.2], 1, 0.15),
  test("ALB", "Albumin", "g/dL", [3.5, 5], 1, 0.15),
  test("TP", "Total protein", "g/dL", [6.3, 8.2], 1, 0.15),
  test("ALP", "Alkaline phosphatase", "U/L", [44, 121]),
  test("ALT", "ALT", "U/L", [7, 55], 0, 0.4),
  test("AST", "AST", "U/L", [8, 48], 0, 0.4),
  test("TBIL", "Bilirubin, total", "mg/dL", [0.1, 1.2], 1),
  test("CHOL", "Cholesterol", "mg/dL", [125, 200], 0, 0.6),
  test("TRIG", "Triglycerides", "mg/dL", [35, 150], 0, 0.7),
  test("HDL", "HDL cholesterol", "mg/dL", [40, 80], 0, 0.3),
  test("LDL", "LDL cholesterol", "mg/dL", [50, 130], 0, 0.5),
  test("WBC", "White blood cells", "10*3/uL", [4, 11], 1, 0.3),
  test("RBC", "Red blood cells", "10*6/uL", [4.1, 5.9], 2, 0.2),
  test("HGB", "Hemoglobin", "g/dL", [12, 17.5], 1, 0.2),
  test("HCT", "Hematocrit", "%", [36, 50], 1, 0.2),
  test("PLT", "Platelets", "10*3/uL", [150, 400], 0, 0.2),
  test("A1C", "Hemoglobin A1c", "%", [4, 5.6], 1, 1.8),
  test("TSH", "Thyroid stimulating hormone", "uIU/mL", [0.4, 4.5], 2, 0.6),
  test("INR", "INR", "", [2, 3], 1, 0.6),
  test("PTSEC", "Prothrombin time", "s", [20, 32], 1, 0.4),
  test("PH", "Urine pH", "", [5, 8], 1, 0),
  test("SG", "Urine specific gravity", "", [1.005, 1.03], 3, 0),
];

/** Tests answered in words: normal answer first. */
export const wordTests: Readonly<Record<string, { readonly text: string; readonly answers: readonly string[] }>> = {
  STREPA: { text: "Strep A antigen", answers: ["NEGATIVE", "POSITIVE"] },
  LEUK: { text: "Urine leukocyte esterase", answers: ["NEGATIVE", "TRACE", "LARGE"] },
  UPROT: { text: "Urine protein", answers: ["NEGATIVE", "1+"] },
};

const panel = (code: string, procedure: string, text: string, tests: string, fasting = false): Panel => ({
  code,
  text,
  procedure,
  fasting,
  tests: tests.split(" "),
});

export const panels: readonly Panel[] = [
  panel("BMP", "80048", "Basic metabolic panel", "GLU BUN CREA NA K CL CO2 CA", true),
  panel("CMP", "80053", "Comprehensive metabolic panel", "GLU BUN CREA NA K CL CO2 CA ALB TP ALP ALT AST TBIL", true),
  panel("LIPID", "80061", "Lipid panel", "CHOL TRIG HDL LDL", true),
  panel("CBC", "85025", "Complete blood count", "WBC RBC HGB HCT PLT"),
  panel("A1C", "83036", "Hemoglobin A1c", "A1C"),
  panel("TSH", "84443", "Thyroid stimulating hormone", "TSH"),
  panel("PTINR", "85610", "Prothrombin time and INR", "INR PTSEC"),
  panel("UA", "81001", "Urinalysis", "PH SG LEUK UPROT"),
  panel("STREP", "87880", "Rapid strep test", "STREPA"),
];

export const labCodes: readonly Code[] = [
  ...panels.map(
    ({ code, text, procedure }): Code => ({
      val: code,
      short: text.slice(0, 30),
      long: text,
      num: Number(procedure),
      flag: "Y",
    }),
  ),
  ...labTests
    .filter(({ code }) => !panels.some((entry) => entry.code === code))
    .map(({ code, text }): Code => ({ val: code, short: text.slice(0, 30), long: text })),
  ...Object.entries(wordTests).map(([val, { text }]): Code => ({ val, short: text })),
];
