import { columnsFrom, render } from "@banyan/service-kit/fhir";
import type { Patient as PatientResource } from "fhir/r4.js";
import { assert, constantFrom, option, property, record, stringMatching } from "fast-check";
import { describe, expect, test } from "vitest";
import { ethnicities, maritalStatuses, races, sexes } from "../../mapping/codes.ts";
import type { Patient } from "../domain/patient.ts";
import { patientFacets } from "./patient-facets.ts";
import { blankPatient, emptyRow } from "./patient-rows.ts";

const maybe = <T>(of: Parameters<typeof option<T>>[0]) => option(of, { nil: null });
const word = (max: number) => stringMatching(new RegExp(`^[A-Z][A-Z' -]{0,${max - 2}}[A-Z]$`));
const digits = (length: number) => stringMatching(new RegExp(`^[2-9]\\d{${length - 1}}$`));

/** A row as the record holds it, with every facet's columns. */
const rows = record({
  family_name: word(30),
  given_name: word(20),
  middle_initial: maybe(stringMatching(/^[A-Z]$/)),
  name_suffix: maybe(constantFrom("JR", "SR", "III")),
  maiden_name: maybe(word(30)),
  birth_date: constantFrom("1931-12-31", "2000-02-29", "2026-01-01"),
  sex: constantFrom(...Object.values(sexes)),
  marital_status: constantFrom(...Object.values(maritalStatuses)),
  race: constantFrom(...Object.values(races)),
  ethnicity: constantFrom(...Object.values(ethnicities)),
  language: maybe(constantFrom("en", "es", "zh")),
  address_line: maybe(word(40)),
  city: maybe(word(25)),
  state: maybe(constantFrom("MA", "NY")),
  postal_code: maybe(constantFrom("01970", "019701234")),
  home_phone: maybe(digits(10)),
  work_phone: maybe(digits(10)),
  mobile_phone: maybe(digits(10)),
  email: maybe(constantFrom("ana@example.com")),
  primary_provider_id: maybe(constantFrom("DRBONE", "DR_BONE")),
  died_on: maybe(constantFrom("2025-05-05")),
}).map((columns): Patient => ({ ...emptyRow, ...columns, address_line_2: null }));

const said = (resource: PatientResource) => ({ ...columnsFrom(resource, patientFacets) });
const held = (row: Patient) =>
  Object.fromEntries(patientFacets.flatMap(({ columns }) => columns).map((name) => [name, row[name]]));

describe("the facets of a patient", () => {
  test("say of a rendered row what the row says", () => {
    assert(
      property(rows, (row) => {
        expect(said(render(row, undefined, blankPatient, patientFacets))).toEqual(held(row));
      }),
    );
  });

  test("bring a resource in line with any other row, and leave alone what no row holds", () => {
    assert(
      property(rows, rows, (before, after) => {
        const sent: PatientResource = {
          ...render(before, undefined, blankPatient, patientFacets),
          contact: [{ name: { text: "Pepe" } }],
          photo: [{ url: "https://photo.example" }],
        };
        const later = render(after, sent, blankPatient, patientFacets);
        expect(said(later)).toEqual(held(after));
        expect([later.contact, later.photo]).toEqual([sent.contact, sent.photo]);
      }),
    );
  });

  test("change nothing of a resource that agrees with its row", () => {
    assert(
      property(rows, (row) => {
        const sent = render(row, undefined, blankPatient, patientFacets);
        expect(render(row, sent, blankPatient, patientFacets)).toEqual(sent);
      }),
    );
  });
});
