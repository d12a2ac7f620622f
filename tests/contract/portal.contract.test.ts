/**
 * Row 44, and row 37 where the portal meets the prescriber. The account is taken from the data: whoever has an active
 * prescription without a request. Without a look at the rows nobody knows a log-in, and the suite is skipped.
 */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Browser, openBrowser } from "./browser.ts";
import { freeSlots } from "./clinic-records.ts";
import { formOf, formType, submit } from "./clinic-visit.ts";
import { parseForms } from "./page-form.ts";
import { type ContractTarget, contractTarget, demoPassword, rowsBehind } from "./target.ts";

let target: ContractTarget;
let account: { LoginName: string; PatNo: number } | undefined;
let patient: Browser;

beforeAll(async () => {
  target = await contractTarget();
  const accounts = await target.rows?.<{ LoginName: string; PatNo: number }>(
    `SELECT TOP (1) u.LoginName, u.PatNo FROM PORTAL_USER AS u INNER JOIN PATMST AS m ON m.PatNo = u.PatNo
     WHERE u.IsActive = 1 AND m.DelYN <> 'Y' AND m.RstrYN <> 'Y' AND EXISTS (SELECT * FROM RXMST AS r
       WHERE r.PatNo = u.PatNo AND r.StatCd = 'A' AND r.RefReqYN <> 'Y' AND r.CtrlCl = ' ') ORDER BY u.PortalUserId`,
  );
  account = accounts?.[0];
  patient = await portalLogIn(account?.LoginName ?? "");
});
afterAll(() => target?.close());
beforeEach((context) => {
  if (!account) context.skip("no portal log-in is known: LEGACY_MSSQL_URL is not set, or the data holds none");
});

async function portalLogIn(name: string): Promise<Browser> {
  const browser = openBrowser(target.url);
  await submit(browser, "/Portal/Login.aspx", { txtUser: name, txtPwd: demoPassword, btnLogin: "Log In" });
  return browser;
}

const login = "/Portal/Login.aspx";

describe("row 44: the portal's door", () => {
  it("sends a visitor without its cookie to its own log-in", async () => {
    const reply = await target.visitor().get("/Portal/MyResults.aspx?ord=X");
    expect(reply).toMatchObject({
      status: 302,
      location: "/Portal/Login.aspx?ReturnUrl=%2fPortal%2fMyResults.aspx%3ford%3dX&ord=X",
    });
  });

  it("is not opened by a staff ticket", async () => {
    expect((await (await target.staff("admin")).get("/Portal/Home.aspx")).status).toBe(302);
  });

  it("refuses a wrong password with 200 and the same words as an unknown name", async () => {
    const wrong = await submit(target.visitor(), login, {
      txtUser: account?.LoginName ?? "",
      txtPwd: "x",
      btnLogin: "Log In",
    });
    const unknown = await submit(target.visitor(), login, { txtUser: "nobody", txtPwd: "x", btnLogin: "Log In" });
    expect([wrong.status, unknown.status]).toEqual([200, 200]);
    expect(wrong.text).toContain("The login name or password is not correct.");
    expect(unknown.text).toContain("The login name or password is not correct.");
  });

  it("gives a cookie for /Portal only", async () => {
    const visitor = target.visitor();
    const user = account?.LoginName.toUpperCase() ?? "";
    const reply = await submit(visitor, login, { txtUser: user, txtPwd: demoPassword, btnLogin: "Log In" });
    expect(reply).toMatchObject({ status: 302, location: "/Portal/Home.aspx" });
    expect(reply.headers.getSetCookie().join("\n")).toMatch(/^\.PORTALAUTH=[0-9A-F]+; path=\/Portal/im);
    expect((await visitor.get("/Default.aspx")).status).toBe(302);
  });
});

describe("row 44: inside the portal", () => {
  it("greets with what is new", async () => {
    const home = await patient.get("/Portal/Home.aspx");
    expect(home.status).toBe(200);
    expect(home.text).toContain("Account balance");
    expect(home.text).toContain("Next appointment");
  });

  it("saves contact details to itself, and refuses wrong ones with 200", async () => {
    const saved = await submit(patient, "/Portal/Home.aspx", {
      txtEmail: "new@example.org",
      txtCell: "(413) 555-0199",
      btnSave: "Save",
    });
    expect(saved).toMatchObject({ status: 302, location: "/Portal/Home.aspx?msg=SAVED" });
    expect((await patient.get("/Portal/Home.aspx")).text).toContain("4135550199");
    expect((await submit(patient, "/Portal/Home.aspx", { txtCell: "12", btnSave: "Save" })).text).toContain(
      "10 digits",
    );
  });

  it("requests an appointment at a free time, once", async () => {
    const slot = await freeSlot();
    const fields = { ...slot, txtRsn: "Portal contract", btnRequest: "Request appointment" };
    const asked = await submit(patient, "/Portal/MyAppts.aspx", fields);
    expect(asked.status, asked.text).toBe(302);
    expect(asked.location).toBe("/Portal/MyAppts.aspx?msg=REQUESTED");
    const shown = await patient.get(asked.location);
    expect(shown.text).toContain("Your request was sent.");
    expect(shown.text).toContain("Portal contract");
    const again = await submit(patient, "/Portal/MyAppts.aspx", fields);
    expect(again.status).toBe(200);
    expect(again.text).toContain("no longer available");
    const row = await target.rows?.("SELECT TOP (1) SrcCd, StatCd FROM tblAppointment ORDER BY ApptID DESC");
    if (row) expect(row[0]).toMatchObject({ SrcCd: "P", StatCd: "SC" });
  });

  it("refuses days that are past or at no hour of the provider", async () => {
    const { ddlProv } = await freeSlot();
    const past = await submit(patient, "/Portal/MyAppts.aspx", { ddlProv, txtDt: "01/01/2008", txtTm: "9:00 AM" });
    expect(past.text).toContain("Please choose a day after today.");
    const night = await submit(patient, "/Portal/MyAppts.aspx", { ...(await freeSlot()), txtTm: "3:00 AM" });
    expect(night.text).toContain("does not see patients at that time");
  });

  it("shows released results only", async () => {
    const list = await patient.get("/Portal/MyResults.aspx");
    expect(list.status).toBe(200);
    const rows = await target.rows?.<{ OrdNo: string }>(
      "SELECT TOP (1) OrdNo FROM LABORD WHERE PatNo = @pat AND RelPtYN <> 'Y'",
      {
        pat: account?.PatNo ?? 0,
      },
    );
    const hidden = (rows?.[0]?.OrdNo ?? "L00000000000").trim();
    expect(list.text).not.toContain(hidden);
    expect((await patient.get(`/Portal/MyResults.aspx?ord=${hidden}`)).text).toContain("Result not found.");
  });

  it("sends a message, opens it by post and deletes it", async () => {
    const subject = `Contract ${Date.now()}`;
    const sent = await submit(patient, "/Portal/Messages.aspx", {
      txtSubj: subject,
      txtBody: "¿Señor – 5 € ✓?",
      btnSend: "Send",
    });
    expect(sent).toMatchObject({ status: 302, location: "/Portal/Messages.aspx?msg=MSGSENT" });
    const list = await patient.get("/Portal/Messages.aspx");
    const id = new RegExp(`${subject}[\\s\\S]*?Open\\$([0-9A-Fa-f-]{36})`).exec(list.text)?.[1] ?? "";
    const post = { __EVENTTARGET: "ctl00$cph$gv" };
    const opened = await submit(patient, "/Portal/Messages.aspx", { ...post, __EVENTARGUMENT: `Open$${id}` });
    expect(opened.location).toBe(`/Portal/Messages.aspx?id=${id}`);
    expect((await patient.get(opened.location)).text).toContain("¿Señor – 5 € ✓?");
    await submit(patient, "/Portal/Messages.aspx", { ...post, __EVENTARGUMENT: `Delete$${id}` });
    expect((await patient.get("/Portal/Messages.aspx")).text).not.toContain(subject);
    expect((await submit(patient, "/Portal/Messages.aspx", { btnSend: "Send" })).text).toContain(
      "Please enter a subject.",
    );
  });
});

describe("row 44: a proxy", () => {
  it("switches to the one other record the account may see, and to no third", async (context) => {
    const rows = rowsBehind(target, context);
    const [other] = await rows<{ PatNo: number; FName: string; LName: string }>(
      "SELECT TOP (1) PatNo, FName, LName FROM PATMST WHERE DelYN <> 'Y' AND PatNo <> @pat ORDER BY PatNo DESC",
      { pat: account?.PatNo ?? 0 },
    );
    await rows("UPDATE PORTAL_USER SET ProxyForPatNo = @other WHERE LoginName = @login", {
      other: other?.PatNo ?? 0,
      login: account?.LoginName ?? "",
    });
    const proxy = await portalLogIn(account?.LoginName ?? "");
    const own = await proxy.get("/Portal/MyResults.aspx");
    const form = parseForms(own.text).find((one) => one.id === "frmSwitch");
    const change = (patNo: number) =>
      proxy.post(
        "/Portal/MyResults.aspx",
        new URLSearchParams([
          ...new Map([...(form?.values ?? []), ["ctl00$cph$ddlPat", String(patNo)], ["ctl00$cph$btnSwitch", "Go"]]),
        ]).toString(),
        formType,
      );
    const name = `Health record of <b>${other?.FName} ${other?.LName}</b>`.replaceAll("'", "&#39;");
    expect(own.text).not.toContain(name);
    expect((await change(other?.PatNo ?? 0)).location).toBe("/Portal/MyResults.aspx");
    expect((await proxy.get("/Portal/Home.aspx")).text).toContain(name);
    await change(100_001 === account?.PatNo ? 100_002 : 100_001);
    const shown = (page: string) => /Health record of <b>[^<]*/.exec(page)?.[0];
    expect(shown((await proxy.get("/Portal/Home.aspx")).text)).toBe(shown(own.text));
  });
});

describe("row 37: a refill request on its way", () => {
  it("goes from the portal to the prescriber, who opens, answers, and cannot answer twice", async () => {
    const page = await patient.get("/Portal/Messages.aspx");
    const rxNo = /<option value="(7\d{5})"/.exec(page.text)?.[1];
    if (rxNo === undefined) throw new Error("the portal patient of the data has no active prescription");
    const asked = await submit(patient, "/Portal/Messages.aspx", { ddlRx: rxNo, btnRefill: "Request refill" });
    expect(asked.location).toBe("/Portal/Messages.aspx?msg=REQUESTED");

    const physician = await target.staff("physician");
    const opened = await physician.get(`/Rx/RxRefill.aspx?rx=${rxNo}`);
    expect(opened.status, opened.location).toBe(200);
    const read = await target.rows?.(
      "SELECT COUNT(*) AS Cnt FROM PORTAL_MSG WHERE MsgType = 'RXRF' AND RefKey = @rx AND FromType = 'P' AND IsRead = 0",
      { rx: rxNo },
    );
    expect(read?.[0]?.["Cnt"] ?? 0).toBe(0);
    const form = await formOf(physician, `/Rx/RxRefill.aspx?rx=${rxNo}`);
    const approved = await physician.post(
      `/Rx/RxRefill.aspx?rx=${rxNo}`,
      form({ txtRef: "2", btnApprove: "Approve" }),
      formType,
    );
    expect(approved).toMatchObject({ status: 302, location: "/Default.aspx?msg=REFILLED" });
    const twice = await physician.post(`/Rx/RxRefill.aspx?rx=${rxNo}`, form({ btnDeny: "Deny" }), formType);
    expect(twice.text).toContain("The request was already answered.");
    expect((await patient.get("/Portal/Messages.aspx")).text).toContain("Refill approved");
  });
});

/** A slot that is free in the schedule, in the words of the portal's form. */
async function freeSlot(): Promise<{ ddlProv: string; txtDt: string; txtTm: string }> {
  const slots = await freeSlots(await target.staff("frontDesk"));
  const slot = slots[Math.floor(slots.length / 2)];
  if (!slot) throw new Error("the data leaves AREYES no free slot in five weeks");
  return { ddlProv: slot.ProvID, txtDt: slot.dt, txtTm: slot.Tm };
}
