import type { Patient } from "fhir/r4.js";
import { assert, constantFrom, integer, oneof, property, record, string, tuple } from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { FhirRefusal } from "../refusal.ts";
import { parseScopes } from "../scopes.ts";
import { loadDefinitions } from "../validation/definitions.ts";
import { matches } from "./condition.ts";
import { lies, prefixes, stretchOf } from "./dates.ts";
import { fold } from "./fold.ts";
import { parametersOf } from "./parameter.ts";
import { type Pair, parseSearch } from "./request.ts";
import { parseToken, splitUnescaped } from "./values.ts";

beforeAll(loadDefinitions);

const parameters = parametersOf("Patient", [], {
  name: { type: "string", expression: "Patient.name" },
  identifier: { type: "token", expression: "Patient.identifier" },
  birthdate: { type: "date", expression: "Patient.birthDate" },
  "general-practitioner": { type: "reference", expression: "Patient.generalPractitioner", targets: ["Practitioner"] },
});
const searchable = { type: "Patient", parameters, sorts: ["_id"], includes: [], provenance: true };
const base = "http://ehr.example/fhir";
const nowMs = Date.UTC(2026, 0, 1);
const parse = (pairs: readonly Pair[]) => parseSearch(pairs, searchable, "lenient", base);

describe("parsing", () => {
  test("of anything gives a search or a refusal that repeats nothing of it", () => {
    const name = constantFrom(
      "name",
      "identifier",
      "birthdate",
      "general-practitioner",
      "_count",
      "_sort",
      "_include",
      "name:exact",
      "name:zzyzx",
      "shoe",
    );
    assert(
      property(tuple(name, oneof(string({ unit: "binary" }), string())), ([key, value]) => {
        const canary = `zzyzx${value}`;
        try {
          for (const text of parse([[key, canary]]).setAside) expect(text).not.toMatch(/zzyzx/);
        } catch (error) {
          expect(error).toBeInstanceOf(FhirRefusal);
          expect((error as FhirRefusal).message).not.toMatch(/zzyzx/);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("escaped separators are part of the value", () => {
    assert(
      property(string(), string(), (system, code) => {
        const escaped = [system, code].map((part) => part.replaceAll(/[\\,|$]/g, "\\$&"));
        if (system === "" && code === "") return;
        expect(parseToken(escaped.join("|"), "identifier")).toEqual({ system, code: code === "" ? undefined : code });
        expect(splitUnescaped(escaped.join(","), ",")).toEqual(escaped);
      }),
    );
  });

  test("a name is found by the beginning of any of its parts, whatever its case and accents", () => {
    assert(
      property(string({ minLength: 1, unit: "grapheme" }), integer({ min: 1, max: 8 }), (family, length) => {
        if (fold(family) === "" || /[\p{Cc}\\,|$]/u.test(family)) return;
        const patient: Patient = { resourceType: "Patient", name: [{ family }] };
        const beginning = [...fold(family)].slice(0, length).join("");
        const [condition] = parse([["name", beginning.trim() || fold(family)]]).conditions;
        expect(condition && matches(condition, patient, nowMs)).toBe(true);
      }),
    );
  });
});

describe("dates", () => {
  const day = record({
    year: integer({ min: 1900, max: 2100 }),
    month: integer({ min: 1, max: 12 }),
    date: integer({ min: 1, max: 28 }),
    precision: integer({ min: 1, max: 3 }),
  }).map(({ year, month, date, precision }) =>
    [year, month, date]
      .slice(0, precision)
      .map((part) => String(part).padStart(2, "0"))
      .join("-"),
  );
  const stretch = (text: string) => {
    const found = stretchOf(text);
    if (!found) throw new TypeError("every date of these tests is one");
    return found;
  };

  test("ne is what eq is not, ge is eq or gt, le is eq or lt; sa and gt, eb and lt agree apart from overlaps", () => {
    assert(
      property(day, day, (element, searched) => {
        const holds = Object.fromEntries(
          prefixes.map((prefix) => [prefix, lies(stretch(element), prefix, stretch(searched), nowMs)]),
        );
        expect(holds["ne"]).toBe(!holds["eq"]);
        expect(holds["ge"]).toBe(holds["eq"] || holds["gt"]);
        expect(holds["le"]).toBe(holds["eq"] || holds["lt"]);
        if (holds["sa"]) expect(holds["gt"]).toBe(true);
        if (holds["eb"]) expect(holds["lt"]).toBe(true);
        if (holds["eq"]) expect(holds["ap"]).toBe(true);
      }),
    );
  });

  test.each([
    "2023-02-29",
    "2024-13",
    "24-01-01",
    "2024-1-1",
    "2024-01-01T25:00",
    "2024-01-01T10:60",
    "0000",
    "",
    "2024-01-01T10:00+15:00",
  ])("%s is none", (text) => expect(stretchOf(text)).toBeUndefined());

  test("a time without a zone is on the clinics' clock", () => {
    expect(new Date(stretch("2026-07-01T09:30").fromMs).toISOString()).toBe("2026-07-01T13:30:00.000Z");
    expect(new Date(stretch("2026-07-01T09:30:00Z").fromMs).toISOString()).toBe("2026-07-01T09:30:00.000Z");
    expect(stretch("2026-07-01T09:30").untilMs - stretch("2026-07-01T09:30").fromMs).toBe(60_000);
  });
});

test.each([
  ["user/Patient.rs", 1],
  ["patient/*.rs user/Appointment.cruds", 2],
  ["user/Observation.rs?category=laboratory", 1],
  ["user/Patient.read user/Patient.* user/Patient.write", 3],
  ["openid fhirUser launch/patient", 0],
  ["user/Patient.sr user/Patient. user/patient.rs Patient.rs user/Patient.rrs system/Patient", 0],
])("the scopes %s are read as %i", (text, count) => {
  expect(parseScopes(text)).toHaveLength(count);
});
