import { describe, expect, it } from "vitest";
import { drugClass, interactionWarnings } from "./interactions.ts";

const amoxicillin = { code: "AMOX500", name: "Amoxicillin 500 MG Oral Capsule" };
const lisinopril = { code: "LISI10", name: "lisinopril 10 MG Oral Tablet" };

function allergy(itemDs: string, reaction = "") {
  return { itemCd: "", itemDs, reaction };
}

describe("interactionWarnings", () => {
  it("warns when an allergy names the drug", () => {
    expect(interactionWarnings(lisinopril, { allergies: [allergy("LISINOPRIL", "COUGH")], active: [] })).toEqual([
      { Severity: "HIGH", Text: "Allergy: LISINOPRIL (COUGH)" },
    ]);
  });

  it("warns when an allergy names the drug's family", () => {
    expect(interactionWarnings(amoxicillin, { allergies: [allergy("Penicillin V")], active: [] })).toHaveLength(1);
    const keflex = { code: "K", name: "Keflex 250 mg" };
    expect(interactionWarnings(keflex, { allergies: [allergy("PCN")], active: [] })).toHaveLength(1);
  });

  it("warns of a second drug of one class and of the same drug", () => {
    const enalapril = { code: "ENAL5", name: "Enalapril 5 MG" };
    expect(interactionWarnings(lisinopril, { allergies: [], active: [enalapril, lisinopril] })).toEqual([
      { Severity: "MEDIUM", Text: "Duplicate therapy, ACE INHIBITOR: Enalapril 5 MG" },
      { Severity: "MEDIUM", Text: "Duplicate drug: lisinopril 10 MG Oral Tablet" },
    ]);
  });

  it("names a thing once", () => {
    const twice = [allergy("Penicillin"), allergy("Penicillin")];
    expect(interactionWarnings(amoxicillin, { allergies: twice, active: [] })).toHaveLength(1);
  });

  it("is quiet about strengths, forms and unrelated allergies", () => {
    const patient = { allergies: [allergy("Peanut"), allergy("Oral tablets of unknown kind")], active: [amoxicillin] };
    expect(interactionWarnings(lisinopril, patient)).toEqual([]);
  });

  it("does not know every drug", () => {
    expect(drugClass("Levothyroxine 50 mcg")).toBeUndefined();
  });
});
