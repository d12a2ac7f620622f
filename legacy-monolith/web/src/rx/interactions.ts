/**
 * The decision support of 2004, home-grown: a drug is checked against the patient's allergies by text and against the
 * active prescriptions by class. It knows classes from drug names alone, so it misses what any real product would find;
 * that is how the legacy system is, and prescribers know it.
 */

export type Warning = { readonly Severity: "HIGH" | "MEDIUM"; readonly Text: string };

export type CheckedDrug = { readonly code: string; readonly name: string };

export type CheckedAllergy = {
  readonly itemCd: string;
  /** What the patient is allergic to, as typed: `PENICILLIN`, `Allergy to nuts`. */
  readonly itemDs: string;
  readonly reaction: string;
};

/** Part of a generic or brand name → class. The first that fits counts. */
const classes: readonly (readonly [RegExp, string])[] = [
  [/cillin\b|amox|augmentin/i, "PENICILLIN"],
  [/\bcef|\bceph|keflex/i, "CEPHALOSPORIN"],
  [/floxacin\b|cipro\b|levaquin/i, "FLUOROQUINOLONE"],
  [/thromycin\b|zithromax/i, "MACROLIDE"],
  [/sulfa|bactrim/i, "SULFONAMIDE"],
  [/pril\b/i, "ACE INHIBITOR"],
  [/sartan\b/i, "ANGIOTENSIN RECEPTOR BLOCKER"],
  [/olol\b/i, "BETA BLOCKER"],
  [/statin\b|lipitor|zocor/i, "STATIN"],
  [/prazole\b|prilosec|nexium/i, "PROTON PUMP INHIBITOR"],
  [/dipine\b/i, "CALCIUM CHANNEL BLOCKER"],
  [/thiazide\b|furosemide|lasix/i, "DIURETIC"],
  [/ibuprofen|naproxen|diclofenac|celecoxib|ketorolac|meloxicam|advil|aleve|motrin/i, "NSAID"],
  [/aspirin|salicyl/i, "SALICYLATE"],
  [/warfarin|coumadin|heparin|xaban\b/i, "ANTICOAGULANT"],
  [/oxetine\b|sertraline|citalopram|zoloft|prozac/i, "SSRI"],
  [/codone\b|morphone\b|morphine|codeine|fentanyl|tramadol|meperidine|methadone|oxycontin|vicodin|percocet/i, "OPIOID"],
  [/azepam\b|azolam\b|valium|xanax/i, "BENZODIAZEPINE"],
  [/metformin|glucophage/i, "BIGUANIDE"],
  [/insulin|humulin|lantus|novolin/i, "INSULIN"],
  [/albuterol|salmeterol/i, "BETA AGONIST"],
  [/cetirizine|loratadine|fexofenadine|diphenhydramine|hydroxyzine/i, "ANTIHISTAMINE"],
  [
    /estradiol|estrogen|drospirenone|norethindrone|levonorgestrel|etonogestrel|medroxyprogesterone/i,
    "HORMONAL CONTRACEPTIVE",
  ],
];

/** Allergies written down by a family's common name → classes that must warn. */
const families: readonly (readonly [RegExp, readonly string[]])[] = [
  [/penicillin|\bpcn\b|beta.?lactam/i, ["PENICILLIN", "CEPHALOSPORIN"]],
  [/\bsulf/i, ["SULFONAMIDE"]],
  [/aspirin|nsaid|salicylate/i, ["SALICYLATE", "NSAID"]],
  [/codeine|opioid|opiate|morphine/i, ["OPIOID"]],
  [/\bace inhibitor/i, ["ACE INHIBITOR"]],
  [/cephalosporin/i, ["CEPHALOSPORIN"]],
  [/statin/i, ["STATIN"]],
];

/** The class of a drug by its name; undefined when the table does not know it. */
export function drugClass(name: string): string | undefined {
  return classes.find(([pattern]) => pattern.test(name))?.[1];
}

/** Words of a drug's name that identify it: no strengths, units, forms or packings. */
function nameWords(name: string): string[] {
  const words = name.toLowerCase().match(/[a-z]{5,}/g) ?? [];
  return words.filter((word) => !formWords.has(word));
}

const formWords = new Set(
  "tablet tablets capsule capsules solution injection suspension extended release delayed chewable inhal inhaler inhalation topical cream ointment patch spray lotion actuat metered transdermal system prefilled syringe release oral hydrochloride sodium potassium calcium acetate sulfate maleate allergy allergic drugs other".split(
    " ",
  ),
);

/**
 * Warnings for prescribing `drug`, the gravest first, none doubled.
 * @param active drugs of the patient's active prescriptions, without the one that is being renewed.
 */
export function interactionWarnings(
  drug: CheckedDrug,
  patient: { readonly allergies: readonly CheckedAllergy[]; readonly active: readonly CheckedDrug[] },
): Warning[] {
  const own = drugClass(drug.name);
  const words = nameWords(drug.name);
  const warnings: Warning[] = [];
  for (const allergy of patient.allergies) {
    const told = `${allergy.itemDs} ${allergy.itemCd}`.toLowerCase();
    const byName = words.some((word) => told.includes(word));
    const allergyClasses = families.flatMap(([pattern, names]) => (pattern.test(allergy.itemDs) ? names : []));
    const byClass = own !== undefined && (allergyClasses.includes(own) || drugClass(allergy.itemDs) === own);
    if (!byName && !byClass) continue;
    const reaction = allergy.reaction === "" ? "" : ` (${allergy.reaction})`;
    warnings.push({ Severity: "HIGH", Text: `Allergy: ${allergy.itemDs}${reaction}` });
  }
  for (const other of patient.active) {
    const same = other.code !== "" && other.code === drug.code;
    if (same || (own !== undefined && drugClass(other.name) === own)) {
      const why = same || own === undefined ? "Duplicate drug" : `Duplicate therapy, ${own}`;
      warnings.push({ Severity: "MEDIUM", Text: `${why}: ${other.name}` });
    }
  }
  const seen = new Set<string>();
  return warnings.filter(({ Text }) => !seen.has(Text) && seen.add(Text));
}
