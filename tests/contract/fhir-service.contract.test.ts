/** FHIR R4 through the proxy, with both modules live: one address, the old log-in, one calendar and one record under both faces. */

import type { Appointment, Bundle, CapabilityStatement, OperationOutcome, Patient, Resource, Slot } from "fhir/r4.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Browser } from "./browser.ts";
import { type ContractTarget, contractTarget, servicesBehind, targetServices } from "./target.ts";

targetServices();
let clinic: ContractTarget;
let desk: Browser;
beforeAll(async () => {
  clinic = await contractTarget();
  desk = await clinic.staff("frontDesk");
});
afterAll(() => clinic.close());

type Answer<R> = { readonly status: number; readonly headers: Headers; readonly body: R };

async function ask<R = Resource>(
  path: string,
  init: RequestInit = {},
  browser: Browser | null = desk,
): Promise<Answer<R>> {
  const headers = new Headers(init.headers);
  if (browser) headers.set("cookie", browser.cookieHeader());
  if (init.body) headers.set("content-type", "application/fhir+json");
  const response = await fetch(`${servicesBehind().url}${path}`, { ...init, headers, redirect: "manual" });
  return { status: response.status, headers: response.headers, body: (await response.json()) as R };
}
const post = <R>(resource: Resource): Promise<Answer<R>> =>
  ask<R>(`/fhir/${resource.resourceType}`, { method: "POST", body: JSON.stringify(resource) });

describe("the one address", () => {
  test("says what both services can do, and which scopes there are, to everybody", async () => {
    const { status, body } = await ask<CapabilityStatement>("/fhir/metadata", {}, null);
    expect(status).toBe(200);
    expect(body.rest?.[0]?.resource?.map(({ type }) => type).toSorted()).toEqual([
      "Appointment",
      "Location",
      "Organization",
      "Patient",
      "Practitioner",
      "PractitionerRole",
      "Provenance",
      "RelatedPerson",
      "Schedule",
      "Slot",
    ]);
    expect(body.implementation?.url).toBe(`${servicesBehind().url}/fhir`);
    const smart = await ask<{ scopes_supported: string[] }>("/.well-known/smart-configuration", {}, null);
    expect(smart.body.scopes_supported).toEqual(expect.arrayContaining(["user/Patient.crus", "user/Slot.rs"]));
  });

  test("knows nobody without the log-in, and gives each role its scopes", async () => {
    const stranger = await ask<OperationOutcome>("/fhir/Patient?name=a", {}, null);
    expect([stranger.status, stranger.body.resourceType]).toEqual([401, "OperationOutcome"]);
    expect((await ask("/fhir/Patient?name=a")).status).toBe(200);
    const nurse = await clinic.staff("nurse");
    expect((await ask("/fhir/Patient?name=a", {}, nurse)).status).toBe(200);
    expect((await ask("/fhir/RelatedPerson?name=a", {}, nurse)).status).toBe(403);
  });
});

describe("one record under both faces", () => {
  test("a patient made through FHIR is on the old pages of both sides", async () => {
    const made = await post<Patient>({
      resourceType: "Patient",
      identifier: [{ system: "http://partner.example", value: "P-77" }],
      name: [{ family: "Quimby", given: ["Fern"] }],
      gender: "female",
      birthDate: "1988-08-08",
      telecom: [{ system: "phone", use: "home", value: "(978) 555-0142" }],
    } as Patient);
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe(`${servicesBehind().url}/fhir/Patient/${made.body.id}/_history/1`);
    await servicesBehind().settle();
    const page = await desk.get(`/Patient/PatDetail.aspx?pid=${made.body.id}`);
    expect(page.text).toContain("QUIMBY");
    const { recordset } = await servicesBehind()
      .legacy.pool.request()
      .query(`SELECT LName, HmPhone FROM PATMST WHERE PatNo = ${Number(made.body.id)}`);
    expect(recordset).toEqual([{ LName: "QUIMBY", HmPhone: "9785550142" }]);
    const found = await ask<Bundle<Patient>>("/fhir/Patient?identifier=http://partner.example|P-77");
    expect(found.body.entry?.map(({ resource }) => resource?.id)).toEqual([made.body.id]);
    // What came back from legacy is the service's own change: the version a client holds is still the newest.
    expect((await ask(`/fhir/Patient/${made.body.id}`)).headers.get("etag")).toBe('W/"1"');
  });

  test("free time found by FHIR is booked there, and taken on the old calendar", async () => {
    const patient = (await ask<Bundle<Patient>>("/fhir/Patient?name=quimby")).body.entry?.[0]?.resource;
    const slot = (await ask<Bundle<Slot>>("/fhir/Slot?status=free&_count=1&_sort=-_id")).body.entry?.[0]?.resource;
    const [provider, site] = String(slot?.schedule.reference).replace("Schedule/", "").split("--");
    const booking = {
      resourceType: "Appointment",
      status: "booked",
      start: slot?.start,
      end: slot?.end,
      participant: [`Patient/${patient?.id}`, `Practitioner/${provider}`, `Location/${site}`].map((reference) => ({
        actor: { reference },
        status: "accepted",
      })),
    } as Appointment;
    const made = await post<Appointment>(booking);
    expect(made.status).toBe(201);
    expect((await post<OperationOutcome>(booking)).body.issue?.[0]?.code).toBe("conflict");
    await servicesBehind().settle();
    const page = await desk.get(`/Sched/ApptEdit.aspx?aid=${made.body.id}`);
    expect(page.text).toContain("QUIMBY");
    const { recordset } = await servicesBehind()
      .legacy.pool.request()
      .query(`SELECT StatCd FROM tblAppointment WHERE ApptID = ${Number(made.body.id)}`);
    expect(recordset).toEqual([{ StatCd: "CF" }]);
  });
});
