/**
 * CPT-like procedure codes. The price is NumVal in CENTS: the triggers and pages divide it by 100. Descriptions are our own
 * words; CPT texts are copyrighted.
 */

import type { Code } from "./code.ts";

const priced = (val: string, priceCents: number, short: string, long = short): Code => ({
  val,
  short,
  long,
  num: priceCents,
});

export const procedures: readonly Code[] = [
  priced("99202", 11500, "New visit, brief"),
  priced("99203", 16500, "New visit, detailed", "Office visit of a new patient, detailed"),
  priced("99204", 24500, "New visit, long"),
  priced("99212", 7250, "Visit, brief"),
  priced("99213", 11875, "Visit, usual", "Office visit of a known patient, usual length"),
  priced("99214", 17500, "Visit, long", "Office visit of a known patient, long"),
  priced("99215", 23600, "Visit, very long"),
  priced("99238", 14250, "Hospital discharge day"),
  priced("99283", 31000, "Emergency visit, moderate"),
  priced("99391", 13500, "Well child, infant"),
  priced("99393", 14500, "Well child, 5-11 years"),
  priced("99396", 18950, "Yearly physical, 40-64 years"),
  priced("99441", 6400, "Telephone visit"),
  priced("36415", 1250, "Blood draw", "Drawing of venous blood"),
  priced("80048", 4215, "Basic metabolic panel"),
  priced("80053", 5480, "Comprehensive metabolic panel"),
  priced("80061", 6635, "Lipid panel"),
  priced("81001", 2140, "Urinalysis"),
  priced("83036", 4875, "Hemoglobin A1c"),
  priced("84443", 8325, "Thyroid stimulating hormone"),
  priced("85025", 3990, "Complete blood count"),
  priced("85610", 2760, "Prothrombin time, INR"),
  priced("87880", 3350, "Rapid strep test"),
  priced("90471", 2800, "Giving of a vaccine"),
  priced("90658", 2450, "Influenza vaccine"),
  priced("90715", 5675, "Tdap vaccine"),
  priced("93000", 6125, "Electrocardiogram", "Electrocardiogram, twelve leads, with reading"),
  priced("94640", 3875, "Inhalation treatment"),
  priced("11730", 14633, "Nail removal"),
  priced("17000", 12550, "Destruction of skin lesion"),
  priced("20610", 13333, "Joint injection, large joint"),
];

/** Cents. @throws RangeError for a code that is not in the list. */
export function priceCents(code: string): number {
  const price = procedures.find((entry) => entry.val === code)?.num;
  if (price === undefined) throw new RangeError("no such procedure");
  return price;
}
