/** Rows 1-5 of the URL inventory: log-in, log-out, dashboard, keep-alive; NoAccess, what every page shares, and the session end point. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { registerPatient } from "./clinic-records.ts";
import { type ContractTarget, contractTarget, demoPassword, rowsBehind, sessionKeyOf, staffNames } from "./target.ts";

let target: ContractTarget;
beforeAll(async () => {
  target = await contractTarget();
});
afterAll(() => target?.close());

const setCookieOf = (headers: Headers, name: string): string =>
  headers.getSetCookie().find((one) => one.startsWith(`${name}=`)) ?? "";

describe("row 1: GET /Login.aspx", () => {
  test("is a WebForms form with view state over 1 KB and event validation", async () => {
    const page = await target.visitor().get("/Login.aspx?ReturnUrl=%2fDefault.aspx");
    expect([page.status, page.contentType]).toEqual([200, "text/html; charset=utf-8"]);
    expect(/name="__VIEWSTATE" value="([A-Za-z0-9+/=]+)"/.exec(page.text)?.[1]?.length).toBeGreaterThan(1024);
    for (const name of [
      "__EVENTVALIDATION",
      "__EVENTTARGET",
      "__EVENTARGUMENT",
      "ctl00$cph$txtUser",
      "ctl00$cph$txtPwd",
    ]) {
      expect(page.text).toContain(`name="${name}"`);
    }
  });
});

describe("row 2: POST /Login.aspx", () => {
  test("gives ticket and session and goes to the dashboard", async () => {
    const visitor = target.visitor();
    const answer = await visitor.submit(await visitor.get("/Login.aspx"), {
      fields: { txtUser: staffNames.frontDesk.toLowerCase(), txtPwd: demoPassword },
      press: "btnLogin",
    });
    expect([answer.status, answer.location]).toEqual([302, "/Default.aspx"]);
    expect(setCookieOf(answer.headers, ".EHRAUTH")).toMatch(/^\.EHRAUTH=[0-9A-F]+; path=\/; HttpOnly$/);
    expect(visitor.cookies.get("ASP.NET_SessionId")).toMatch(/^[a-z0-5]{24}$/);
  });

  test("goes to ReturnUrl, but never to another server", async () => {
    const locations: string[] = [];
    for (const url of [
      "/Sched/DayView.aspx?dt=11/22/2026",
      "//evil.example/",
      "http://evil.example/",
      "/\\evil.example",
    ]) {
      const visitor = target.visitor();
      const form = await visitor.get(`/Login.aspx?ReturnUrl=${encodeURIComponent(url)}`);
      const fields = { txtUser: staffNames.frontDesk, txtPwd: demoPassword };
      locations.push((await visitor.submit(form, { fields, press: "btnLogin" })).location);
    }
    expect(locations).toEqual(["/Sched/DayView.aspx?dt=11/22/2026", "/Default.aspx", "/Default.aspx", "/Default.aspx"]);
  });

  test("a wrong password or an unknown user is the same page with status 200 and the same red text", async () => {
    const errors: string[] = [];
    for (const [user, password] of [
      [staffNames.reports, "wrong"],
      ["NOBODY", demoPassword],
      [`${staffNames.reports}X`, demoPassword],
      ["", ""],
    ] as const) {
      const visitor = target.visitor();
      const answer = await visitor.submit(await visitor.get("/Login.aspx"), {
        fields: { txtUser: user, txtPwd: password },
        press: "btnLogin",
      });
      expect([answer.status, visitor.cookies.has(".EHRAUTH")]).toEqual([200, false]);
      errors.push(answer.error);
    }
    expect(new Set(errors)).toEqual(new Set(["Invalid user name or password."]));
  });

  test("five failures lock the account, audited, and then the right password does not help", async (context) => {
    const rows = rowsBehind(target, context);
    const user = "BILLER2";
    const visitor = target.visitor();
    const attempt = async (password: string) =>
      visitor.submit(await visitor.get("/Login.aspx"), {
        fields: { txtUser: user, txtPwd: password },
        press: "btnLogin",
      });
    const state = async () => (await rows("SELECT FailCnt, LockYN FROM USRMST WHERE UsrID = @user", { user }))[0];
    for (let count = 1; count <= 4; count += 1) await attempt("wrong");
    expect(await state()).toEqual({ FailCnt: 4, LockYN: "N" });
    await attempt("wrong");
    expect(await state()).toEqual({ FailCnt: 5, LockYN: "Y" });
    const refused = await attempt(demoPassword);
    expect([refused.status, refused.error]).toEqual([200, "Account is locked. Contact the help desk."]);
    const audited = await rows("SELECT ActCd FROM AUDITLOG WHERE UsrID = @user AND ActCd = 'LOGF'", { user });
    expect(audited.length).toBeGreaterThanOrEqual(6);
    await rows("UPDATE USRMST SET FailCnt = 0, LockYN = 'N' WHERE UsrID = @user", { user });
    expect((await attempt(demoPassword)).status).toBe(302);
    expect(await state()).toEqual({ FailCnt: 0, LockYN: "N" });
  });
});

describe("row 3: GET /Logout.aspx", () => {
  test("clears the cookies, ends the session, audits, and goes to the log-in", async () => {
    const browser = await target.staff();
    const ticket = browser.cookies.get(".EHRAUTH") ?? "";
    const answer = await browser.get("/Logout.aspx");
    expect([answer.status, answer.location]).toEqual([302, "/Login.aspx"]);
    expect(setCookieOf(answer.headers, ".EHRAUTH")).toMatch(/^\.EHRAUTH=; expires=.*1999.*; path=\/; HttpOnly$/);
    expect(browser.cookies.has(".EHRAUTH")).toBe(false);
    expect(ticket).not.toBe("");
    expect((await browser.get("/Default.aspx")).location).toMatch(/^\/Login\.aspx\?ReturnUrl=/);
    const audited = await target.rows?.("SELECT TOP (1) ActCd FROM AUDITLOG WHERE UsrID = @user ORDER BY AudID DESC", {
      user: staffNames.frontDesk,
    });
    if (audited) expect(audited[0]?.["ActCd"]).toBe("LOGO");
  });
});

describe("row 4: GET /Default.aspx", () => {
  test("shows what waits, from six modules, to a physician and to the desk", async () => {
    for (const user of ["physician", "frontDesk"] as const) {
      const page = await (await target.staff(user)).get("/");
      expect([page.status, page.error]).toEqual([200, ""]);
      for (const id of ["gvAppt", "gvNote", "gvLab", "gvRx"]) expect(page.text).toContain(`id="ctl00_cph_${id}"`);
      expect(page.text).toMatch(/<span id="ctl00_cph_lblMsgCnt">\d+<\/span>/);
    }
  });

  test("answers as IIS 7 with ASP.NET 2.0, in any case of the path", async () => {
    const page = await (await target.staff()).get("/DEFAULT.ASPX");
    expect(Object.fromEntries(page.headers)).toMatchObject({
      server: "Microsoft-IIS/7.0",
      "x-aspnet-version": "2.0.50727",
      "x-powered-by": "ASP.NET",
      "cache-control": "private",
    });
  });

  test("without a ticket is the log-in redirect with the raw query repeated", async () => {
    const answer = await target.visitor().get("/Patient/PatDetail.aspx?pid=100001&x=a/b");
    expect([answer.status, answer.location]).toEqual([
      302,
      "/Login.aspx?ReturnUrl=%2fPatient%2fPatDetail.aspx%3fpid%3d100001%26x%3da%2fb&pid=100001&x=a/b",
    ]);
  });
});

describe("row 5: GET /Handlers/KeepAlive.ashx", () => {
  test("says OK and renews the ticket", async () => {
    const browser = await target.staff();
    const before = browser.cookies.get(".EHRAUTH");
    const answer = await browser.get("/Handlers/KeepAlive.ashx");
    expect([answer.status, answer.text, answer.contentType]).toEqual([200, "OK", "text/plain; charset=utf-8"]);
    expect(browser.cookies.get(".EHRAUTH")).not.toBe(before);
  });

  test("without a ticket is a redirect as for a page", async () => {
    expect((await target.visitor().get("/Handlers/KeepAlive.ashx")).location).toBe(
      "/Login.aspx?ReturnUrl=%2fHandlers%2fKeepAlive.ashx",
    );
  });
});

describe("wrong role", () => {
  test("is a redirect to NoAccess.aspx, itself a page with status 200", async () => {
    const browser = await target.staff("frontDesk");
    const answer = await browser.get("/Patient/PatMerge.aspx");
    expect([answer.status, answer.location]).toEqual([302, "/NoAccess.aspx?p=%2fPatient%2fPatMerge.aspx"]);
    const page = await browser.follow(answer);
    expect([page.status, page.error]).toEqual([200, "You do not have access to this page."]);
  });
});

describe("bad input anywhere", () => {
  test("a posted page without its view state is a yellow 500 page", async () => {
    const browser = await target.staff();
    const answer = await browser.post("/Patient/PatSearch.aspx", "ctl00%24cph%24txtLName=A", {
      "content-type": "application/x-www-form-urlencoded",
    });
    expect([answer.status, answer.text.includes("Server Error in '/' Application.")]).toEqual([500, true]);
  });

  test("numbers that are none, unknown pages and oversized bodies leave the server standing", async () => {
    const browser = await target.staff();
    expect((await browser.get("/Patient/PatDetail.aspx?pid=abc")).status).toBe(500);
    expect((await browser.get("/Patient/PatDetail.aspx?pid=99999999999")).status).toBe(500);
    expect((await browser.get("/Nothing.aspx")).status).toBe(404);
    const big = await browser.post("/Patient/PatSearch.aspx", Buffer.alloc(5 * 1024 * 1024, 0x41), {
      "content-type": "application/x-www-form-urlencoded",
    });
    expect([big.status, big.text.includes("Maximum request length exceeded.")]).toEqual([500, true]);
    expect((await browser.get("/Handlers/KeepAlive.ashx")).text).toBe("OK");
  });
});

describe("the session end point for other systems", () => {
  const path = "/Interfaces/Session.ashx";
  const ask = (key: string, body: object | string) =>
    target.visitor().post(path, typeof body === "string" ? body : JSON.stringify(body), {
      "content-type": "application/json",
      "x-session-key": key,
    });

  test("without the key tells nothing", async () => {
    const browser = await target.staff();
    for (const key of ["", "wrong"]) {
      const answer = await ask(key, { cookies: browser.cookieHeader() });
      expect([answer.status, answer.text]).toEqual([401, '{"code":"BAD_KEY"}']);
    }
  });

  test("says who holds the cookies and when the ticket ends", async (context) => {
    const key = sessionKeyOf(target, context);
    const browser = await target.staff("physician");
    const answer = await ask(key, { cookies: browser.cookieHeader() });
    expect(answer.status).toBe(200);
    const session = JSON.parse(answer.text) as Record<string, unknown>;
    expect(session).toMatchObject({
      kind: "staff",
      user: staffNames.physician,
      role: "PHYS",
      site: "MAIN",
      provider: true,
      currentPatient: null,
      breakGlassPatient: null,
    });
    const left = Date.parse(String(session["expiresAt"])) - Date.now();
    expect(left).toBeGreaterThan(15 * 60_000);
    expect(left).toBeLessThanOrEqual(20 * 60_000);
  });

  test("sets the current patient, which the pages and EHRCtx then show; and sees the one the pages set", async (context) => {
    const key = sessionKeyOf(target, context);
    const browser = await target.staff();
    const first = await registerPatient(browser);
    const second = await registerPatient(browser);
    await browser.get(`/Patient/PatDetail.aspx?pid=${first.pid}`);
    const seen = await ask(key, { cookies: browser.cookieHeader(), renew: false });
    expect(JSON.parse(seen.text)).toMatchObject({ currentPatient: first.pid, setCookies: [] });

    const set = await ask(key, { cookies: browser.cookieHeader(), currentPatient: second.pid });
    expect(JSON.parse(set.text)).toMatchObject({
      currentPatient: second.pid,
      setCookies: [`EHRCtx=pid=${second.pid}; path=/`],
    });
    expect((await browser.get("/Patient/Chart.aspx")).text).toContain(second.lastName);
    const cleared = await ask(key, { cookies: browser.cookieHeader(), currentPatient: null });
    expect(JSON.parse(cleared.text)).toMatchObject({ currentPatient: null });
    expect((await browser.get("/Patient/Chart.aspx")).error).toBe("No patient selected.");
  });

  test("refuses cookies of nobody, unknown patients and what is no request, each in its own words", async (context) => {
    const key = sessionKeyOf(target, context);
    const browser = await target.staff();
    const refused = async (body: object | string) => {
      const answer = await ask(key, body);
      return `${answer.status} ${answer.text}`;
    };
    expect(await refused({ cookies: "" })).toBe('404 {"code":"NO_SESSION"}');
    expect(await refused({ cookies: ".EHRAUTH=00FF; ASP.NET_SessionId=abc" })).toBe('404 {"code":"NO_SESSION"}');
    expect(await refused({ cookies: browser.cookieHeader(), currentPatient: 1 })).toBe('404 {"code":"NO_PATIENT"}');
    for (const body of [
      "",
      "[]",
      "{",
      { cookies: 1 },
      { cookies: "", other: 1 },
      { cookies: "", currentPatient: "1" },
    ]) {
      expect(await refused(body)).toBe('400 {"code":"BAD_REQUEST"}');
    }
  });
});
