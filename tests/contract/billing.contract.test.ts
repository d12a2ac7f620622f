import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser } from "./browser.ts";
import { type ClinicVisit, formOf, formType, openVisit, submit } from "./clinic-visit.ts";
import { type ContractTarget, contractTarget } from "./target.ts";

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

  it("are made of a visit's new charges, once", async () => {
    const reply = await biller.call(service, { enc: visit.encNo, insSeq: 1 });
    const body = JSON.parse(reply.text) as { d?: { ClmNo: string; Total: number }; Message?: string };
    // Not every generated patient is insured; both answers are the contract.
    if (body.Message === "NO COVERAGE") {
      expect(reply.status).toBe(500);
      return;
    }
    expect(reply.status, reply.text).toBe(200);
    expect(body.d?.ClmNo).toMatch(/^C\d{9}$/);
    expect(body.d?.Total).toBeGreaterThan(100);
    const again = await biller.call(service, { enc: visit.encNo, insSeq: 1 });
    expect(again.status).toBe(500);
    expect(again.text).toContain("NO CHARGES TO BILL");

    const shown = await biller.get(account());
    expect(shown.text).toContain(body.d?.ClmNo);
    const batch = /Claim837\.ashx\?batch=(\d+)/.exec(shown.text)?.[1];
    const file = await biller.get(`/Handlers/Claim837.ashx?batch=${batch}`);
    expect(file.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(file.headers.get("content-disposition")).toBe(`attachment; filename=837P_${batch}.txt`);
    expect(file.text).toMatch(/^ISA\*00\*/);
    expect(file.text).toContain(`CLM*${body.d?.ClmNo}*`);
    expect(file.text).toMatch(/IEA\*1\*\d{9}~\r\n$/);
  });

  it("answer an unknown visit with 500 and an unknown batch with 200", async () => {
    expect((await biller.call(service, { enc: 1, insSeq: 1 })).text).toContain("VISIT NOT FOUND");
    const file = await biller.get("/Handlers/Claim837.ashx?batch=99999999");
    expect(file).toMatchObject({ status: 200, text: "ERROR: Batch not found\r\n" });
  });
});
