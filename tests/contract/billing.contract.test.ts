/** Rows 40-43 of the URL inventory: account, charges, payments and the guard against posting twice, claims and their 837 file. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser } from "./browser.ts";
import { type ClinicVisit, formOf, formType, openVisit, submit } from "./clinic-visit.ts";
import { type ContractTarget, contractTarget, rowsBehind } from "./target.ts";

let target: ContractTarget;
let biller: Browser;
let visit: ClinicVisit;

beforeAll(async () => {
  target = await contractTarget();
  biller = await target.staff("billing");
  visit = await openVisit(target);
});
afterAll(() => target?.close());

const account = (): string => `/Billing/Account.aspx?pid=${visit.patNo}`;
const charges = (): string => `/Billing/ChargeEntry.aspx?enc=${visit.encNo}`;
const payment = (): string => `/Billing/PostPayment.aspx?pid=${visit.patNo}`;

/** Dollars of the account page; negative in parentheses. */
async function balance(): Promise<number> {
  const { text } = await biller.get(account());
  const shown = /id="ctl00_cph_lblBal">(\(?)\$([\d,.]+)/.exec(text);
  return Number(shown?.[2]?.replaceAll(",", "")) * (shown?.[1] === "(" ? -1 : 1);
}

describe("rows 40 and 41: account and charges", () => {
  it("adds charges to the visit and to the balance", async () => {
    const before = await balance();
    const saved = await submit(biller, charges(), {
      txtProc1: "99213",
      txtAmt1: "100.25",
      txtProc3: "99213",
      txtUnits3: "2",
      txtAmt3: "10.10",
      txtMod3: "25",
      btnSave: "Save Charges",
    });
    expect(saved).toMatchObject({ status: 302, location: `${charges()}&msg=SAVED` });
    const shown = await biller.get(saved.location);
    expect(shown.text).toContain("$100.25");
    expect(shown.text).toMatch(/lblTot">\$120\.45/);
    expect(await balance()).toBeCloseTo(before + 120.45, 4);
  });

  it("takes the price list's amount when none is typed", async () => {
    await submit(biller, charges(), { txtProc1: "99203", btnSave: "Save Charges" });
    expect((await biller.get(charges())).text).toMatch(/99203[\s\S]*?\$[1-9]/);
  });

  it("voids a new charge by post-back", async () => {
    const before = await balance();
    const voided = await submit(biller, charges(), { __EVENTTARGET: "ctl00$cph$gvChg", __EVENTARGUMENT: "Void$2" });
    expect(voided.location).toBe(`${charges()}&msg=VOIDED`);
    expect(await balance()).toBeCloseTo(before - 20.2, 4);
    const again = await submit(biller, charges(), { __EVENTTARGET: "ctl00$cph$gvChg", __EVENTARGUMENT: "Void$2" });
    expect(again.text).toContain("Only new charges can be voided.");
  });

  it("refuses unknown procedures and empty forms with 200", async () => {
    expect((await submit(biller, charges(), { txtProc1: "NOPE", btnSave: "S" })).text).toContain(
      "Unknown procedure code: NOPE",
    );
    expect((await submit(biller, charges(), { btnSave: "S" })).text).toContain("Enter at least one charge.");
  });

  it("lets the desk see the account but not enter charges, and keeps nurses out", async () => {
    const desk = await target.staff("frontDesk");
    expect((await desk.get(account())).status).toBe(200);
    expect((await desk.get(charges())).location).toBe("/NoAccess.aspx?p=%2fBilling%2fChargeEntry.aspx");
    const nurse = await target.staff("nurse");
    expect((await nurse.get(account())).location).toBe("/NoAccess.aspx?p=%2fBilling%2fAccount.aspx");
  });

  it("answers an unknown patient with 200", async () => {
    const reply = await biller.get("/Billing/Account.aspx?pid=1");
    expect(reply.status).toBe(200);
    expect(reply.text).toContain("Patient not found.");
  });
});

describe("row 42: payments", () => {
  const fields = { ddlTyp: "PP", txtAmt: "15.00", btnPost: "Post Payment" };

  it("lower the balance", async () => {
    const before = await balance();
    const posted = await submit(biller, account(), fields, payment());
    expect(posted).toMatchObject({ status: 302, location: `${account()}&msg=POSTED` });
    expect(await balance()).toBeCloseTo(before - 15, 4);
  });

  it("posted twice from one form count once, even at the same moment", async () => {
    const before = await balance();
    const form = await formOf(biller, account());
    const replies = await Promise.all(
      [1, 2, 3].map(() => biller.post(payment(), form({ ...fields, txtAmt: "7.50" }), formType)),
    );
    expect(replies.map((reply) => /msg=(\w+)/.exec(reply.location)?.[1]).toSorted()).toEqual([
      "DUPPOST",
      "DUPPOST",
      "POSTED",
    ]);
    expect(await balance()).toBeCloseTo(before - 7.5, 4);
  });

  it.each([
    [{ txtAmt: "-1" }, "Amount must be a positive number."],
    [{ txtAmt: "abc" }, "Amount must be a positive number."],
    [{ txtDt: "yesterday" }, "Date must be MM/DD/YYYY."],
    [{ hdnTok: "" }, "The form has expired."],
  ])("refuse %j with 200 on the account page", async (wrong, error) => {
    const refused = await submit(biller, account(), { ...fields, ...wrong }, payment());
    expect(refused.status).toBe(200);
    expect(refused.text).toContain(error);
  });
});

describe("row 43: claims", () => {
  const service = "/Services/BillingService.asmx/CreateClaim";

  /** A visit of an insured patient with one charge. */
  async function insuredVisit(): Promise<ClinicVisit> {
    const desk = await target.staff("frontDesk");
    const form = await desk.get("/Patient/PatNew.aspx");
    const payers = /<select name="ctl00\$cph\$ddlPayCd"[\s\S]*?<\/select>/.exec(form.text)?.[0] ?? "";
    const ddlPayCd = [...payers.matchAll(/value="([^"]+)"/g)]
      .map((match) => match[1] ?? "")
      .find((code) => code !== "");
    const insured = await openVisit(target, {
      registration: { ddlPayCd: ddlPayCd ?? "", txtPolNo: "POL*77", txtEffDt: "01/01/2020" },
    });
    await submit(biller, `/Billing/ChargeEntry.aspx?enc=${insured.encNo}`, {
      txtProc1: "99213",
      txtAmt1: "150.00",
      btnSave: "Save Charges",
    });
    return insured;
  }

  it("are made of a visit's new charges once, and leave in a batch", async () => {
    const insured = await insuredVisit();
    const reply = await biller.call(service, { enc: insured.encNo, insSeq: 1 });
    expect(reply.status, reply.text).toBe(200);
    const claim = /^\{"d":\{"ClmNo":"(C\d{9})","Total":150(\.0+)?\}\}$/.exec(reply.text)?.[1];
    expect(claim).toBeDefined();
    const again = await biller.call(service, { enc: insured.encNo, insSeq: 1 });
    expect([again.status, JSON.parse(again.text)]).toMatchObject([500, { Message: "NO CHARGES TO BILL" }]);

    const shown = await biller.get(`/Billing/Account.aspx?pid=${insured.patNo}`);
    expect(shown.text).toContain(claim);
    const batch = /Claim837\.ashx\?batch=(\d+)/.exec(shown.text)?.[1];
    const file = await biller.get(`/Handlers/Claim837.ashx?batch=${batch}`);
    expect(file.contentType).toMatch(/^text\/plain/);
    expect(file.headers.get("content-disposition")).toBe(`attachment; filename=837P_${batch}.txt`);
    expect(file.text).toMatch(/^ISA\*00\* {10}\*00\*/);
    expect(file.text).toContain(`~\r\nCLM*${claim}*150*`);
    expect(file.text).toContain("*MI*POL77~");
    expect(file.text).toMatch(/IEA\*1\*\d{9}~\r\n$/);
  });

  it("take the charges' status, the visit's flag and a place in the queue along", async (context) => {
    const rows = rowsBehind(target, context);
    const insured = await insuredVisit();
    await biller.call(service, { enc: insured.encNo, insSeq: 1 });
    const enc = { enc: insured.encNo };
    expect(await rows("SELECT StatCd FROM CHGMST WHERE EncNo = @enc", enc)).toEqual([{ StatCd: "B" }]);
    expect(await rows("SELECT BillYN FROM ENCMST WHERE EncNo = @enc", enc)).toEqual([{ BillYN: "Y" }]);
    const queued = await rows(
      "SELECT q.MsgTyp, q.StatCd FROM IFCMSG AS q INNER JOIN CLMHDR AS c ON c.ClmNo = q.RefKey WHERE c.EncNo = @enc",
      enc,
    );
    expect(queued).toMatchObject([{ MsgTyp: "837P    ", StatCd: "Q" }]);
  });

  it("that the insurer pays in full are closed by the payment", async (context) => {
    const rows = rowsBehind(target, context);
    const insured = await insuredVisit();
    const made = await biller.call(service, { enc: insured.encNo, insSeq: 1 });
    const claim = /C\d{9}/.exec(made.text)?.[0] ?? "";
    const page = `/Billing/Account.aspx?pid=${insured.patNo}`;
    const fields = { ddlTyp: "IP", txtAmt: "150.00", ddlClm: claim, txtChk: "CHK1", btnPost: "Post Payment" };
    const posted = await submit(biller, page, fields, `/Billing/PostPayment.aspx?pid=${insured.patNo}`);
    expect(posted.location).toBe(`${page}&msg=POSTED`);
    const [header] = await rows("SELECT StatCd, PaidAmt FROM CLMHDR WHERE ClmNo = @claim", { claim });
    expect([header?.["StatCd"], Number(header?.["PaidAmt"])]).toEqual(["CL", 150]);
    const [patient] = await rows("SELECT AcctBal FROM PATMST WHERE PatNo = @pat", { pat: insured.patNo });
    expect(Number(patient?.["AcctBal"])).toBe(0);
  });

  it("need coverage on the day of the visit", async () => {
    const reply = await biller.call(service, { enc: visit.encNo, insSeq: 1 });
    expect([reply.status, JSON.parse(reply.text)]).toMatchObject([
      500,
      { Message: "NO COVERAGE", ExceptionType: "System.ApplicationException" },
    ]);
  });

  it("answer an unknown visit with 500 and an unknown batch with 200", async () => {
    expect((await biller.call(service, { enc: 1, insSeq: 1 })).text).toContain("VISIT NOT FOUND");
    const file = await biller.get("/Handlers/Claim837.ashx?batch=99999999");
    expect(file).toMatchObject({ status: 200, text: "ERROR: Batch not found\r\n" });
  });
});
