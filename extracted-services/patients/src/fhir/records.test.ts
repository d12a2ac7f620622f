import { mrnSystem } from "@banyan/service-kit/fhir";
import { startTestServices, type TestClaims, type TestServices } from "@banyan/service-kit/test-service";
import type { Bundle, Patient, Practitioner, PractitionerRole, RelatedPerson, Resource } from "fhir/r4.js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { administrator, type FhirClinic, seed, startFhirClinic } from "./test-clinic.ts";

let services: TestServices;
let clinic: FhirClinic;
beforeAll(async () => {
  services = await startTestServices();
});
afterAll(() => services.stop());
beforeEach(async () => {
  clinic = await startFhirClinic(services);
  return () => clinic.stop();
});

/** As the sync writes a record of the legacy system. */
const synced = (patientNo: number, change: object = {}) => ({
  patient_no: patientNo,
  mrn: `000${patientNo}5`,
  family_name: "GARCÍA",
  given_name: "ANA",
  middle_initial: "M",
  birth_date: "1961-03-04",
  sex: "female",
  ssn: "123456789",
  marital_status: "married",
  race: "2106-3",
  ethnicity: "2135-2",
  language: "es",
  address_line: "12 ELM ST",
  city: "SALEM",
  state: "MA",
  postal_code: "019701234",
  home_phone: "9785550100",
  email: "ana@example.com",
  primary_provider_id: "DRBONE",
  home_site: "MAIN",
  restricted: false,
  deleted: false,
  modified_by: "CLERK",
  ...change,
});

const patientAt = async (path: string, who?: TestClaims): Promise<Patient> => {
  const { status, body } = await clinic.get(path, who);
  expect(status).toBe(200);
  return body as unknown as Patient;
};
const totalOf = async (query: string, who?: TestClaims) =>
  ((await clinic.get(`${query}${query.includes("?") ? "&" : "?"}_summary=count`, who)).body as Resource as Bundle)
    .total;

describe("a record that came by the sync", () => {
  test("is a Patient of US Core, with everything the record holds and never the SSN", async () => {
    await seed(clinic.database, "patient", [synced(100_001)]);
    const patient = await patientAt("Patient/100001");
    expect(patient).toEqual({
      resourceType: "Patient",
      id: "100001",
      meta: {
        versionId: "1",
        lastUpdated: expect.any(String),
        profile: ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"],
      },
      active: true,
      identifier: [expect.objectContaining({ system: mrnSystem, value: "0001000015" })],
      name: [{ family: "GARCÍA", given: ["ANA", "M"] }],
      gender: "female",
      birthDate: "1961-03-04",
      extension: [
        expect.objectContaining({ url: "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race" }),
        expect.objectContaining({ url: "http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity" }),
      ],
      maritalStatus: { coding: [expect.objectContaining({ code: "M" })], text: "married" },
      communication: [{ language: { coding: [{ system: "urn:ietf:bcp:47", code: "es" }] } }],
      address: [{ line: ["12 ELM ST"], city: "SALEM", state: "MA", postalCode: "01970-1234" }],
      telecom: [
        { system: "phone", use: "home", value: "978-555-0100" },
        { system: "email", value: "ana@example.com" },
      ],
      generalPractitioner: [{ reference: "Practitioner/DRBONE" }],
    });
    expect(JSON.stringify(patient)).not.toContain("123456789");
    expect(await totalOf("Patient?identifier=http://hl7.org/fhir/sid/us-ssn|123456789")).toBe(0);
  });

  test("fits the profile it claims: it can be sent back as it was read, and only its version changes", async () => {
    await seed(clinic.database, "patient", [synced(100_001)]);
    const patient = await patientAt("Patient/100001");
    const put = await clinic.put(patient, 1);
    expect(put.status).toBe(200);
    expect({ ...put.body, meta: null }).toEqual({ ...patient, meta: null });
    const [row] = await clinic.database.owner("patient").select("ssn", "family_name", "fhir_extra", "version");
    expect(row).toEqual({ ssn: "123456789", family_name: "GARCÍA", fhir_extra: null, version: "2" });
  });

  test("is found by its columns", async () => {
    await seed(clinic.database, "patient", [synced(100_001)]);
    const expected = [
      ["name=garcia", 1],
      ["name=ana m", 1],
      ["family:exact=GARCÍA", 1],
      ["family:exact=garcia", 0],
      ["identifier=0001000015", 1],
      [`identifier=${mrnSystem}|0001000015`, 1],
      ["birthdate=1961-03", 1],
      ["birthdate=gt1961-03-04", 0],
      ["gender=http://hl7.org/fhir/administrative-gender|female", 1],
      ["phone=(978) 555-0100", 1],
      ["email=ANA@example.com", 1],
      ["address=elm", 0],
      ["address:contains=elm", 1],
      ["address-postalcode=01970", 1],
      ["general-practitioner=Practitioner/DRBONE", 1],
      ["general-practitioner:missing=true", 0],
      ["death-date:missing=true", 1],
      ["_lastUpdated=gt2020", 1],
      ["_id=100001,7", 1],
      ["_security=R", 0],
    ] as const;
    for (const [query, total] of expected) expect([query, await totalOf(`Patient?${query}`)]).toEqual([query, total]);
  });

  test("keeps what a client added, while the legacy side's later changes win; every version stays readable", async () => {
    await seed(clinic.database, "patient", [synced(100_001)]);
    const read = await patientAt("Patient/100001");
    const sent: Patient = {
      ...read,
      name: [
        { family: "García", given: ["Ana", "María"], use: "official" },
        { family: "Lopez", use: "old" },
      ],
      telecom: [...(read.telecom ?? []), { system: "url", value: "https://ana.example" }],
      contact: [{ name: { text: "Pepe" } }],
    };
    expect((await clinic.put(sent, 1)).status).toBe(200);
    expect((await patientAt("Patient/100001")).name).toEqual(sent.name);
    await clinic.database.owner("patient").update({ family_name: "GARCÍA-RUIZ", home_phone: null });
    const merged = await patientAt("Patient/100001");
    expect(merged.meta?.versionId).toBe("3");
    expect(merged.name).toEqual([
      { family: "GARCÍA-RUIZ", given: ["Ana", "María"], use: "official" },
      { family: "Lopez", use: "old" },
    ]);
    expect(merged.telecom).toEqual(sent.telecom?.filter(({ system }) => system !== "phone"));
    expect(merged.contact).toEqual(sent.contact);
    expect((await patientAt("Patient/100001/_history/2")).name).toEqual(sent.name);
    expect((await patientAt("Patient/100001/_history/1")).name).toEqual(read.name);
    expect(await totalOf("Patient?name=lopez")).toBe(1);
    expect(await totalOf("Patient?name:exact=GARCÍA")).toBe(0);
    const history = (await clinic.get("Patient/100001/_history")).body as Resource as Bundle;
    expect(history.entry?.map(({ response }) => response?.etag)).toEqual(['W/"3"', 'W/"2"', 'W/"1"']);
  });

  test("deleted is gone, merged points to the other record and takes no change", async () => {
    await seed(clinic.database, "patient", [
      synced(1, { deleted: true }),
      synced(2, { deleted: true, merged_into_no: 3 }),
      synced(3),
    ]);
    expect((await clinic.get("Patient/1")).status).toBe(410);
    const merged = await patientAt("Patient/2");
    expect(merged).toMatchObject({ active: false, link: [{ other: { reference: "Patient/3" }, type: "replaced-by" }] });
    expect(await totalOf("Patient")).toBe(2);
    expect((await clinic.put(merged, 1)).status).toBe(422);
    expect((await clinic.get("Patient/99999999999")).status).toBe(404);
  });

  test("restricted is labelled, opens by break-glass alone, and stays restricted when the label is left out", async () => {
    await seed(clinic.database, "patient", [synced(1, { restricted: true }), synced(2)]);
    expect((await clinic.get("Patient/1")).status).toBe(403);
    expect((await clinic.get("Patient/1/_history/1")).status).toBe(403);
    expect(await totalOf("Patient?name=garcia")).toBe(1);
    const opened: TestClaims = { ...administrator, btg: 1 };
    const patient = await patientAt("Patient/1", opened);
    expect(patient.meta?.security).toMatchObject([{ code: "R" }]);
    expect(await totalOf("Patient?name=garcia", opened)).toBe(2);
    const { security: _security, ...meta } = patient.meta ?? {};
    expect((await clinic.put({ ...patient, meta }, 1, opened)).status).toBe(200);
    expect((await clinic.get("Patient/1")).status).toBe(403);
  });
});

describe("a write", () => {
  const rossi: Patient = {
    resourceType: "Patient",
    identifier: [
      { system: "http://hospital.example", value: "1" },
      { system: "http://hl7.org/fhir/sid/us-ssn", value: "987-65-4321" },
    ],
    name: [{ family: "Rossi", given: ["Zoë"] }],
    gender: "female",
    birthDate: "1980-02-29",
  };

  test("registers with a number from the block, an MRN, the caller's site and name, and tells legacy", async () => {
    const { status, body, headers } = await clinic.post(rossi, { role: "FDSK", sub: "DESK7", site: "EAST" });
    expect(status).toBe(201);
    expect(headers.get("location")).toMatch(/\/fhir\/Patient\/200001\/_history\/1$/);
    expect(body).toMatchObject({ id: "200001", identifier: [{ system: mrnSystem }, { value: "1" }] });
    expect(JSON.stringify(body)).not.toMatch(/987|4321/);
    const [row] = await clinic.database.owner("patient").select("*");
    expect(row).toMatchObject({
      family_name: "ROSSI",
      given_name: "ZOË",
      ssn: "987654321",
      home_site: "EAST",
      created_by: "DESK7",
    });
    const [entry] = await clinic.database.owner("kit.outbox").select("who", "changes");
    expect(entry).toMatchObject({
      who: "DESK7",
      changes: [{ table: "PATMST", new: { LName: "ROSSI", SSN: "987654321" } }],
    });
  });

  test("changes only the columns whose elements changed", async () => {
    await seed(clinic.database, "patient", [synced(1, { sex: "local:X", marital_status: "local:Q" })]);
    const patient = await patientAt("Patient/1");
    expect(patient.gender).toBe("unknown");
    expect((await clinic.put({ ...patient, birthDate: "1961-03-05" } as Resource, 1)).status).toBe(200);
    const [row] = await clinic.database.owner("patient").select("birth_date", "sex", "marital_status");
    expect(row).toMatchObject({ sex: "local:X", marital_status: "local:Q" });
    const [entry] = await clinic.database.owner("kit.outbox").select("changes");
    expect(Object.keys((entry as { changes: { new: object }[] }).changes[0]?.new ?? {}).toSorted()).toEqual([
      "DOB",
      "ModDt",
      "ModUsr",
    ]);
  });

  test("of a second person of one name and birth date needs the client's word on what tells them apart", async () => {
    expect((await clinic.post(rossi)).status).toBe(201);
    const twin = await clinic.post(rossi);
    expect([twin.status, twin.body.issue[0]?.code]).toEqual([422, "duplicate"]);
    const told = await clinic.post(rossi, administrator, { "if-none-exist": "identifier=http://hospital.example|2" });
    expect(told.status).toBe(201);
    expect(await totalOf("Patient")).toBe(2);
  });

  test("that fails half way leaves nothing: no row, no terms, no outbox entry", async () => {
    await clinic.database.owner.raw("ALTER TABLE fhir.term ADD CONSTRAINT broken CHECK (parameter <> 'identifier')");
    expect((await clinic.post(rossi)).status).toBe(500);
    for (const table of ["patient", "fhir.term", "kit.outbox"]) {
      const rows = await clinic.database.owner(table).whereRaw(table === "fhir.term" ? "type = 'Patient'" : "true");
      expect(rows).toEqual([]);
    }
  });

  test("while the module is sealed is 503, and of an old epoch too", async () => {
    await clinic.database.seal("patient");
    const sealed = await clinic.post(rossi);
    expect([sealed.status, sealed.headers.get("retry-after"), sealed.body.resourceType]).toEqual([
      503,
      "1",
      "OperationOutcome",
    ]);
    await clinic.database.open("patient", 2);
    expect((await clinic.post(rossi)).status).toBe(503);
  });
});

describe("the directory", () => {
  const staff = (id: string, change: object = {}) => ({
    staff_id: id,
    name: "BONE, RONALD",
    role: "physician",
    provider: true,
    npi: "9941339100",
    specialty: "FAMP",
    site: "MAIN",
    active: true,
    ...change,
  });
  beforeEach(async () => {
    await seed(clinic.database, "site", [
      {
        site_code: "MAIN",
        name: "Main Street",
        address_line: "1 Main St",
        city: "Salem",
        state: "MA",
        postal_code: "01970",
        phone: "9785550199",
        active: true,
      },
    ]);
    await seed(clinic.database, "code", [
      { code_set: "SPEC", code: "FAMP", short_text: "Family practice", active: true },
    ]);
    await seed(clinic.database, "staff", [
      staff("DRBONE"),
      staff("FRONT_1", { name: "DESK, FRONT", provider: false, npi: null }),
    ]);
  });

  test("shows everybody as Practitioner, providers with a role, and sites", async () => {
    const bone = (await clinic.get("Practitioner/DRBONE")).body as unknown as Practitioner;
    expect(bone).toMatchObject({
      name: [{ family: "BONE", given: ["RONALD"] }],
      identifier: [{ system: "http://hl7.org/fhir/sid/us-npi", value: "9941339100" }, { value: "DRBONE" }],
    });
    const [desk] = ((await clinic.get("Practitioner?name=front")).body as Resource as Bundle<Practitioner>).entry ?? [];
    expect(desk?.resource).toMatchObject({ id: "x-46524f4e545f31", name: [{ family: "DESK" }] });
    expect((await clinic.get("Practitioner/x-46524f4e545f31")).status).toBe(200);
    const role =
      (
        (
          await clinic.get(
            "PractitionerRole?specialty=FAMP&_include=PractitionerRole:practitioner&_include=PractitionerRole:location",
          )
        ).body as Resource as Bundle
      ).entry ?? [];
    expect(role.map(({ resource }) => resource?.resourceType)).toEqual([
      "PractitionerRole",
      "Practitioner",
      "Location",
    ]);
    expect(role[0]?.resource as PractitionerRole).toMatchObject({
      practitioner: { reference: "Practitioner/DRBONE" },
      telecom: [{ value: "978-555-0199" }],
      specialty: [{ coding: [{ code: "FAMP", display: "Family practice" }] }],
    });
    expect(await totalOf("PractitionerRole?practitioner=DRBONE")).toBe(1);
    expect(await totalOf("Location?address-city=salem&name=main")).toBe(1);
    expect(await totalOf("Organization?name=the practice")).toBe(1);
  });

  test("takes what legacy has no column for, and refuses to change what legacy keeps", async () => {
    const bone = (await clinic.get("Practitioner/DRBONE")).body as unknown as Practitioner;
    const more: Practitioner = {
      ...bone,
      qualification: [{ code: { text: "MD" } }],
      name: [{ ...bone.name?.[0], prefix: ["Dr"] }],
    };
    const put = await clinic.put(more, 1);
    expect([put.status, put.body]).toMatchObject([
      200,
      { qualification: [{ code: { text: "MD" } }], name: [{ prefix: ["Dr"] }], meta: { versionId: "2" } },
    ]);
    const renamed = await clinic.put({ ...more, name: [{ family: "Bones", given: ["R"] }] } as Resource, 2);
    expect([renamed.status, renamed.body.issue[0]?.expression]).toEqual([422, ["Practitioner.name"]]);
    await clinic.database.owner("staff").where({ staff_id: "DRBONE" }).update({ name: "BONE-SMITH, RONALD" });
    const synced = (await clinic.get("Practitioner/DRBONE")).body as unknown as Practitioner;
    expect(synced).toMatchObject({ name: [{ family: "BONE-SMITH", prefix: ["Dr"] }], meta: { versionId: "3" } });
    const role = await clinic.get("PractitionerRole/DRBONE");
    expect((await clinic.put(role.body, 3)).status).toBe(422);
    const front = await clinic.post({ ...bone, id: undefined }, { role: "FDSK" });
    expect(front.status).toBe(403);
  });
});

describe("related persons", () => {
  test("guarantors and proxies come from the records; others are made for a patient who is here", async () => {
    await seed(clinic.database, "patient", [
      synced(1, { guarantor_no: 2 }),
      synced(2, { given_name: "MARCO" }),
      synced(3, { restricted: true }),
    ]);
    await seed(clinic.database, "portal_account", [{ account_no: 9, patient_no: 2, proxy_for_no: 1, active: true }]);
    const found = (await clinic.get("RelatedPerson?patient=Patient/1&_include=RelatedPerson:patient"))
      .body as Resource as Bundle<RelatedPerson>;
    expect(found.entry?.map(({ resource }) => resource?.id)).toEqual(["guarantor-1", "proxy-9", "1"]);
    expect(found.entry?.[0]?.resource).toMatchObject({
      name: [{ family: "GARCÍA", given: ["MARCO", "M"] }],
      relationship: [{ text: "guarantor" }],
    });
    const guarantor = (await clinic.get("RelatedPerson/guarantor-1")).body as unknown as RelatedPerson;
    expect((await clinic.put(guarantor, String(guarantor.meta?.versionId))).status).toBe(422);
    const niece = {
      resourceType: "RelatedPerson",
      active: true,
      patient: { reference: "Patient/3" },
      name: [{ family: "Sarah" }],
    };
    const made = await clinic.post(niece);
    expect(made.status).toBe(201);
    expect((await clinic.post({ ...niece, patient: { reference: "Patient/77" } })).status).toBe(422);
    // It shows who belongs to a restricted chart.
    expect((await clinic.get(`RelatedPerson/${made.body.id}`)).status).toBe(403);
    expect(await totalOf("RelatedPerson?name=sarah")).toBe(0);
    const opened: TestClaims = { ...administrator, btg: 3 };
    expect(await totalOf("RelatedPerson?name=sarah", opened)).toBe(1);
    expect((await clinic.get(`RelatedPerson/${made.body.id}`, opened)).status).toBe(200);
  });
});
