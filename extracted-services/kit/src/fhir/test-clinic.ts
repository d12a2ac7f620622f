/** A FHIR server over stores in memory, for the shell's tests: patients, who may be restricted, and practitioners. */

import type { Patient, Practitioner, Resource } from "fhir/r4.js";
import type { Clock } from "@banyan/kernel";
import { definePolicy } from "../policy.ts";
import { startTestService, type TestClaims, type TestService, type TestServices } from "../test-service.ts";
import { restrictedCode } from "./access.ts";
import type { ResourceDefinition } from "./definition.ts";
import { fhirFace } from "./face.ts";
import { createMemoryStore } from "./memory-store.ts";
import { fhirPolicy } from "./policy.ts";
import { parametersOf } from "./search/parameter.ts";
import type { ResourceStore, Version } from "./store.ts";
import { usCore } from "./validation/us-core.ts";

const patientSearch = parametersOf("Patient", ["identifier", "name", "birthdate", "gender"], {
  identifier: { type: "token", expression: "Patient.identifier" },
  name: { type: "string", expression: "Patient.name" },
  birthdate: { type: "date", expression: "Patient.birthDate", daysOnly: true },
  gender: { type: "token", expression: "Patient.gender", system: "http://hl7.org/fhir/administrative-gender" },
  "general-practitioner": {
    type: "reference",
    expression: "Patient.generalPractitioner",
    targets: ["Practitioner", "Organization"],
  },
});

function testResources(clock: Clock): readonly ResourceDefinition[] {
  let ids = 100_000;
  const nextId = (): string => String((ids += 1));
  const patients: ResourceDefinition<Patient> = {
    type: "Patient",
    profile: usCore.patient,
    interactions: ["read", "vread", "history-instance", "search-type", "create", "update", "delete"],
    search: patientSearch,
    sorts: ["_id", "_lastUpdated"],
    includes: ["general-practitioner"],
    patient: "_id",
    open: () => withSubjects(createMemoryStore<Patient>(clock, nextId)),
  };
  const practitioners: ResourceDefinition<Practitioner> = {
    type: "Practitioner",
    profile: usCore.practitioner,
    interactions: ["read", "search-type", "create"],
    search: parametersOf("Practitioner", ["name"], { name: { type: "string", expression: "Practitioner.name" } }),
    sorts: ["_id"],
    open: () => createMemoryStore<Practitioner>(clock, () => "dr-bone"),
  };
  return [patients, practitioners];
}

/** The policy asks whose data it is and whether the chart is restricted: the store says. */
function withSubjects(store: ResourceStore<Patient>): ResourceStore<Patient> {
  const tell = <R extends Resource>(version: Version<R>): Version<R> => ({
    ...version,
    subject: {
      id: Number(version.id),
      restricted: version.resource?.meta?.security?.some(({ code }) => code === restrictedCode) ?? false,
    },
  });
  return {
    ...store,
    create: async (tx, resource, author) => {
      const version = await store.create?.(tx, resource, author);
      if (!version) throw new TypeError("the memory store creates");
      return tell(version);
    },
    read: async (id) => {
      const version = await store.read(id);
      return version && tell(version);
    },
    readVersion: async (id, number) => {
      const version = await store.readVersion(id, number);
      return version && tell(version);
    },
    search: async (query, tx) => {
      const answer = await store.search(query, tx);
      return { ...answer, hits: answer.hits.map((hit) => ({ ...hit, version: tell(hit.version) })) };
    },
  };
}

type AuditRow = { subtype: string; outcome: number; reason: string | null; patient: string | null };

export type TestClinic = TestService & {
  /** What was audited, without the self-test at start. */
  readonly audit: () => Promise<AuditRow[]>;
  /** Sends JSON; the resource's media type is set. */
  write(
    method: string,
    path: string,
    body: unknown,
    headers?: Record<string, string>,
    who?: TestClaims,
  ): Promise<Response>;
};

export async function startTestClinic(services: TestServices, clock: Clock): Promise<TestClinic> {
  const database = await services.database("notes");
  await database.open("note", 1);
  const resources = testResources(clock);
  const service = await startTestService({
    name: "notes",
    module: "note",
    version: "1.2.3",
    policy: definePolicy(fhirPolicy(resources)),
    faces: [fhirFace({ resources, cursorSecret: "a secret of the tests" })],
    databaseUrl: database.url,
    clock,
  });
  return {
    ...service,
    audit: async () => {
      await service.context.audit.flush();
      const rows: { event: unknown }[] = await database
        .owner("kit.audit_event")
        .select("event")
        .whereNot("agent", "notes")
        .orderBy("seq");
      return rows.map(({ event }) => event as AuditRow).filter(({ subtype }) => subtype !== "dry-run-probe");
    },
    write: (method, path, body, headers = {}, who = {}) =>
      service.send(path, who, {
        method,
        body: typeof body === "string" ? body : JSON.stringify(body),
        headers: { "content-type": "application/fhir+json", ...headers },
      }),
  };
}
