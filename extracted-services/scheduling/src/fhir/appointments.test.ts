import { mutationsOf } from "@banyan/service-kit/conformance";
import {
  startTestService,
  startTestServices,
  type TestClaims,
  type TestDatabase,
  type TestService,
  type TestServices,
} from "@banyan/service-kit/test-service";
import type { Appointment, Bundle, OperationOutcome, Resource, Schedule, Slot } from "fhir/r4.js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { schedulingService } from "../scheduling-service.ts";
import { desk, machineKey, seedClinic } from "../test-schedule.ts";

let services: TestServices;
let database: TestDatabase;
let service: TestService;
beforeAll(async () => {
  services = await startTestServices();
});
afterAll(() => services.stop());
beforeEach(async () => {
  database = await services.database("scheduling");
  await database.open("scheduling", 1);
  await seedClinic(database);
  service = await startTestService({ ...schedulingService({ machineKey }), databaseUrl: database.url });
  return async () => {
    await service.stop();
    await database.close();
  };
});

type Answer<R> = { readonly status: number; readonly headers: Headers; readonly body: R };
async function get<R extends Resource>(path: string, who: TestClaims = desk): Promise<Answer<R>> {
  const response = await service.send(`/fhir/${path}`, who);
  return { status: response.status, headers: response.headers, body: (await response.json()) as R };
}
async function send(
  method: string,
  path: string,
  resource: object,
  headers: Record<string, string> = {},
  who: TestClaims = desk,
) {
  const init = {
    method,
    body: JSON.stringify(resource),
    headers: { "content-type": "application/fhir+json", ...headers },
  };
  const response = await service.send(`/fhir/${path}`, who, init);
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: JSON.parse(text || "{}") as Appointment & Pick<OperationOutcome, "issue">,
  };
}
const change = (appointment: Appointment) =>
  send("PUT", `Appointment/${appointment.id}`, appointment, { "if-match": `W/"${appointment.meta?.versionId}"` });
const totalOf = async (query: string, who?: TestClaims) =>
  (await get<Bundle>(`${query}&_summary=count`, who)).body.total;

/** Free time of some provider, and a patient to give it to. */
async function freeSlot(): Promise<{ slot: Slot; schedule: Schedule; patient: string }> {
  const found = (
    await get<Bundle<Slot>>("Slot?status=free&start=ge2026-11-30&start=lt2026-12-05&_include=Slot:schedule&_count=1")
  ).body;
  const [slot, schedule] = [found.entry?.[0]?.resource, found.entry?.[1]?.resource as Resource | undefined];
  const [patient]: { patient_id: number }[] = await database.owner("patients").where({ deleted: false }).limit(1);
  return { slot: slot as Slot, schedule: schedule as Schedule, patient: String(patient?.patient_id) };
}

const booking = ({ slot, schedule, patient }: Awaited<ReturnType<typeof freeSlot>>): Appointment => ({
  resourceType: "Appointment",
  status: "booked",
  slot: [{ reference: `Slot/${slot.id}` }],
  start: slot.start,
  end: slot.end,
  description: "Sore throat",
  appointmentType: { coding: [{ system: "urn:ehrprod:code:aptype", code: "FOLL" }] },
  participant: [
    { actor: { reference: `Patient/${patient}` }, status: "accepted", required: "required" },
    ...schedule.actor.map(({ reference }) => ({
      actor: { reference: String(reference) },
      status: "accepted" as const,
    })),
  ],
  comment: "Speaks softly",
});

const withoutServers = ({ id: _id, meta: _meta, created: _created, ...rest }: Appointment) => rest;

describe("booking", () => {
  test("gives free time to a patient, keeps all that was sent, and takes the slot", async () => {
    const free = await freeSlot();
    const made = await send("POST", "Appointment", booking(free));
    expect([made.status, made.headers.get("etag")]).toEqual([201, 'W/"1"']);
    const read = await get<Appointment>(`Appointment/${made.body.id}`);
    expect(withoutServers(read.body)).toEqual(booking(free));
    const [row] = await database.owner("appointments").where({ appointment_id: Number(made.body.id) });
    expect(row).toMatchObject({
      status: "confirmed",
      visit_type: "FOLL",
      reason: "Sore throat",
      created_by: "FDESK1",
      booked_through: "desk",
    });
    expect((await get<Slot>(`Slot/${free.slot.id}`)).body).toMatchObject({ status: "busy", start: free.slot.start });
    const [entry] = await database.owner("kit.outbox").select("changes");
    expect(entry).toMatchObject({ changes: [{ table: "tblAppointment", new: { StatCd: "CF" } }] });
    const twice = await send("POST", "Appointment", booking(free));
    expect([twice.status, twice.body.issue[0]?.code]).toEqual([422, "conflict"]);
    expect(await database.owner("kit.outbox").pluck("id")).toHaveLength(1);
  });

  test("by a patient books for themselves alone", async () => {
    const free = await freeSlot();
    const other: TestClaims = { kind: "portal", pat: Number(free.patient) + 1 };
    expect((await send("POST", "Appointment", booking(free), {}, other)).status).toBe(403);
    const mine: TestClaims = { kind: "portal", pat: Number(free.patient) };
    const made = await send("POST", "Appointment", booking(free), {}, mine);
    expect(made.status).toBe(201);
    expect((await get(`Appointment/${made.body.id}`, mine)).status).toBe(200);
    expect((await get(`Appointment/${made.body.id}`, other)).status).toBe(403);
    expect(await totalOf(`Appointment?_id=${made.body.id}`, other)).toBe(0);
    const [row] = await database.owner("appointments").where({ appointment_id: Number(made.body.id) });
    expect(row).toMatchObject({ created_by: "PORTAL", booked_through: "portal" });
  });

  test("of what the calendar cannot hold is refused and nothing is stored", async () => {
    const free = await freeSlot();
    const good = booking(free);
    const patients = good.participant.slice(0, 1);
    const bad: [string, Partial<Appointment>][] = [
      ["no time", { start: undefined, end: undefined, status: "proposed" } as unknown as Partial<Appointment>],
      ["arrived at once", { status: "arrived" }],
      ["half a minute", { end: new Date(Date.parse(String(good.start)) + 90_500).toISOString() }],
      ["nobody to see", { participant: patients }],
      [
        "an unknown practitioner",
        { participant: [...patients, { actor: { reference: "Practitioner/NOBODY" }, status: "accepted" }] },
      ],
      [
        "an unknown patient",
        { participant: [{ actor: { reference: "Patient/7" }, status: "accepted" }, ...good.participant.slice(1)] },
      ],
      [
        "an unknown type of visit",
        { appointmentType: { coding: [{ system: "urn:ehrprod:code:aptype", code: "ZZZZ" }] } },
      ],
      ["a long description", { description: "x".repeat(101) }],
      [
        "the hour that comes twice, the first time",
        { start: "2026-11-01T01:30:00-04:00", end: "2026-11-01T01:45:00-04:00" },
      ],
    ];
    for (const [what, wrong] of bad)
      expect([what, (await send("POST", "Appointment", { ...good, ...wrong })).status]).toEqual([what, 422]);
    const mutations = mutationsOf(good);
    expect(mutations.length).toBeGreaterThan(50);
    for (const { what, resource } of mutations)
      expect([what, (await send("POST", "Appointment", resource)).status]).toEqual([what, 400]);
    expect(await database.owner("kit.outbox").pluck("id")).toEqual([]);
    expect(await database.owner("fhir.term").pluck("id")).toEqual([]);
  });
});

describe("changing", () => {
  test("moves, confirms and cancels; each change is a version, and legacy hears of what changed", async () => {
    const free = await freeSlot();
    const made = (await send("POST", "Appointment", booking(free))).body;
    const later = (iso?: string) => new Date(Date.parse(String(iso)) + 7 * 86_400_000).toISOString();
    const moved = await change({ ...made, start: later(made.start), end: later(made.end) });
    expect([moved.status, moved.headers.get("etag"), moved.body.start]).toEqual([200, 'W/"2"', later(made.start)]);
    const noted = await change({ ...moved.body, comment: "Speaks up" });
    expect([noted.status, noted.headers.get("etag")]).toEqual([200, 'W/"3"']);
    const bare = await change({ ...noted.body, status: "cancelled" });
    expect([bare.status, bare.body.issue[0]?.expression]).toEqual([422, ["Appointment.cancelationReason"]]);
    const cancelled = await change({
      ...noted.body,
      status: "cancelled",
      cancelationReason: { coding: [{ system: "urn:ehrprod:code:cxrsn", code: "PT" }] },
    });
    expect([cancelled.status, cancelled.body.status]).toEqual([200, "cancelled"]);
    const { cancelationReason: _reason, ...reopened } = cancelled.body;
    expect((await change({ ...reopened, status: "booked" })).status).toBe(422);
    expect((await change(moved.body)).status).toBe(412);
    const history = (await get<Bundle<Appointment>>(`Appointment/${made.id}/_history`)).body;
    expect(history.entry?.map(({ resource }) => [resource?.status, resource?.comment])).toEqual([
      ["cancelled", "Speaks up"],
      ["booked", "Speaks up"],
      ["booked", "Speaks softly"],
      ["booked", "Speaks softly"],
    ]);
    const entries = await database.owner("kit.outbox").orderBy("id").select("changes");
    expect(entries.map(({ changes }: { changes: { new: { StatCd?: string } }[] }) => changes[0]?.new.StatCd)).toEqual([
      "CF",
      undefined,
      "CX",
    ]);
  });

  test("of who it is for, or to what only check-in records, is refused", async () => {
    const free = await freeSlot();
    const made = (await send("POST", "Appointment", booking(free))).body;
    expect((await change({ ...made, status: "arrived" })).status).toBe(422);
    expect((await change({ ...made, status: "fulfilled" })).status).toBe(422);
    const [, other]: { patient_id: number }[] = await database
      .owner("patients")
      .where({ deleted: false })
      .orderBy("patient_id")
      .limit(2);
    const participant = [
      { actor: { reference: `Patient/${other?.patient_id}` }, status: "accepted" as const },
      ...made.participant.slice(1),
    ];
    expect((await change({ ...made, participant })).status).toBe(422);
    expect((await send("DELETE", `Appointment/${made.id}`, {}, { "if-match": 'W/"1"' })).status).toBe(405);
  });

  test("by the legacy side is seen, and what only FHIR holds stays", async () => {
    const free = await freeSlot();
    const made = (await send("POST", "Appointment", booking(free))).body;
    await database
      .owner("appointments")
      .where({ appointment_id: Number(made.id) })
      .update({ status: "arrived", reason: "Fever" });
    const read = (await get<Appointment>(`Appointment/${made.id}`)).body;
    expect(read).toMatchObject({
      status: "arrived",
      description: "Fever",
      comment: "Speaks softly",
      meta: { versionId: "2" },
    });
    await database
      .owner("appointments")
      .where({ appointment_id: Number(made.id) })
      .update({ deleted: true });
    expect((await get(`Appointment/${made.id}`)).status).toBe(410);
  });
});

describe("searching", () => {
  test("every status of the legacy rows has its FHIR word, and the parts make the whole", async () => {
    const words = ["booked", "arrived", "checked-in", "fulfilled", "noshow", "cancelled"];
    const totals = await Promise.all(words.map((word) => totalOf(`Appointment?status=${word}`)));
    const all = await totalOf("Appointment?_total=accurate");
    expect(totals.reduce((sum = 0, one = 0) => sum + one, 0)).toBe(all);
    expect(all).toBeGreaterThan(20);
    const [{ count } = { count: 0 }] = await database
      .owner("appointments")
      .whereNotNull("patient_id")
      .where({ deleted: false })
      .count();
    expect(all).toBe(Number(count));
  });

  test("by patient, practitioner, location and date finds what the rows say, in order and page by page", async () => {
    const [row]: { patient_id: number; provider_id: string; site_code: string; starts_at: string }[] = await database
      .owner("appointments")
      .whereNotNull("patient_id")
      .where({ deleted: false })
      .limit(1);
    const by = async (query: string) => totalOf(`Appointment?${query}`);
    const counted = async (where: object) =>
      Number(
        (
          await database
            .owner("appointments")
            .whereNotNull("patient_id")
            .where({ deleted: false, ...where })
            .count()
        )[0]?.["count"],
      );
    expect(await by(`patient=Patient/${row?.patient_id}`)).toBe(await counted({ patient_id: row?.patient_id }));
    expect(await by(`actor=Practitioner/${row?.provider_id}`)).toBe(await counted({ provider_id: row?.provider_id }));
    expect(await by(`location=${row?.site_code}`)).toBe(await counted({ site_code: row?.site_code }));
    const page = (await get<Bundle<Appointment>>("Appointment?_sort=-date&_count=5")).body;
    const next = new URL(page.link?.find(({ relation }) => relation === "next")?.url ?? "");
    const more = (await get<Bundle<Appointment>>(`Appointment${next.search}`)).body;
    const starts = [...(page.entry ?? []), ...(more.entry ?? [])].map(({ resource }) => String(resource?.start));
    expect(starts).toEqual(starts.toSorted().toReversed());
    expect(new Set([...(page.entry ?? []), ...(more.entry ?? [])].map(({ fullUrl }) => fullUrl)).size).toBe(10);
  });

  test("blocked time is no appointment, and a slot nobody can have", async () => {
    const free = await freeSlot();
    const [{ appointment_id: id } = { appointment_id: 0 }]: { appointment_id: number }[] = await database
      .owner("appointments")
      .insert({
        appointment_id: 800_000,
        provider_id: (free.schedule.actor[0]?.reference ?? "").split("/")[1],
        site_code: (free.schedule.actor[1]?.reference ?? "").split("/")[1],
        local_date: "2026-11-30",
        local_time: "07:00:00",
        duration_minutes: 30,
        overbooked: false,
        reminder_sent: false,
        deleted: false,
      })
      .returning("appointment_id");
    expect((await get(`Appointment/${id}`)).status).toBe(404);
    const slots = (
      await get<Bundle<Slot>>(`Slot?schedule=${free.schedule.id}&start=2026-11-30&status=busy-unavailable`)
    ).body;
    expect(slots.entry?.map(({ resource }) => resource?.start)).toContain("2026-11-30T12:00:00.000Z");
  });

  test("of slots needs bounds it can compute within", async () => {
    expect((await get("Slot?start=ge2026-01-01&start=lt2027-01-01")).status).toBe(400);
    expect((await get("Slot?start=2026-11-30,2026-12-01")).status).toBe(400);
    expect((await get("Slot/AREYES--MAIN-20261301-0900")).status).toBe(404);
    expect((await get("Slot/nonsense")).status).toBe(404);
    expect((await get<Bundle<Schedule>>("Schedule?actor=Location/MAIN")).body.total).toBeGreaterThan(0);
  });
});
