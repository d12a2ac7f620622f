import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { usDateFromToday } from "../contract/clinic-records.ts";
import { type ContractTarget, contractTarget, demoPassword, staffNames } from "../contract/target.ts";

/** Debian's Chromium; elsewhere the day is skipped, saying so. */
type StaffName = keyof typeof staffNames;

const chromiumPath = "/usr/bin/chromium";

let target: ContractTarget;
let chrome: Browser | undefined;
let profile: string;
const complaints: string[] = [];
/** What the day has made so far; each part of the day goes on from the one before. */
const day = { pid: "", mrn: "", enc: "", order: "" };

beforeAll(async () => {
  if (!existsSync(chromiumPath)) return;
  profile = mkdtempSync(join(tmpdir(), "banyan-chromium-"));
  target = await contractTarget();
  chrome = await chromium.launch({
    executablePath: chromiumPath,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
});

afterAll(async () => {
  await chrome?.close();
  await target?.close();
  if (profile) rmSync(profile, { recursive: true, force: true });
});

beforeEach((context) => {
  if (!chrome) context.skip(`${chromiumPath} is not installed`);
});

async function visit(path: string, name: string): Promise<Page> {
  const context = await (chrome as Browser).newContext({ viewport: { width: 1100, height: 800 } });
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(`${name}: ${error.message}`));
  page.on("response", (response) => {
    if (response.status() >= 500) complaints.push(`${name}: ${response.status()} ${new URL(response.url()).pathname}`);
  });
  await page.goto(target.url + path);
  return page;
}

async function logIn(role: StaffName): Promise<Page> {
  const page = await visit("/", role);
  await fill(page, { txtUser: staffNames[role], txtPwd: demoPassword });
  await press(page, "btnLogin");
  expect(await page.title()).not.toContain("Log");
  return page;
}

const control = (name: string): string => `[name="ctl00$cph$${name}"]`;

async function fill(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) {
    if (name.startsWith("ddl")) await page.selectOption(control(name), value);
    else await page.fill(control(name), value);
  }
}

async function press(page: Page, button: string): Promise<void> {
  await Promise.all([page.waitForEvent("load"), page.click(control(button))]);
}

/** A screenshot that is not blank: styled, with the header's blue in it. Kept only as long as the test runs. */
async function looksLikeTheIntranet(page: Page, name: string): Promise<void> {
  const folder = join(profile, "shots");
  mkdirSync(folder, { recursive: true });
  const png = await page.screenshot({ path: join(folder, `${name}.png`) });
  expect(png.length).toBeGreaterThan(5_000);
  // A script for the page, as text: the page's own types are not those of this program.
  const header = await page.evaluate<{ font: string; dark: boolean }>(`(() => {
    const colours = [...document.querySelectorAll("*")].map((element) => getComputedStyle(element).backgroundColor);
    return {
      font: getComputedStyle(document.body).fontFamily,
      dark: colours.some((colour) => /^rgb\\((\\d|[1-5]\\d), (\\d|[1-8]\\d), 1\\d\\d\\)$/.test(colour)),
    };
  })()`);
  expect(header.font).toMatch(/verdana|tahoma|arial/i);
  expect(header.dark, "a blue header bar").toBe(true);
}

describe("a day at the clinic, in a browser", { timeout: 120_000 }, () => {
  test("the front desk finds a patient, registers another, books him and checks him in", async () => {
    const page = await logIn("frontDesk");
    await looksLikeTheIntranet(page, "dashboard");
    await page.goto(`${target.url}/Patient/PatSearch.aspx`);
    const known = await target.rows?.<{ LName: string }>(
      "SELECT TOP (1) LName FROM PATMST WHERE DelYN = 'N' ORDER BY PatNo",
    );
    await fill(page, { txtLName: known?.[0]?.LName.slice(0, 3) ?? "SMI" });
    await press(page, "btnSearch");
    expect(Number(await page.textContent("#ctl00_cph_lblCount"))).toBeGreaterThan(0);
    await looksLikeTheIntranet(page, "search");

    await page.goto(`${target.url}/Patient/PatNew.aspx`);
    await fill(page, {
      txtLName: "O'NEÍLL",
      txtFName: "JOSÉ",
      txtDOB: "02/29/1960",
      ddlSex: "M",
      txtHmPhone: "4135550142",
    });
    await press(page, "btnSave");
    day.pid = new URL(page.url()).searchParams.get("pid") ?? "";
    expect(day.pid).toMatch(/^\d{6}$/);
    const detail = (await page.textContent("body")) ?? "";
    expect(detail).toContain("O'NEÍLL");
    day.mrn = /000\d{7}/.exec(detail)?.[0] ?? "";
    expect(day.mrn).not.toBe("");

    await page.goto(`${target.url}/Sched/ApptEdit.aspx?pid=${day.pid}`);
    await fill(page, {
      txtPat: day.pid,
      ddlProv: staffNames.physician,
      txtDt: usDateFromToday(0),
      txtTm: "0445",
      txtDur: "10",
      txtRsn: "Cough",
    });
    await page.check(control("chkOvr"));
    await press(page, "btnSave");
    expect(page.url()).toContain("msg=SAVED");
    await looksLikeTheIntranet(page, "day-view");

    await page.goto(`${target.url}/Patient/Chart.aspx?pid=${day.pid}`);
    await Promise.all([page.waitForEvent("load"), page.click("a[href*='ApptEdit.aspx?aid=']")]);
    await fill(page, { txtCopay: "20.00" });
    await press(page, "btnCheckIn");
    day.enc = /enc(?:%3d|=)(\d+)/i.exec(page.url())?.[1] ?? "";
    if (day.enc === "") {
      // The desk may not open encounters: the visit's number is on the chart.
      await page.goto(`${target.url}/Patient/Chart.aspx?pid=${day.pid}`);
      day.enc = /enc=(\d+)/.exec(await page.content())?.[1] ?? "";
    }
    expect(day.enc).toMatch(/^5\d{6}$/);
    await page.context().close();
  });

  test("the physician writes and signs the note, orders a lab and prescribes", async () => {
    const page = await logIn("physician");
    await page.goto(`${target.url}/Patient/Chart.aspx?pid=${day.pid}`);
    await looksLikeTheIntranet(page, "chart");
    expect(await page.textContent("body")).toContain("O'NEÍLL, JOSÉ");

    await page.goto(`${target.url}/Clin/Encounter.aspx?enc=${day.enc}`);
    await fill(page, {
      txtHt: "70",
      txtWt: "180.5",
      txtSys: "120",
      txtDia: "80",
      txtDx1: "I10",
      txtNote: "Cough for 3 days – señor feels well.",
      ddlNotTyp: "PROG",
    });
    await press(page, "btnSave");
    await looksLikeTheIntranet(page, "encounter");

    await page.goto(`${target.url}/Lab/LabOrder.aspx?enc=${day.enc}`);
    await page.selectOption(control("ddlPanel"), { index: 1 });
    await press(page, "btnSend");
    day.order = new URL(page.url()).searchParams.get("ord") ?? "";
    expect(day.order).toMatch(/^L\d{11}$/);

    await page.goto(`${target.url}/Rx/RxNew.aspx?enc=${day.enc}`);
    await fill(page, { ddlDrug: "NITR100", txtSig: "1 capsule twice daily", txtQty: "14" });
    await page.selectOption(control("ddlPhrm"), { index: 1 });
    await press(page, "btnSave");
    expect(page.url()).toContain("msg=QUEUED");

    await page.goto(`${target.url}/Clin/Encounter.aspx?enc=${day.enc}`);
    await press(page, "btnSign");
    expect(await page.textContent("body")).toContain("Closed");
    expect(await page.locator(control("btnAddendum")).count()).toBe(1);
    await page.context().close();
  });

  test("the laboratory's HL7 result arrives, is shown in red, reviewed and released", async (context) => {
    if (target.interfaceKey === undefined) context.skip("the target's interface key is not known");
    const message = [
      "MSH|^~\\&|LABSYS|INHS|EHRPROD|MAIN|20260101120000||ORU^R01|DAY1|P|2.3",
      `PID|1||${day.mrn}^^^MR`,
      `OBR|1|${day.order}|ACC9|PANEL^Panel|||20260101113000`,
      "OBX|1|NM|K^Potassium||5.9|mmol/L|3.5-5.1|H|||F",
      "",
    ].join("\r");
    const answer = await target.visitor().post("/Interfaces/HL7In.ashx", message, {
      "content-type": "text/plain",
      "x-ifc-key": target.interfaceKey ?? "",
    });
    expect(answer.text).toMatch(/\rMSA\|AA\|DAY1/);
    const page = await logIn("physician");
    await page.goto(`${target.url}/Lab/LabResults.aspx?ord=${day.order}`);
    const colours = await page.evaluate<string[]>(
      `[...document.querySelectorAll("td, span")].filter((cell) => cell.textContent.trim() === "5.9").map((cell) => getComputedStyle(cell).color)`,
    );
    expect(colours).toContain("rgb(255, 0, 0)");
    await looksLikeTheIntranet(page, "lab-results");
    await page.check(control("chkRelease"));
    await press(page, "btnReview");
    expect(page.url()).toContain("msg=RELEASED");
    await page.context().close();
  });

  test("billing charges the visit and takes a payment; the balance adds up", async () => {
    const page = await logIn("billing");
    await page.goto(`${target.url}/Billing/ChargeEntry.aspx?enc=${day.enc}`);
    await fill(page, { txtProc1: "99213", txtUnits1: "1", txtAmt1: "100.25" });
    await press(page, "btnSave");
    await page.goto(`${target.url}/Billing/Account.aspx?pid=${day.pid}`);
    await fill(page, { txtAmt: "30.25", ddlTyp: "PP" });
    await press(page, "btnPost");
    expect(page.url()).toContain("msg=POSTED");
    await looksLikeTheIntranet(page, "account");
    const rows = await target.rows?.<{ balance: string; charged: string; paid: string }>(
      "SELECT CONVERT(varchar(20), p.AcctBal) AS balance, (SELECT CONVERT(varchar(20), SUM(ExtAmt)) FROM CHGMST WHERE PatNo = p.PatNo AND StatCd <> 'V') AS charged, (SELECT CONVERT(varchar(20), SUM(Amt)) FROM PMTTRN WHERE PatNo = p.PatNo) AS paid FROM PATMST AS p WHERE p.PatNo = @pid",
      { pid: Number(day.pid) },
    );
    if (rows) {
      const [row] = rows;
      expect(Number(row?.paid)).toBe(-50.25);
      expect(Number(row?.balance)).toBeCloseTo(Number(row?.charged) + Number(row?.paid), 4);
    }
    await page.context().close();
  });

  test("reports run, and the patient portal opens", async () => {
    const reports = await logIn("reports");
    await reports.goto(`${target.url}/Reports/DailyProd.aspx?dt=${encodeURIComponent(usDateFromToday(0))}`);
    await looksLikeTheIntranet(reports, "report");
    await reports.context().close();
    const portal = await visit("/Portal/Login.aspx", "portal");
    const accounts = await target.rows?.<{ LoginName: string }>(
      "SELECT TOP (1) LoginName FROM PORTAL_USER WHERE IsActive = 1 AND ProxyForPatNo IS NULL ORDER BY PortalUserId",
    );
    if (accounts) {
      await fill(portal, { txtUser: accounts[0]?.LoginName ?? "", txtPwd: demoPassword });
      await press(portal, "btnLogin");
      expect(new URL(portal.url()).pathname).toBe("/Portal/Home.aspx");
      for (const page of ["MyAppts", "MyResults", "Messages"]) {
        await portal.goto(`${target.url}/Portal/${page}.aspx`);
        expect(new URL(portal.url()).pathname).toBe(`/Portal/${page}.aspx`);
      }
    }
    await portal.context().close();
  });

  test("nothing crashed on the way and no script complained", () => {
    expect(complaints).toEqual([]);
  });
});
