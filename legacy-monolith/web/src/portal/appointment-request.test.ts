import { describe, expect, it } from "vitest";
import { readAppointmentRequest, slotAt } from "./appointment-request.ts";

const now = new Date("2008-11-07T12:00:00Z");
const good = { ddlProv: "jsmith", txtDt: "11/10/2008", txtTm: "9:30 AM", txtRsn: "Cough" };
const read = (values: Record<string, string>) => readAppointmentRequest({ field: (name) => values[name] ?? "" }, now);

describe("readAppointmentRequest", () => {
  it("takes a day and a time as people write them", () => {
    expect(read(good)).toEqual({
      ok: true,
      request: { provId: "JSMITH", day: new Date("2008-11-10T00:00:00Z"), time: "0930", reason: "Cough" },
    });
  });

  it.each([
    [{ ...good, ddlProv: "" }, "Please choose a provider."],
    [{ ...good, txtDt: "tomorrow" }, "Please enter the date as MM/DD/YYYY."],
    [{ ...good, txtTm: "25:00" }, "Please enter a time, for example 9:30 AM."],
    [{ ...good, txtDt: "11/07/2008" }, "Please choose a day after today."],
    [{ ...good, txtDt: "11/07/2009" }, "Appointments can be requested for the next six months only."],
  ])("refuses %j", (values, error) => {
    expect(read(values)).toEqual({ ok: false, error });
  });
});

describe("slotAt", () => {
  const hours = [
    { LocCd: "MAIN", StartTm: "0800", EndTm: "1200", SlotMin: 15 },
    { LocCd: "WEST", StartTm: "1300", EndTm: "1640", SlotMin: 20 },
  ];
  it("gives the hours a slot begins in", () => {
    expect(slotAt(hours, "0930")?.LocCd).toBe("MAIN");
    expect(slotAt(hours, "1620")?.LocCd).toBe("WEST");
  });
  it("knows no slot between slots, at lunch, or at the end", () => {
    expect(slotAt(hours, "0935")).toBeUndefined();
    expect(slotAt(hours, "1200")).toBeUndefined();
    expect(slotAt(hours, "1640")).toBeUndefined();
  });
});
