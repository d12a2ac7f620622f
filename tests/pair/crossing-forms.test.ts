/**
 * A form rendered by one side posted to the other: same verdict, whoever rendered it, whoever takes it, and whoever has changed the
 * record in between. One clinic whose modules are live, asked through the proxy (the services) and at the monolith itself.
 */

import { createLogger } from "@banyan/kernel";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ClinicWithServices, startClinicWithServices } from "../clinic/services-side.ts";
import { type Answered, type Browser, openBrowser } from "../contract/browser.ts";
import { bookAppointment, registerPatient } from "../contract/clinic-records.ts";
import { gridRows } from "../contract/page-form.ts";
import { demoPassword } from "../contract/target.ts";

const sides = ["monolith", "service"] as const;
type Side = (typeof sides)[number];

let clinic: ClinicWithServices;
/** The same member of staff at either address. */
let user: Readonly<Record<Side, Browser>>;
beforeAll(async () => {
  clinic = await startClinicWithServices({
    logger: createLogger({ name: "test", level: "silent" }),
    patients: 40,
  });
  const settle = async (path: string): Promise<void> => {
    if (clinic.writes("POST", path)) await clinic.settle();
  };
  user = { monolith: openBrowser(clinic.legacy.url, settle), service: openBrowser(clinic.url, settle) };
  for (const side of sides) {
    const form = await user[side].get("/Login.aspx");
    await user[side].submit(form, { fields: { txtUser: "FDESK1", txtPwd: demoPassword }, press: "btnLogin" });
  }
});
afterAll(() => clinic?.close());

const crossings = sides.flatMap((from) => sides.map((to) => [from, to] as const));

describe("the edit form of a record", () => {
  const page = (pid: number): string => `/Patient/PatEdit.aspx?pid=${pid}`;
  const save = (side: Side, form: Answered, city: string) =>
    user[side].submit(form, { fields: { txtCity: city }, press: "btnSave" });
  const cityOf = async (pid: number): Promise<string> =>
    /name="ctl00\$cph\$txtCity"[^>]* value="([^"]*)"/.exec((await user.monolith.get(page(pid))).text)?.[1] ?? "";

  test.each(crossings)("of the %s is saved by the %s", async (from, to) => {
    const { pid } = await registerPatient(user.service);
    const form = await user[from].get(page(pid));
    const saved = await save(to, form, "AYER");
    expect([saved.status, saved.location]).toEqual([302, `/Patient/PatDetail.aspx?pid=${pid}&msg=SAVED`]);
    expect(await cityOf(pid)).toBe("AYER");
  });

  test.each(crossings.flatMap(([from, to]) => sides.map((by) => [from, to, by] as const)))(
    "of the %s is refused by the %s once the %s has changed the record",
    async (from, to, by) => {
      const { pid } = await registerPatient(user.service);
      const form = await user[from].get(page(pid));
      expect((await save(by, await user[by].get(page(pid)), "FIRST")).status).toBe(302);
      const refused = await save(to, form, "SECOND");
      expect([refused.status, refused.error]).toEqual([200, "Record changed by another user"]);
      expect(await cityOf(pid)).toBe("FIRST");
      // The page that says so keeps the old stamp: posting it again changes nothing either.
      expect((await save(to, refused, "THIRD")).error).toBe("Record changed by another user");
    },
  );

  test.each(crossings)("of the %s is refused by the %s after a change that legacy made by itself", async (from, to) => {
    const { pid } = await registerPatient(user.service);
    const form = await user[from].get(page(pid));
    await clinic.legacy.pool.request().input("pid", pid).query("UPDATE PATMST SET AcctBal = 5 WHERE PatNo = @pid");
    await clinic.settle();
    expect((await save(to, form, "LATE")).error).toBe("Record changed by another user");
  });
});

describe("forms without a version", () => {
  test.each(crossings)(
    "registration: a form of the %s registers at the %s, and warns of a duplicate first",
    async (from, to) => {
      const known = await registerPatient(user.service);
      const form = await user[from].get("/Patient/PatNew.aspx");
      const fields = { txtLName: known.lastName, txtFName: known.firstName, txtDOB: "02/29/1960", ddlSex: "F" };
      const doubt = await user[to].submit(form, { fields, press: "btnSave" });
      expect([doubt.status, doubt.error]).toEqual([200, "Possible duplicate patient."]);
      const forced = await user[to === "service" ? "monolith" : "service"].submit(doubt, {
        fields: { chkForce: "on" },
        press: "btnSave",
      });
      expect(forced.location).toMatch(/^\/Patient\/PatDetail\.aspx\?pid=\d+&msg=ADDED$/);
    },
  );

  test.each(crossings)("search: a grid of the %s is sorted and paged by the %s", async (from, to) => {
    const found = await user[from].submit(await user[from].get("/Patient/PatSearch.aspx"), {
      fields: { txtLName: "%" },
      press: "btnSearch",
    });
    const sorted = await user[to].submit(found, { postBack: ["gv", "Sort$MRN"] });
    const back = await user[from].submit(sorted, { postBack: ["gv", "Sort$MRN"] });
    const same = await user[to === "service" ? "monolith" : "service"].submit(found, { postBack: ["gv", "Sort$MRN"] });
    expect(rowsOf(sorted)).toEqual(rowsOf(same));
    expect(rowsOf(back)).not.toEqual(rowsOf(sorted));
  });

  test.each(crossings)("appointment: forms of the %s change, cancel and check in at the %s", async (from, to) => {
    const { pid } = await registerPatient(user.service);
    const { aid, slot } = await bookAppointment(user.service, pid);
    const page = `/Sched/ApptEdit.aspx?aid=${aid}`;
    const day = `/Sched/DayView.aspx?dt=${slot.dt}&prov=${slot.ProvID}&loc=${slot.LocCd}`;
    const form = await user[from].get(page);
    const saved = await user[to].submit(form, { fields: { txtRsn: "CROSSED" }, press: "btnSave" });
    expect([saved.status, saved.location]).toEqual([302, `${day}&msg=SAVED`]);
    for (const side of sides) expect((await user[side].get(page)).text).toContain("CROSSED");
    const cancelled = await user[to].submit(form, {
      form: "frmCancel",
      fields: { ddlCxRsnCd: "WX" },
      press: "btnCancelAppt",
    });
    expect([cancelled.status, cancelled.location]).toEqual([302, day]);
    const again = await user[from].submit(form, {
      form: "frmCancel",
      fields: { ddlCxRsnCd: "WX" },
      press: "btnCancelAppt",
    });
    expect([again.status, again.error]).toEqual([200, "Appointment cannot be cancelled."]);
    const late = await user[to].submit(form, { form: "frmCheckIn", fields: { txtCopay: "" }, press: "btnCheckIn" });
    expect([late.status, late.error]).toEqual([200, "Patient cannot be checked in."]);
  });

  test.each(crossings)("break-glass: a form of the %s opens the record at the %s", async (from, to) => {
    const { pid } = await registerPatient(user.service, { chkRstrYN: "on" });
    const form = await user[from].get(`/Patient/BreakGlass.aspx?pid=${pid}`);
    const opened = await user[to].submit(form, { fields: { txtReason: "Crossing" }, press: "btnBreak" });
    expect([opened.status, opened.location]).toEqual([302, `/Patient/Chart.aspx?pid=${pid}`]);
    expect((await user[to].get(`/Patient/Chart.aspx?pid=${pid}`)).status).toBe(200);
  });

  test.each(crossings)("a form of the %s for another page is refused by the %s", async (from, to) => {
    const { pid } = await registerPatient(user.service);
    const form = await user[from].get(`/Patient/PatEdit.aspx?pid=${pid}`);
    const fields = /name="__VIEWSTATE" value="([^"]*)"/.exec(form.text)?.[1] ?? "";
    const answer = await user[to].post(
      "/Patient/PatNew.aspx",
      new URLSearchParams({ __VIEWSTATE: fields, ctl00$cph$btnSave: "Save" }).toString(),
      { "content-type": "application/x-www-form-urlencoded" },
    );
    expect([answer.status, answer.text.includes("Validation of viewstate MAC failed.")]).toEqual([500, true]);
  });
});

const rowsOf = (page: Answered): string[][] => gridRows(page.text, "ctl00_cph_gv");
