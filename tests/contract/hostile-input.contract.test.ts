/**
 * Bad input at every address of the inventory: whatever comes in, the answer is one a 2008 system gave, the server goes on,
 * and nothing of a patient reaches a log line or an error page.
 */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Answered, Browser } from "./browser.ts";
import { registerPatient } from "./clinic-records.ts";
import { parseForms } from "./page-form.ts";
import { type ContractTarget, contractTarget } from "./target.ts";

let target: ContractTarget;
let admin: Browser;
beforeAll(async () => {
  target = await contractTarget();
  admin = await target.staff("admin");
});
afterAll(() => target?.close());

/** Pages and handlers with the query names they know. */
const addresses: Readonly<Record<string, readonly string[]>> = {
  "/Default.aspx": ["msg"],
  "/NoAccess.aspx": ["p"],
  "/Handlers/KeepAlive.ashx": [],
  "/Patient/PatSearch.aspx": ["ln", "fn", "dob", "mrn", "pg"],
  "/Patient/PatDetail.aspx": ["pid"],
  "/Patient/PatEdit.aspx": ["pid"],
  "/Patient/PatNew.aspx": [],
  "/Patient/PatMerge.aspx": ["from", "to"],
  "/Patient/Chart.aspx": ["pid"],
  "/Patient/BreakGlass.aspx": ["pid", "ReturnUrl"],
  "/Handlers/PatPhoto.ashx": ["pid"],
  "/xml/PatientXml.aspx": ["mrn"],
  "/Sched/DayView.aspx": ["dt", "prov", "loc"],
  "/Sched/ApptEdit.aspx": ["aid", "pid", "dt", "tm", "prov", "loc"],
  "/Sched/ApptCancel.aspx": ["aid"],
  "/Sched/CheckIn.aspx": ["aid"],
  "/Handlers/ApptFeed.ashx": ["prov", "from", "to", "key"],
  "/Clin/Encounter.aspx": ["enc"],
  "/Clin/NoteView.aspx": ["nid"],
  "/Handlers/NotePrint.ashx": ["nid", "fmt"],
  "/Clin/ProblemList.aspx": ["pid"],
  "/Lab/LabResults.aspx": ["pid", "ord"],
  "/Lab/LabOrder.aspx": ["enc"],
  "/Lab/LabReview.aspx": ["ord"],
  "/Interfaces/HL7In.ashx": [],
  "/xml/LabResultXml.aspx": ["ord"],
  "/Rx/RxList.aspx": ["pid"],
  "/Rx/RxNew.aspx": ["enc"],
  "/Rx/RxRefill.aspx": ["rx"],
  "/Billing/Account.aspx": ["pid"],
  "/Billing/ChargeEntry.aspx": ["enc"],
  "/Billing/PostPayment.aspx": ["pid"],
  "/Handlers/Claim837.ashx": ["batch"],
  "/Portal/Login.aspx": ["ReturnUrl"],
  "/Portal/Home.aspx": [],
  "/Portal/MyAppts.aspx": [],
  "/Portal/MyResults.aspx": ["ord"],
  "/Portal/Messages.aspx": ["thread"],
  "/Reports/DailyProd.aspx": ["dt", "loc"],
  "/Reports/Export.ashx": ["rpt", "from", "to"],
  "/Admin/RunNightly.ashx": [],
  "/Interfaces/Session.ashx": [],
};

const services = [
  "/Services/PatientService.asmx/FindPatients",
  "/Services/ScheduleService.asmx/GetSlots",
  "/Services/ScheduleService.asmx/BookAppointment",
  "/Services/ScheduleService.asmx/MoveAppointment",
  "/Services/ClinService.asmx/SaveVitals",
  "/Services/RxService.asmx/CheckInteractions",
  "/Services/BillingService.asmx/CreateClaim",
  "/Interfaces/RxStatus.asmx",
];

const canary = "CANARYNAME";
const values = [
  "",
  "0",
  "-1",
  "2147483648",
  "1e9",
  canary,
  "' OR 1=1--",
  "%00%ff%u12",
  "<script>",
  "99/99/9999",
  "01/01/0001",
  "é漢😀",
  "x".repeat(2000),
];

/** Statuses a 2008 system answered with; a 5xx of another kind means the server itself is in trouble. */
const known = new Set([200, 302, 401, 404, 405, 415, 500]);

/** An answer is known, and one that refuses or crashes repeats nothing of what was sent. */
function check(answer: Answered, what: string): void {
  const expected = known.has(answer.status) || target.refusals.has(answer.status);
  expect(expected, `${what}: ${answer.status}`).toBe(true);
  if (answer.status >= 400) expect(answer.text, what).not.toContain(canary);
}

describe("hostile input", () => {
  test("in any query value of any page is answered", async () => {
    for (const [path, names] of Object.entries(addresses)) {
      for (const value of values) {
        const query = names.map((name) => `${name}=${value.startsWith("%") ? value : encodeURIComponent(value)}`);
        const url = `${path}?${[...query, "other"].join("&")}`;
        check(await admin.get(url), `GET ${path} ${value.slice(0, 20)}`);
      }
    }
  });

  test("in a body of any kind at any address is answered", async () => {
    const bodies: readonly (readonly [type: string, body: string])[] = [
      ["application/x-www-form-urlencoded", `__VIEWSTATE=%2FwEP&ctl00%24cph%24txtLName=${canary}`],
      ["application/x-www-form-urlencoded", "&&==%%&".repeat(100)],
      ["multipart/form-data; boundary=b", `--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n${canary}`],
      ["application/json", `{"${canary}":`],
      ["text/xml", `<a><b>${canary}`],
      ["text/plain; charset=iso-8859-1", `MSH|^~\\&|${canary}\rPID|`],
      ["", "\u0000\u0001"],
    ];
    for (const path of [...Object.keys(addresses), ...services]) {
      for (const [type, body] of bodies) {
        check(await admin.post(path, body, type === "" ? {} : { "content-type": type }), `POST ${path} ${type}`);
      }
    }
  });

  test("in every box of every form a page renders is answered", async () => {
    const patient = await registerPatient(admin);
    const pages = Object.keys(addresses).filter(
      (path) => /^\/(?!Portal).*\.aspx$/.test(path) && !path.startsWith("/xml"),
    );
    let submitted = 0;
    for (const path of pages) {
      const page = await admin.get(`${path}?pid=${patient.pid}`);
      for (const form of parseForms(page.text)) {
        for (const value of [canary, "-1", "<b>&amp;", "99/99/9999", "x".repeat(5000)]) {
          const fields = [...form.values].map(([name]): [string, string] => [
            name,
            name.startsWith("__") ? (form.values.get(name) ?? "") : value,
          ]);
          const [button] = form.buttons;
          const body = new URLSearchParams(button ? [...fields, button] : fields).toString();
          const answer = await admin.post(form.action || path, body, {
            "content-type": "application/x-www-form-urlencoded",
          });
          check(answer, `${path} ${form.id} ${value.slice(0, 12)}`);
          submitted += 1;
        }
      }
    }
    expect(submitted).toBeGreaterThan(25);
  });

  test("in the arguments of every web method is answered in JSON", async () => {
    const names =
      "prefix maxRows prov loc from to type pid dt tm dur reason overbook aid enc ht wt temp sys dia pulse resp o2 pain drugCd insSeq";
    for (const path of services.slice(0, -1)) {
      for (const value of [null, "", canary, -1, 1e300, true, [], {}, "99/99/9999", "x".repeat(5000)]) {
        const args = Object.fromEntries(names.split(" ").map((name) => [name, value]));
        const answer = await admin.call(path, args);
        check(answer, `${path} ${typeof value}`);
        expect([200, 500]).toContain(answer.status);
        expect(answer.contentType).toBe("application/json; charset=utf-8");
      }
    }
  });

  test("leaves the server standing and its log without patient data", async () => {
    expect((await admin.get("/Handlers/KeepAlive.ashx")).text).toBe("OK");
    const secret = "900-12-3456";
    const patient = await registerPatient(admin, { txtFName: canary, txtSSN: secret });
    for (const path of Object.keys(addresses)) await admin.get(`${path}?pid=${patient.pid}&mrn=000${patient.pid}`);
    const log = target.log?.();
    if (log === undefined) return;
    expect(log).toContain("legacy_web.page_crashed");
    for (const word of [canary, secret, "900123456", patient.lastName, `000${patient.pid}`, "x".repeat(50)]) {
      expect(log.includes(word), word.slice(0, 12)).toBe(false);
    }
  });
});
