/** ICD-10-CM diagnoses in use, with what the generator does about them: laboratory panels and drugs that go with them. */

export type Diagnosis = {
  readonly code: string;
  readonly text: string;
  /** Stays on the problem list. */
  readonly chronic: boolean;
  readonly minAge: number;
  readonly panels: readonly string[];
  readonly drugs: readonly string[];
  /** Note sensitivity: P psychotherapy, S substance use. */
  readonly sensitive?: "P" | "S";
};

const chronic = (code: string, text: string, minAge: number, panels: string, drugs: string): Diagnosis => ({
  code,
  text,
  chronic: true,
  minAge,
  panels: words(panels),
  drugs: words(drugs),
});
const acute = (code: string, text: string, minAge: number, panels: string, drugs: string): Diagnosis => ({
  ...chronic(code, text, minAge, panels, drugs),
  chronic: false,
});
const words = (text: string) => text.split(" ").filter((word) => word !== "");

export const diagnoses: readonly Diagnosis[] = [
  chronic("I10", "Essential (primary) hypertension", 35, "BMP LIPID", "LISI10 AMLO5 HCTZ25"),
  chronic("E11.9", "Type 2 diabetes mellitus without complications", 35, "A1C BMP LIPID", "METF500 GLIP5"),
  chronic("E78.5", "Hyperlipidemia, unspecified", 35, "LIPID", "ATOR20 SIMV40"),
  chronic("J45.909", "Unspecified asthma, uncomplicated", 4, "", "ALBUT FLUT110"),
  chronic("E03.9", "Hypothyroidism, unspecified", 25, "TSH", "LEVO50"),
  chronic("K21.9", "Gastro-esophageal reflux disease without esophagitis", 20, "", "OMEP20"),
  chronic("M17.0", "Bilateral primary osteoarthritis of knee", 50, "", "NAPR500 TRAM50"),
  chronic("I25.10", "Atherosclerotic heart disease of native coronary artery", 55, "LIPID CMP", "ATOR20 METO50"),
  chronic("N18.3", "Chronic kidney disease, stage 3", 60, "CMP CBC", "LISI10"),
  chronic("I48.91", "Unspecified atrial fibrillation", 60, "PTINR", "WARF5 METO50"),
  chronic("J44.9", "Chronic obstructive pulmonary disease, unspecified", 50, "CBC", "ALBUT TIOT18"),
  chronic("G43.909", "Migraine, unspecified, not intractable", 14, "", "SUMA50"),
  chronic("M81.0", "Age-related osteoporosis without current fracture", 60, "CMP", "ALEN70"),
  { ...chronic("F32.9", "Major depressive disorder, single episode", 16, "TSH", "SERT50 FLUO20"), sensitive: "P" },
  { ...chronic("F41.1", "Generalized anxiety disorder", 16, "", "SERT50 LORA1"), sensitive: "P" },
  { ...chronic("F10.20", "Alcohol dependence, uncomplicated", 25, "CMP", ""), sensitive: "S" },
  { ...chronic("F11.20", "Opioid dependence, uncomplicated", 20, "CMP", "BUPR8"), sensitive: "S" },
  chronic("F90.9", "Attention-deficit hyperactivity disorder", 6, "", "METH10"),
  acute("J06.9", "Acute upper respiratory infection, unspecified", 0, "", "CETI10"),
  acute("J02.9", "Acute pharyngitis, unspecified", 3, "STREP", "AMOX500"),
  acute("H66.90", "Otitis media, unspecified", 0, "", "AMOX500"),
  acute("N39.0", "Urinary tract infection, site not specified", 10, "UA", "NITR100 SMZTMP"),
  acute("J20.9", "Acute bronchitis, unspecified", 12, "CBC", "AZIT250"),
  acute("M54.5", "Low back pain", 18, "", "IBUP600 CYCL10 OXYC5"),
  acute("S93.401A", "Sprain of unspecified ligament of right ankle", 8, "", "IBUP600"),
  acute("L30.9", "Dermatitis, unspecified", 0, "", "HYDC1"),
  acute("R51", "Headache", 10, "CBC", "IBUP600"),
  acute("R10.9", "Unspecified abdominal pain", 8, "CMP CBC UA", "OMEP20"),
  acute("K52.9", "Noninfective gastroenteritis and colitis", 1, "BMP", "ONDA4"),
  acute("R53.83", "Other fatigue", 16, "CBC TSH CMP", ""),
  acute("Z00.00", "General adult medical examination", 18, "CMP LIPID CBC", ""),
  acute("Z00.129", "Routine child health examination", 0, "", ""),
  acute("Z23", "Encounter for immunization", 0, "", ""),
];
