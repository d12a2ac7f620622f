import type { FhirResource, Resource, StructureDefinition } from "fhir/r4.js";
import { beforeAll, describe, expect, test } from "vitest";
import { mutationsOf } from "../mutations.ts";
import { FhirRefusal } from "../refusal.ts";
import { hasUsCore, readUsCore, whyNoUsCore } from "../us-core-package.ts";
import { loadDefinitions } from "./definitions.ts";
import { requireProfile } from "./profile.ts";
import { requireStructure } from "./structure.ts";
import { usCore } from "./us-core.ts";

beforeAll(loadDefinitions);

const text = { url: "text", valueString: "x" };

const profiles = {
  Patient: usCore.patient,
  RelatedPerson: usCore.relatedPerson,
  Practitioner: usCore.practitioner,
  PractitionerRole: usCore.practitionerRole,
  Location: usCore.location,
  Organization: usCore.organization,
} as const;
const types = Object.keys(profiles) as (keyof typeof profiles)[];

const refusalOf = (act: () => unknown): FhirRefusal | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof FhirRefusal) return error;
    throw error;
  }
};

describe.skipIf(!hasUsCore)(`the published examples${hasUsCore ? "" : `: skipped, ${whyNoUsCore}`}`, () => {
  const examples = (): FhirResource[] =>
    hasUsCore ? [...readUsCore()].filter(([name]) => name.includes("/example/")).map(([, resource]) => resource) : [];
  const served = examples().filter((resource) => types.includes(resource.resourceType as keyof typeof profiles));

  test.each(served.map((resource) => [`${resource.resourceType}/${resource.id}`, resource] as const))(
    "%s fits structure and profile",
    (_name, resource) => {
      requireStructure(resource, resource.resourceType);
      requireProfile(resource, profiles[resource.resourceType as keyof typeof profiles]);
    },
  );

  test.each(served.map((resource) => [`${resource.resourceType}/${resource.id}`, resource] as const))(
    "%s, spoilt at any one place, is refused as ill-formed",
    (_name, resource) => {
      const mutations = mutationsOf(resource);
      expect(mutations.length).toBeGreaterThan(30);
      const accepted = mutations
        .filter(
          (mutation) =>
            refusalOf(() => requireStructure(mutation.resource, resource.resourceType))?.reason !== "structure",
        )
        .map(({ what }) => what);
      expect(accepted).toEqual([]);
    },
  );

  test("examples of every other type fit their structure too, so that contained resources may be of any", () => {
    const misfits = examples().flatMap((resource) => {
      const refusal = refusalOf(() => requireStructure(resource, resource.resourceType));
      return refusal
        ? [`${resource.resourceType}/${resource.id}: ${refusal.problems[0]?.expression} ${refusal.message}`]
        : [];
    });
    expect(misfits).toEqual([]);
  });
});

describe.skipIf(!hasUsCore)(`the profiles' rules${hasUsCore ? "" : `: skipped, ${whyNoUsCore}`}`, () => {
  const definitions = (): StructureDefinition[] =>
    hasUsCore
      ? [...readUsCore().values()].filter(
          (resource): resource is StructureDefinition => resource.resourceType === "StructureDefinition",
        )
      : [];

  test.each(types)("of %s are those the StructureDefinition adds to FHIR's own", (type) => {
    const profile = profiles[type];
    const definition = definitions().find(({ url }) => url === profile.url);
    const keys = profile.rules.map(({ key }) => key).join(" ");
    for (const element of definition?.differential?.element ?? []) {
      const [parent, child] = [element.path.replace(/\.[^.]+$/, ""), element.path.split(".").at(-1)];
      if ((element.min ?? 0) > 0 && element.path.includes(".") && !alreadyInFhir.has(element.path))
        expect(keys).toContain(`${parent}.${child} 1..*`);
      for (const { key } of element.constraint ?? []) expect(keys).toContain(key);
    }
  });
  /** Required by the base resource itself. */
  const alreadyInFhir = new Set(["RelatedPerson.patient"]);
});

describe("rules", () => {
  const refused = (resource: Resource): string[] =>
    refusalOf(() => requireProfile(resource, profiles[resource.resourceType as keyof typeof profiles]))?.problems.map(
      ({ text }) => text,
    ) ?? [];
  const npi = (value: string): Resource =>
    ({
      resourceType: "Practitioner",
      identifier: [{ system: "http://hl7.org/fhir/sid/us-npi", value }],
      name: [{ family: "Bone" }],
    }) as Resource;

  test("the check digit of an NPI is Luhn's over 80840 and the number", () => {
    expect(refused(npi("1234567893"))).toEqual([]);
    for (const wrong of ["1234567890", "123456789", "12345678933", "12345678x3"])
      expect(refused(npi(wrong))).toHaveLength(1);
  });

  test("every breach is named at once, with its key and never with its value", () => {
    const patient = {
      resourceType: "Patient",
      identifier: [{ value: "4711" }],
      telecom: [{ value: "555" }],
    } as Resource;
    const texts = refused(patient).join("; ");
    expect(texts).toMatch(/Patient\.identifier\.system.*Patient\.name.*Patient\.telecom\.system.*Patient\.gender/s);
    expect(texts).not.toMatch(/4711|555/);
  });

  test.each([
    [
      "two races",
      [
        { url: "R", extension: [text] },
        { url: "R", extension: [text] },
      ],
      1,
    ],
    ["a race without text", [{ url: "R", extension: [omb("2106-3")] }], 1],
    ["a race of no category", [{ url: "R", extension: [omb("9999-9"), text] }], 1],
    ["a race as it should be", [{ url: "R", extension: [omb("2106-3"), omb("2028-9"), text] }], 0],
  ])("%s", (_what, extension, breaches) => {
    const race = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race";
    const patient = {
      resourceType: "Patient",
      identifier: [{ system: "s", value: "v" }],
      name: [{ family: "F" }],
      gender: "male",
      extension: extension.map((one) => ({ ...one, url: race })),
    } as Resource;
    expect(refused(patient)).toHaveLength(breaches);
  });
});

function omb(code: string) {
  return { url: "ombCategory", valueCoding: { system: "urn:oid:2.16.840.1.113883.6.238", code } };
}
