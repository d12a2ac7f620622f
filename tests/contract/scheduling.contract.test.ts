/** Rows 17-24 of the URL inventory: day grid, slots, booking, moving, editing, cancelling, check-in, calendar feed. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Answered, Browser } from "./browser.ts";
import {
  bookAppointment,
  bookingArguments,
  dayOfJsonDate,
  freeSlots,
  registerPatient,
  usDateFromToday,
} from "./clinic-records.ts";
import { type ContractTarget, contractTarget, rowsBehind, staffNames } from "./target.ts";

let target: ContractTarget;
let desk: Browser;
beforeAll(async () => {
  target = await contractTarget();
  desk = await target.staff("frontDesk");
});
afterAll(() => target?.close());

const service = "/Services/ScheduleService.asmx";
const statuses = (answers: readonly Answered[]): number[] =>
  answers.map((answer) => answer.status).toSorted((a, b) => a - b);
type Failure = { Message: string; ExceptionType: string };

describe("row 17: GET /Sched/DayView.aspx", () => {
  test("shows today at the session's site when nothing is named", async () => {
    const page = await desk.get("/Sched/DayView.aspx");
    expect(page.status).toBe(200);
    expect(/id="ctl00_cph_lblDay">([^<]*)</.exec(page.text)?.[1]).toContain(usDateFromToday(0));
  });

  test("shows a booked patient in the day and the site of the booking only", async () => {
    const patient = await registerPatient(desk);
    const { slot, aid } = await bookAppointment(desk, patient.pid);
    const page = await desk.get(`/sched/dayview.aspx?DT=${slot.dt}&Prov=${slot.ProvID}&loc=${slot.LocCd}`);
    expect(page.text).toContain(`href="/Sched/ApptEdit.aspx?aid=${aid}"`);
    expect(page.text).toContain(`${patient.lastName}, CONTRACT`);
    const other = await desk.get(`/Sched/DayView.aspx?dt=${slot.dt}&prov=${slot.ProvID}&loc=EAST`);
    expect(other.text).not.toContain(patient.lastName);
  });

  test("a date that is none crashes the page, as it did", async () => {
    expect((await desk.get("/Sched/DayView.aspx?dt=tomorrow")).status).toBe(500);
  });
});

describe("row 18: GetSlots", () => {
  test("gives free times inside the range, in order, as local wall-clock dates", async () => {
    const slots = await freeSlots(desk);
    expect(slots.length).toBeGreaterThan(20);
    expect(slots[0]).toMatchObject({ ProvID: "AREYES", DurMin: 15 });
    expect(slots.every((slot) => /^\d{4}$/.test(slot.Tm))).toBe(true);
    const keys = slots.map((slot) => `${slot.dt.slice(6)}${slot.dt.slice(0, 5)}${slot.Tm}`);
    expect(keys).toEqual(keys.toSorted());
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("a booked slot is free no more, and free again once cancelled", async () => {
    const patient = await registerPatient(desk);
    const { slot, aid } = await bookAppointment(desk, patient.pid);
    const isFree = async () => (await freeSlots(desk)).some((one) => one.dt === slot.dt && one.Tm === slot.Tm);
    expect(await isFree()).toBe(false);
    const form = await desk.get(`/Sched/ApptEdit.aspx?aid=${aid}`);
    await desk.submit(form, { form: "frmCancel", fields: { ddlCxRsnCd: "PT" }, press: "btnCancelAppt" });
    expect(await isFree()).toBe(true);
  });

  test("a date that is none is 500 in JSON", async () => {
    const answer = await desk.call(`${service}/GetSlots`, { prov: "AREYES", loc: "", from: "x", to: "", type: "" });
    expect([answer.status, (JSON.parse(answer.text) as Failure).ExceptionType]).toEqual([
      500,
      "System.FormatException",
    ]);
  });
});

describe("row 19: BookAppointment", () => {
  test("books, and the trigger sets end, names and the day's count", async (context) => {
    const patient = await registerPatient(desk, { txtHmPhone: "4135550123" });
    const slot = (await freeSlots(desk)).at(-1);
    if (!slot) throw new Error("no free slot");
    const rows = rowsBehind(target, context);
    const count = async () => {
      const [row] = await rows<{ Cnt: number }>(
        "SELECT ISNULL(SUM(ApptCnt), 0) AS Cnt FROM RPT_DAILY WHERE ProvID = @prov AND LocCd = @loc AND RptDt = CONVERT(datetime, @dt, 101)",
        { prov: slot.ProvID, loc: slot.LocCd, dt: slot.dt },
      );
      return row?.Cnt ?? 0;
    };
    const before = await count();
    const answer = await desk.call(`${service}/BookAppointment`, bookingArguments(patient.pid, slot));
    expect([answer.status, answer.contentType]).toEqual([200, "application/json; charset=utf-8"]);
    const aid = Number(/^\{"d":\{"ApptID":(\d+),"Status":"SC"\}\}$/.exec(answer.text)?.[1]);
    const [row] = await rows("SELECT * FROM tblAppointment WHERE ApptID = @aid", { aid });
    expect(row).toMatchObject({
      PatNm: `${patient.lastName}, CONTRACT`,
      ProvNm: "REYES, ANA",
      SrcCd: "F",
      OvrBkYN: "N",
    });
    expect(String(row?.["PatPhone"]).trim()).toBe("4135550123");
    const { ApptDt: start, ApptEnd: end } = row as { ApptDt: Date; ApptEnd: Date };
    const minutes = Number(slot.Tm.slice(0, 2)) * 60 + Number(slot.Tm.slice(2)) + 15;
    expect(end.getTime() - start.getTime()).toBe(minutes * 60_000);
    expect(await count()).toBe(before + 1);
  });

  test("an overlapping time is 500 SLOT TAKEN and writes nothing, unless overbooked", async () => {
    const patient = await registerPatient(desk);
    const { slot } = await bookAppointment(desk, patient.pid);
    const other = await registerPatient(desk);
    const taken = await desk.call(`${service}/BookAppointment`, { ...bookingArguments(other.pid, slot), dur: 5 });
    expect(taken.status).toBe(500);
    expect(taken.headers.get("jsonerror")).toBe("true");
    expect(JSON.parse(taken.text)).toMatchObject({
      Message: "SLOT TAKEN",
      ExceptionType: "System.Data.SqlClient.SqlException",
    });
    const day = `/Sched/DayView.aspx?dt=${slot.dt}&prov=${slot.ProvID}&loc=${slot.LocCd}`;
    expect((await desk.get(day)).text).not.toContain(other.lastName);
    const squeezed = await desk.call(`${service}/BookAppointment`, {
      ...bookingArguments(other.pid, slot),
      overbook: true,
    });
    expect(squeezed.status).toBe(200);
    expect((await desk.get(day)).text).toContain(other.lastName);
  });

  test("of two desks booking one slot at the same moment, one gets it", async () => {
    const patient = await registerPatient(desk);
    const other = await target.staff("nurse");
    const slots = (await freeSlots(desk)).slice(-40);
    for (const slot of [slots[0], slots[8], slots[16], slots[24]]) {
      if (!slot) continue;
      const answers = await Promise.all(
        [desk, other, desk, other].map((browser) =>
          browser.call(`${service}/BookAppointment`, bookingArguments(patient.pid, slot)),
        ),
      );
      expect(statuses(answers)).toEqual([200, 500, 500, 500]);
    }
  });

  test("unknown patients, providers, dates and times are 500 with a message", async () => {
    const patient = await registerPatient(desk);
    const slot = (await freeSlots(desk))[0];
    if (!slot) throw new Error("no free slot");
    const good = bookingArguments(patient.pid, slot);
    const messages: string[] = [];
    for (const change of [{ pid: 1 }, { prov: "NOBODY" }, { dt: "2026-01-01" }, { tm: "2570" }, { pid: "x" }]) {
      const answer = await desk.call(`${service}/BookAppointment`, { ...good, ...change });
      expect(answer.status).toBe(500);
      messages.push((JSON.parse(answer.text) as Failure).Message);
    }
    expect(messages).toEqual([
      "Patient not found.",
      "Provider not found.",
      "String was not recognized as a valid DateTime.",
      "String was not recognized as a valid time.",
      "Cannot convert the given value to type 'System.Int32'",
    ]);
  });
});

describe("row 20: MoveAppointment", () => {
  test("moves to a free time and refuses a taken one", async () => {
    const patient = await registerPatient(desk);
    const mine = await bookAppointment(desk, patient.pid);
    const theirs = await bookAppointment(desk, patient.pid);
    const free = (await freeSlots(desk)).at(-3);
    const move = (slot: { dt: string; Tm: string } | undefined) =>
      desk.call(`${service}/MoveAppointment`, { aid: mine.aid, prov: "", dt: slot?.dt ?? "", tm: slot?.Tm ?? "" });
    const taken = await move(theirs.slot);
    expect([taken.status, (JSON.parse(taken.text) as Failure).Message]).toEqual([500, "SLOT TAKEN"]);
    const moved = await move(free);
    expect([moved.status, moved.text]).toEqual([200, `{"d":{"ApptID":${mine.aid},"Status":"SC"}}`]);
    const page = await desk.get(`/Sched/ApptEdit.aspx?aid=${mine.aid}`);
    expect(page.text).toContain(`value="${free?.dt}"`);
    expect(page.text).toContain(`value="${free?.Tm}"`);
  });

  test("refuses an appointment that is gone or over", async () => {
    const answer = await desk.call(`${service}/MoveAppointment`, { aid: 0, prov: "", dt: "01/01/2027", tm: "0900" });
    expect([answer.status, (JSON.parse(answer.text) as Failure).Message]).toEqual([500, "Appointment not found."]);
  });
});

describe("rows 18-20 in their other forms", () => {
  test("the same service books over SOAP 1.1, faults when the slot is taken, and describes itself", async () => {
    const patient = await registerPatient(desk);
    const slot = (await freeSlots(desk)).at(-5);
    const book = () =>
      desk.post(
        service,
        `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><BookAppointment xmlns="http://tempuri.org/"><pid>${patient.pid}</pid><prov>${slot?.ProvID}</prov><loc>${slot?.LocCd}</loc><dt>${slot?.dt}</dt><tm>${slot?.Tm}</tm><dur>${slot?.DurMin}</dur><type>FOLL</type><reason>R&amp;D</reason><overbook>false</overbook></BookAppointment></s:Body></s:Envelope>`,
        { "content-type": "text/xml; charset=utf-8", soapaction: '"http://tempuri.org/BookAppointment"' },
      );
    const booked = await book();
    expect([booked.status, booked.contentType]).toEqual([200, "text/xml; charset=utf-8"]);
    const aid = /<BookAppointmentResult><ApptID>(\d+)<\/ApptID><Status>SC<\/Status>/.exec(booked.text)?.[1];
    expect((await desk.get(`/Sched/ApptEdit.aspx?aid=${aid}`)).text).toContain("R&amp;D");
    const taken = await book();
    expect([taken.status, taken.text.includes("---&gt; SLOT TAKEN</faultstring>")]).toEqual([500, true]);
    const wsdl = await desk.get(`${service}?WSDL`);
    for (const name of ["GetSlots", "BookAppointment", "MoveAppointment"]) {
      expect(wsdl.text).toContain(`<wsdl:operation name="${name}">`);
    }
    expect((await desk.get(`${service}/js`)).text).toContain("GetSlots:function(prov,loc,from,to,type,");
  });
});

describe("row 21: /Sched/ApptEdit.aspx", () => {
  test("saves and goes to the day with msg=SAVED", async () => {
    const patient = await registerPatient(desk);
    const { aid, slot } = await bookAppointment(desk, patient.pid);
    const form = await desk.get(`/Sched/ApptEdit.aspx?aid=${aid}`);
    const answer = await desk.submit(form, { fields: { ddlStat: "CF", txtRsn: "Ear pain" }, press: "btnSave" });
    expect([answer.status, answer.location]).toEqual([
      302,
      `/Sched/DayView.aspx?dt=${slot.dt}&prov=${slot.ProvID}&loc=${slot.LocCd}&msg=SAVED`,
    ]);
    const shown = await desk.follow(answer);
    expect(shown.text).toContain("Changes saved.");
    expect(shown.text).toContain("[CF]");
    expect((await desk.get(`/Sched/ApptEdit.aspx?aid=${aid}`)).text).toContain('value="Ear pain"');
  });

  test("a taken time comes back in red with status 200", async () => {
    const patient = await registerPatient(desk);
    const first = await bookAppointment(desk, patient.pid);
    const second = await bookAppointment(desk, patient.pid);
    const form = await desk.get(`/Sched/ApptEdit.aspx?aid=${second.aid}`);
    const answer = await desk.submit(form, {
      fields: { txtDt: first.slot.dt, txtTm: first.slot.Tm },
      press: "btnSave",
    });
    expect([answer.status, answer.error]).toEqual([200, "SLOT TAKEN"]);
  });

  test("without aid books a new one, or blocks time without a patient, which cancelling deletes", async () => {
    const slot = (await freeSlots(desk)).at(-6);
    if (!slot) throw new Error("no free slot");
    const form = await desk.get(
      `/Sched/ApptEdit.aspx?dt=${slot.dt}&tm=${slot.Tm}&prov=${slot.ProvID}&loc=${slot.LocCd}`,
    );
    const answer = await desk.submit(form, {
      fields: { txtPat: "", ddlType: "BLCK", txtRsn: "CONTRACT MEETING" },
      press: "btnSave",
    });
    expect(answer.status).toBe(302);
    const day = await desk.follow(answer);
    expect(day.text).toContain("CONTRACT MEETING");
    const aid = /aid=(\d+)">[^<]*CONTRACT MEETING/.exec(day.text)?.[1];
    const block = await desk.get(`/Sched/ApptEdit.aspx?aid=${aid}`);
    const cancelled = await desk.submit(block, { form: "frmCancel", press: "btnCancelAppt" });
    expect(cancelled.status).toBe(302);
    expect((await desk.get(`/Sched/ApptEdit.aspx?aid=${aid}`)).error).toBe("Appointment not found.");
  });

  test("wrong boxes and unknown appointments are red lines with status 200", async () => {
    const form = await desk.get("/Sched/ApptEdit.aspx?prov=AREYES");
    const answer = await desk.submit(form, { fields: { txtPat: "1", txtTm: "0900" }, press: "btnSave" });
    expect([answer.status, answer.error]).toEqual([200, "Patient not found."]);
    const unknown = await desk.get("/Sched/ApptEdit.aspx?aid=999999999");
    expect([unknown.status, unknown.error]).toEqual([200, "Appointment not found."]);
  });
});

describe("row 22: POST /Sched/ApptCancel.aspx", () => {
  test("needs a reason, then goes to the day; the appointment is CX and can not be cancelled again", async () => {
    const patient = await registerPatient(desk);
    const { aid, slot } = await bookAppointment(desk, patient.pid);
    const page = await desk.get(`/Sched/ApptEdit.aspx?aid=${aid}`);
    const bare = await desk.submit(page, { form: "frmCancel", press: "btnCancelAppt" });
    expect([bare.status, bare.error]).toEqual([200, "Cancel reason is required."]);
    const done = await desk.submit(bare, {
      form: "frmCancel",
      fields: { ddlCxRsnCd: "WX" },
      press: "btnCancelAppt",
    });
    expect([done.status, done.location]).toEqual([
      302,
      `/Sched/DayView.aspx?dt=${slot.dt}&prov=${slot.ProvID}&loc=${slot.LocCd}`,
    ]);
    const again = await desk.submit(page, {
      form: "frmCancel",
      fields: { ddlCxRsnCd: "WX" },
      press: "btnCancelAppt",
    });
    expect([again.status, again.error]).toEqual([200, "Appointment cannot be cancelled."]);
    const saved = await target.rows?.("SELECT StatCd, CxRsnCd FROM tblAppointment WHERE ApptID = @aid", { aid });
    if (saved) expect(saved).toEqual([{ StatCd: "CX", CxRsnCd: "WX" }]);
  });

  test("No Show, pressed on the page of its own, marks NS and counts it", async () => {
    const patient = await registerPatient(desk);
    const { aid } = await bookAppointment(desk, patient.pid);
    const page = await desk.get(`/Sched/ApptCancel.aspx?aid=${aid}`);
    expect((await desk.submit(page, { form: "frmCancel", press: "btnNoShow" })).status).toBe(302);
    const saved = await target.rows?.("SELECT StatCd FROM tblAppointment WHERE ApptID = @aid", { aid });
    if (saved) expect(saved).toEqual([{ StatCd: "NS" }]);
  });
});

describe("row 23: POST /Sched/CheckIn.aspx", () => {
  test("writes appointment, visit and copay in one go and opens the visit", async (context) => {
    const rows = rowsBehind(target, context);
    const patient = await registerPatient(desk);
    const { aid, slot } = await bookAppointment(desk, patient.pid);
    const page = await desk.get(`/Sched/ApptEdit.aspx?aid=${aid}`);
    const answer = await desk.submit(page, { form: "frmCheckIn", fields: { txtCopay: "20.50" }, press: "btnCheckIn" });
    expect(answer.status).toBe(302);
    const enc = Number(/^\/Clin\/Encounter\.aspx\?enc=(\d+)$/.exec(answer.location)?.[1]);
    expect(enc).toBeGreaterThan(5_000_000);
    expect(answer.headers.getSetCookie()).toContain(`EHRCtx=pid=${patient.pid}&enc=${enc}; path=/`);
    const [appointment] = await rows("SELECT StatCd, EncNo, ChkInTm FROM tblAppointment WHERE ApptID = @aid", { aid });
    expect(appointment).toMatchObject({ StatCd: "CI", EncNo: enc, ChkInTm: expect.any(Date) as Date });
    const [visit] = await rows(
      "SELECT PatNo, PatNm, ApptID, ProvID, EncTyp, StatCd, CrtUsr FROM ENCMST WHERE EncNo = @enc",
      {
        enc,
      },
    );
    expect(visit).toMatchObject({
      PatNo: patient.pid,
      PatNm: `${patient.lastName}, CONTRACT`,
      ApptID: aid,
      StatCd: "O",
    });
    expect([visit?.["ProvID"], visit?.["CrtUsr"]].map((value) => String(value).trim())).toEqual([
      slot.ProvID,
      staffNames.frontDesk,
    ]);
    const paid = await rows<{ TrnTyp: string; Amt: string }>(
      "SELECT TrnTyp, CONVERT(varchar(24), CAST(Amt AS decimal(19,4))) AS Amt FROM PMTTRN WHERE EncNo = @enc",
      { enc },
    );
    expect(paid).toEqual([{ TrnTyp: "CP", Amt: "-20.5000" }]);
    expect((await desk.get(`/Patient/Chart.aspx?pid=${patient.pid}`)).text).toContain(">($20.50)<");
  });

  test("a second check-in, however close behind, makes no second visit", async () => {
    const patient = await registerPatient(desk);
    const { aid } = await bookAppointment(desk, patient.pid);
    const page = await desk.get(`/Sched/ApptEdit.aspx?aid=${aid}`);
    const answers = await Promise.all(
      [0, 1, 2].map(() => desk.submit(page, { form: "frmCheckIn", fields: { txtCopay: "" }, press: "btnCheckIn" })),
    );
    expect(statuses(answers)).toEqual([200, 200, 302]);
    expect(answers.find((answer) => answer.status === 200)?.error).toBe("Patient cannot be checked in.");
    const visits = await target.rows?.("SELECT EncNo FROM ENCMST WHERE PatNo = @pid", { pid: patient.pid });
    if (visits) expect(visits).toHaveLength(1);
  });

  test("a negative copay is refused; one that is no number crashes the page, and neither checks in", async () => {
    const patient = await registerPatient(desk);
    const { aid } = await bookAppointment(desk, patient.pid);
    const page = await desk.get(`/Sched/ApptEdit.aspx?aid=${aid}`);
    const pay = (copay: string) =>
      desk.submit(page, { form: "frmCheckIn", fields: { txtCopay: copay }, press: "btnCheckIn" });
    expect((await pay("-5")).error).toBe("Copay cannot be negative.");
    expect((await pay("twenty")).status).toBe(500);
    expect((await desk.get(`/Sched/ApptEdit.aspx?aid=${aid}`)).text).toContain('id="frmCheckIn"');
  });
});

describe("row 24: GET /Handlers/ApptFeed.ashx", () => {
  const keyOf = async (slot: { dt: string; ProvID: string; LocCd: string }) => {
    const page = await desk.get(`/Sched/DayView.aspx?dt=${slot.dt}&prov=${slot.ProvID}&loc=${slot.LocCd}`);
    return /ApptFeed\.ashx\?prov=[^&]*&(?:amp;)?key=([0-9a-f]+)/.exec(page.text)?.[1] ?? "";
  };

  test("is a calendar with floating local times, opened by its key without a cookie", async () => {
    const patient = await registerPatient(desk);
    const { aid, slot } = await bookAppointment(desk, patient.pid);
    const key = await keyOf(slot);
    const path = `/Handlers/ApptFeed.ashx?prov=${slot.ProvID}&from=${slot.dt}&to=${slot.dt}&key=`;
    const answer = await target.visitor().get(path + key);
    expect([answer.status, answer.contentType]).toEqual([200, "text/calendar; charset=utf-8"]);
    const event = answer.text
      .replaceAll("\r\n ", "")
      .split("BEGIN:VEVENT")
      .find((one) => one.includes(`UID:appt-${aid}@`));
    const day = `${slot.dt.slice(6)}${slot.dt.slice(0, 2)}${slot.dt.slice(3, 5)}`;
    expect(event).toContain(`DTSTART:${day}T${slot.Tm}00\r\n`);
    expect(event).toContain(patient.lastName);
    const closed = await target.visitor().get(`${path}0123`);
    expect([closed.status, closed.location.startsWith("/Login.aspx")]).toEqual([302, true]);
    const other = await target.visitor().get(path.replace(slot.ProvID, "LCHEN") + key);
    expect(other.status).toBe(302);
  });
});

test("dates of the JSON face are local midnights", () => {
  expect(dayOfJsonDate(`/Date(${Date.UTC(2026, 10, 22, 5)})/`)).toBe("11/22/2026");
});
