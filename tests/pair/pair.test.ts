/** A clinic's work, request by request, on the monolith and on the services: the same answers, and the same rows at the end. */

import { seededRandom } from "@banyan/kernel";
import { patientsMapping } from "@banyan/patients/mapping";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readLegacyRows } from "../clinic/legacy-rows.ts";
import { type Both, PairedUser } from "./pair.ts";
import { rowsOfBoth, type StartedPair, startPair } from "./paired-clinics.ts";

let pair: StartedPair;
let desk: PairedUser;
let nurse: PairedUser;
let admin: PairedUser;
beforeAll(async () => {
  pair = await startPair();
  desk = await new PairedUser(pair).logIn("FDESK1");
  nurse = await new PairedUser(pair).logIn("NURSE1");
  admin = await new PairedUser(pair).logIn("ADMIN");
});
afterAll(() => pair?.close());

const schedule = "/Services/ScheduleService.asmx";
const people = "/Services/PatientService.asmx";

type Slot = { ProvID: string; LocCd: string; Dt: string; Tm: string; DurMin: number };
type SlotArguments = { prov: string; loc: string; dt: string; tm: string; dur: number };

/** Free times of the coming month, as the monolith gives them; the services gave the same. */
async function freeSlots(user: PairedUser, prov = "AREYES"): Promise<SlotArguments[]> {
  const { monolith } = await user.call(`${schedule}/GetSlots`, {
    prov,
    loc: "",
    from: "11/13/2026",
    to: "12/12/2026",
    type: "",
  });
  const { d } = JSON.parse(monolith.text) as { d: Slot[] };
  return d.map(({ ProvID, LocCd, Dt, Tm, DurMin }) => ({
    prov: ProvID,
    loc: LocCd,
    dt: usDay(Dt),
    tm: Tm,
    dur: DurMin,
  }));
}

/** `/Date(ms)/` as `MM/DD/YYYY` in New York. */
function usDay(jsonDate: string): string {
  const ms = Number(/\((-?\d+)\)/.exec(jsonDate)?.[1]);
  return new Intl.DateTimeFormat("en-US", {
    timeZone: "America/New_York",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  }).format(ms);
}

const idIn = (page: Both): number => Number(/[?&](?:pid|aid)=(\d+)/.exec(page.monolith.location)?.[1]);

async function register(user: PairedUser, fields: Readonly<Record<string, string | null>>): Promise<number> {
  const saved = await user.submit(await user.get("/Patient/PatNew.aspx"), {
    fields: { txtDOB: "02/29/1960", ddlSex: "F", txtFName: "PAIR", ...fields },
    press: "btnSave",
  });
  expect(saved.monolith.status).toBe(302);
  return idIn(saved);
}

async function book(user: PairedUser, pid: number, slot: SlotArguments | undefined): Promise<number> {
  await pair.sameNumbers();
  await pair.sameNumbers();
  const { monolith } = await user.call(`${schedule}/BookAppointment`, {
    pid,
    ...slot,
    type: "FOLL",
    reason: "Pair",
    overbook: false,
  });
  return (JSON.parse(monolith.text) as { d: { ApptID: number } }).d.ApptID;
}

describe("a day of the desk", () => {
  test("registration, duplicates, bad boxes, and the record's pages", async () => {
    const pid = await register(desk, {
      txtLName: "Peña-O’Neil",
      txtFName: "Zoë",
      txtSSN: "123-45-6789",
      ddlPayCd: "BCBS",
      txtPolNo: "A1",
    });
    for (const page of ["PatDetail", "PatEdit", "Chart"]) await desk.get(`/Patient/${page}.aspx?pid=${pid}`);
    await desk.get("/Patient/PatDetail.aspx");
    const doubt = await desk.submit(await desk.get("/Patient/PatNew.aspx"), {
      fields: { txtLName: "peña-o’neil", txtFName: "zoë", txtDOB: "2/29/1960" },
      press: "btnSave",
    });
    await desk.submit(doubt, { fields: { chkForce: "on" }, press: "btnSave" });
    const bad = await desk.submit(await desk.get("/Patient/PatNew.aspx"), {
      fields: { txtLName: "<script>", txtFName: "", txtDOB: "13/32/1999", txtSSN: "1" },
      press: "btnSave",
    });
    await desk.submit(bad, { press: "btnCancel" }).catch(() => undefined);
    await desk.get(`/Patient/PatSearch.aspx?ln=pe%C3%B1a`);
    await desk.call(`${people}/FindPatients`, { prefix: "PEÑA", maxRows: 10 });
    await desk.get(`/xml/PatientXml.aspx?mrn=0`);
  });

  test("an edit, a conflict of two desks, and what a rename does to the schedule", async () => {
    const pid = await register(desk, { txtLName: "PAIREDIT" });
    const [slot] = await freeSlots(desk);
    const aid = await book(desk, pid, slot);
    const mine = await desk.get(`/Patient/PatEdit.aspx?pid=${pid}`);
    const theirs = await admin.get(`/Patient/PatEdit.aspx?pid=${pid}`);
    const saved = await admin.submit(theirs, { fields: { txtLName: "Renamed", txtCity: "Ayer" }, press: "btnSave" });
    await admin.follow(saved);
    await desk.submit(mine, { fields: { txtCity: "Lost" }, press: "btnSave" });
    await desk.get(`/Sched/ApptEdit.aspx?aid=${aid}`);
    await desk.get(`/Sched/DayView.aspx?dt=${slot?.dt}&prov=${slot?.prov}&loc=${slot?.loc}`);
    await desk.get("/Default.aspx");
  });

  test("booking, a taken slot, a move, a change, a cancelling, a no-show and a check-in", async () => {
    const pid = await register(desk, { txtLName: "PAIRBOOK" });
    const slots = await freeSlots(desk);
    const [first, second, third] = [
      await book(desk, pid, slots[0]),
      await book(desk, pid, slots[3]),
      await book(desk, pid, slots[6]),
    ];
    await desk.call(`${schedule}/BookAppointment`, { pid, ...slots[0], type: "FOLL", reason: "", overbook: false });
    await desk.call(`${schedule}/BookAppointment`, { pid, ...slots[0], type: "FOLL", reason: "", overbook: false });
    await pair.sameNumbers();
    await desk.call(`${schedule}/MoveAppointment`, { aid: first, prov: "", dt: slots[3]?.dt, tm: slots[3]?.tm });
    await desk.call(`${schedule}/MoveAppointment`, { aid: first, prov: "", dt: slots[9]?.dt, tm: slots[9]?.tm });
    const form = await desk.get(`/Sched/ApptEdit.aspx?aid=${first}`);
    await desk.follow(await desk.submit(form, { fields: { txtRsn: "Ear pain é", ddlStat: "CF" }, press: "btnSave" }));
    const bare = await desk.submit(await desk.get(`/Sched/ApptEdit.aspx?aid=${second}`), {
      form: "frmCancel",
      press: "btnCancelAppt",
    });
    await desk.submit(bare, { form: "frmCancel", fields: { ddlCxRsnCd: "WX" }, press: "btnCancelAppt" });
    await desk.submit(await desk.get(`/Sched/ApptEdit.aspx?aid=${third}`), { form: "frmCancel", press: "btnNoShow" });
    const arrived = await desk.submit(await desk.get(`/Sched/ApptEdit.aspx?aid=${first}`), {
      form: "frmCheckIn",
      fields: { txtCopay: "20" },
      press: "btnCheckIn",
    });
    await desk.follow(arrived);
    await desk.get(`/Patient/Chart.aspx?pid=${pid}`);
    for (const aid of [first, second, third]) await desk.get(`/Sched/ApptEdit.aspx?aid=${aid}`);
  });

  test("blocked time is made and taken away", async () => {
    const slot = (await freeSlots(desk)).at(-1);
    await pair.sameNumbers();
    const made = await desk.submit(
      await desk.get(`/Sched/ApptEdit.aspx?dt=${slot?.dt}&tm=${slot?.tm}&prov=${slot?.prov}&loc=${slot?.loc}`),
      {
        fields: { txtPat: "", ddlType: "BLCK", txtRsn: "MEETING" },
        press: "btnSave",
      },
    );
    const day = await desk.follow(made);
    const aid = /aid=(\d+)">[^<]*MEETING/.exec(day.monolith.text)?.[1];
    expect(aid).toBeDefined();
    const block = await desk.get(`/Sched/ApptEdit.aspx?aid=${aid}`);
    await desk.submit(block, { form: "frmCancel", press: "btnCancelAppt" });
    await desk.get(`/Sched/ApptEdit.aspx?aid=${aid}`);
  });

  test("a merge by the administrator, and what is left of the merged record", async () => {
    const gone = await register(desk, { txtLName: "PAIRGONE" });
    const kept = await register(desk, { txtLName: "PAIRKEPT" });
    const aid = await book(desk, gone, (await freeSlots(desk))[0]);
    const merged = await admin.submit(await admin.get("/Patient/PatMerge.aspx"), {
      fields: { txtFrom: String(gone), txtTo: String(kept) },
      press: "btnMerge",
    });
    await admin.follow(merged);
    await desk.get(`/Patient/PatDetail.aspx?pid=${gone}`);
    await desk.get(`/Patient/PatSearch.aspx?ln=PAIRGONE`);
    await desk.get(`/Sched/ApptEdit.aspx?aid=${aid}`);
  });

  test("a restricted chart: break-glass, a session's pages after it, and another user's before", async () => {
    const pid = await register(nurse, { txtLName: "PAIRSECRET", chkRstrYN: "on" });
    const stopped = await nurse.get(`/Patient/Chart.aspx?pid=${pid}`);
    const form = await nurse.follow(stopped);
    const opened = await nurse.submit(await nurse.submit(form, { press: "btnBreak" }), {
      fields: { txtReason: "Émergency" },
      press: "btnBreak",
    });
    await nurse.follow(opened);
    for (const path of ["/Patient/PatDetail.aspx", `/Rx/RxList.aspx?pid=${pid}`, `/Lab/LabResults.aspx?pid=${pid}`])
      await nurse.get(path);
    await desk.get(`/Patient/Chart.aspx?pid=${pid}`);
    await desk.get(`/xml/PatientXml.aspx?mrn=000${pid}0`);
  });

  test("pages nobody may see, and pages that are not there", async () => {
    const reader = await new PairedUser(pair).logIn("REPORT1");
    for (const path of [
      "/Patient/PatEdit.aspx?pid=100001",
      "/Sched/ApptEdit.aspx?aid=1",
      `${schedule}?wsdl`,
      "/Patient/PatNew.aspx",
    ])
      await reader.get(path);
    await reader.call(`${schedule}/BookAppointment`, {});
    const visitor = new PairedUser(pair);
    for (const path of [
      "/Patient/PatDetail.aspx?pid=1&x=a%20b",
      "/sched/dayview.ASPX?dt=11/12/2026",
      "/Patient/Nothing.aspx",
      "/Handlers/ApptFeed.ashx?prov=AREYES&key=0",
    ])
      await visitor.get(path);
    await visitor.call(`${people}/FindPatients`, { prefix: "A", maxRows: 1 });
    await visitor.post("/Patient/PatEdit.aspx?pid=1", "a=b", { "content-type": "application/x-www-form-urlencoded" });
  });

  test("calls that are none, forms that were forged, and values of another kind", async () => {
    const form = { "content-type": "application/x-www-form-urlencoded" };
    for (const path of [
      "/Patient/PatEdit.aspx?pid=100001",
      "/Sched/ApptEdit.aspx?aid=1",
      "/Sched/ApptCancel.aspx?aid=1",
    ]) {
      await desk.post(path, "ctl00$cph$btnSave=Save", form);
      await desk.post(path, "__VIEWSTATE=AAAA&ctl00$cph$btnSave=Save", form);
    }
    for (const path of [
      "/Patient/PatDetail.aspx?pid=abc",
      "/Patient/Chart.aspx?pid=99999999999",
      "/Sched/DayView.aspx?dt=nonsense",
      "/Handlers/PatPhoto.ashx?pid=x",
    ])
      await desk.get(path);
    const json = { "content-type": "application/json; charset=utf-8" };
    for (const body of ["{", "[]", '{"prefix":1}', '{"prefix":"A","maxRows":"many"}', '{"prefix":null,"maxRows":5}'])
      await desk.post(`${people}/FindPatients`, body, json);
    await desk.post(`${people}/Nothing`, "{}", json);
    await desk.post(`${people}/FindPatients`, "prefix=A", form);
    for (const path of [
      `${people}`,
      `${people}?wsdl`,
      `${people}/js`,
      schedule,
      `${schedule}?WSDL`,
      `${schedule}/js`,
      `${schedule}/GetSlots`,
    ])
      await desk.get(path);
    await desk.post(people, "<a>", { "content-type": "text/xml" });
  });
});

/** Seeds of the walks; a failure names its seed. */
const seeds = [1, 2026];
/** A step is up to four requests on each side, and a turn of the sync after each that writes. */
const walkMsMax = 180_000;

describe("any order of things", () => {
  test.each(seeds)(
    "a walk of 40 steps gives the same answers all the way (seed %i)",
    async (seed) => {
      const random = seededRandom(seed);
      const pids = [await register(desk, { txtLName: `WALK${String.fromCharCode(65 + random.int(0, 25))}` })];
      const aids: number[] = [];
      const steps: readonly (() => Promise<unknown>)[] = [
        async () =>
          pids.push(
            await register(desk, {
              txtLName: `WALK${pids.length}X${String.fromCharCode(65 + random.int(0, 25))}`,
              txtFName: `S${seed}`,
            }),
          ),
        () => desk.get(`/Patient/${random.pick(["PatDetail", "Chart", "PatEdit"])}.aspx?pid=${random.pick(pids)}`),
        async () =>
          desk.submit(await desk.get(`/Patient/PatEdit.aspx?pid=${random.pick(pids)}`), {
            fields: {
              txtCity: random.pick(["Ayer", "", "Łódź", "São Paulo"]),
              txtHmPhone: random.pick(["4135550100", "(413) 555-0101", "12", ""]),
              txtDOB: random.pick(["02/29/1960", "2/30/1960", "1/1/1970"]),
              ddlMarCd: random.pick(["M", "S", "U"]),
            },
            press: random.chance(0.9) ? "btnSave" : "btnCancel",
          }),
        async () => {
          const slots = await freeSlots(desk, random.pick(["AREYES", "LCHEN"]));
          if (slots.length > 0)
            aids.push(await book(desk, random.pick(pids), slots[random.int(0, Math.min(20, slots.length - 1))]));
        },
        async () => {
          const slots = await freeSlots(desk);
          const slot = random.pick(slots);
          await desk.call(`${schedule}/MoveAppointment`, {
            aid: aids.at(-1) ?? 0,
            prov: "",
            dt: slot.dt,
            tm: random.pick([slot.tm, "0900", "2500"]),
          });
        },
        async () => {
          const page = await desk.get(`/Sched/ApptEdit.aspx?aid=${aids.at(-1) ?? 1}`);
          if (!page.monolith.text.includes('id="frmCancel"')) return;
          await desk.submit(
            page,
            random.chance(0.5)
              ? { form: "frmCancel", fields: { ddlCxRsnCd: "PT" }, press: "btnCancelAppt" }
              : { form: "frmCheckIn", fields: { txtCopay: random.pick(["", "15.50"]) }, press: "btnCheckIn" },
          );
        },
        () =>
          desk.get(`/Sched/DayView.aspx?dt=11/${random.int(12, 30)}/2026&prov=${random.pick(["", "AREYES", "LCHEN"])}`),
        () => desk.get(`/Patient/PatSearch.aspx?ln=${random.pick(["WALK", "w", "WOLK", "%25"])}`),
        () =>
          desk.call(`${people}/FindPatients`, {
            prefix: random.pick(["WALK", "W, S", "000", ""]),
            maxRows: random.int(0, 12),
          }),
        () => desk.get(`/Sched/ApptEdit.aspx?aid=${aids.length > 0 ? random.pick(aids) : 0}`),
      ];
      for (let step = 0; step < 40; step += 1) await random.pick(steps)();
    },
    walkMsMax,
  );
});

describe("at the end of the day", () => {
  test("the calendar feed of a provider is the same file", async () => {
    const day = await desk.get("/Sched/DayView.aspx?prov=AREYES");
    const key = /ApptFeed\.ashx\?prov=[^&]*&(?:amp;)?key=([0-9a-f]+)/.exec(day.monolith.text)?.[1];
    const feed = await new PairedUser(pair).get(
      `/Handlers/ApptFeed.ashx?prov=AREYES&from=11/01/2026&to=12/15/2026&key=${key}`,
    );
    expect(feed.monolith.text.match(/BEGIN:VEVENT/g)?.length).toBeGreaterThan(10);
  });

  /** What the database server stamps with its own clock or counter. */
  const stamped = new Set(["tblAppointment ModDt", "PATMST RowVer", "USRMST LastLgn"]);

  test("both legacy databases hold the same rows", async () => {
    await pair.live.settle();
    for (const table of patientsMapping.tables) {
      const [alone, live] = await Promise.all(
        [pair.alone.pool, pair.live.legacy.pool].map((pool) => readLegacyRows(pool, table)),
      );
      const told = (rows: typeof alone) =>
        (rows ?? [])
          .map((row) =>
            JSON.stringify(Object.entries(row).filter(([name]) => !stamped.has(`${table.legacyTable} ${name}`))),
          )
          .toSorted();
      expect(told(live), table.legacyTable).toEqual(told(alone));
    }
  });

  test("and the queue to other systems the same messages", async () => {
    const [alone, live] = await rowsOfBoth<{ MsgTyp: string; RefKey: string }>(
      pair,
      "SELECT MsgTyp, RefTyp, RefKey, StatCd FROM IFCMSG ORDER BY MsgID",
    );
    expect(live).toEqual(alone);
  });
});
