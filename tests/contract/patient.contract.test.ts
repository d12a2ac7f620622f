/** Rows 6-16 of the URL inventory: search, record, registration, merge, chart, break-glass, photo, type-ahead, partner XML. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Browser } from "./browser.ts";
import { bookAppointment, registerPatient, submitRegistration, uniqueName } from "./clinic-records.ts";
import { gridRows } from "./page-form.ts";
import { type ContractTarget, contractTarget, rowsBehind, staffNames } from "./target.ts";

let target: ContractTarget;
let desk: Browser;
beforeAll(async () => {
  target = await contractTarget();
  desk = await target.staff("frontDesk");
});
afterAll(() => target?.close());

const found = (page: string): number => Number(/id="ctl00_cph_lblCount">(\d+)</.exec(page)?.[1] ?? "-1");

describe("row 6: GET /Patient/PatSearch.aspx", () => {
  test("finds by beginnings of names, by birth date and by MRN", async () => {
    const patient = await registerPatient(desk, { txtFName: "Mária", txtDOB: "07/04/1951" });
    const byName = await desk.get(
      `/Patient/PatSearch.aspx?LN=${patient.lastName.slice(0, -1).toLowerCase()}&fn=m%C3%A1`,
    );
    expect([byName.status, byName.contentType, found(byName.text)]).toEqual([200, "text/html; charset=utf-8", 1]);
    const [row] = gridRows(byName.text, "ctl00_cph_gv");
    expect(row?.[1]).toBe(`${patient.lastName}, MÁRIA`);
    expect(byName.text).toContain(`href="/Patient/PatDetail.aspx?pid=${patient.pid}"`);
    const mrn = row?.[0] ?? "";
    expect(mrn).toMatch(new RegExp(`^000${patient.pid}\\d$`));
    expect(found((await desk.get(`/Patient/PatSearch.aspx?mrn=${mrn}`)).text)).toBe(1);
    const byBirth = await desk.get(`/Patient/PatSearch.aspx?dob=7/4/1951&ln=${patient.lastName}`);
    expect(found(byBirth.text)).toBe(1);
  });

  test("falls back to names that sound alike only when none begins so", async () => {
    const first = `Q${uniqueName()}`.slice(0, 20);
    const patient = await registerPatient(desk, { txtLName: "ZYXTRUDER", txtFName: first });
    const alike = await desk.get(`/Patient/PatSearch.aspx?ln=ZIXTRUTER&fn=${first}`);
    expect(alike.text).toContain("No exact match. Names that sound alike:");
    expect(gridRows(alike.text, "ctl00_cph_gv").map((row) => row[1])).toEqual([`ZYXTRUDER, ${patient.firstName}`]);
    const exact = await desk.get(`/Patient/PatSearch.aspx?ln=zyxtruder&fn=${first}`);
    expect(exact.text).not.toContain("sound alike");
  });

  test("shows nothing found, a bad date and no criteria with status 200", async () => {
    const none = await desk.get("/Patient/PatSearch.aspx?mrn=0000000000");
    expect([none.status, none.text.includes("No patients found.")]).toEqual([200, true]);
    const bad = await desk.get("/Patient/PatSearch.aspx?dob=31/31/2000");
    expect([bad.status, bad.error]).toEqual([200, "Invalid date of birth."]);
    expect((await desk.get("/Patient/PatSearch.aspx")).text).not.toContain("lblCount");
  });

  test("takes quotes and brackets as text", async () => {
    for (const ln of ["O'", "%27%3B--", "[", "%25", "<b>"]) {
      expect((await desk.get(`/Patient/PatSearch.aspx?ln=${ln}`)).status, ln).toBe(200);
    }
  });
});

describe("row 7: POST /Patient/PatSearch.aspx", () => {
  test("pages 25 rows at a time and sorts both ways by post-back", async () => {
    const search = await desk.submit(await desk.get("/Patient/PatSearch.aspx"), {
      fields: { txtLName: "%" },
      press: "btnSearch",
    });
    const total = found(search.text);
    expect(total).toBeGreaterThan(25);
    const first = gridRows(search.text, "ctl00_cph_gv");
    expect(first).toHaveLength(25);
    const second = await desk.submit(search, { postBack: ["gv", "Page$2"] });
    const rest = gridRows(second.text, "ctl00_cph_gv");
    expect(rest).toHaveLength(Math.min(25, total - 25));
    const firstMrns = new Set(first.map((row) => row[0]));
    expect(rest.some((row) => firstMrns.has(row[0]))).toBe(false);

    const up = await desk.submit(second, { postBack: ["gv", "Sort$MRN"] });
    const down = await desk.submit(up, { postBack: ["gv", "Sort$MRN"] });
    const mrns = (text: string) => gridRows(text, "ctl00_cph_gv").map((row) => row[0] ?? "");
    expect(mrns(up.text)).toEqual(mrns(up.text).toSorted());
    expect(mrns(down.text)).toEqual(mrns(down.text).toSorted().toReversed());
    expect(mrns(down.text)[0]).not.toBe(mrns(up.text)[0]);
  });

  test("without criteria asks for some", async () => {
    const answer = await desk.submit(await desk.get("/Patient/PatSearch.aspx"), { press: "btnSearch" });
    expect([answer.status, answer.error]).toEqual([200, "Enter search criteria."]);
  });
});

describe("row 8: GET /Patient/PatDetail.aspx", () => {
  test("shows the record, makes the patient current, and audits the view", async () => {
    const patient = await registerPatient(desk, { txtCity: "Holyoke", txtSSN: "123-45-6789" });
    const page = await desk.get(`/patient/patdetail.aspx?PID=${patient.pid}`);
    expect(page.status).toBe(200);
    expect(page.text).toContain("HOLYOKE");
    expect(page.text).not.toContain("123456789");
    expect(page.text).toContain('id="ctl00_tblPat"');
    expect(page.headers.getSetCookie()).toContain(`EHRCtx=pid=${patient.pid}; path=/`);
    expect((await desk.get("/Patient/PatDetail.aspx")).text).toContain(patient.lastName);
    const audited = await target.audited?.(patient.pid);
    if (!audited) return;
    const view = { UsrID: staffNames.frontDesk, ActCd: "VIEW", ObjTyp: "PATMST" };
    expect(audited.filter(({ ActCd }) => ActCd === "VIEW")).toMatchObject([view, view]);
  });

  test("of a patient that is not there is a red line with status 200", async () => {
    const page = await desk.get("/Patient/PatDetail.aspx?pid=1");
    expect([page.status, page.error]).toEqual([200, "Patient not found."]);
  });
});

describe("row 9: /Patient/PatEdit.aspx", () => {
  test("saves, goes to the record with msg=SAVED, and audits each changed column", async () => {
    const patient = await registerPatient(desk);
    const form = await desk.get(`/Patient/PatEdit.aspx?pid=${patient.pid}`);
    const answer = await desk.submit(form, {
      fields: { txtCity: "Chicopee", txtHmPhone: "(413) 555-0199", txtMI: "q" },
      press: "btnSave",
    });
    expect([answer.status, answer.location]).toEqual([302, `/Patient/PatDetail.aspx?pid=${patient.pid}&msg=SAVED`]);
    const shown = await desk.follow(answer);
    expect(shown.text).toContain("Changes saved.");
    expect(shown.text).toContain("4135550199");
    const audited = await target.rows?.<{ Cmt: string; UsrID: string }>(
      "SELECT Cmt, UsrID FROM AUDITLOG WHERE PatNo = @pid AND ActCd = 'UPDT' ORDER BY Cmt",
      { pid: patient.pid },
    );
    if (!audited) return;
    expect(audited.map((row) => row.Cmt)).toEqual(["City", "HmPhone", "MI"]);
    expect(audited[0]?.UsrID.trim()).toBe(staffNames.frontDesk);
  });

  test("on a record somebody else has changed since is refused with status 200", async () => {
    const patient = await registerPatient(desk);
    const path = `/Patient/PatEdit.aspx?pid=${patient.pid}`;
    const other = await target.staff("admin");
    const mine = await desk.get(path);
    const theirs = await other.get(path);
    expect((await other.submit(theirs, { fields: { txtCity: "EAST" }, press: "btnSave" })).status).toBe(302);
    const refused = await desk.submit(mine, { fields: { txtCity: "WEST" }, press: "btnSave" });
    expect([refused.status, refused.error]).toEqual([200, "Record changed by another user"]);
    expect((await desk.get(`/Patient/PatDetail.aspx?pid=${patient.pid}`)).text).toContain("EAST");
    const forged = await desk.submit(mine, { fields: { hdnTS: "x" }, press: "btnSave" });
    expect([forged.status, forged.error]).toEqual([200, "Record changed by another user"]);
  });

  test("a rename reaches future appointments and queues an ADT^A08", async (context) => {
    const rows = rowsBehind(target, context);
    const patient = await registerPatient(desk);
    const { aid } = await bookAppointment(desk, patient.pid);
    const renamed = `ZZ${uniqueName()}`;
    const form = await desk.get(`/Patient/PatEdit.aspx?pid=${patient.pid}`);
    await desk.submit(form, { fields: { txtLName: renamed, txtCellPh: "4135550188" }, press: "btnSave" });
    const [appointment] = await rows<{ PatNm: string; PatPhone: string }>(
      "SELECT PatNm, PatPhone FROM tblAppointment WHERE ApptID = @aid",
      { aid },
    );
    expect(appointment?.PatNm).toBe(`${renamed}, CONTRACT`);
    expect(appointment?.PatPhone.trim()).toBe("4135550188");
    const queued = await rows("SELECT MsgID FROM IFCMSG WHERE MsgTyp = 'ADT^A08' AND RefKey = @key", {
      key: String(patient.pid),
    });
    expect(queued.length).toBeGreaterThan(0);
  });

  test("writes primary insurance, ending the policy before", async () => {
    const patient = await registerPatient(desk, { ddlPayCd: "BCBS", txtPolNo: "P-1", txtEffDt: "01/01/2020" });
    const form = await desk.get(`/Patient/PatEdit.aspx?pid=${patient.pid}`);
    const answer = await desk.submit(form, {
      fields: { ddlPayCd: "AETNA", txtPolNo: "P-2", txtEffDt: "06/01/2021", txtCopayAmt: "$25" },
      press: "btnSave",
    });
    expect(answer.status).toBe(302);
    const grid = gridRows((await desk.follow(answer)).text, "ctl00_cph_gvIns");
    expect(grid).toEqual([
      ["1", "AETNA", "", "P-2", "", "06/01/2021", "", "$25.00"],
      ["1", "BCBS", "", "P-1", "", "01/01/2020", "05/31/2021", "$0.00"],
    ]);
  });

  test("invalid boxes come back in the same page", async () => {
    const patient = await registerPatient(desk);
    const form = await desk.get(`/Patient/PatEdit.aspx?pid=${patient.pid}`);
    const answer = await desk.submit(form, {
      fields: { txtLName: "", txtDOB: "1/1/2999", txtCity: "<KEPT>" },
      press: "btnSave",
    });
    expect([answer.status, answer.error]).toEqual([200, "Last name is required. Date of birth is in the future."]);
    expect(answer.text).toContain('value="&lt;KEPT&gt;"');
  });

  test("is closed to report readers", async () => {
    const reader = await target.staff("reports");
    expect((await reader.get("/Patient/PatEdit.aspx?pid=100001")).location).toBe(
      "/NoAccess.aspx?p=%2fPatient%2fPatEdit.aspx",
    );
  });
});

describe("row 10: /Patient/PatNew.aspx", () => {
  test("registers, numbers the record with a valid check digit, and goes to it", async () => {
    const answer = await submitRegistration(desk, { txtFName: "José" });
    expect(answer.status).toBe(302);
    expect(answer.location).toMatch(/^\/Patient\/PatDetail\.aspx\?pid=\d+&msg=ADDED$/);
    const page = await desk.follow(answer);
    const mrn = /MRN: (\d{10})/.exec(page.text)?.[1] ?? "";
    const digits = Array.from(mrn.slice(3), Number);
    const sum = digits.toReversed().reduce((total, digit, at) => {
      const doubled = at % 2 === 1 ? digit * 2 : digit;
      return total + (doubled > 9 ? doubled - 9 : doubled);
    }, 0);
    expect(sum % 10).toBe(0);
    expect(page.text).toContain("JOSÉ");
  });

  test("gives everybody a record of their own when several are registered at once", async () => {
    const made = await Promise.all([1, 2, 3, 4].map(() => registerPatient(desk)));
    expect(new Set(made.map(({ pid }) => pid)).size).toBe(4);
  });

  test("the same name and birth date come back with a list; chkForce registers all the same", async () => {
    const patient = await registerPatient(desk);
    const again = { txtLName: patient.lastName.toLowerCase(), txtFName: patient.firstName };
    const doubt = await submitRegistration(desk, again);
    expect([doubt.status, doubt.error]).toEqual([200, "Possible duplicate patient."]);
    expect(gridRows(doubt.text, "ctl00_cph_gvDup")).toHaveLength(1);
    expect(doubt.text).toContain('name="ctl00$cph$chkForce"');
    const forced = await desk.submit(doubt, { fields: { chkForce: "on" }, press: "btnSave" });
    expect(forced.status).toBe(302);
    expect(forced.location).not.toContain(`pid=${patient.pid}&`);
  });
});

describe("row 11: POST /Patient/PatMerge.aspx", () => {
  const merge = async (browser: Browser, from: string, to: string) =>
    browser.submit(await browser.get("/Patient/PatMerge.aspx"), {
      fields: { txtFrom: from, txtTo: to },
      press: "btnMerge",
    });

  test("moves what the patient has to the survivor and hides the merged record", async () => {
    const admin = await target.staff("admin");
    const gone = await registerPatient(desk, { ddlPayCd: "BCBS", txtPolNo: "MERGED" });
    const survivor = await registerPatient(desk);
    const { aid } = await bookAppointment(desk, gone.pid);
    const answer = await merge(admin, String(gone.pid), String(survivor.pid));
    expect([answer.status, answer.location]).toEqual([302, `/Patient/PatDetail.aspx?pid=${survivor.pid}&msg=MERGED`]);
    expect((await admin.follow(answer)).text).toContain("MERGED");
    expect((await desk.get(`/Patient/PatDetail.aspx?pid=${gone.pid}`)).error).toBe(
      `Patient was merged into ${survivor.pid}.`,
    );
    expect((await desk.get(`/Patient/PatSearch.aspx?ln=${gone.lastName}`)).text).not.toContain(`pid=${gone.pid}"`);
    expect((await desk.get(`/Sched/ApptEdit.aspx?aid=${aid}`)).text).toContain(survivor.lastName);
  });

  test("refuses unknown, same and merged patients with status 200", async () => {
    const admin = await target.staff("admin");
    const patient = await registerPatient(desk);
    const errors: string[] = [];
    for (const [from, to] of [
      ["", ""],
      [String(patient.pid), String(patient.pid)],
      ["1", String(patient.pid)],
      [String(patient.pid), "1"],
    ] as const) {
      const answer = await merge(admin, from, to);
      expect(answer.status).toBe(200);
      errors.push(answer.error);
    }
    expect(errors).toEqual([
      "Both patient numbers are required.",
      "A patient can not be merged into itself.",
      "Patient to be merged not found.",
      "Surviving patient not found or not active.",
    ]);
    expect((await merge(admin, "abc", "1")).status).toBe(500);
  });
});

describe("row 12: GET /Patient/Chart.aspx", () => {
  test("is the face sheet of six modules, for the session's patient when none is named, and audited", async () => {
    const nurse = await target.staff("nurse");
    const patient = await registerPatient(nurse);
    await bookAppointment(nurse, patient.pid);
    expect((await nurse.get(`/Patient/Chart.aspx?pid=${patient.pid}`)).status).toBe(200);
    const page = await nurse.get("/Patient/Chart.aspx");
    for (const id of ["gvProb", "gvAlg", "gvMed", "gvImm", "gvLab", "gvEnc", "gvAppt", "lblBal"]) {
      expect(page.text).toContain(`id="ctl00_cph_${id}"`);
    }
    expect(gridRows(page.text, "ctl00_cph_gvAppt")).toHaveLength(1);
    expect(page.text).toContain('id="ctl00_cph_lblBal">$0.00<');
    const audited = await target.audited?.(patient.pid);
    if (!audited) return;
    const view = { UsrID: staffNames.nurse, ActCd: "VIEW", ObjTyp: "CHART" };
    expect(audited.filter(({ ObjTyp }) => ObjTyp === "CHART")).toMatchObject([view, view]);
  });

  test("of every generated patient is drawn without a crash", async (context) => {
    const rows = rowsBehind(target, context);
    const doctor = await target.staff("physician");
    const patients = await rows<{ PatNo: number }>(
      "SELECT TOP (15) PatNo FROM PATMST WHERE DelYN <> 'Y' AND RstrYN <> 'Y' AND MrgToPat IS NULL ORDER BY PatNo",
    );
    expect(patients.length).toBeGreaterThan(5);
    for (const { PatNo } of patients) {
      const page = await doctor.get(`/Patient/Chart.aspx?pid=${PatNo}`);
      expect([page.status, page.error], String(PatNo)).toEqual([200, ""]);
    }
  });

  test("in a session without a patient says so", async () => {
    const fresh = await target.staff("nurse");
    expect((await fresh.get("/Patient/Chart.aspx")).error).toBe("No patient selected.");
  });
});

describe("row 13: /Patient/BreakGlass.aspx", () => {
  test("stands before a restricted record until a reason is given, then not again in this session", async () => {
    const nurse = await target.staff("nurse");
    const patient = await registerPatient(nurse, { chkRstrYN: "on" });
    const chart = `/Patient/Chart.aspx?pid=${patient.pid}`;
    const stopped = await nurse.get(chart);
    expect([stopped.status, stopped.location]).toEqual([
      302,
      `/Patient/BreakGlass.aspx?pid=${patient.pid}&ReturnUrl=%2fPatient%2fChart.aspx%3fpid%3d${patient.pid}`,
    ]);
    const form = await nurse.follow(stopped);
    const refused = await nurse.submit(form, { press: "btnBreak" });
    expect([refused.status, refused.error]).toEqual([200, "A reason is required."]);
    const opened = await nurse.submit(refused, { fields: { txtReason: "Emergency" }, press: "btnBreak" });
    expect([opened.status, opened.location]).toEqual([302, chart]);
    expect((await nurse.get(chart)).status).toBe(200);
    const audited = await target.audited?.(patient.pid);
    if (audited) expect(audited.filter(({ ActCd }) => ActCd === "BGLS").map(({ Cmt }) => Cmt)).toEqual(["Emergency"]);
    expect((await (await target.staff("physician")).get(chart)).status).toBe(302);
  });
});

describe("row 14: GET /Handlers/PatPhoto.ashx", () => {
  test("without a photo is a placeholder gif with status 200", async () => {
    const patient = await registerPatient(desk);
    for (const pid of [String(patient.pid), "1", ""]) {
      const image = await desk.get(`/Handlers/PatPhoto.ashx?pid=${pid}`);
      expect([image.status, image.contentType]).toEqual([200, "image/gif"]);
      expect(image.bytes.subarray(0, 3).toString("latin1")).toBe("GIF");
    }
  });

  test("is the stored JPEG where there is one", async (context) => {
    const rows = rowsBehind(target, context);
    const [row] = await rows<{ PatNo: number; Size: number }>(
      "SELECT TOP (1) PatNo, CAST(DATALENGTH(PhotoImg) AS int) AS Size FROM PATMST WHERE PhotoImg IS NOT NULL AND DelYN <> 'Y'",
    );
    const image = await desk.get(`/Handlers/PatPhoto.ashx?pid=${row?.PatNo}`);
    expect([image.status, image.contentType, image.bytes.length]).toEqual([200, "image/jpeg", row?.Size]);
    expect(image.bytes.subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
  });
});

describe("row 15: POST /Services/PatientService.asmx/FindPatients", () => {
  const find = (prefix: string, maxRows: number) =>
    desk.call("/Services/PatientService.asmx/FindPatients", { prefix, maxRows });

  test("gives number, MRN, name, birth date as UTC milliseconds of local midnight, and sex", async () => {
    const patient = await registerPatient(desk, { txtDOB: "07/04/1976", txtMI: "K" });
    const answer = await find(`${patient.lastName.toLowerCase()}, contr`, 5);
    expect([answer.status, answer.contentType]).toEqual([200, "application/json; charset=utf-8"]);
    const mrn = new RegExp(`"MRN":"(000${patient.pid}\\d)"`).exec(answer.text)?.[1];
    // Midnight of 4 July 1976 in New York is 4:00 UTC.
    expect(answer.text).toBe(
      `{"d":[{"PatNo":${patient.pid},"MRN":"${mrn}","Name":"${patient.lastName}, CONTRACT K","DOB":"\\/Date(${Date.UTC(1976, 6, 4, 4)})\\/","Sex":"F"}]}`,
    );
  });

  test("keeps to maxRows, and finds nobody for an empty prefix", async () => {
    const rows = async (prefix: string, maxRows: number) =>
      (JSON.parse((await find(prefix, maxRows)).text) as { d: unknown[] }).d.length;
    expect(await rows("%", 3)).toBe(3);
    expect(await rows("", 3)).toBe(0);
    expect(await rows("000100", 1000)).toBeLessThanOrEqual(50);
  });

  test("without a ticket is 401; with a missing argument 500", async () => {
    const visitor = await target
      .visitor()
      .call("/Services/PatientService.asmx/FindPatients", { prefix: "A", maxRows: 1 });
    expect([visitor.status, visitor.text]).toEqual([
      401,
      '{"Message":"Authentication failed.","StackTrace":null,"ExceptionType":"System.InvalidOperationException"}',
    ]);
    const short = await desk.call("/Services/PatientService.asmx/FindPatients", { prefix: "A" });
    expect([short.status, (JSON.parse(short.text) as { Message: string }).Message]).toEqual([
      500,
      "Invalid web service call, missing value for parameter: 'maxRows'.",
    ]);
  });

  test("the same service speaks SOAP 1.1 and describes itself", async () => {
    const body = `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><FindPatients xmlns="http://tempuri.org/"><prefix>%</prefix><maxRows>2</maxRows></FindPatients></s:Body></s:Envelope>`;
    const answer = await desk.post("/Services/PatientService.asmx", body, {
      "content-type": "text/xml; charset=utf-8",
      soapaction: '"http://tempuri.org/FindPatients"',
    });
    expect([answer.status, answer.contentType]).toEqual([200, "text/xml; charset=utf-8"]);
    expect(answer.text.match(/<PatientInfo><PatNo>\d+<\/PatNo><MRN>/g)).toHaveLength(2);
    expect((await desk.get("/Services/PatientService.asmx?wsdl")).text).toContain(
      '<wsdl:operation name="FindPatients">',
    );
    expect((await desk.get("/Services/PatientService.asmx/js")).text).toContain(
      "FindPatients:function(prefix,maxRows,",
    );
  });
});

describe("row 16: GET /xml/PatientXml.aspx", () => {
  test("is windows-1252 XML with its elements in a fixed order", async () => {
    const patient = await registerPatient(desk, {
      txtFName: "Begoña",
      txtAddr1: "1 Rue <l’Été> & Co",
      ddlPayCd: "BCBS",
      txtPolNo: "X1",
    });
    const search = await desk.get(`/Patient/PatSearch.aspx?ln=${patient.lastName}`);
    const mrn = gridRows(search.text, "ctl00_cph_gv")[0]?.[0] ?? "";
    const answer = await desk.get(`/xml/PatientXml.aspx?mrn=${mrn}`);
    expect([answer.status, answer.contentType]).toEqual([200, "text/xml; charset=windows-1252"]);
    const text = answer.bytes.toString("latin1");
    expect(text).toContain('<?xml version="1.0" encoding="windows-1252"?>');
    expect(text).toContain("<FirstName>BEGOÑA</FirstName>");
    // The typographic apostrophe is byte 0x92 in windows-1252 and no character at all in ISO 8859-1.
    expect(text).toContain("<Address1>1 RUE &lt;L\u0092ÉTÉ&gt; &amp; CO</Address1>");
    expect([...text.matchAll(/<(\w+)>/g)].map(([, name]) => name)).toEqual(
      "Patient PatNo MRN LastName FirstName MI DOB Sex Address1 Address2 City State Zip Phone Insurance PayerCode PolicyNo GroupNo".split(
        " ",
      ),
    );
  });

  test("of nobody is an Error element with status 200", async () => {
    const answer = await desk.get("/xml/PatientXml.aspx?mrn=nobody");
    expect([answer.status, answer.text.trim().endsWith('<Error code="NF"/>')]).toEqual([200, true]);
  });
});
