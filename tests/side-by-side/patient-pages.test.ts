/**
 * The patient pages of both sides on the same data, in the same session, compared byte for byte: every patient of the data set,
 * every search that a user of 2008 could type.
 */

import { createLogger, fixedClock } from "@banyan/kernel";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ClinicWithServices, startClinicWithServices } from "../clinic/services-side.ts";
import { expectSame, logIn, sameGet, seen, type Seen } from "./sides.ts";

let clinic: ClinicWithServices;
let patientNos: readonly number[];
let mrns: readonly string[];
beforeAll(async () => {
  // A standing clock: the time of day that every page shows is then the same on both sides.
  const clock = fixedClock(new Date("2026-11-01T06:30:00.000Z"));
  clinic = await startClinicWithServices({
    logger: createLogger({ name: "test", level: "silent" }),
    patients: 60,
    clock,
  });
  const { recordset } = await clinic.legacy.pool
    .request()
    .query<{ PatNo: number; MRN: string }>("SELECT PatNo, MRN FROM PATMST");
  patientNos = recordset.map((row) => row.PatNo);
  mrns = recordset.map((row) => row.MRN);
});
afterAll(() => clinic?.close());

describe("read pages", () => {
  test.each([
    "/Patient/PatDetail.aspx",
    "/Patient/Chart.aspx",
    "/Patient/PatEdit.aspx",
    "/Patient/BreakGlass.aspx",
    "/Handlers/PatPhoto.ashx",
  ])("%s is the same for every patient, the restricted, merged, deleted and unknown ones too", async (page) => {
    const sides = await logIn(clinic, "AREYES");
    for (const pid of [...patientNos, 1, 999_999_999]) await sameGet(sides, `${page}?pid=${pid}`);
    for (const query of [
      "",
      "?pid=",
      "?PID=100001",
      "?pid=x",
      "?pid=99999999999",
      "?pid=-1",
      "?pid=100001&pid=100002",
    ]) {
      await sameGet(sides, page + query);
    }
  });

  test("the partner's XML is the same for every record number", async () => {
    const sides = await logIn(clinic, "LABTECH1");
    for (const mrn of [...mrns, "", "1", "0001000017%20", " 0001000017", "x'y"]) {
      await sameGet(sides, `/xml/PatientXml.aspx?mrn=${encodeURIComponent(mrn)}`);
    }
  });

  test("the registration form and the description of the web service are the same", async () => {
    const sides = await logIn(clinic, "FDESK1");
    for (const path of [
      "/Patient/PatNew.aspx",
      "/Services/PatientService.asmx",
      "/services/patientservice.asmx?wsdl",
      "/Services/PatientService.asmx/js",
    ]) {
      await sameGet(sides, path);
    }
  });
});

const letters = "abcdefghijklmnopqrstuvwxyz";
const typed = [
  ...letters,
  "ñ",
  "O'",
  "D'ANGELO",
  "d%25",
  "%25EZ",
  "_A",
  "[A-C]",
  "[^A-M]",
  "[[]",
  "[",
  "[]",
  "[e-f]",
  "\\",
  "smith-",
  "SMYTHE",
  "GARSIA",
  "Nunez",
  "zzzz",
  "123",
  "€",
  "Łukasz",
  "%00",
  "s%00",
  "%FF%FE",
  "\u{1f600}",
];

describe("search", () => {
  test("finds the same people in the same order, whatever is typed", async () => {
    const sides = await logIn(clinic, "NURSE1");
    for (const text of typed) {
      const value = text.includes("%") ? text : encodeURIComponent(text);
      await sameGet(sides, `/Patient/PatSearch.aspx?ln=${value}`);
      await sameGet(sides, `/Patient/PatSearch.aspx?fn=${value}`);
      await sameGet(sides, `/Patient/PatSearch.aspx?ln=${value}&fn=m`);
    }
    for (const query of [
      "",
      "?pg=2",
      "?ln=%25&pg=2",
      "?ln=%25&pg=999",
      "?ln=%25&pg=0",
      "?ln=%25&pg=-3",
      "?ln=%25&pg=x",
      "?dob=1/1/1900",
      "?dob=13/1/2000",
      `?mrn=${mrns[0]}`,
      `?mrn=${mrns[0]}%20`,
    ]) {
      await sameGet(sides, `/Patient/PatSearch.aspx${query}`);
    }
  });

  test("sorts and pages the same by every column, up and down", async () => {
    const sides = await logIn(clinic, "FDESK1");
    const pages = {
      legacy: await sides.legacy.get("/Patient/PatSearch.aspx?ln=%25"),
      service: await sides.service.get("/Patient/PatSearch.aspx?ln=%25"),
    };
    for (const argument of [
      "Sort$DOB",
      "Sort$DOB",
      "Page$2",
      "Sort$Sex",
      "Sort$Sex",
      "Sort$Phone",
      "Page$3",
      "Sort$MRN",
      "Sort$LName",
      "Sort$LName",
      "Sort$none",
      "Page$99",
    ]) {
      pages.legacy = await sides.legacy.submit(pages.legacy, { postBack: ["gv", argument] });
      pages.service = await sides.service.submit(pages.service, { postBack: ["gv", argument] });
      expect(seen(pages.service), argument).toEqual(seen(pages.legacy));
    }
  });

  test("the type-ahead gives the same list as JSON and over SOAP", async () => {
    const sides = await logIn(clinic, "BILLER1");
    const method = "/Services/PatientService.asmx/FindPatients";
    for (const prefix of [...typed, "000100", "smith, j", "a,", ","]) {
      await expectSame(sides, prefix, (browser) => browser.call(method, { prefix, maxRows: 7 }));
    }
    for (const args of [
      {},
      { prefix: "a" },
      { prefix: "a", maxRows: -1 },
      { prefix: "a", maxRows: 500 },
      { prefix: null, maxRows: "x" },
    ]) {
      await expectSame(sides, JSON.stringify(args), (browser) => browser.call(method, args));
    }
    const envelope = (prefix: string) =>
      `<?xml version="1.0"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><FindPatients xmlns="http://tempuri.org/"><prefix>${prefix}</prefix><maxRows>5</maxRows></FindPatients></soap:Body></soap:Envelope>`;
    const soap = { "content-type": "text/xml; charset=utf-8", soapaction: '"http://tempuri.org/FindPatients"' };
    for (const prefix of ["a", "ñ", "&lt;"]) {
      await expectSame(sides, prefix, (browser) =>
        browser.post("/Services/PatientService.asmx", envelope(prefix), soap),
      );
    }
  });
});

/** Any address of the page's own: restricted patients of the data set. */
async function restrictedPatient(): Promise<number> {
  const { recordset } = await clinic.legacy.pool
    .request()
    .query<{ PatNo: number }>(
      "SELECT TOP (1) PatNo FROM PATMST WHERE RstrYN = 'Y' AND DelYN = 'N' AND MrgToPat IS NULL",
    );
  return recordset[0]?.PatNo ?? Number.NaN;
}

describe("break-glass", () => {
  test("asks for a reason, opens the record for the session, on pages of both sides, and refuses foreign addresses", async () => {
    const sides = await logIn(clinic, "NURSE1");
    const pid = await restrictedPatient();
    const chart = `/Patient/Chart.aspx?pid=${pid}&x=%C3%A9`;
    await sameGet(sides, chart);
    for (const back of [chart, "//evil.example/", "http://evil.example/", ""]) {
      const page = `/Patient/BreakGlass.aspx?pid=${pid}&ReturnUrl=${encodeURIComponent(back)}`;
      const forms = { legacy: await sides.legacy.get(page), service: await sides.service.get(page) };
      for (const reason of ["", "Emergency – café"]) {
        const given = { fields: { txtReason: reason }, press: "btnBreak" };
        const answers = [
          await sides.legacy.submit(forms.legacy, given),
          await sides.service.submit(forms.service, given),
        ];
        expect(seen(answers[1]!), back).toEqual(seen(answers[0]!));
      }
    }
    expect((await sides.service.get(chart)).status).toBe(200);
    for (const page of [chart, `/Patient/PatDetail.aspx?pid=${pid}`, `/Rx/RxList.aspx?pid=${pid}`])
      await sameGet(sides, page);
  });
});

describe("a write", () => {
  /** Boxes of every kind, as people type them. */
  const edits: readonly Readonly<Record<string, string | null>>[] = [
    {
      txtLName: "  o'brien-łuk ",
      txtFName: "zoë",
      txtDOB: "2/3/1961",
      txtSSN: "123-45-6789",
      txtHmPhone: "(617) 555-0100",
      chkVIPYN: "on",
    },
    { txtLName: "", txtFName: "", txtDOB: "13/13/2000", txtSSN: "12" },
    { txtDOB: "12/31/2999" },
    { ddlPayCd: "BCBS", txtPolNo: "", txtEffDt: "1/1/2026" },
    { ddlPayCd: "BCBS", txtPolNo: "x1", txtEffDt: "yesterday" },
    { ddlPayCd: "BCBS", txtPolNo: "X1", txtPlanNm: "Gold €", txtCopayAmt: "$1,025.5", txtEffDt: "01/01/2026" },
    { ddlPayCd: "BCBS", txtPolNo: "X1", txtCopayAmt: "a lot" },
    { ddlPayCd: "AETNA", txtPolNo: "Y2", txtEffDt: "06/01/2026", txtSubNm: "roe, jane", ddlRelCd: "P" },
    { txtNoteTx: "n".repeat(300), txtMI: "xy", txtSuffix: "junior", txtZip: "02139-1234", ddlSex: "", ddlRaceCd: "ZZ" },
  ];

  test("of demographics and insurance has the same verdict, and legacy ends with the same rows", async () => {
    const sides = await logIn(clinic, "FDESK1");
    const [first = 0, second = 0] = (await openPatients()).slice(10);
    for (const fields of edits) {
      // The same edit of two like patients: one through each side. Their rows are compared afterwards.
      const page = (pid: number): string => `/Patient/PatEdit.aspx?pid=${pid}`;
      const forms = { legacy: await sides.legacy.get(page(first)), service: await sides.service.get(page(second)) };
      const given = { fields: { ...sameBoxes, ...fields }, press: "btnSave" };
      const legacy = seen(await sides.legacy.submit(forms.legacy, given));
      const service = seen(await sides.service.submit(forms.service, given));
      expect(withoutPatient(service, second), JSON.stringify(fields)).toEqual(withoutPatient(legacy, first));
    }
    await clinic.settle();
    expect(await rowsOf(second)).toEqual(await rowsOf(first));
  });

  test("of a new patient has the same verdict, duplicates and force included", async () => {
    const sides = await logIn(clinic, "FDESK1");
    const registered: number[] = [];
    for (const fields of [...edits, { ...edits[0], chkForce: null }, { ...edits[0], chkForce: "on" }]) {
      const answers = await Promise.all(
        [sides.legacy, sides.service].map(async (browser) =>
          browser.submit(await browser.get("/Patient/PatNew.aspx"), {
            fields: { ...sameBoxes, ...fields },
            press: "btnSave",
          }),
        ),
      );
      const pids = answers.map(({ location }) => Number(/pid=(\d+)/.exec(location)?.[1]));
      if (pids.every(Number.isInteger)) registered.push(...pids);
      const [legacy, service] = answers.map((answer, index) => withoutPatient(seen(answer), pids[index] ?? 0));
      expect({ ...service, body: "" }, JSON.stringify(fields)).toEqual({ ...legacy, body: "" });
      expect(/lblErr"[^>]*>([^<]*)/.exec(service?.body ?? "")?.[1]).toBe(
        /lblErr"[^>]*>([^<]*)/.exec(legacy?.body ?? "")?.[1],
      );
    }
    await clinic.settle();
    expect(registered.length).toBeGreaterThan(2);
    for (let at = 0; at < registered.length; at += 2) {
      expect(await rowsOf(registered[at + 1] ?? 0)).toEqual(await rowsOf(registered[at] ?? 0));
    }
  });

  test("with a form of the other side is taken, and refused once the record has changed in between", async () => {
    const { legacy, service } = await logIn(clinic, "FDESK1");
    const [, , pid = 0] = (await openPatients()).slice(20);
    const page = `/Patient/PatEdit.aspx?pid=${pid}`;
    const byLegacy = await legacy.get(page);
    const byService = await service.get(page);
    const save = { fields: { txtNoteTx: "one" }, press: "btnSave" };
    expect((await service.submit(byLegacy, save)).location).toContain("msg=SAVED");
    await clinic.settle();
    for (const [browser, form] of [
      [legacy, byLegacy],
      [legacy, byService],
      [service, byLegacy],
      [service, byService],
    ] as const) {
      expect((await browser.submit(form, save)).error).toBe("Record changed by another user");
    }
    const again = await service.get(page);
    expect((await legacy.submit(again, { ...save, fields: { txtNoteTx: "two" } })).location).toContain("msg=SAVED");
    await clinic.settle();
    expect((await service.submit(again, save)).error).toBe("Record changed by another user");
  });
});

/** Boxes that the two patients of a pair are to have in common. */
const sameBoxes = {
  txtLName: "ROE",
  txtFName: "JO",
  txtMI: "",
  txtSuffix: "",
  txtMaidNm: "",
  txtSSN: "",
  txtAddr1: "1 Elm St",
  txtAddr2: "",
  txtCity: "Boston",
  txtStCd: "ma",
  txtZip: "02101",
  txtHmPhone: "",
  txtWkPhone: "",
  txtCellPh: "",
  txtEmail: "a@b.example",
  txtNoteTx: "",
  txtDOB: "01/02/1970",
  ddlSex: "F",
  ddlMarCd: "M",
  ddlRaceCd: "WH",
  ddlEthCd: "N",
  ddlLangCd: "EN",
  ddlPCPID: "AREYES",
  ddlHomeLoc: "MAIN",
  chkVIPYN: null,
  chkRstrYN: null,
  ddlPayCd: "",
  txtPlanNm: "",
  txtPolNo: "",
  txtGrpNo: "",
  txtSubNm: "",
  ddlRelCd: "S",
  txtCopayAmt: "",
  txtEffDt: "",
};

async function openPatients(): Promise<number[]> {
  const { recordset } = await clinic.legacy.pool
    .request()
    .query<{ PatNo: number }>(
      "SELECT PatNo FROM PATMST WHERE RstrYN <> 'Y' AND DelYN <> 'Y' AND MrgToPat IS NULL ORDER BY PatNo",
    );
  return recordset.map((row) => row.PatNo);
}

/** Numbers, names and record numbers of the one patient would differ from the other's. */
function withoutPatient(answer: Seen, pid: number): Seen {
  const hide = (text: string): string =>
    text.replaceAll(String(pid), "PID").replace(/<table class="banner"[\s\S]*?<\/table>/, "");
  return { ...answer, location: hide(answer.location), body: hide(answer.body) };
}

/** What legacy holds of a patient that a form decides. */
async function rowsOf(pid: number): Promise<unknown[]> {
  const request = (): ReturnType<typeof clinic.legacy.pool.request> => clinic.legacy.pool.request().input("pid", pid);
  const patient = await request().query(
    `SELECT LName, FName, MI, Suffix, MaidNm, DOB, Sex, SSN, MarCd, RaceCd, EthCd, LangCd, Addr1, Addr2, City, StCd, Zip, HmPhone, WkPhone, CellPh,
       Email, PCPID, HomeLoc, VIPYN, RstrYN, NoteTx, DelYN, ModUsr, ModDt FROM PATMST WHERE PatNo = @pid`,
  );
  const policies = await request().query(
    `SELECT InsSeq, EffDt, TermDt, PayCd, PlanNm, PolNo, GrpNo, SubNm, RelCd, CopayAmt, DelYN FROM PATINS
     WHERE PatNo = @pid AND EffDt >= '20251231' ORDER BY InsSeq, EffDt`,
  );
  return [...patient.recordset, ...policies.recordset];
}
