import { hasUsCore, mutationsOf, readUsCore, whyNoUsCore } from "@banyan/service-kit/conformance";
import { mrnSystem } from "@banyan/service-kit/fhir";
import { startTestServices, type TestServices } from "@banyan/service-kit/test-service";
import type { CapabilityStatement, FhirResource, Patient, Resource, SearchParameter } from "fhir/r4.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fhirResources } from "./index.ts";
import { administrator, type FhirClinic, startFhirClinic } from "./test-clinic.ts";

let services: TestServices;
let clinic: FhirClinic;
/** Id given here to each published example. */
const ids = new Map<string, string>();
beforeAll(async () => {
  services = await startTestServices();
  clinic = await startFhirClinic(services);
  // The examples name one another: patients come first, and what refers to one is sent with the id it has here.
  for (const example of examples) {
    const { status, body } = await clinic.post(linked(example));
    if (status === 201) ids.set(nameOf(example), String(body.id));
  }
});
afterAll(async () => {
  await clinic.stop();
  await services.stop();
});

const types: readonly string[] = fhirResources.map(({ type }) => type);
const published = hasUsCore ? readUsCore() : new Map<string, FhirResource>();
const examples = [...published]
  .filter(([path, { resourceType }]) => path.includes("/example/") && types.includes(resourceType))
  .map(([, resource]) => resource)
  .toSorted((a, b) => types.indexOf(a.resourceType) - types.indexOf(b.resourceType));

const nameOf = ({ resourceType, id }: Resource): string => `${resourceType}/${id}`;
const named = examples.map((example) => [nameOf(example), example] as const);

/** With references to patients as they are known here. */
const linked = <R extends Resource>(resource: R): R =>
  JSON.parse(
    JSON.stringify(resource).replaceAll(
      /"Patient\/([\w-]+)"/g,
      (whole, id: string) => `"Patient/${ids.get(`Patient/${id}`) ?? id}"`,
    ),
  ) as R;

/** Without what the server gives: id, version, time of change and medical record number. */
function comparable(resource: Resource): unknown {
  const { id: _id, meta, ...rest } = linked(resource) as Patient;
  const { versionId: _version, lastUpdated: _updated, ...kept } = meta ?? {};
  return {
    ...rest,
    meta: kept,
    ...(rest.identifier ? { identifier: rest.identifier.filter(({ system }) => system !== mrnSystem) } : {}),
  };
}

describe.skipIf(!hasUsCore)(`the examples of US Core 6.1.0${hasUsCore ? "" : `: skipped, ${whyNoUsCore}`}`, () => {
  test("are there for most types", () => {
    expect(new Set(examples.map(({ resourceType }) => resourceType)).size).toBe(5);
    expect(examples.length).toBeGreaterThan(14);
  });

  test.each(named)("%s is accepted and read back equal", async (name, example) => {
    const { status, body, headers } = await clinic.get(`${example.resourceType}/${ids.get(name)}`);
    expect(status).toBe(200);
    expect(headers.get("etag")).toBe('W/"1"');
    expect(comparable(body)).toEqual(comparable(example));
  });

  test.each(named)("%s, changed and changed back, is equal again; every version can be read", async (name, example) => {
    const { resourceType } = example;
    const id = String(ids.get(name));
    const first = (await clinic.get(`${resourceType}/${id}`)).body;
    const changed = { ...first, language: "en-US" };
    expect((await clinic.put(changed, 1)).status).toBe(200);
    const back = await clinic.put({ ...linked(example), id }, 2);
    expect([back.status, back.headers.get("etag")]).toEqual([200, 'W/"3"']);
    expect(comparable(back.body)).toEqual(comparable(example));
    expect((await clinic.get(`${resourceType}/${id}/_history/2`)).body.language).toBe("en-US");
    expect(comparable((await clinic.get(`${resourceType}/${id}/_history/1`)).body)).toEqual(comparable(example));
  });

  test.each(named)("%s, spoilt, is refused, and nothing of it is stored", async (_name, example) => {
    const count = async () =>
      ((await clinic.get(`${example.resourceType}?_summary=count`)).body as { total?: number }).total;
    const before = await count();
    const all = mutationsOf(linked(example));
    // The validator's own tests try every mutation; here a spread of them goes the whole way.
    const some = all.filter((_mutation, at) => at % Math.ceil(all.length / 12) === 0);
    for (const { what, resource } of some) expect([what, (await clinic.post(resource)).status]).toEqual([what, 400]);
    expect(await count()).toBe(before);
  });

  test.each(named)("%s without what its profile requires is refused by rule", async (_name, example) => {
    const broken = withoutRequired(linked(example));
    const answer = await clinic.post(broken);
    expect([answer.status, answer.body.issue[0]?.code]).toEqual([422, "business-rule"]);
  });

  test("are found by every search parameter US Core asks of their types", async () => {
    const server = [...published.values()].find(
      (resource): resource is CapabilityStatement =>
        resource.resourceType === "CapabilityStatement" && resource.id === "us-core-server",
    );
    for (const resource of server?.rest?.[0]?.resource ?? []) {
      if (!types.includes(resource.type)) continue;
      const offered = ((await clinic.get("metadata")).body as unknown as CapabilityStatement).rest?.[0]?.resource?.find(
        ({ type }) => type === resource.type,
      );
      const names = offered?.searchParam?.map(({ name, definition }) => [name, definition]);
      // _id is stated with FHIR's own definition for every type.
      for (const { name, definition } of resource.searchParam ?? [])
        expect(names).toContainEqual([
          name,
          name === "_id" ? "http://hl7.org/fhir/SearchParameter/Resource-id" : definition,
        ]);
      for (const { name } of resource.searchParam ?? [])
        expect([resource.type, name, (await clinic.get(`${resource.type}?${name}=${sample(name)}`)).status]).toEqual([
          resource.type,
          name,
          200,
        ]);
      for (const include of resource.searchRevInclude ?? []) expect(offered?.searchRevInclude).toContain(include);
    }
  });

  test("a SearchParameter of US Core looks at the elements its definition names", () => {
    const definitions = [...published.values()].filter(
      (one): one is SearchParameter => one.resourceType === "SearchParameter",
    );
    for (const { search, type } of fhirResources) {
      for (const parameter of search) {
        const definition = definitions.find(({ url }) => url === parameter.definition);
        if (!definition) continue;
        expect([type, parameter.type]).toEqual([definition.base[0], definition.type]);
        const bare = (expression = "") => expression.replaceAll(/ as dateTime|\.coding\.code|[()\s]/g, "");
        expect(bare(parameter.expression)).toBe(bare(definition.expression));
      }
    }
  });

  test.each([
    ["Patient?name=baxter", ["Patient/example"]],
    ["Patient?name=SHAW", ["Patient/deceased-example", "Patient/example-targeted-provenance", "Patient/example"]],
    [
      "Patient?family=shaw&gender=female",
      ["Patient/deceased-example", "Patient/example-targeted-provenance", "Patient/example"],
    ],
    ["Patient?given=amy v.", []],
    ["Patient?given=amy&birthdate=1987-02-20", ["Patient/example-targeted-provenance", "Patient/example"]],
    ["Patient?identifier=http://hospital.smarthealthit.org|1032704", ["Patient/child-example"]],
    ["Patient?identifier=55555555", ["Patient/deceased-example"]],
    ["Patient?birthdate=gt2016-01-15", ["Patient/infant-example"]],
    ["Patient?death-date=2022-07", ["Patient/deceased-example"]],
    ["Patient?gender-identity=UNK", ["Patient/example-targeted-provenance", "Patient/example"]],
    ["Patient?address-city=mounds&address-postalcode=74048", ["Patient/example"]],
    ["Patient?phone=555-555-5555&birthdate=lt1940", ["Patient/deceased-example"]],
    ["Patient?email=Mary.Shaw@example.com", ["Patient/deceased-example"]],
    ["RelatedPerson?name=sarah", ["RelatedPerson/shaw-niece"]],
    ["Practitioner?name=ronald", ["Practitioner/practitioner-1"]],
    ["Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|1245319599", ["Practitioner/practitioner-2"]],
    ["Location?address=amherst", ["Location/hl7east"]],
    ["Location?address-state=MA&name=holy", ["Location/hospital"]],
    [
      "Organization?name=acme",
      ["Organization/acme-lab", "Organization/acme-payer", "Organization/example-organization-2"],
    ],
    ["Organization?address=kansas", []],
    ["Organization?address=64111", ["Organization/saint-luke-w-endpoint"]],
  ])("%s finds %j", async (query, expected) => {
    const { status, body } = await clinic.get(query);
    expect(status).toBe(200);
    const found = ((body as { entry?: { fullUrl: string }[] }).entry ?? []).map(
      ({ fullUrl }) => fullUrl.split("/fhir/")[1],
    );
    expect(found.toSorted()).toEqual(expected.map((name) => `${name.split("/")[0]}/${ids.get(name)}`).toSorted());
  });
});

/** A value of the right form for a parameter of that name. */
function sample(name: string): string {
  if (name === "birthdate" || name === "death-date") return "2000-01-01";
  return name === "gender" ? "male" : name === "patient" || name === "practitioner" ? "1" : "x";
}

/** One element less that the profile, not FHIR, requires. */
function withoutRequired(resource: Resource): Resource {
  const required: Readonly<Record<string, readonly string[]>> = {
    Patient: ["gender", "_gender"],
    RelatedPerson: ["active"],
    Practitioner: ["identifier"],
    Location: ["name"],
    Organization: ["name"],
  };
  const broken = structuredClone(resource) as unknown as Record<string, unknown>;
  for (const name of required[resource.resourceType] ?? []) delete broken[name];
  return broken as unknown as Resource;
}

test("what the record cannot hold is refused by rule and nothing is stored", async () => {
  const patient = (change: Partial<Patient>): Patient => ({
    resourceType: "Patient",
    identifier: [{ system: "http://hospital.example", value: "1" }],
    name: [{ family: "Held", given: ["Well"] }],
    gender: "other",
    birthDate: "1990-01-01",
    ...change,
  });
  const unheld: Partial<Patient>[] = [
    { birthDate: "1990" },
    { name: [{ family: "x".repeat(31), given: ["A"] }] },
    { name: [{ family: "Łukasz", given: ["A"] }] },
    { name: [{ family: "Only" }] },
    { deceasedBoolean: true },
    { active: false },
    { link: [{ other: { reference: "Patient/1" }, type: "replaced-by" }] },
    { identifier: [{ system: mrnSystem, value: "0001000019" }] },
    { identifier: [{ system: "http://hl7.org/fhir/sid/us-ssn", value: "12" }] },
    { address: [{ line: ["x".repeat(41)] }] },
  ];
  for (const change of unheld) {
    const { status, body } = await clinic.post(patient(change), administrator);
    expect([JSON.stringify(change).slice(0, 40), status, body.resourceType]).toEqual([
      JSON.stringify(change).slice(0, 40),
      422,
      "OperationOutcome",
    ]);
  }
  expect(((await clinic.get("Patient?family=held&_summary=count")).body as { total?: number }).total).toBe(0);
});
