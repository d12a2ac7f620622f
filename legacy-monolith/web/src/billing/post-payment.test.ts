import { describe, expect, it } from "vitest";
import { readPayment } from "./post-payment.ts";

const today = new Date("2008-11-07T12:00:00Z");
const good = { ddlTyp: "PP", txtAmt: "$1,025.50", txtDt: "11/07/2008", hdnTok: "w12ab34f", txtCC: "1234" };

function read(values: Record<string, string>, role = "BILL") {
  return readPayment({ field: (name) => values[name] ?? "" }, { role, today });
}

describe("readPayment", () => {
  it("makes payments negative and refunds positive", () => {
    expect(read(good)).toMatchObject({ ok: true, payment: { amount: "-1025.50", token: "W12AB34F" } });
    expect(read({ ...good, ddlTyp: "RF" })).toMatchObject({ payment: { amount: "1025.50" } });
  });

  it.each([
    [{ ...good, ddlTyp: "XX" }, "Select a payment type."],
    [{ ...good, txtAmt: "-5" }, "Amount must be a positive number."],
    [{ ...good, txtAmt: "0.00" }, "Amount must be a positive number."],
    [{ ...good, txtAmt: "1.005" }, "Amount must be a positive number."],
    [{ ...good, txtDt: "2008-11-07" }, "Date must be MM/DD/YYYY."],
    [{ ...good, txtDt: "11/08/2008" }, "Date may not be in the future."],
    [{ ...good, txtCC: "4111111111111111" }, "Card number: last four digits only."],
    [{ ...good, hdnTok: "" }, "The form has expired. Open the account again."],
  ])("refuses %j", (values, error) => {
    expect(read(values)).toEqual({ ok: false, error });
  });

  it("keeps the front desk to what is paid at the desk", () => {
    expect(read({ ...good, ddlTyp: "IP" }, "FDSK")).toMatchObject({ ok: false });
    expect(read({ ...good, ddlTyp: "CP" }, "FDSK")).toMatchObject({ ok: true });
  });
});
