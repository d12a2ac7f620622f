import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fixedClock } from "@banyan/kernel";
import { afterEach, expect, test } from "vitest";
import { TargetGroup } from "../forward/target-group.ts";
import { limits } from "../limits.ts";
import { createFhirMetadata } from "./fhir-metadata.ts";

const open: Server[] = [];
const groups: TargetGroup[] = [];
afterEach(async () => {
  await Promise.all(groups.splice(0).map((group) => group.close()));
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(handler: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push(server);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

const statement = (...types: string[]) => ({
  resourceType: "CapabilityStatement",
  status: "active",
  date: types.includes("Slot") ? "2026-02-02" : "2026-01-01",
  kind: "instance",
  fhirVersion: "4.0.1",
  format: ["json"],
  rest: [
    {
      mode: "server",
      security: {},
      resource: types.map((type) => ({ type, interaction: [{ code: "read" }, { code: "search-type" }] })),
    },
  ],
});

const clock = fixedClock(new Date("2026-11-23T12:00:00Z"));

async function proxyOver(origins: Record<string, string>) {
  const services = new Map(
    Object.entries(origins).map(([name, origin]) => {
      const group = new TargetGroup({ name, origins: [origin], clock });
      groups.push(group);
      return [name, group];
    }),
  );
  const metadata = createFhirMetadata(services, clock);
  return serve((request, response) => {
    if (!metadata.answer(request, response, "https")) response.writeHead(204).end();
  });
}

const json = async (url: string) => {
  const response = await fetch(url);
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    body: (await response.json()) as never,
  };
};

test("the statement lists the types of every service once, under the address the client uses", async () => {
  const patients = await serve((_, response) => response.end(JSON.stringify(statement("Patient", "Provenance"))));
  const scheduling = await serve((_, response) => response.end(JSON.stringify(statement("Slot", "Provenance"))));
  const { url } = await proxyOver({ patients: patients.url, scheduling: scheduling.url });
  const { status, type, body } = await json(`${url}/fhir/metadata?_format=json`);
  expect([status, type]).toEqual([200, "application/fhir+json; charset=utf-8"]);
  expect(body).toMatchObject({
    resourceType: "CapabilityStatement",
    date: "2026-02-02",
    implementation: { url: `${url.replace("http:", "https:")}/fhir` },
    rest: [{ mode: "server", resource: [{ type: "Patient" }, { type: "Provenance" }, { type: "Slot" }] }],
  });
});

test("a service that is away keeps its place; with none ever heard of the answer is 503", async () => {
  const patients = await serve((_, response) => response.end(JSON.stringify(statement("Patient"))));
  const { url } = await proxyOver({ patients: patients.url, scheduling: "http://127.0.0.1:1" });
  expect((await json(`${url}/fhir/metadata`)).status).toBe(200);
  patients.server.closeAllConnections();
  await new Promise((resolve) => patients.server.close(resolve));
  clock.advance(limits.fhirMetadataMs + 1);
  expect((await json(`${url}/fhir/metadata`)).body).toMatchObject({ rest: [{ resource: [{ type: "Patient" }] }] });
  const alone = await proxyOver({ scheduling: "http://127.0.0.1:1" });
  expect(await json(`${alone.url}/fhir/metadata`)).toMatchObject({
    status: 503,
    body: { resourceType: "OperationOutcome" },
  });
});

test("an answer that is no statement, or too long, is not believed", async () => {
  const odd = await serve((_, response) => response.end("[]"));
  const long = await serve((_, response) => response.end(" ".repeat(limits.fhirMetadataBytesMax + 1)));
  const { url } = await proxyOver({ odd: odd.url, long: long.url });
  expect((await json(`${url}/fhir/metadata`)).status).toBe(503);
});

test("the SMART configuration names the scopes there are, at both of its addresses, and no end point there is not", async () => {
  const patients = await serve((_, response) => response.end(JSON.stringify(statement("Patient"))));
  const { url } = await proxyOver({ patients: patients.url });
  for (const path of ["/.well-known/smart-configuration", "/fhir/.well-known/smart-configuration"]) {
    const { status, type, body } = await json(`${url}${path}`);
    expect([status, type]).toEqual([200, "application/json; charset=utf-8"]);
    expect(body).toMatchObject({ capabilities: expect.arrayContaining(["permission-v2"]) });
    expect((body as { scopes_supported: string[] }).scopes_supported).toContain("user/Patient.rs");
    expect(body).not.toHaveProperty("token_endpoint");
  }
});

test("other methods are refused and other paths are not its own", async () => {
  const { url } = await proxyOver({});
  expect((await fetch(`${url}/fhir/metadata`, { method: "POST", body: "x" })).status).toBe(405);
  expect((await fetch(`${url}/fhir/Patient`)).status).toBe(204);
});
