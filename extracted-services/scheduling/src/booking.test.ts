import { decodeChange, type EncodedChange } from "@banyan/service-kit/mapping";
import {
  startTestService,
  startTestServices,
  type TestDatabase,
  type TestService,
} from "@banyan/service-kit/test-service";
import { fixedClock } from "@banyan/kernel";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { schedulingService } from "./scheduling-service.ts";
import { call, desk, firstId, machineKey, seedClinic } from "./test-schedule.ts";

/** 01:30 for the second time, in the night the clocks go back. */
const now = new Date("2026-11-01T06:30:00.002Z");
const asmx = "/Services/ScheduleService.asmx";
const booking = {
  pid: 100001,
  prov: "areyes",
  loc: "MAIN",
  dt: "12/13/2026",
  tm: "1330",
  dur: 0,
  type: "FOLL",
  reason: "Ear pain",
  overbook: false,
};

let services: Awaited<ReturnType<typeof startTestServices>>;
let database: TestDatabase;
let service: TestService;
beforeAll(async () => {
  services = await startTestServices();
});
afterAll(() => services?.stop());
beforeEach(async () => {
  database = await services.database("scheduling");
  await seedClinic(database);
  await database.open("scheduling", 1);
  service = await startTestService({
    ...schedulingService({ machineKey }),
    databaseUrl: database.url,
    clock: fixedClock(now),
  });
  return () => service.stop();
});

const book = (change: object = {}, more: { dryRun?: boolean } = {}) =>
  service.send(`${asmx}/BookAppointment`, desk, { ...call({ ...booking, ...change }), ...more });
const move = (aid: number, to: object, more: { dryRun?: boolean } = {}) =>
  service.send(`${asmx}/MoveAppointment`, desk, {
    ...call({ aid, prov: "", dt: booking.dt, tm: "1400", ...to }),
    ...more,
  });

async function outbox() {
  const rows: { changes: EncodedChange[] }[] = await database.owner("kit.outbox").orderBy("id").select("changes");
  return rows.map(({ changes }) => changes.map(decodeChange));
}

const appointment = (id: number) => database.owner("appointments").where({ appointment_id: id }).first();

/** Posts the cancel form of an appointment's page. */
async function cancel(id: number, button: Record<string, string>, more: { dryRun?: boolean } = {}) {
  const page = await (await service.send(`/Sched/ApptEdit.aspx?aid=${id}`, desk)).text();
  const form = page.slice(page.indexOf('id="frmCancel"'));
  const hidden = (name: string): string => new RegExp(`name="${name}" value="([^"]*)"`).exec(form)?.[1] ?? "";
  const fields = new URLSearchParams({
    __VIEWSTATE: hidden("__VIEWSTATE"),
    __EVENTVALIDATION: hidden("__EVENTVALIDATION"),
    ...button,
  });
  return service.send(`/Sched/ApptCancel.aspx?aid=${id}`, desk, { method: "POST", body: fields, ...more });
}
const withReason = { ctl00$cph$ddlCxRsnCd: "PT", ctl00$cph$btnCancelAppt: "Cancel Appointment" };

describe("booking", () => {
  test("takes an id of the block, copies names, and reads the time on the clinic's clock", async () => {
    expect(await (await book()).text()).toBe(`{"d":{"ApptID":${firstId},"Status":"SC"}}`);
    const patient = await database.owner("patients").where({ patient_id: 100001 }).first();
    expect(await appointment(firstId)).toMatchObject({
      provider_id: "AREYES",
      patient_mrn: patient.mrn,
      status: "scheduled",
      duration_minutes: 15,
      starts_at: new Date("2026-12-13T18:30:00.000Z"),
      ends_at: new Date("2026-12-13T18:45:00.000Z"),
      booked_through: "desk",
      source_position: null,
    });
  });

  test("tells legacy the whole row in its own terms, with the wall clock of the repeated hour", async () => {
    await book();
    const [[change] = []] = await outbox();
    expect(change).toMatchObject({ table: "tblAppointment", key: { ApptID: firstId }, old: null });
    expect(change?.new).toMatchObject({
      ProvID: "AREYES  ",
      ApptDt: "2026-12-13 00:00:00.000",
      ApptTm: "1330",
      StatCd: "SC",
      CxRsnCd: "  ",
      CrtUsr: "FDESK1  ",
      CrtDt: "2026-11-01 01:30:00.003",
    });
    expect(change?.new).not.toHaveProperty("ApptID");
  });

  test("of one slot by eight desks at once is given to one", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => book({ tm: "1500" })));
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([200, 500, 500, 500, 500, 500, 500, 500]);
    expect(await outbox()).toHaveLength(1);
  });

  test("beside an overbooked row that legacy holds is refused like any other, and taken when overbooked itself", async () => {
    await database.owner("appointments").where({ local_date: "2026-12-13" }).delete();
    await book({ overbook: true });
    await book({ overbook: true });
    const refused = await book();
    expect([refused.status, await refused.json()]).toMatchObject([
      500,
      { Message: "SLOT TAKEN", ExceptionType: "System.Data.SqlClient.SqlException" },
    ]);
    expect((await book({ overbook: true })).status).toBe(200);
  });

  test("is refused once the reserved block is used up, and leaves nothing", async () => {
    await database.owner("kit.id_block").update({ next_id: database.owner.raw("last_id + 1") });
    const refused = await book();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await outbox()).toEqual([]);
  });

  test("is audited with the patient it is for, as is a refused one", async () => {
    await book();
    await book();
    const rows: { event: { patient?: string; rule: string; outcome: number } }[] = await database
      .owner("kit.audit_event")
      .whereNotNull("patient")
      .orderBy("seq")
      .select("event");
    expect(rows.map(({ event }) => [event.patient, event.rule, event.outcome])).toEqual([
      ["100001", "S2", 0],
      ["100001", "S2", 4],
    ]);
  });
});

describe("changing", () => {
  test("names to legacy only what changed", async () => {
    await book();
    expect((await move(firstId, { tm: "1415" })).status).toBe(200);
    const [, [change] = []] = await outbox();
    expect(change).toEqual({
      table: "tblAppointment",
      key: { ApptID: firstId },
      old: { ApptTm: "1330" },
      new: { ApptTm: "1415" },
    });
  });

  test("deletes blocked time and tells legacy so", async () => {
    const row = await database.owner("appointments").whereNull("patient_id").where({ status: "scheduled" }).first();
    expect((await cancel(row.appointment_id, withReason)).status).toBe(302);
    expect(await appointment(row.appointment_id)).toBeUndefined();
    const [[change] = []] = await outbox();
    expect(change).toMatchObject({ key: { ApptID: row.appointment_id }, new: null });
  });
});

describe("a dry run", () => {
  test.each([
    ["booking", () => book({ tm: "1600" }, { dryRun: true }), () => book({ tm: "1600" })],
    ["a refused booking", () => book({ prov: "nobody" }, { dryRun: true }), () => book({ prov: "nobody" })],
    ["moving", () => move(firstId, {}, { dryRun: true }), () => move(firstId, {})],
    ["moving nothing", () => move(7_000_000, {}, { dryRun: true }), () => move(7_000_000, {})],
    ["cancelling", () => cancel(firstId, withReason, { dryRun: true }), () => cancel(firstId, withReason)],
    ["cancelling without a reason", () => cancel(firstId, {}, { dryRun: true }), () => cancel(firstId, {})],
  ])("of %s answers what the write then answers, and leaves nothing", async (_name, rehearse, run) => {
    await book();
    const before = [await outbox(), await appointment(firstId), await database.owner("kit.id_block")];
    const rehearsed = await plain(await rehearse());
    expect([await outbox(), await appointment(firstId), await database.owner("kit.id_block")]).toEqual(before);
    expect(rehearsed).toEqual(await plain(await run()));
  });

  const plain = async (answer: Response) => [
    answer.status,
    answer.headers.get("location"),
    (await answer.text()).replaceAll(/(name="__\w+" value=")[^"]*/g, "$1"),
  ];
});
