import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { refusePlainly } from "./face.ts";
import { refusalHeader } from "./refusal.ts";
import { createService } from "./service.ts";
import { notesFace, notesPolicy, startNotes } from "./test-notes.ts";
import { silentLogger, startTestServices, type TestServices } from "./test-service.ts";

let services: TestServices;
beforeAll(async () => {
  services = await startTestServices();
});
afterAll(() => services.stop());

describe("the shell", () => {
  test("turns an answer for which nobody asked the policy into a 500", async () => {
    await using notes = await startNotes(services);
    const response = await notes.service.send("/unasked", {});
    expect([response.status, await response.text()]).toEqual([500, "The request failed.\n"]);
  });

  test("lets through what everybody may see, without an audit row", async () => {
    await using notes = await startNotes(services);
    const before = await notes.database.owner("kit.audit_event").pluck("seq");
    const response = await notes.service.send("/described", null);
    expect([response.status, await response.json()]).toMatchObject([200, { allowed: true, rule: "N3" }]);
    expect(await notes.database.owner("kit.audit_event").pluck("seq")).toEqual(before);
  });

  test("repeats the request's id, and makes one for a request that has none or one that is no id", async () => {
    await using notes = await startNotes(services);
    const sent = await notes.service.send("/notes/1", {}, { headers: { "x-request-id": "abc-1" } });
    expect(sent.headers.get("x-request-id")).toBe("abc-1");
    const odd = await fetch(`${notes.service.url}/notes/1`, { headers: { "x-request-id": "<script> 987-65-4321" } });
    expect(odd.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("gives a path that no face knows a plain 404", async () => {
    await using notes = await startNotes(services);
    const response = await notes.service.send("/nowhere", {});
    expect([response.status, response.headers.get(refusalHeader)]).toEqual([404, "not-found"]);
  });

  test("refuses a compressed body, which could unfold to any size", async () => {
    await using notes = await startNotes(services);
    const response = await notes.service.send(
      "/notes",
      {},
      {
        method: "POST",
        body: "x",
        headers: { "content-encoding": "gzip" },
      },
    );
    expect([response.status, response.headers.get(refusalHeader)]).toEqual([415, "body-encoded"]);
  });

  test("asks the face of the path for the form of a refusal", async () => {
    const shouting = {
      ...notesFace,
      name: "loud",
      prefix: "/loud",
      refuse: ((refusal, _request, response) =>
        refusePlainly({ ...refusal, text: "NO" }, response)) as typeof notesFace.refuse,
    };
    await using notes = await startNotes(services, { faces: [notesFace, shouting] });
    expect(await (await notes.service.send("/LOUD/x", {}, { token: "bad" })).text()).toBe("NO\n");
    expect(await (await notes.service.send("/louder", {}, { token: "bad" })).text()).not.toBe("NO\n");
  });

  test("says 503 with the time to come again when the database is away, and is not ready", async () => {
    await using notes = await startNotes(services);
    const { owner } = notes.database;
    const name = new URL(notes.database.url).pathname.slice(1);
    await owner.raw("ALTER ROLE notes_service NOLOGIN");
    try {
      await owner.raw(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'notes_service' AND datname = ?",
        [name],
      );
      const response = await notes.service.send("/notes/1", {});
      expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
      expect((await fetch(`${notes.service.url}/readyz`)).status).toBe(503);
    } finally {
      await owner.raw("ALTER ROLE notes_service LOGIN");
    }
    // A connection whose end was not noticed yet costs one more request its answer.
    await expect.poll(async () => (await notes.service.send("/notes/1", {})).status).toBe(200);
  });

  test("sends a session change for care and none for a shadow", async () => {
    await using notes = await startNotes(services);
    const change = async (purpose: string) =>
      (await notes.service.send("/notes/7", { purpose })).headers.get("x-banyan-current-patient");
    expect([await change("care"), await change("shadow")]).toEqual(["7", null]);
  });

  test("records the address the proxy names, and the connection's own when no token vouches for it", async () => {
    await using notes = await startNotes(services);
    const headers = { "x-forwarded-for": "203.0.113.7, 10.0.0.1" };
    await notes.service.send("/notes/1", {}, { headers: { ...headers, "x-request-id": "r1" } });
    await notes.service.send("/notes/1", null, { headers: { ...headers, "x-request-id": "r2" } });
    const rows: { address: string }[] = await notes.database
      .owner("kit.audit_event")
      .whereRaw("event ->> 'requestId' IN ('r1', 'r2')")
      .orderBy("seq")
      .pluck("event");
    expect(rows.map(({ address }) => address)).toEqual(["203.0.113.7", "127.0.0.1"]);
  });
});

describe("a service that cannot start", () => {
  test("says so when its database was never provisioned, and holds nothing open", async () => {
    const owner = services.server.url("postgres");
    const starting = createService({
      name: "notes",
      module: "note",
      version: "1",
      policy: notesPolicy,
      faces: [notesFace],
      databaseUrl: owner,
      identityKeyUrls: [],
      host: "127.0.0.1",
      port: 0,
      portVariable: "none",
      logger: silentLogger,
    });
    await expect(starting).rejects.toMatchObject({ code: "SERVICE_DATABASE_UNUSABLE" });
  });
});
