/** Records the contract tests make for themselves through the pages, so that no test depends on another one's data. */

import type { Answered, Browser } from "./browser.ts";

let counter = 0;

/** Letters nobody else's test has used: upper case, unique within and (practically) between runs. */
export function uniqueName(): string {
  counter += 1;
  const number = Date.now() * 100 + counter;
  return number
    .toString(26)
    .replaceAll(/[0-9]/g, (digit) => String.fromCharCode(113 + Number(digit)))
    .toUpperCase();
}

export type NewPatient = {
  readonly pid: number;
  readonly lastName: string;
  readonly firstName: string;
};

/** Fills in the registration form; `fields` adds to or replaces what is needed at least. */
export async function submitRegistration(
  browser: Browser,
  fields: Readonly<Record<string, string | null>> = {},
): Promise<Answered> {
  const form = await browser.get("/Patient/PatNew.aspx");
  return browser.submit(form, {
    fields: { txtLName: `ZZ${uniqueName()}`, txtFName: "CONTRACT", txtDOB: "02/29/1960", ddlSex: "F", ...fields },
    press: "btnSave",
  });
}

/** Registers a patient. @throws Error when the page does not lead to the new record. */
export async function registerPatient(
  browser: Browser,
  fields: Readonly<Record<string, string | null>> = {},
): Promise<NewPatient> {
  const lastName = fields["txtLName"] ?? `ZZ${uniqueName()}`;
  const firstName = fields["txtFName"] ?? "CONTRACT";
  const answer = await submitRegistration(browser, { txtLName: lastName, txtFName: firstName, ...fields });
  const pid = Number(/[?&]pid=(\d+)/.exec(answer.location)?.[1]);
  if (!Number.isInteger(pid)) throw new Error(`registration was refused: ${answer.status} ${answer.error}`);
  return { pid, lastName: lastName.toUpperCase(), firstName: firstName.toUpperCase() };
}

export type FreeSlot = {
  readonly ProvID: string;
  readonly LocCd: string;
  readonly dt: string;
  readonly Tm: string;
  readonly DurMin: number;
};

/** `MM/DD/YYYY` of New York, so many days from today. */
export function usDateFromToday(days: number): string {
  const moment = new Date(Date.now() + days * 86_400_000);
  return new Intl.DateTimeFormat("en-US", {
    timeZone: "America/New_York",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  }).format(moment);
}

/** Free fifteen-minute slots of the coming weeks. Each call starts a little further on, so that tests do not take each other's. */
export async function freeSlots(browser: Browser, prov = "AREYES"): Promise<FreeSlot[]> {
  const answer = await browser.call("/Services/ScheduleService.asmx/GetSlots", {
    prov,
    loc: "",
    from: usDateFromToday(1),
    to: usDateFromToday(35),
    type: "",
  });
  const { d } = JSON.parse(answer.text) as {
    d: { ProvID: string; LocCd: string; Dt: string; Tm: string; DurMin: number }[];
  };
  return d.map(({ ProvID, LocCd, Dt, Tm, DurMin }) => ({ ProvID, LocCd, dt: dayOfJsonDate(Dt), Tm, DurMin }));
}

/** The day in New York of an ASP.NET `/Date(ms)/`. */
export function dayOfJsonDate(text: string): string {
  const ms = Number(/^\/Date\((-?\d+)\)\/$/.exec(text)?.[1]);
  return new Intl.DateTimeFormat("en-US", {
    timeZone: "America/New_York",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  }).format(new Date(ms));
}

export type Booking = { readonly aid: number; readonly slot: FreeSlot; readonly pid: number };

/** Books the first slot that is still free. @throws Error when none can be booked. */
export async function bookAppointment(browser: Browser, pid: number): Promise<Booking> {
  for (const slot of (await freeSlots(browser)).slice(0, 20)) {
    const answer = await browser.call("/Services/ScheduleService.asmx/BookAppointment", bookingArguments(pid, slot));
    if (answer.status === 200) {
      const { d } = JSON.parse(answer.text) as { d: { ApptID: number } };
      return { aid: d.ApptID, slot, pid };
    }
  }
  throw new Error("no slot could be booked");
}

export function bookingArguments(pid: number, slot: FreeSlot) {
  const { ProvID: prov, LocCd: loc, dt, Tm: tm, DurMin: dur } = slot;
  return { pid, prov, loc, dt, tm, dur, type: "FOLL", reason: "Contract test", overbook: false };
}
