/** Rows 35, 36, 38 and 39 of the URL inventory: prescribing, the interaction check, the pharmacy network's call-back. Row 37 is with the portal. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Browser } from "./browser.ts";
import { type ClinicVisit, openVisit, submit } from "./clinic-visit.ts";
import { type ContractTarget, contractTarget, rowsBehind } from "./target.ts";

let target: ContractTarget;
let physician: Browser;
let visit: ClinicVisit;

beforeAll(async () => {
  target = await contractTarget();
  physician = await target.staff("physician");
  visit = await openVisit(target);
  const allergies = `/Clin/ProblemList.aspx?pid=${visit.patNo}&tab=A`;
  await submit(physician, allergies, { txtItemDs: "SUMATRIPTAN", txtReact: "FLUSHING", ddlSev: "S", btnAdd: "Add" });
});
afterAll(() => target?.close());

const rxNew = (): string => `/Rx/RxNew.aspx?enc=${visit.encNo}`;
const order = {
  ddlDrug: "NITR100",
  txtSig: "1 capsule twice daily",
  txtQty: "1 bottle",
  txtRef: "2",
  btnSave: "Prescribe",
};

async function pharmacy(): Promise<string> {
  const form = await physician.get(rxNew());
  return /<option value="([A-Z0-9]+)"/.exec(form.text.slice(form.text.indexOf("ddlPhrm")))?.[1] ?? "";
}

async function latestRx(): Promise<string> {
  const list = await physician.get(`/Rx/RxList.aspx?pid=${visit.patNo}`);
  return String(Math.max(...[...list.text.matchAll(/<td>(7\d{5})<\/td>/g)].map((match) => Number(match[1]))));
}

describe("rows 35 and 36: prescribing", () => {
  it("goes to the list with msg=QUEUED and shows there", async () => {
    const done = await submit(physician, rxNew(), { ...order, chkOverride: "on", ddlPhrm: await pharmacy() });
    expect(done.status, done.text).toBe(302);
    expect(done.location).toBe(`/Rx/RxList.aspx?pid=${visit.patNo}&msg=QUEUED`);
    const list = await physician.get(done.location);
    expect(list.text).toContain("Prescription queued for pharmacy.");
    expect(list.text).toContain("1 bottle");
    expect(list.text).toContain("0 of 2");
    expect(list.text).toContain("Queued");
  });

  it("queues the pharmacy's message by trigger, and keeps a controlled substance on paper", async (context) => {
    const rows = rowsBehind(target, context);
    const state = (rxNo: string) =>
      rows(
        `SELECT r.SentCd, r.CtrlCl, (SELECT COUNT(*) FROM IFCMSG AS q WHERE q.MsgTyp = 'NEWRX' AND q.RefKey = @rx) AS Queued
         FROM RXMST AS r WHERE r.RxNo = @no`,
        { rx: rxNo, no: Number(rxNo) },
      );
    expect(await state(await latestRx())).toEqual([{ SentCd: "Q", CtrlCl: " ", Queued: 1 }]);
    const [controlled] = await rows(
      "SELECT TOP (1) CodeVal FROM CODETBL WHERE CodeTyp = 'DRUG' AND Flag1 = 'Y' AND NumVal = 4 ORDER BY CodeVal",
    );
    const ddlDrug = String(controlled?.["CodeVal"]).trim();
    const paper = { ...order, ddlDrug, chkOverride: "on", ddlPhrm: await pharmacy() };
    const printed = await submit(physician, rxNew(), paper);
    expect(printed.location).toBe(`/Rx/RxList.aspx?pid=${visit.patNo}&msg=PRINTED`);
    expect(await state(await latestRx())).toEqual([{ SentCd: "N", CtrlCl: "4", Queued: 0 }]);
  });

  it("warns of an allergy and goes on only with chkOverride", async () => {
    const risky = { ...order, ddlDrug: "SUMA50" };
    const warned = await submit(physician, rxNew(), risky);
    expect(warned.status).toBe(200);
    expect(warned.text).toContain("HIGH: Allergy: SUMATRIPTAN (FLUSHING)");
    expect(warned.text).toContain('name="ctl00$cph$chkOverride"');
    const done = await submit(physician, rxNew(), { ...risky, chkOverride: "on" });
    expect(done.status).toBe(302);
    const audited = await target.rows?.(
      "SELECT TOP (1) Cmt FROM AUDITLOG WHERE ObjTyp = 'RXMST' AND PatNo = @pat ORDER BY AudID DESC",
      { pat: visit.patNo },
    );
    if (audited) expect(String(audited[0]?.["Cmt"])).toContain("OVERRIDE Allergy: SUMATRIPTAN");
  });

  it.each([
    [{ ddlDrug: "" }, "Select a drug."],
    [{ txtSig: "" }, "Sig is required."],
    [{ txtRef: "99" }, "No more than 11 refills."],
  ])("refuses %j with 200", async (fields, error) => {
    const refused = await submit(physician, rxNew(), { ...order, ...fields });
    expect(refused.status).toBe(200);
    expect(refused.text).toContain(error);
  });

  it("is for physicians", async () => {
    expect((await (await target.staff("nurse")).get(rxNew())).location).toBe("/NoAccess.aspx?p=%2fRx%2fRxNew.aspx");
  });
});

describe("row 38: CheckInteractions", () => {
  const service = "/Services/RxService.asmx/CheckInteractions";

  it("lists severity and text", async () => {
    const reply = await physician.call(service, { pid: visit.patNo, drugCd: "SUMA50" });
    expect(reply.status).toBe(200);
    const { d } = JSON.parse(reply.text) as { d: { Severity: string; Text: string }[] };
    expect(d).toContainEqual({ Severity: "HIGH", Text: "Allergy: SUMATRIPTAN (FLUSHING)" });
    expect(Object.keys(d[0] ?? {})).toEqual(["Severity", "Text"]);
  });

  it("answers an unknown drug, a missing argument and a wrong type with 500", async () => {
    expect((await physician.call(service, { pid: visit.patNo, drugCd: "NOSUCH" })).status).toBe(500);
    const missing = await physician.call(service, { pid: visit.patNo });
    expect(missing.text).toContain("missing value for parameter: \\u0027drugCd\\u0027");
    expect((await physician.call(service, { pid: "x", drugCd: "SUMA50" })).status).toBe(500);
  });
});

function soap(rxNo: string, status: string, key = target.interfaceKey ?? ""): string {
  return `<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header><AuthHeader xmlns="http://tempuri.org/"><Key>${key}</Key></AuthHeader></soap:Header>
<soap:Body><SetStatus xmlns="http://tempuri.org/"><rxNo>${rxNo}</rxNo><status>${status}</status><note>ready</note></SetStatus></soap:Body></soap:Envelope>`;
}

const setStatus = (body: string) =>
  target.visitor().post("/Interfaces/RxStatus.asmx", body, {
    "content-type": "text/xml; charset=utf-8",
    soapaction: '"http://tempuri.org/SetStatus"',
  });

describe("row 39: the pharmacy network's call-back", () => {
  beforeEach((context) => {
    if (target.interfaceKey === undefined)
      context.skip("the target's interface key is not known: LEGACY_INTERFACE_KEY is not set");
  });
  it("sets the status of a prescription", async () => {
    await submit(physician, rxNew(), { ...order, ddlDrug: "ALEN70", chkOverride: "on", ddlPhrm: await pharmacy() });
    const rxNo = await latestRx();
    const reply = await setStatus(soap(rxNo, "A"));
    expect(reply.status, reply.text).toBe(200);
    expect(reply.headers.get("content-type")).toBe("text/xml; charset=utf-8");
    expect(reply.text).toContain("<SetStatusResult>OK</SetStatusResult>");
    expect((await physician.get(`/Rx/RxList.aspx?pid=${visit.patNo}`)).text).toContain("Accepted");
  });

  it("answers a wrong key, an unknown prescription and broken XML with a fault and 500", async () => {
    for (const body of [soap("700001", "A", "wrong"), soap("1", "A"), soap("700001", "?"), "<soap"]) {
      const reply = await setStatus(body);
      expect(reply.status).toBe(500);
      expect(reply.text).toContain("<soap:Fault>");
    }
  });

  it("describes itself", async () => {
    const reply = await target.visitor().get("/Interfaces/RxStatus.asmx?wsdl");
    expect(reply.status).toBe(200);
    expect(reply.text).toContain("SetStatus");
  });
});
