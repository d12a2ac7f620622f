/** The patients service with a few rows as the sync would have written them, for the tests of its FHIR face. */

import { systemClock } from "@banyan/kernel";
import {
  startTestService,
  type TestClaims,
  type TestDatabase,
  type TestService,
  type TestServices,
} from "@banyan/service-kit/test-service";
import type { OperationOutcome, Resource } from "fhir/r4.js";
import { patientsService } from "../patients-service.ts";

export type FhirClinic = TestService & {
  readonly database: TestDatabase;
  get(path: string, who?: TestClaims, headers?: Record<string, string>): Promise<Answer>;
  post(resource: object, who?: TestClaims, headers?: Record<string, string>): Promise<Answer>;
  put(resource: Resource, version: number | string, who?: TestClaims): Promise<Answer>;
};

export type Answer = { readonly status: number; readonly headers: Headers; readonly body: Resource & OperationOutcome };

/** May write whatever the service takes. */
export const administrator: TestClaims = { role: "ADMN", sub: "ADMIN1" };

export async function startFhirClinic(services: TestServices): Promise<FhirClinic> {
  const database = await services.database("patients");
  await database.open("patient", 1);
  await database.reserveIds("PATMST", 200_001, 209_999);
  const service = await startTestService({
    ...patientsService({ machineKey: "machine key of the tests" }),
    databaseUrl: database.url,
    clock: systemClock,
  });
  const json = { "content-type": "application/fhir+json" };
  const answer = async (response: Promise<Response>): Promise<Answer> => {
    const { status, headers, ...rest } = await response.then(async (got) => ({
      status: got.status,
      headers: got.headers,
      text: await got.text(),
    }));
    return { status, headers, body: (rest.text === "" ? {} : JSON.parse(rest.text)) as Answer["body"] };
  };
  return {
    ...service,
    database,
    stop: async () => {
      await service.stop();
      await database.close();
    },
    get: (path, who = administrator, headers = {}) => answer(service.send(`/fhir/${path}`, who, { headers })),
    post: (resource, who = administrator, headers = {}) =>
      answer(
        service.send(`/fhir/${(resource as Resource).resourceType}`, who, {
          method: "POST",
          headers: { ...json, ...headers },
          body: JSON.stringify(resource),
        }),
      ),
    put: (resource, version, who = administrator) =>
      answer(
        service.send(`/fhir/${resource.resourceType}/${resource.id}`, who, {
          method: "PUT",
          headers: { ...json, "if-match": `W/"${version}"` },
          body: JSON.stringify(resource),
        }),
      ),
  };
}

/** Writes rows as the sync does. */
export async function seed(database: TestDatabase, table: string, rows: readonly object[]): Promise<void> {
  await database.owner(table).insert(rows);
}
