import { systemClock } from "@banyan/kernel";
import type { Bundle, CapabilityStatement, OperationOutcome, Patient } from "fhir/r4.js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startTestServices, type TestClaims, type TestServices } from "../test-service.ts";
import { startTestClinic, type TestClinic } from "./test-clinic.ts";

let services: TestServices;
let clinic: TestClinic;
beforeAll(async () => {
  services = await startTestServices();
});
afterAll(() => services.stop());
beforeEach(async () => {
  clinic = await startTestClinic(services, systemClock);
  return () => clinic.stop();
});

const physician: TestClaims = { role: "PHYS" };
const biller: TestClaims = { role: "RPTS" };

const rossi = (change: Partial<Patient> = {}): Patient => ({
  resourceType: "Patient",
  identifier: [{ system: "http://hospital.example", value: "4711" }],
  name: [{ family: "Rossi", given: ["Zoë"] }],
  gender: "female",
  birthDate: "1980-02-29",
  ...change,
});

async function created(change: Partial<Patient> = {}): Promise<Patient> {
  const response = await clinic.write("POST", "/fhir/Patient", rossi(change));
  expect(response.status).toBe(201);
  return (await response.json()) as Patient;
}

const get = (path: string, headers: Record<string, string> = {}, who: TestClaims | null = {}) =>
  clinic.send(path, who, { headers });
const bundleAt = async (path: string, headers: Record<string, string> = {}): Promise<Bundle<Patient>> => {
  const response = await get(path, headers);
  expect(response.status).toBe(200);
  return (await response.json()) as Bundle<Patient>;
};

describe("read", () => {
  test("gives the resource with its version in ETag, Last-Modified and meta", async () => {
    const { id } = await created();
    const response = await get(`/fhir/Patient/${id}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("etag")).toBe('W/"1"');
    expect(response.headers.get("content-type")).toBe("application/fhir+json; charset=utf-8");
    const patient = (await response.json()) as Patient;
    expect(patient).toMatchObject({ id, name: [{ family: "Rossi" }], meta: { versionId: "1" } });
    expect(new Date(patient.meta?.lastUpdated ?? "").toUTCString()).toBe(response.headers.get("last-modified"));
  });

  test("of the version the client has already is 304", async () => {
    const { id } = await created();
    expect((await get(`/fhir/Patient/${id}`, { "if-none-match": 'W/"1"' })).status).toBe(304);
    expect((await get(`/fhir/Patient/${id}`, { "if-none-match": 'W/"2"' })).status).toBe(200);
    const later = new Date(Date.now() + 5_000).toUTCString();
    expect((await get(`/fhir/Patient/${id}`, { "if-modified-since": later })).status).toBe(304);
  });

  test("of what never was is 404, of an unknown type too, of what was deleted 410", async () => {
    expect((await get("/fhir/Patient/nobody")).status).toBe(404);
    expect((await get("/fhir/Observation/1")).status).toBe(404);
    expect((await get("/fhir/Patient/1/2/3/4")).status).toBe(404);
    const { id } = await created();
    // Nobody of the front desk may delete; the store is asked as the face would.
    const refused = await clinic.write("DELETE", `/fhir/Patient/${id}`, "", { "if-match": 'W/"1"' });
    expect(refused.status).toBe(403);
  });

  test("of an older version gives that version, and the history lists all, newest first, page by page", async () => {
    const { id } = await created();
    for (const version of [1, 2])
      await clinic.write("PUT", `/fhir/Patient/${id}`, rossi({ id: String(id), language: `x-${version}` }), {
        "if-match": `W/"${version}"`,
      });
    const old = (await (await get(`/fhir/Patient/${id}/_history/2`)).json()) as Patient;
    expect(old).toMatchObject({ language: "x-1", meta: { versionId: "2" } });
    const page = await bundleAt(`/fhir/Patient/${id}/_history?_count=2`);
    expect(page.entry?.map(({ response }) => response?.etag)).toEqual(['W/"3"', 'W/"2"']);
    const next = page.link?.find(({ relation }) => relation === "next")?.url ?? "";
    const rest = await bundleAt(new URL(next).pathname + new URL(next).search);
    expect(rest.entry?.map(({ request }) => request?.method)).toEqual(["POST"]);
    expect(rest.link?.map(({ relation }) => relation)).toEqual(["self"]);
    expect((await get(`/fhir/Patient/${id}/_history/9`)).status).toBe(404);
  });
});

describe("format", () => {
  test.each([
    [{ accept: "application/json" }, "", "application/json; charset=utf-8"],
    [{ accept: "text/html, application/xml;q=0.9, */*;q=0.1" }, "", "application/fhir+json; charset=utf-8"],
    [{ accept: "application/fhir+json; fhirVersion=4.0" }, "", "application/fhir+json; charset=utf-8"],
    [{ accept: "application/xml" }, "?_format=json", "application/fhir+json; charset=utf-8"],
  ])("%j%s is answered as %s", async (headers, query, type) => {
    const { id } = await created();
    expect((await get(`/fhir/Patient/${id}${query}`, headers)).headers.get("content-type")).toBe(type);
  });

  test.each([
    [{ accept: "application/fhir+xml" }, ""],
    [{ accept: "application/fhir+json; fhirVersion=3.0" }, ""],
    [{ accept: "application/json;q=0" }, ""],
    [{}, "?_format=xml"],
  ])("%j%s is refused with 406 and an OperationOutcome", async (headers, query) => {
    const response = await get(`/fhir/Patient/1${query}`, headers);
    expect(response.status).toBe(406);
    expect(await response.json()).toMatchObject({ resourceType: "OperationOutcome" });
  });

  test.each([
    "text/plain",
    "application/fhir+xml",
    "application/fhir+json; charset=iso-8859-1",
    "application/json; fhirVersion=5.0",
  ])("a body of %s is refused with 415", async (type) => {
    expect((await clinic.write("POST", "/fhir/Patient", rossi(), { "content-type": type })).status).toBe(415);
  });
});

describe("create", () => {
  test("gives an id and says where the resource is", async () => {
    const response = await clinic.write("POST", "/fhir/Patient", rossi({ id: "mine" }), {
      "x-forwarded-host": "ehr.example:8443",
      "x-forwarded-proto": "https",
    });
    expect(response.status).toBe(201);
    const { id } = (await response.json()) as Patient;
    expect(id).not.toBe("mine");
    expect(response.headers.get("location")).toBe(`https://ehr.example:8443/fhir/Patient/${id}/_history/1`);
  });

  test("answers as Prefer asks", async () => {
    const minimal = await clinic.write("POST", "/fhir/Patient", rossi(), { prefer: "return=minimal" });
    expect([minimal.status, await minimal.text()]).toEqual([201, ""]);
    const outcome = await clinic.write("POST", "/fhir/Patient", rossi(), { prefer: "return=OperationOutcome" });
    expect(await outcome.json()).toMatchObject({
      resourceType: "OperationOutcome",
      issue: [{ severity: "information" }],
    });
  });

  test("with If-None-Exist creates once, and refuses when several fit", async () => {
    const condition = { "if-none-exist": "identifier=http://hospital.example|4711" };
    const first = await clinic.write("POST", "/fhir/Patient", rossi(), condition);
    const second = await clinic.write("POST", "/fhir/Patient", rossi(), condition);
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(((await second.json()) as Patient).id).toBe(((await first.json()) as Patient).id);
    await created();
    const third = await clinic.write("POST", "/fhir/Patient", rossi(), condition);
    expect(third.status).toBe(412);
    expect((await bundleAt("/fhir/Patient?_summary=count")).total).toBe(2);
    const unknown = await clinic.write("POST", "/fhir/Patient", rossi(), { "if-none-exist": "shoe-size=44" });
    expect(unknown.status).toBe(400);
  });

  test("of the same request sent twice answers twice and creates once", async () => {
    const headers = { "x-request-id": "7b7f9a52-0d0c-4a7e-9d58-1c1c1c1c1c1c" };
    const [first, second] = [
      await clinic.write("POST", "/fhir/Patient", rossi(), headers),
      await clinic.write("POST", "/fhir/Patient", rossi(), headers),
    ];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.headers.get("location")).toBe(first.headers.get("location"));
    expect((await bundleAt("/fhir/Patient?_summary=count")).total).toBe(1);
  });

  test.each([
    ["no JSON", "{", 400],
    ["another type", { resourceType: "Practitioner" }, 400],
    ["a list", [], 400],
    ["an unknown element", { ...rossi(), shoeSize: 44 }, 400],
    ["an element named as JavaScript's own", '{"resourceType":"Patient","toString":"x"}', 400],
    ["a wrong type", { ...rossi(), active: "yes" }, 400],
    ["a code that is none", { ...rossi(), gender: "f" }, 400],
    ["a day that is none", { ...rossi(), birthDate: "1981-02-29" }, 400],
    ["an empty list", { ...rossi(), telecom: [] }, 400],
    ["two kinds of one element", { ...rossi(), deceasedBoolean: true, deceasedDateTime: "2020" }, 400],
    ["a reference to a wrong type", { ...rossi(), generalPractitioner: [{ reference: "Location/1" }] }, 400],
    [
      "narrative with a script",
      { ...rossi(), text: { status: "generated", div: "<div><script>x</script></div>" } },
      400,
    ],
    ["text no database can hold", { ...rossi(), language: "a\u0000b" }, 400],
    ["half a character", '{"resourceType":"Patient","language":"\\ud800"}', 400],
    ["an unknown contained type", { ...rossi(), contained: [{ resourceType: "Zebra" }] }, 400],
    ["no name, against US Core", { ...rossi(), name: undefined }, 422],
    ["an identifier without a system, against US Core", { ...rossi(), identifier: [{ value: "1" }] }, 422],
  ])("of %s is refused and nothing is stored", async (_what, body, status) => {
    const response = await clinic.write("POST", "/fhir/Patient", body);
    expect(response.status).toBe(status);
    const outcome = (await response.json()) as OperationOutcome;
    expect(outcome.resourceType).toBe("OperationOutcome");
    expect(outcome.issue.every(({ severity, details }) => severity === "error" && details?.text)).toBe(true);
    expect((await bundleAt("/fhir/Patient?_summary=count")).total).toBe(0);
  });

  test("of an abyss or of a body past the bound is refused", async () => {
    const deep = `${'{"extension":['.repeat(5_000)}${"]}".repeat(5_000)}`;
    expect((await clinic.write("POST", "/fhir/Patient", deep)).status).toBe(400);
    const large = { ...rossi(), language: "x".repeat(3_000_000) };
    expect((await clinic.write("POST", "/fhir/Patient", large)).status).toBe(413);
  });

  test("errors never quote what was sent", async () => {
    const canary = "Zzyzx-Canary";
    const bodies = [
      { ...rossi(), [canary.replace("-", "")]: 1 },
      { ...rossi(), gender: canary },
      { ...rossi(), birthDate: canary },
      { ...rossi(), contained: [{ resourceType: canary }] },
      { ...rossi(), generalPractitioner: [{ reference: `${canary.replace("-", "")}/1` }] },
      `{"resourceType": "${canary}`,
    ];
    for (const body of bodies)
      expect(await (await clinic.write("POST", "/fhir/Patient", body)).text()).not.toMatch(/zzyzx/i);
    const queries = [`birthdate=${canary}`, `name:${canary}=1`, `${canary}=1`, `_sort=${canary}`, `_cursor=${canary}`];
    for (const query of queries)
      expect(await (await get(`/fhir/Patient?${query}`, { prefer: "handling=strict" })).text()).not.toMatch(/zzyzx/i);
  });
});

describe("update", () => {
  test("needs the version it was made from: 400 without, 412 with a stale one", async () => {
    const { id } = await created();
    const body = rossi({ id: String(id), gender: "male" });
    const path = `/fhir/Patient/${id}`;
    expect((await clinic.write("PUT", path, body)).status).toBe(400);
    expect((await clinic.write("PUT", path, body, { "if-match": "*" })).status).toBe(400);
    const done = await clinic.write("PUT", path, body, { "if-match": 'W/"1"' });
    expect([done.status, done.headers.get("etag")]).toEqual([200, 'W/"2"']);
    const stale = await clinic.write("PUT", path, body, { "if-match": 'W/"1"' });
    expect([stale.status, ((await stale.json()) as OperationOutcome).issue[0]?.code]).toEqual([412, "conflict"]);
  });

  test("of another id than the URL's is 400, of an id that never was 405", async () => {
    const { id } = await created();
    const other = await clinic.write("PUT", `/fhir/Patient/${id}`, rossi({ id: "1" }), { "if-match": 'W/"1"' });
    expect(other.status).toBe(400);
    const none = await clinic.write("PUT", "/fhir/Patient/1", rossi({ id: "1" }), { "if-match": 'W/"1"' });
    expect(none.status).toBe(405);
  });

  test("of two at once from one version, one wins", async () => {
    const { id } = await created();
    const put = () =>
      clinic
        .write("PUT", `/fhir/Patient/${id}`, rossi({ id: String(id) }), { "if-match": 'W/"1"' })
        .then(({ status }) => status);
    expect((await Promise.all([put(), put()])).sort()).toEqual([200, 412]);
  });
});

describe("search", () => {
  const found = async (query: string): Promise<string[]> =>
    (await bundleAt(`/fhir/Patient?${query}`)).entry?.flatMap(({ resource }) => resource?.name?.[0]?.family ?? []) ??
    [];

  beforeEach(async () => {
    await created();
    await created({
      name: [{ family: "Ångström", given: ["Bo", "Erik"] }],
      gender: "male",
      birthDate: "1979-12-31",
      identifier: [{ system: "http://hospital.example", value: "4712" }],
    });
    await created({
      name: [{ family: "O'Hara" }],
      gender: "unknown",
      birthDate: "2001-07-04",
      generalPractitioner: [{ reference: "Practitioner/dr-bone" }],
    });
  });

  test.each([
    ["name=ang", ["Ångström"]],
    ["name=ZOE", ["Rossi"]],
    ["name=bo erik", ["Ångström"]],
    ["name:exact=Rossi", ["Rossi"]],
    ["name:exact=rossi", []],
    ["name:contains=hara", ["O'Hara"]],
    ["name=rossi,o'h", ["Rossi", "O'Hara"]],
    ["name=r&name=z", ["Rossi"]],
    ["gender=male", ["Ångström"]],
    ["gender=http://hl7.org/fhir/administrative-gender|male", ["Ångström"]],
    ["gender=http://other|male", []],
    ["gender:not=male", ["Rossi", "O'Hara"]],
    ["identifier=http://hospital.example|4712", ["Ångström"]],
    ["identifier=4712", ["Ångström"]],
    ["identifier=|4712", []],
    ["birthdate=1980-02-29", ["Rossi"]],
    ["birthdate=1980", ["Rossi"]],
    ["birthdate=ge1980-02", ["Rossi", "O'Hara"]],
    ["birthdate=lt1980", ["Ångström"]],
    ["birthdate=ne1980&birthdate=sa1980", ["O'Hara"]],
    ["general-practitioner=Practitioner/dr-bone", ["O'Hara"]],
    ["general-practitioner:Practitioner=dr-bone", ["O'Hara"]],
    ["general-practitioner=dr-bone", ["O'Hara"]],
    ["general-practitioner:missing=true", ["Rossi", "Ångström"]],
    ["_id=100001,100003", ["Rossi", "O'Hara"]],
    ["_lastUpdated=gt2000", ["Rossi", "Ångström", "O'Hara"]],
    ["_sort=-_id", ["O'Hara", "Ångström", "Rossi"]],
    ["name=", ["Rossi", "Ångström", "O'Hara"]],
  ])("%s finds %j", async (query, names) => {
    expect(await found(query)).toEqual(names);
  });

  test("by POST finds what GET finds", async () => {
    const response = await clinic.send(
      "/fhir/Patient/_search",
      {},
      {
        method: "POST",
        body: "name=rossi",
        headers: { "content-type": "application/x-www-form-urlencoded" },
      },
    );
    const bundle = (await response.json()) as Bundle<Patient>;
    expect(bundle).toMatchObject({ type: "searchset", total: 1, entry: [{ search: { mode: "match" } }] });
    const json = await clinic.write("POST", "/fhir/Patient/_search", {});
    expect(json.status).toBe(415);
  });

  test("gives pages whose links show nothing of the search, until there is no more", async () => {
    const names: string[] = [];
    let path: string | undefined = "/fhir/Patient?gender:not=nobody&_count=2";
    while (path) {
      const page: Bundle<Patient> = await bundleAt(path);
      expect(page.total).toBe(3);
      names.push(...(page.entry ?? []).map(({ resource }) => resource?.name?.[0]?.family ?? ""));
      const next: string | undefined = page.link?.find(({ relation }) => relation === "next")?.url;
      expect(next ?? "").not.toMatch(/gender/);
      path = next && new URL(next).pathname + new URL(next).search;
    }
    expect(names).toEqual(["Rossi", "Ångström", "O'Hara"]);
  });

  test("sets aside what it does not know and says so; strictly, refuses", async () => {
    const bundle = await bundleAt("/fhir/Patient?shoe-size=44&name=rossi");
    expect(bundle.entry?.map(({ search }) => search?.mode)).toEqual(["match", "outcome"]);
    expect(bundle.link?.[0]?.url).toMatch(/\/fhir\/Patient\?name=rossi$/);
    expect((await get("/fhir/Patient?shoe-size=44", { prefer: "handling=strict" })).status).toBe(400);
  });

  test.each([
    "birthdate=yesterday",
    "birthdate=2001-02-30",
    "birthdate=2001-07-04T10:00",
    "name:sounds=x",
    "gender=a|b|c",
    "gender=|",
    "_count=-1",
    "_count=x",
    "_sort=name",
    "_total=all",
    "name:missing=perhaps",
    "general-practitioner=a b",
    "name=a,,b",
    "_cursor=abc",
    `name=${"x".repeat(300)}`,
    `name=${"x,".repeat(60)}x`,
    "name=a".concat("&name=a".repeat(30)),
    "name=%00",
    "name=\\q",
  ])("%s is refused with 400", async (query) => {
    expect((await get(`/fhir/Patient?${query}`)).status).toBe(400);
  });

  test("_count=0 gives the total alone; _total=none leaves it out", async () => {
    expect(await bundleAt("/fhir/Patient?_count=0")).toMatchObject({ total: 3 });
    expect((await bundleAt("/fhir/Patient?_count=0")).entry).toBeUndefined();
    expect((await bundleAt("/fhir/Patient?_total=none")).total).toBeUndefined();
  });

  test("brings along what is included, and the Provenance, which can be read by its id", async () => {
    const bone = {
      resourceType: "Practitioner",
      identifier: [{ system: "http://hl7.org/fhir/sid/us-npi", value: "9941339100" }],
      name: [{ family: "Bone" }],
    };
    expect((await clinic.write("POST", "/fhir/Practitioner", bone, {}, { role: "ADMN" })).status).toBe(201);
    const bundle = await bundleAt(
      "/fhir/Patient?name=o'h&_include=Patient:general-practitioner&_revinclude=Provenance:target",
    );
    expect(bundle.entry?.map(({ resource, search }) => [resource?.resourceType, search?.mode])).toEqual([
      ["Patient", "match"],
      ["Practitioner", "include"],
      ["Provenance", "include"],
    ]);
    const provenance = new URL(bundle.entry?.[2]?.fullUrl ?? "");
    expect(await (await get(provenance.pathname)).json()).toMatchObject({
      resourceType: "Provenance",
      target: [{ reference: "Patient/100003/_history/1" }],
    });
  });
});

describe("access", () => {
  const restricted = {
    meta: { security: [{ system: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", code: "R" }] },
  };

  test("without an identity is 401, without a scope 403, and both are audited", async () => {
    const { id } = await created();
    expect((await get(`/fhir/Patient/${id}`, {}, null)).status).toBe(401);
    expect((await get("/fhir/Patient?name=x", {}, null)).status).toBe(401);
    expect((await get(`/fhir/Patient/${id}`, {}, biller)).status).toBe(403);
    expect((await clinic.write("POST", "/fhir/Patient", rossi(), {}, physician)).status).toBe(403);
    const denied = (await clinic.audit()).filter(({ outcome }) => outcome === 4);
    expect(denied.map(({ subtype, reason }) => [subtype, reason])).toEqual([
      ["read", "anonymous"],
      ["search", "anonymous"],
      ["read", "role"],
      ["create", "role"],
    ]);
  });

  test("every read, search and write leaves an audit row", async () => {
    const { id } = await created();
    await get(`/fhir/Patient/${id}`);
    await get("/fhir/Patient?name=rossi");
    await clinic.write("PUT", `/fhir/Patient/${id}`, rossi({ id: String(id) }), { "if-match": 'W/"1"' });
    expect((await clinic.audit()).map(({ subtype, outcome, patient }) => [subtype, outcome, patient])).toEqual([
      ["create", 0, id],
      ["read", 0, id],
      ["search", 0, null],
      ["update", 0, id],
    ]);
  });

  test("a write that is refused is audited as such, without a trace in the store", async () => {
    const { id } = await created();
    await clinic.write("PUT", `/fhir/Patient/${id}`, rossi({ id: String(id) }), { "if-match": 'W/"7"' });
    expect((await clinic.audit()).map(({ subtype, outcome, reason }) => [subtype, outcome, reason])).toEqual([
      ["create", 0, null],
      ["update", 4, "FHIR_STALE"],
    ]);
    expect((await (await get(`/fhir/Patient/${id}`)).json()) as Patient).toMatchObject({ meta: { versionId: "1" } });
  });

  test("to a restricted chart needs break-glass for that patient; searches leave it out", async () => {
    const { id } = await created(restricted);
    expect((await get(`/fhir/Patient/${id}`)).status).toBe(403);
    expect((await bundleAt("/fhir/Patient")).total).toBe(0);
    const opened: TestClaims = { btg: Number(id) };
    expect((await get(`/fhir/Patient/${id}`, {}, opened)).status).toBe(200);
    const list = (await (await get("/fhir/Patient", {}, opened)).json()) as Bundle;
    expect(list.total).toBe(1);
    const changed = rossi({ ...restricted, id: String(id) });
    expect((await clinic.write("PUT", `/fhir/Patient/${id}`, changed, { "if-match": 'W/"1"' })).status).toBe(403);
  });

  test("of a portal user covers their own record and no other", async () => {
    const [mine, other] = [await created(), await created()];
    const portal: TestClaims = { kind: "portal", pat: Number(mine.id) };
    expect((await get(`/fhir/Patient/${mine.id}`, {}, portal)).status).toBe(200);
    expect((await get(`/fhir/Patient/${other.id}`, {}, portal)).status).toBe(403);
    const list = (await (await get("/fhir/Patient", {}, portal)).json()) as Bundle;
    expect(list.entry?.map(({ resource }) => resource?.id)).toEqual([mine.id]);
  });
});

describe("metadata", () => {
  test("says what the declarations say, to everybody", async () => {
    const response = await get("/fhir/metadata", {}, null);
    expect(response.status).toBe(200);
    const statement = (await response.json()) as CapabilityStatement;
    expect(statement).toMatchObject({ fhirVersion: "4.0.1", kind: "instance", format: ["json"] });
    const patient = statement.rest?.[0]?.resource?.find(({ type }) => type === "Patient");
    expect(patient).toMatchObject({ versioning: "versioned-update", searchRevInclude: ["Provenance:target"] });
    expect(patient?.searchParam?.map(({ name }) => name)).toEqual([
      "_id",
      "_lastUpdated",
      "_security",
      "identifier",
      "name",
      "birthdate",
      "gender",
      "general-practitioner",
    ]);
  });

  test("methods and shapes of paths that are not there are 405 and 404", async () => {
    expect((await clinic.write("PATCH", "/fhir/Patient/1", {})).status).toBe(405);
    expect((await clinic.write("PUT", "/fhir/Practitioner/1", {})).status).toBe(405);
    expect((await get("/fhir/Practitioner/1/_history")).status).toBe(405);
    expect((await get("/fhir/Patient/1/_other")).status).toBe(404);
    expect((await get("/fhir/Patient/a%20b")).status).toBe(404);
    expect((await get("/fhir/Patient/%zz")).status).toBe(404);
    expect((await get("/fhir")).status).toBe(404);
    expect((await get("/fhir/patient")).status).toBe(404);
  });
});
