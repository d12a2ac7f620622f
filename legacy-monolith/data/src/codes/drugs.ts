/** The formulary. Controlled drugs carry their DEA schedule (2 to 5); their prescriptions go on paper. */

import type { Code } from "./code.ts";

export type Drug = {
  readonly code: string;
  readonly name: string;
  readonly strength: string;
  readonly form: string;
  readonly sig: string;
  /** As prescribers type it: `30`, `30.0`, `1 bottle`. */
  readonly quantity: string;
  readonly refills: number;
  readonly schedule?: 2 | 3 | 4 | 5;
};

const drug = (
  code: string,
  name: string,
  strength: string,
  sig: string,
  quantity: string,
  refills: number,
  form = "tablet",
): Drug => ({
  code,
  name,
  strength,
  form,
  sig,
  quantity,
  refills,
});

export const drugs: readonly Drug[] = [
  drug("LISI10", "Lisinopril", "10 mg", "Take 1 tablet by mouth once daily", "30", 5),
  drug("AMLO5", "Amlodipine", "5 mg", "Take 1 tablet by mouth once daily", "30", 5),
  drug("HCTZ25", "Hydrochlorothiazide", "25 mg", "Take 1 tablet by mouth every morning", "30.0", 5),
  drug("METO50", "Metoprolol tartrate", "50 mg", "Take 1 tablet by mouth twice daily", "60", 5),
  drug("ATOR20", "Atorvastatin", "20 mg", "Take 1 tablet by mouth at bedtime", "30", 11),
  drug("SIMV40", "Simvastatin", "40 mg", "Take 1 tablet by mouth every evening", "30", 11),
  drug("METF500", "Metformin", "500 mg", "Take 1 tablet by mouth twice daily with meals", "60", 5),
  drug("GLIP5", "Glipizide", "5 mg", "Take 1 tablet by mouth before breakfast", "30", 5),
  drug("LEVO50", "Levothyroxine", "50 mcg", "Take 1 tablet by mouth on an empty stomach", "90", 3),
  drug("OMEP20", "Omeprazole", "20 mg", "Take 1 capsule by mouth before breakfast", "30", 3, "capsule"),
  drug("WARF5", "Warfarin", "5 mg", "Take as directed by the anticoagulation clinic", "30", 2),
  drug("ALEN70", "Alendronate", "70 mg", "Take 1 tablet by mouth once a week", "4", 11),
  drug("SERT50", "Sertraline", "50 mg", "Take 1 tablet by mouth once daily", "30", 5),
  drug("FLUO20", "Fluoxetine", "20 mg", "Take 1 capsule by mouth every morning", "30", 5, "capsule"),
  drug("SUMA50", "Sumatriptan", "50 mg", "Take 1 tablet at onset of headache, may repeat once after 2 hours", "9", 3),
  drug("ALBUT", "Albuterol", "90 mcg", "Inhale 2 puffs every 4 to 6 hours as needed", "1 inhaler", 3, "inhaler"),
  drug(
    "FLUT110",
    "Fluticasone",
    "110 mcg",
    "Inhale 2 puffs twice daily, rinse mouth after use",
    "1 inhaler",
    5,
    "inhaler",
  ),
  drug("TIOT18", "Tiotropium", "18 mcg", "Inhale 1 capsule once daily", "30", 5, "capsule"),
  drug("CETI10", "Cetirizine", "10 mg", "Take 1 tablet by mouth once daily as needed", "30", 1),
  drug("AMOX500", "Amoxicillin", "500 mg", "Take 1 capsule by mouth three times daily for 10 days", "30", 0, "capsule"),
  drug("AZIT250", "Azithromycin", "250 mg", "Take 2 tablets on day 1, then 1 tablet daily for 4 days", "6", 0),
  drug("NITR100", "Nitrofurantoin", "100 mg", "Take 1 capsule by mouth twice daily for 5 days", "10", 0, "capsule"),
  drug(
    "SMZTMP",
    "Sulfamethoxazole-trimethoprim",
    "800-160 mg",
    "Take 1 tablet by mouth twice daily for 3 days",
    "6",
    0,
  ),
  drug("IBUP600", "Ibuprofen", "600 mg", "Take 1 tablet by mouth every 8 hours with food as needed", "30", 0),
  drug("NAPR500", "Naproxen", "500 mg", "Take 1 tablet by mouth twice daily with food", "60", 2),
  drug("CYCL10", "Cyclobenzaprine", "10 mg", "Take 1 tablet by mouth at bedtime as needed", "15", 0),
  drug("ONDA4", "Ondansetron", "4 mg", "Dissolve 1 tablet on tongue every 8 hours as needed", "10", 0),
  drug("HYDC1", "Hydrocortisone", "1 %", "Apply thin layer to affected area twice daily", "1 tube", 1, "cream"),
  {
    ...drug("OXYC5", "Oxycodone", "5 mg", "Take 1 tablet by mouth every 6 hours as needed for pain", "12", 0),
    schedule: 2,
  },
  { ...drug("METH10", "Methylphenidate", "10 mg", "Take 1 tablet by mouth twice daily", "60", 0), schedule: 2 },
  {
    ...drug("BUPR8", "Buprenorphine-naloxone", "8-2 mg", "Dissolve 1 film under tongue once daily", "14", 0, "film"),
    schedule: 3,
  },
  { ...drug("LORA1", "Lorazepam", "1 mg", "Take 1 tablet by mouth twice daily as needed", "20", 0), schedule: 4 },
  { ...drug("TRAM50", "Tramadol", "50 mg", "Take 1 tablet by mouth every 6 hours as needed", "40", 1), schedule: 4 },
  {
    ...drug(
      "GUAICD",
      "Guaifenesin-codeine",
      "100-10 mg/5",
      "Take 10 mL by mouth every 4 hours as needed",
      "1 bottle",
      0,
      "syrup",
    ),
    schedule: 5,
  },
];

export const drugTitle = ({ name, strength, form }: Drug): string => `${name} ${strength} ${form}`;

export const drugCodes: readonly Code[] = drugs.map(drugCode);

function drugCode(drug: Drug): Code {
  const code: Code = { val: drug.code, short: drug.name.slice(0, 30), long: drugTitle(drug) };
  return drug.schedule === undefined ? code : { ...code, num: drug.schedule, flag: "Y" };
}
