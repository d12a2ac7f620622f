/**
 * The schedule's pages of both sides on the same data, in the same session, compared byte for byte: every day of the data set at
 * every site, every appointment, and what a desk of 2008 could type. Check-in is not among them: it stays in the monolith.
 */

import { createLogger, fixedClock, seededRandom } from "@banyan/kernel";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ClinicWithServices, startClinicWithServices } from "../clinic/services-side.ts";
import type { Browser } from "../contract/browser.ts";
import { expectSame, logIn, sameGet, type Seen, seen, type Sides } from "./sides.ts";

/** Half past one of the night the clocks go back, for the second time. */
const now = new Date("2026-11-01T06:30:00.000Z");
const scheduleService = "/Services/ScheduleService.asmx";

let clinic: ClinicWithServices;
beforeAll(async () => {
  clinic = await startClinicWithServices({
    logger: createLogger({ name: "test", level: "silent" }),
    patients: 40,
    clock: fixedClock(now),
  });
});
afterAll(() => clinic?.close());

async function legacyRows<Row>(statement: string): Promise<Row[]> {
  return (await clinic.legacy.pool.request().query<Row>(statement)).recordset;
}

describe("the day grid", () => {
  test("is the same on every day around today and at every site, for one provider and for all", async () => {
    const sides = await logIn(clinic, "FDESK1");
    for (const loc of ["MAIN", "EAST", "OLDW", "main", "NONE"]) {
      for (let day = -20; day <= 42; day += loc === "MAIN" || loc === "EAST" ? 1 : 9) {
        await sameGet(sides, `/Sched/DayView.aspx?dt=${usDay(day)}&prov=&loc=${loc}`);
      }
      for (const prov of ["AREYES", "areyes", "LCHEN", "NOBODY", "A'B"]) {
        await sameGet(sides, `/Sched/DayView.aspx?dt=${usDay(1)}&prov=${encodeURIComponent(prov)}&loc=${loc}`);
      }
    }
  });

  test("is the same on the days that hold something odd: no-shows, blocked and overbooked time, early and late hours", async () => {
    const sides = await logIn(clinic, "BILLER1");
    const days = await legacyRows<{ ApptDt: Date; LocCd: string }>(
      `SELECT DISTINCT TOP (80) ApptDt, LocCd FROM tblAppointment
       WHERE StatCd = 'NS' OR PatNo IS NULL OR OvrBkYN = 'Y' OR ApptTm < '0800' OR ApptTm > '1645' ORDER BY ApptDt DESC`,
    );
    expect(days.length).toBeGreaterThan(40);
    for (const { ApptDt, LocCd } of days) {
      const [year, month, day] = ApptDt.toISOString().slice(0, 10).split("-");
      await sameGet(sides, `/Sched/DayView.aspx?dt=${month}/${day}/${year}&loc=${LocCd.trim()}`);
    }
  });

  test("is the same for whatever an address may say, and for every role", async () => {
    for (const user of ["FDESK1", "AREYES", "LABTECH1", "REPORT1", "BILLER1", "NURSE1", "ADMIN"]) {
      const sides = await logIn(clinic, user);
      for (const query of [
        "",
        "?dt=",
        "?dt=tomorrow",
        "?dt=2/30/2026",
        "?dt=1/1/0001",
        "?dt=12/31/9999",
        "?dt=11/1/2026&dt=11/2/2026",
        "?DT=11/02/2026&Loc=east",
        "?loc=MAINSTREET",
        "?prov=AREYESANDMORE",
        "?msg=SAVED",
      ]) {
        await sameGet(sides, `/Sched/DayView.aspx${query}`);
      }
    }
  });
});

describe("one appointment", () => {
  test("is the same page for every appointment, and the same pages for those that are not there", async () => {
    const sides = await logIn(clinic, "AREYES");
    const ids = (await legacyRows<{ ApptID: number }>("SELECT ApptID FROM tblAppointment")).map(({ ApptID }) => ApptID);
    for (const aid of [...ids.filter((id) => id % 3 === 0), 0, -1, 999_999]) {
      await sameGet(sides, `/Sched/ApptEdit.aspx?aid=${aid}`);
    }
    for (const query of ["?aid=x", "?aid=99999999999", "?aid=1&aid=2"]) {
      await sameGet(sides, `/Sched/ApptEdit.aspx${query}`);
    }
  });

  test("offers the same new one, whatever the link says", async () => {
    for (const user of ["AREYES", "FDESK1"]) {
      const sides = await logIn(clinic, user);
      await sameGet(sides, "/Patient/PatDetail.aspx?pid=100001");
      for (const query of [
        "",
        "?dt=11/05/2026&tm=0915&prov=LCHEN&loc=EAST",
        "?pid=100002",
        "?dt=x",
        "?tm=%3Cb%3E&prov=%22&loc=ñ",
      ]) {
        await sameGet(sides, `/Sched/ApptEdit.aspx${query}`);
      }
    }
  });

  test("is closed to the same people", async () => {
    for (const user of ["LABTECH1", "REPORT1"]) {
      const sides = await logIn(clinic, user);
      for (const path of ["/Sched/ApptEdit.aspx?aid=1", scheduleService, `${scheduleService}/js`]) {
        await sameGet(sides, path);
      }
      await expectSame(sides, "slots", (browser) => browser.call(`${scheduleService}/GetSlots`, {}));
    }
  });
});

describe("free slots", () => {
  test("are the same for every provider, site and type of visit", async () => {
    const sides = await logIn(clinic, "NURSE1");
    const providers = await legacyRows<{ UsrID: string }>("SELECT UsrID FROM USRMST WHERE ProvYN = 'Y'");
    for (const prov of [...providers.map(({ UsrID }) => UsrID.trim()), "nobody", "", " areyes "]) {
      for (const [loc, type] of [
        ["", ""],
        ["MAIN", "FOLL"],
        ["east", "proc"],
        ["OLDW", "XXXX"],
      ]) {
        await slots(sides, { prov, loc, type, from: usDay(-3), to: usDay(20) });
      }
    }
    for (const [from, to] of [
      [usDay(0), usDay(200)],
      [usDay(0), usDay(-1)],
      ["02/30/2026", usDay(0)],
      [usDay(0), ""],
      ["11/1/2026", "3/15/2027"],
      ["3/7/2027", "3/9/2027"],
    ]) {
      await slots(sides, { prov: "AREYES", loc: "", type: "", from, to });
    }
  });

  test("come over SOAP and the service describes itself in the same words", async () => {
    const sides = await logIn(clinic, "FDESK1");
    for (const path of [
      scheduleService,
      `${scheduleService}?WSDL`,
      `${scheduleService.toLowerCase()}/js`,
      `${scheduleService}/jsdebug`,
      `${scheduleService}/None`,
    ]) {
      await sameGet(sides, path);
    }
    for (const [method, inner] of [
      ["GetSlots", `<prov>AREYES</prov><loc /><from>${usDay(1)}</from><to>${usDay(4)}</to><type>FOLL</type>`],
      ["GetSlots", "<prov>AREYES</prov><from>soon</from>"],
      ["BookAppointment", "<pid>1</pid>"],
      ["MoveAppointment", "<aid>0</aid><dt>1/1/2027</dt><tm>9:00 AM</tm>"],
      ["Nothing", ""],
    ] as const) {
      await expectSame(sides, method, (browser) => soap(browser, method, inner));
    }
  });

  const slots = (sides: Sides, args: object): Promise<void> =>
    expectSame(sides, JSON.stringify(args), (browser) => browser.call(`${scheduleService}/GetSlots`, args));
});

describe("the calendar feed", () => {
  test("is the same file, and closed to the same addresses", async () => {
    const sides = await logIn(clinic, "AREYES");
    const day = await sides.service.get("/Sched/DayView.aspx?prov=AREYES");
    const key = /ApptFeed\.ashx\?prov=[^&]*&(?:amp;)?key=([0-9a-f]+)/.exec(day.text)?.[1] ?? "";
    const feed = "/Handlers/ApptFeed.ashx?prov=";
    for (const query of [
      `AREYES&key=${key}`,
      `AREYES&from=${usDay(-400)}&to=${usDay(-200)}&key=${key}`,
      `AREYES&from=10/25/2026&to=11/8/2026&key=${key}`,
      `areyes&key=${key}`,
      `AREYES&from=x&key=${key}`,
    ]) {
      await sameGet(sides, feed + query);
    }
    for (const query of ["AREYES&key=1", `LCHEN&key=${key}`, `&key=${key}`, "AREYES"]) {
      const [legacy, service] = [await sides.legacy.get(feed + query), await sides.service.get(feed + query)];
      expect(seen(service), query).toEqual(seen(legacy));
    }
  });
});

/** Appointments that look the same to a desk, one for each side. */
type Pair = { readonly legacy: number; readonly service: number };

describe("a write", () => {
  const free = { loc: "MAIN", dur: 0, type: "FOLL", reason: "", overbook: false };

  /** The same booking of the same patient with two providers who are free then: one through each side. */
  async function bookBoth(sides: Sides, dt: string, tm: string, more: object = {}): Promise<Pair> {
    const book = async (browser: Browser, prov: string): Promise<number> => {
      const answer = await browser.call(`${scheduleService}/BookAppointment`, {
        ...free,
        pid: 100001,
        prov,
        dt,
        tm,
        ...more,
      });
      return Number(/"ApptID":(\d+)/.exec(answer.text)?.[1]);
    };
    return { legacy: await book(sides.legacy, "AREYES"), service: await book(sides.service, "LCHEN") };
  }

  test("of a booking leaves the same row in legacy", async () => {
    const sides = await logIn(clinic, "FDESK1");
    const pairs: Pair[] = [];
    for (const [index, more] of [
      {},
      { dur: 40, type: "phys", reason: " Łukasz – “Fieber” €5 ☂ " },
      { loc: "eastern", reason: "x".repeat(150) },
      { type: "ZZ", overbook: true },
      { pid: 100002, loc: "" },
    ].entries()) {
      pairs.push(await bookBoth(sides, "02/0" + String(index + 1) + "/2028", "1:30 am", more));
    }
    await clinic.settle();
    for (const pair of pairs) expect(await rowOf(pair.service)).toEqual(await rowOf(pair.legacy));
  });

  test("that is refused is refused in the same words", async () => {
    const sides = await logIn(clinic, "FDESK1");
    const good = { ...free, pid: 100001, prov: "AREYES", dt: "02/10/2028", tm: "1000" };
    expect((await sides.legacy.call(`${scheduleService}/BookAppointment`, good)).status).toBe(200);
    await clinic.settle();
    for (const change of [
      {},
      { tm: "0950", dur: 11 },
      { pid: 1 },
      { pid: "x" },
      { prov: "" },
      { prov: "FDESK1" },
      { dt: "2/30/2028" },
      { tm: "2500" },
      { dur: 1441 },
      { overbook: "perhaps" },
    ]) {
      await expectSame(sides, JSON.stringify(change), (browser) =>
        browser.call(`${scheduleService}/BookAppointment`, { ...good, ...change }),
      );
    }
    for (const args of [
      { aid: 0, prov: "", dt: "1/1/2028", tm: "0900" },
      { aid: 1, prov: "NOBODY", dt: "1/1/2028", tm: "0900" },
      { aid: 1, prov: "", dt: "", tm: "0900" },
    ]) {
      await expectSame(sides, JSON.stringify(args), (browser) =>
        browser.call(`${scheduleService}/MoveAppointment`, args),
      );
    }
  });

  test("of the form, a move, a cancelling and a no-show have the same verdict and leave the same rows", async () => {
    const sides = await logIn(clinic, "NURSE1");
    for (const [index, fields] of forms.entries()) {
      const dt = `03/${String(index + 1).padStart(2, "0")}/2028`;
      const pair = await bookBoth(sides, dt, "0900");
      await clinic.settle();
      await bothSides(sides, pair, async (browser, aid) =>
        browser.submit(await browser.get(`/Sched/ApptEdit.aspx?aid=${aid}`), { fields, press: "btnSave" }),
      );
      const move = { prov: "", dt, tm: index % 2 === 0 ? "0945" : "1645" };
      await bothSides(sides, pair, (browser, aid) =>
        browser.call(`${scheduleService}/MoveAppointment`, { aid, ...move }),
      );
      const cancel = closings[index % closings.length] ?? {};
      for (const turn of [1, 2]) {
        await clinic.settle();
        const opened = turn === 1;
        await bothSides(sides, pair, async (browser, aid) => {
          const page = await browser.get(`/Sched/${opened ? "ApptEdit" : "ApptCancel"}.aspx?aid=${aid}`);
          return browser.submit(page, { form: "frmCancel", ...cancel });
        });
      }
      await clinic.settle();
      expect(await rowOf(pair.service), JSON.stringify(fields)).toEqual(await rowOf(pair.legacy));
    }
  });

  test("claims only time that the appointment did not have, as the old trigger sees it", async () => {
    const sides = await logIn(clinic, "FDESK1");
    const dt = "05/02/2028";
    const early = await bookBoth(sides, dt, "0900", { dur: 15 });
    const late = await bookBoth(sides, dt, "0930", { dur: 30 });
    const save = async (pair: Pair, fields: Readonly<Record<string, string | null>>): Promise<string> => {
      const answer = await bothSides(sides, pair, async (browser, aid) =>
        browser.submit(await browser.get(`/Sched/ApptEdit.aspx?aid=${aid}`), {
          form: "aspnetForm",
          fields,
          press: "btnSave",
        }),
      );
      return answer.status === 302 ? "saved" : (/SLOT TAKEN/.exec(answer.body)?.[0] ?? "refused");
    };
    expect(await save(early, { txtDur: "30" })).toBe("saved");
    expect(await save(early, { txtDur: "31" })).toBe("SLOT TAKEN");
    expect(await save(early, { txtDur: "45", chkOvr: "on" })).toBe("saved");
    expect(await save(late, { ddlStat: "CF" })).toBe("saved");
    expect(await save(late, { txtDur: "15" })).toBe("saved");
    expect(await save(late, { txtDur: "20" })).toBe("SLOT TAKEN");
    expect(await save(early, { chkOvr: null })).toBe("SLOT TAKEN");
    expect(await save(early, { chkOvr: null, txtDur: "30" })).toBe("saved");
    expect(await save(late, { txtTm: "0929", txtDur: "5" })).toBe("SLOT TAKEN");
    await clinic.settle();
    for (const pair of [early, late]) expect(await rowOf(pair.service)).toEqual(await rowOf(pair.legacy));
  });

  test("typed at random into one full day has the same verdict each time", async () => {
    const sides = await logIn(clinic, "FDESK1");
    const random = seededRandom(7);
    const dt = "05/03/2028";
    const pairs: Pair[] = [];
    const time = (): string => `0${random.int(8, 9)}${random.pick(["00", "15", "20", "45"])}`;
    const verdicts = new Set<string>();
    for (let turn = 0; turn < 60; turn += 1) {
      const pair = pairs[random.int(0, pairs.length)];
      const kind = random.pick(["save", "save", "save", "move", "move", "move", "cancel", "no-show"]);
      const minutes = random.pick(["5", "15", "30", "60"]);
      const [overbook, lengthens] = [random.chance(0.1), random.chance(0.5)];
      const tm = time();
      if (!pair) {
        const made = await bookBoth(sides, dt, tm, { dur: Number(minutes), overbook });
        expect(Number.isNaN(made.service), `booking ${turn}`).toBe(Number.isNaN(made.legacy));
        verdicts.add(`book ${Number.isNaN(made.legacy)}`);
        if (!Number.isNaN(made.legacy)) pairs.push(made);
        continue;
      }
      const answer = await bothSides(sides, pair, async (browser, aid) => {
        if (kind === "move") {
          return browser.call(`${scheduleService}/MoveAppointment`, { aid, prov: "", dt, tm });
        }
        const saves = kind === "save";
        const page = await browser.get(`/Sched/${saves ? "ApptEdit" : "ApptCancel"}.aspx?aid=${aid}`);
        if (saves) {
          const boxes = { txtTm: tm, txtDur: minutes, chkOvr: overbook ? "on" : null };
          const fields = lengthens ? { txtDur: minutes } : boxes;
          return browser.submit(page, { form: "aspnetForm", fields, press: "btnSave" });
        }
        const press = kind === "cancel" ? "btnCancelAppt" : "btnNoShow";
        return browser.submit(page, { form: "frmCancel", fields: { ddlCxRsnCd: "PT" }, press });
      });
      verdicts.add(`${kind} ${answer.status} ${/SLOT TAKEN|cannot be/.exec(answer.body)?.[0] ?? ""}`);
    }
    expect([...verdicts]).toEqual(expect.arrayContaining(["book true", "book false", "save 302 ", "move 200 "]));
    expect(verdicts.size).toBeGreaterThan(7);
    await clinic.settle();
    for (const pair of pairs) expect(await rowOf(pair.service)).toEqual(await rowOf(pair.legacy));
  });

  test("with a form of the other side is taken by either", async () => {
    const sides = await logIn(clinic, "FDESK1");
    const pair = await bookBoth(sides, "04/03/2028", "1100");
    await clinic.settle();
    const byLegacy = await sides.legacy.get(`/Sched/ApptEdit.aspx?aid=${pair.service}`);
    const byService = await sides.service.get(`/Sched/ApptEdit.aspx?aid=${pair.legacy}`);
    const saved = { fields: { txtRsn: "Crossed" }, press: "btnSave" };
    expect((await sides.service.submit(byLegacy, saved)).location).toContain("msg=SAVED");
    expect((await sides.legacy.submit(byService, saved)).location).toContain("msg=SAVED");
    await clinic.settle();
    expect(await rowOf(pair.service)).toEqual(await rowOf(pair.legacy));
    const cancelled = { form: "frmCancel", fields: { ddlCxRsnCd: "WX" }, press: "btnCancelAppt" };
    expect((await sides.service.submit(byLegacy, cancelled)).status).toBe(302);
    expect((await sides.legacy.submit(byService, cancelled)).status).toBe(302);
  });

  const forms: readonly Readonly<Record<string, string | null>>[] = [
    { ddlStat: "CF", txtRsn: "Ohr – “links” €" },
    { txtDt: "13/1/2028" },
    { txtTm: "9.30" },
    { txtDur: "4" },
    { txtDur: "601" },
    { txtPat: "" },
    { txtPat: "1" },
    { ddlProv: "" },
    { ddlProv: "FDESK1" },
    { ddlType: "PROC", txtDur: "45", chkOvr: "on", ddlLoc: "EAST" },
    { ddlStat: "CO", txtTm: "2:15 pm" },
    { ddlType: "far too long", ddlLoc: "longer" },
  ];
  const closings = [
    { fields: { ddlCxRsnCd: "PT" }, press: "btnCancelAppt" },
    { press: "btnNoShow" },
    { fields: { ddlCxRsnCd: "" }, press: "btnCancelAppt" },
    { fields: { ddlCxRsnCd: "??" }, press: "btnCancelAppt" },
    { fields: { ddlCxRsnCd: "wx" }, press: "btnCancelAppt" },
  ];
});

/** Asks each side about its own appointment of a pair; the answers are the same but for number and provider. */
async function bothSides(
  sides: Sides,
  pair: Pair,
  ask: (browser: Browser, aid: number) => ReturnType<Browser["get"]>,
): Promise<Seen> {
  const plain = (answer: ReturnType<typeof seen>, aid: number) => {
    const hide = (text: string): string =>
      text
        .replaceAll(new RegExp(`\\b${aid}\\b`, "g"), "AID")
        .replaceAll(/LCHEN|AREYES/g, "PROV")
        .replaceAll(/<select[^>]*ddlProv[\s\S]*?<\/select>/g, "");
    return { ...answer, location: hide(answer.location), body: hide(answer.body) };
  };
  const legacy = plain(seen(await ask(sides.legacy, pair.legacy)), pair.legacy);
  const service = plain(seen(await ask(sides.service, pair.service)), pair.service);
  expect(service).toEqual(legacy);
  return legacy;
}

const soap = (browser: Browser, method: string, inner: string) =>
  browser.post(
    scheduleService,
    `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><${method} xmlns="http://tempuri.org/">${inner}</${method}></s:Body></s:Envelope>`,
    { "content-type": "text/xml; charset=utf-8", soapaction: `"http://tempuri.org/${method}"` },
  );

/** `MM/DD/YYYY` so many days from today, at the clinic. */
function usDay(days: number): string {
  const [year, month, day] = new Date(now.getTime() + days * 86_400_000).toISOString().slice(0, 10).split("-");
  return `${month}/${day}/${year}`;
}

/** What legacy holds of an appointment, but number, provider and the time of the write. */
async function rowOf(id: number): Promise<unknown> {
  const rows = await legacyRows(
    `SELECT PatNo, PatNm, MRN, PatPhone, LocCd, ApptDt, ApptTm, DurMin, ApptEnd, ApTypCd, StatCd, RsnTx, OvrBkYN, CxRsnCd, ChkInTm,
       EncNo, RmndYN, SrcCd, CrtUsr, CrtDt, ModUsr, DelYN FROM tblAppointment WHERE ApptID = ${id}`,
  );
  expect(rows).toHaveLength(1);
  return rows[0];
}
