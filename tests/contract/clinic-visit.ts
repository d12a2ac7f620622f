/**
 * The way into a visit, over HTTP alone, so that it works against whatever server is under the contract: register a patient,
 * book him today, check him in; what check-in answers is the visit's address. Beside it, the few moves all suites of the
 * clinical, billing and portal pages share.
 */

import { type Answered, type Browser, openBrowser } from "./browser.ts";
import { registerPatient, usDateFromToday } from "./clinic-records.ts";
import { parseForms } from "./page-form.ts";
import { type ContractTarget, demoPassword } from "./target.ts";

export type ClinicVisit = { readonly patNo: number; readonly mrn: string; readonly encNo: number };

/** Fields by control name; names that begin with `__` are taken as they are, null leaves a control out. */
export type Fields = Readonly<Record<string, string | null>>;

/** Gives the body of the page's form with the fields changed, for posting it once or several times. */
export async function formOf(browser: Browser, path: string): Promise<(fields: Fields) => string> {
  const page = await browser.get(path);
  const forms = parseForms(page.text);
  const form = forms.find((one) => one.id === "aspnetForm") ?? forms[0];
  if (!form) throw new Error(`no form on ${path} (status ${page.status}, ${page.location || page.error})`);
  return (fields) => {
    const values = new Map(form.values);
    for (const [name, value] of Object.entries(fields)) {
      const full = name.startsWith("__") ? name : `ctl00$cph$${name}`;
      if (value === null) values.delete(full);
      else values.set(full, value);
    }
    return new URLSearchParams([...values]).toString();
  };
}

export const formType = { "content-type": "application/x-www-form-urlencoded" } as const;

/** Opens a page, fills its form in and posts it: to itself, or to `action`, the page the form belongs to. */
export async function submit(browser: Browser, path: string, fields: Fields, action: string = path): Promise<Answered> {
  const body = await formOf(browser, path);
  return browser.post(action, body(fields), formType);
}

/** Logs in as any of the generated staff. */
export async function logInAs(target: ContractTarget, user: string): Promise<Browser> {
  const browser = openBrowser(target.url);
  await submit(browser, "/Login.aspx", { txtUser: user, txtPwd: demoPassword, btnLogin: "Log In" });
  return browser;
}

let minute = 0;

/** A checked-in visit of a patient of its own with a provider. Each takes another minute of the small hours, overbooked. */
export async function openVisit(
  target: ContractTarget,
  options: { provider?: string; registration?: Fields } = {},
): Promise<ClinicVisit> {
  const desk = await target.staff("frontDesk");
  const { pid } = await registerPatient(desk, options.registration);
  minute += 1;
  const booked = await desk.call("/Services/ScheduleService.asmx/BookAppointment", {
    pid,
    prov: options.provider ?? "AREYES",
    loc: "MAIN",
    dt: usDateFromToday(0),
    tm: `05${String(minute).padStart(2, "0")}`,
    dur: 1,
    type: "FOLL",
    reason: "Contract test",
    overbook: true,
  });
  if (booked.status !== 200) throw new Error(`booking was refused: ${booked.status} ${booked.text}`);
  const { d } = JSON.parse(booked.text) as { d: { ApptID: number } };
  const arrived = await submit(desk, `/Sched/CheckIn.aspx?aid=${d.ApptID}`, { txtCopay: "0", btnCheckIn: "Check In" });
  const encNo = Number(/[?&]enc=(\d+)/.exec(arrived.location)?.[1]);
  if (!Number.isInteger(encNo)) throw new Error(`check-in was refused: ${arrived.status} ${arrived.error}`);
  const chart = await desk.get(`/Patient/PatDetail.aspx?pid=${pid}`);
  return { patNo: pid, mrn: /\b(000\d{7})\b/.exec(chart.text)?.[1] ?? "", encNo };
}
