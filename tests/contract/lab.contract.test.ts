/** Rows 30-34 of the URL inventory: orders, results from HL7 message to review and release, the result as XML, and messages that are broken. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { readConfig } from "@banyan/kernel";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Browser } from "./browser.ts";
import { type ClinicVisit, formType, openVisit, submit } from "./clinic-visit.ts";
import { type ContractTarget, contractTarget } from "./target.ts";

const samples = join(
  readConfig().BANYAN_SHARED_DATA ?? resolve(import.meta.dirname, "../../../shared/data"),
  "hl7v2-samples",
);

let target: ContractTarget;
let physician: Browser;
let visit: ClinicVisit;
let panel: string;

beforeAll(async () => {
  target = await contractTarget();
  physician = await target.staff("physician");
  visit = await openVisit(target);
  const form = await physician.get(`/Lab/LabOrder.aspx?enc=${visit.encNo}`);
  panel = /<option value="([A-Z0-9]+)"/.exec(form.text.slice(form.text.indexOf("ddlPanel")))?.[1] ?? "";
});
afterAll(() => target?.close());
beforeEach((context) => {
  if (target.interfaceKey === undefined)
    context.skip("the target's interface key is not known: LEGACY_INTERFACE_KEY is not set");
});

async function placeOrder(): Promise<string> {
  const sent = await submit(physician, `/Lab/LabOrder.aspx?enc=${visit.encNo}`, {
    ddlPanel: panel,
    ddlPri: "S",
    btnSend: "Send Order",
  });
  expect(sent.status, sent.text).toBe(302);
  expect(sent.location).toMatch(/^\/Lab\/LabResults\.aspx\?ord=L\d{11}&msg=SENT$/);
  return /ord=(L\d{11})/.exec(sent.location)?.[1] ?? "";
}

let controlId = 0;

function oru(ordNo: string, observations: readonly string[], mrn = visit.mrn): string {
  controlId += 1;
  return [
    `MSH|^~\\&|LABSYS|INHS|EHRPROD|MAIN|20260101120000||ORU^R01|C${controlId}|P|2.3`,
    `PID|1||${mrn}^^^MR`,
    `OBR|1|${ordNo}|ACC77|${panel}^Panel|||20260101113000`,
    ...observations,
    "",
  ].join("\r");
}

async function hl7(body: string, key = target.interfaceKey ?? "") {
  const reply = await target.visitor().post("/Interfaces/HL7In.ashx", Buffer.from(body, "latin1"), {
    "content-type": "text/plain; charset=iso-8859-1",
    "x-ifc-key": key,
  });
  return { ...reply, segments: reply.bytes.toString("latin1").split("\r") };
}

describe("row 31: ordering", () => {
  it("numbers the order, shows it and queues the message", async () => {
    const ordNo = await placeOrder();
    const shown = await physician.get(`/Lab/LabResults.aspx?ord=${ordNo}&msg=SENT`);
    expect(shown.text).toContain("Order sent to laboratory.");
    expect(shown.text).toContain("Ordered");
    const queued = await target.rows?.("SELECT StatCd, MsgTx FROM IFCMSG WHERE MsgTyp = 'ORM^O01' AND RefKey = @ord", {
      ord: ordNo,
    });
    if (queued) expect(String(queued[0]?.["MsgTx"])).toContain(`ORC|NW|${ordNo}`);
  });

  it("gives two orders different numbers when they are placed at once", async () => {
    const [one, two] = await Promise.all([placeOrder(), placeOrder()]);
    expect(one).not.toBe(two);
  });

  it("refuses to send nothing, with 200", async () => {
    const refused = await submit(physician, `/Lab/LabOrder.aspx?enc=${visit.encNo}`, { ddlPanel: "", btnSend: "Send" });
    expect(refused.status).toBe(200);
    expect(refused.text).toContain("Select a panel.");
  });
});

describe("rows 30, 32, 33, 34: results", () => {
  it("go from the laboratory's message to the physician's review, the bill and the patient", async () => {
    const ordNo = await placeOrder();
    const partial = await hl7(oru(ordNo, ["OBX|1|NM|K^Kalium Größe||5.9|mmol/L|3.5-5.1|H|||P"]));
    expect(partial.status).toBe(200);
    expect(partial.headers.get("content-type")).toBe("text/plain; charset=iso-8859-1");
    expect(partial.segments[1]).toMatch(/^MSA\|AA\|C\d+$/);
    expect((await physician.get(`/Lab/LabResults.aspx?ord=${ordNo}`)).text).toContain("Partial");

    const final = await hl7(
      oru(ordNo, [
        "OBX|1|NM|K^Kalium Größe||5.9|mmol/L|3.5-5.1|H|||F",
        "OBX|2|NM|NA^Natrium||140|mmol/L|135-145|N|||F",
        "NTE|1|L|Hemolysed.",
      ]),
    );
    expect(final.segments[1]).toMatch(/^MSA\|AA\|/);
    const shown = await physician.get(`/Lab/LabResults.aspx?ord=${ordNo}`);
    expect(shown.text).toContain("Final");
    expect(shown.text).toMatch(/color:Red[^>]*>5\.9</);
    expect(shown.text).not.toMatch(/color:Red[^>]*>140</);
    expect(shown.text).toContain("Kalium Größe");
    expect(shown.text).toContain("Hemolysed.");

    const released = await submit(
      physician,
      `/Lab/LabResults.aspx?ord=${ordNo}`,
      { chkRelease: "on", btnReview: "Mark as Reviewed" },
      `/Lab/LabReview.aspx?ord=${ordNo}`,
    );
    expect(released).toMatchObject({ status: 302, location: `/Lab/LabResults.aspx?ord=${ordNo}&msg=RELEASED` });
    expect((await physician.get(released.location)).text).toContain("Results reviewed and released to patient.");

    const charges = await (await target.staff("billing")).get(`/Billing/ChargeEntry.aspx?enc=${visit.encNo}`);
    expect(charges.text).toContain('id="ctl00_cph_gvChg"');
    const told = await target.rows?.(
      "SELECT COUNT(*) AS Cnt FROM PORTAL_MSG WHERE MsgType = 'RSLT' AND RefKey = @ord",
      { ord: ordNo },
    );
    expect(told?.[0]?.["Cnt"] ?? 1).toBe(1);
  });

  it("are XML in windows-1252", async () => {
    const ordNo = await placeOrder();
    await hl7(oru(ordNo, ["OBX|1|ST|X^Größe||<5 & more|mg|||||F"]));
    const reply = await physician.get(`/xml/LabResultXml.aspx?ord=${ordNo}`);
    expect(reply.headers.get("content-type")).toBe("text/xml; charset=windows-1252");
    const xml = reply.bytes.toString("latin1");
    expect(xml.startsWith('<?xml version="1.0" encoding="windows-1252"?>')).toBe(true);
    expect(xml).toContain(`<LabResult order="${ordNo}" status="FI">`);
    expect(xml).toContain("<TestName>Größe</TestName><Value>&lt;5 &amp; more</Value>");
    const missing = await physician.get("/xml/LabResultXml.aspx?ord=NONE");
    expect(missing.status).toBe(200);
    expect(missing.text).toContain('<Error code="NF"/>');
  });

  it("that are corrected ask for a new review", async () => {
    const ordNo = await placeOrder();
    await hl7(oru(ordNo, ["OBX|1|NM|K||5.9|||H|||F"]));
    const corrected = await hl7(oru(ordNo, ["OBX|1|NM|K||4.9||||||C"]));
    expect(corrected.segments[1]).toMatch(/^MSA\|AA\|/);
    const shown = await physician.get(`/Lab/LabResults.aspx?ord=${ordNo}`);
    expect(shown.text).toContain("Corrected");
    expect(shown.text).toContain("4.9");
  });

  it("sent twice are charged once", async () => {
    const ordNo = await placeOrder();
    const biller = await target.staff("billing");
    const lines = async (): Promise<number> =>
      (await biller.get(`/Billing/ChargeEntry.aspx?enc=${visit.encNo}`)).text.split("Void$").length;
    const before = await lines();
    await hl7(oru(ordNo, ["OBX|1|NM|K||5.9||||||F"]));
    await hl7(oru(ordNo, ["OBX|1|NM|K||5.9||||||F"]));
    expect(await lines()).toBe(before + 1);
  });

  it("list a patient's orders, newest first, and the unknown order with 200", async () => {
    const list = await physician.get(`/Lab/LabResults.aspx?pid=${visit.patNo}`);
    expect(list.text.match(/ord=L\d{11}/g)?.length).toBeGreaterThan(1);
    const missing = await physician.get("/Lab/LabResults.aspx?ord=NONE");
    expect(missing.status).toBe(200);
    expect(missing.text).toContain("Order not found.");
  });

  it("are reviewed by physicians only", async () => {
    const nurse = await target.staff("nurse");
    const reply = await nurse.post("/Lab/LabReview.aspx?ord=X", "", formType);
    expect(reply).toMatchObject({ status: 302, location: "/NoAccess.aspx?p=%2fLab%2fLabReview.aspx" });
  });
});

describe("row 33: broken messages", () => {
  it.each([
    ["AR", "garbage", "garbage"],
    ["AR", "an empty body", ""],
    ["AR", "another message type", "MSH|^~\\&|A|B|C|D|2026||SIU^S12|1|P|2.3\r"],
    ["AE", "an unknown order", "MSH|^~\\&|A|B|C|D|2026||ORU^R01|1|P|2.3\rOBR|1|NONE\rOBX|1|NM|K||1\r"],
    ["AE", "an unknown patient", "MSH|^~\\&|A|B|C|D|2026||ADT^A08|1|P|2.3\rPID|1||NOBODY\r"],
  ])("are answered %s: %s", async (code, _what, body) => {
    const reply = await hl7(body);
    expect(reply.status).toBe(200);
    expect(reply.segments[0]).toMatch(/^MSH\|\^~\\&\|/);
    expect(reply.segments[1]).toMatch(new RegExp(`^MSA\\|${code}\\|`));
  });

  it("of another patient's order are refused whole", async () => {
    const ordNo = await placeOrder();
    const reply = await hl7(oru(ordNo, ["OBX|1|NM|K||1||||||F"], "0000000000"));
    expect(reply.segments[1]).toContain("|PATIENT DOES NOT MATCH ORDER|");
    expect((await physician.get(`/Lab/LabResults.aspx?ord=${ordNo}`)).text).toContain("No results yet.");
  });

  it("with a wrong key get 401 and leave nothing", async () => {
    expect((await hl7("garbage", "wrong")).status).toBe(401);
  });

  it("of other senders all get an acknowledgement", async (context) => {
    if (!existsSync(samples)) context.skip("needs data outside the repository: ../shared/data");
    for (const name of readdirSync(samples).filter((file) => file.endsWith(".hl7"))) {
      const reply = await hl7(readFileSync(join(samples, name)).toString("latin1"));
      expect({ name, status: reply.status }).toEqual({ name, status: 200 });
      expect(reply.segments[1], name).toMatch(/^MSA\|A[AER]\|/);
    }
  });

  it("keep an ADT of a known patient", async () => {
    const reply = await hl7(`MSH|^~\\&|HOSP|H|EHRPROD|MAIN|2026||ADT^A01|77|P|2.3\rPID|1||${visit.mrn}^^^MR\r`);
    expect(reply.segments[1]).toBe("MSA|AA|77");
  });
});
