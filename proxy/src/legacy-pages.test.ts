/**
 * Every row of the legacy system's URL inventory through the proxy. Between proxy and legacy web stands a tap that keeps what
 * the legacy web answered to that very request; what the browser gets must be the same, byte for byte, but for the headers
 * that belong to one hop. So writes and pages with changing values are compared as strictly as any other.
 */

import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLogger } from "@banyan/kernel";
import { type ContractTarget, contractTarget } from "../../tests/contract/target.ts";
import { fileRules } from "./replica/file-rules.ts";
import { bodyOf, startProxy, type TestProxy } from "./test-proxy.ts";

type Answer = { status: number; message: string; headers: string[]; body: Buffer };
type Row = readonly [row: number, method: "GET" | "POST", path: string, body?: string, contentType?: string];

const form = "application/x-www-form-urlencoded";
const json = "application/json; charset=utf-8";
const slots = '{"prov":"AREYES","loc":"MAIN","from":"2026-01-05","to":"2026-01-09","type":"FU"}';
const booking =
  '{"pid":100001,"prov":"AREYES","loc":"MAIN","dt":"2026-01-05","tm":"0900","dur":15,"type":"FU","reason":"x","overbook":false}';
const soap =
  '<?xml version="1.0"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><SetStatus xmlns="http://tempuri.org/"><rxNo>1</rxNo><status>F</status><note>n</note></SetStatus></soap:Body></soap:Envelope>';
const hl7 = "MSH|^~\\&|LAB|X|EHR|Y|20260101||ORU^R01|1|P|2.3\rPID|1||MR1\r";

const rows: readonly Row[] = [
  [1, "GET", "/Login.aspx?ReturnUrl=%2fDefault.aspx"],
  [2, "POST", "/Login.aspx", "ctl00%24cph%24txtUser=x", form],
  [4, "GET", "/Default.aspx"],
  [5, "GET", "/Handlers/KeepAlive.ashx"],
  [6, "GET", "/Patient/PatSearch.aspx?ln=a&pg=1"],
  [6, "GET", "/PATIENT/patsearch.ASPX?ln=a%20b&fn=%C3%A9"],
  [7, "POST", "/Patient/PatSearch.aspx", "__EVENTTARGET=ctl00%24cph%24gv", form],
  [8, "GET", "/Patient/PatDetail.aspx?pid=100001"],
  [9, "GET", "/Patient/PatEdit.aspx?pid=100001"],
  [9, "POST", "/Patient/PatEdit.aspx?pid=100001", "a=1", form],
  [10, "GET", "/Patient/PatNew.aspx"],
  [10, "POST", "/Patient/PatNew.aspx", "a=1", form],
  [11, "POST", "/Patient/PatMerge.aspx", "from=1&to=2", form],
  [12, "GET", "/Patient/Chart.aspx"],
  [12, "GET", "/Patient/Chart.aspx?pid=100002"],
  [13, "GET", "/Patient/BreakGlass.aspx?pid=100001"],
  [13, "POST", "/Patient/BreakGlass.aspx?pid=100001", "a=1", form],
  [14, "GET", "/Handlers/PatPhoto.ashx?pid=100001"],
  [15, "POST", "/Services/PatientService.asmx/FindPatients", '{"prefix":"a","maxRows":5}', json],
  [16, "GET", "/xml/PatientXml.aspx?mrn=none"],
  [17, "GET", "/Sched/DayView.aspx?dt=&prov=&loc="],
  [18, "POST", "/Services/ScheduleService.asmx/GetSlots", slots, json],
  [19, "POST", "/Services/ScheduleService.asmx/BookAppointment", booking, json],
  [20, "POST", "/Services/ScheduleService.asmx/MoveAppointment", '{"aid":1}', json],
  [21, "GET", "/Sched/ApptEdit.aspx?aid=1"],
  [21, "POST", "/Sched/ApptEdit.aspx?aid=1", "a=1", form],
  [22, "POST", "/Sched/ApptCancel.aspx?aid=1", "a=1", form],
  [23, "POST", "/Sched/CheckIn.aspx?aid=1", "a=1", form],
  [24, "GET", "/Handlers/ApptFeed.ashx?prov=AREYES&from=2026-01-01&to=2026-02-01&key=none"],
  [25, "GET", "/Clin/Encounter.aspx?enc=5000001"],
  [25, "POST", "/Clin/Encounter.aspx?enc=5000001", "a=1", form],
  [26, "POST", "/Services/ClinService.asmx/SaveVitals", '{"enc":5000001}', json],
  [27, "GET", "/Clin/NoteView.aspx?nid=1"],
  [28, "GET", "/Handlers/NotePrint.ashx?nid=1&fmt=pdf"],
  [29, "GET", "/Clin/ProblemList.aspx"],
  [29, "POST", "/Clin/ProblemList.aspx", "a=1", form],
  [30, "GET", "/Lab/LabResults.aspx?pid=100001"],
  [31, "GET", "/Lab/LabOrder.aspx?enc=5000001"],
  [31, "POST", "/Lab/LabOrder.aspx?enc=5000001", "a=1", form],
  [32, "POST", "/Lab/LabReview.aspx?ord=1", "a=1", form],
  [33, "POST", "/Interfaces/HL7In.ashx", hl7, "text/plain"],
  [34, "GET", "/xml/LabResultXml.aspx?ord=1"],
  [35, "GET", "/Rx/RxList.aspx?pid=100001"],
  [36, "GET", "/Rx/RxNew.aspx?enc=5000001"],
  [36, "POST", "/Rx/RxNew.aspx?enc=5000001", "a=1", form],
  [37, "GET", "/Rx/RxRefill.aspx?rx=1"],
  [37, "POST", "/Rx/RxRefill.aspx?rx=1", "a=1", form],
  [38, "POST", "/Services/RxService.asmx/CheckInteractions", '{"pid":100001,"drugCd":"AMOX500"}', json],
  [39, "POST", "/Interfaces/RxStatus.asmx", soap, "text/xml; charset=utf-8"],
  [40, "GET", "/Billing/Account.aspx?pid=100001"],
  [41, "GET", "/Billing/ChargeEntry.aspx?enc=5000001"],
  [41, "POST", "/Billing/ChargeEntry.aspx?enc=5000001", "a=1", form],
  [42, "POST", "/Billing/PostPayment.aspx?pid=100001", "a=1", form],
  [43, "POST", "/Services/BillingService.asmx/CreateClaim", '{"enc":5000001,"insSeq":1}', json],
  [43, "GET", "/Handlers/Claim837.ashx?batch=1"],
  [44, "GET", "/Portal/Login.aspx"],
  [44, "POST", "/Portal/Login.aspx", "a=1", form],
  [44, "GET", "/Portal/Home.aspx"],
  [44, "GET", "/Portal/MyAppts.aspx"],
  [44, "GET", "/Portal/MyResults.aspx"],
  [44, "GET", "/Portal/Messages.aspx"],
  [45, "GET", "/Reports/DailyProd.aspx?dt=2026-01-05&loc=MAIN"],
  [45, "GET", "/Reports/Export.ashx?rpt=AR&from=2026-01-01&to=2026-02-01"],
  [45, "POST", "/Admin/RunNightly.ashx", "", form],
  [3, "GET", "/Logout.aspx"],
];

let target: ContractTarget;
let tap: Server;
let proxy: TestProxy;
let cookie: string;
/** What the legacy web answered, and what it was asked, by request id. */
const tapped = new Map<string, { asked: string; answer: Answer }>();

beforeAll(async () => {
  target = await contractTarget();
  const relay = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    const outgoing = httpRequest(target.url + request.url, {
      method: request.method,
      headers: request.rawHeaders,
    });
    const answered = once(outgoing, "response");
    outgoing.end(body);
    const answer = await answerOf((await answered)[0] as IncomingMessage);
    tapped.set(String(request.headers["x-test"]), {
      asked: `${request.method} ${request.url} ${body.toString("latin1")}`,
      answer,
    });
    response.sendDate = false;
    response.writeHead(answer.status, answer.message, withoutHopHeaders(answer.headers)).end(answer.body);
  };
  tap = createServer((request, response) => void relay(request, response));
  await new Promise<void>((resolve) => tap.listen(0, "127.0.0.1", resolve));
  const logger = createLogger({ name: "proxy", level: "silent" });
  proxy = await startProxy({
    rules: fileRules({ path: fileURLToPath(new URL("../../routing-rules/ehr", import.meta.url)), logger }),
    targets: { legacy: `http://127.0.0.1:${(tap.address() as AddressInfo).port}` },
  });
  cookie = (await target.staff("admin")).cookieHeader();
});
afterAll(async () => {
  await proxy?.close();
  tap?.close();
  tap?.closeAllConnections();
  await target?.close();
});

async function answerOf(incoming: IncomingMessage): Promise<Answer> {
  const { statusCode = 0, statusMessage = "", rawHeaders } = incoming;
  return { status: statusCode, message: statusMessage, headers: rawHeaders, body: await bodyOf(incoming) };
}

/** The declared differences: headers of one hop. */
function withoutHopHeaders(headers: readonly string[]): string[] {
  return headers.flatMap((name, index) =>
    index % 2 === 0 && !/^(connection|keep-alive|transfer-encoding)$/i.test(name)
      ? [name, headers[index + 1] as string]
      : [],
  );
}

describe("through the proxy as direct", () => {
  for (const [index, [row, method, path, body, contentType]] of rows.entries()) {
    test(`row ${row}: ${method} ${path.split("?")[0]}`, async () => {
      const headers = {
        cookie,
        "x-test": String(index),
        ...(contentType === undefined ? {} : { "content-type": contentType }),
        ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
      };
      const answer = await new Promise<Answer>((resolve, reject) => {
        const outgoing = httpRequest(proxy.url + path, { method, headers }, (incoming) => resolve(answerOf(incoming)));
        outgoing.on("error", reject);
        outgoing.end(body);
      });
      const direct = tapped.get(String(index));
      if (!direct) throw new Error("the request did not reach the legacy web");
      expect(direct.asked).toBe(`${method} ${path} ${Buffer.from(body ?? "").toString("latin1")}`);
      expect(answer.status).toBe(direct.answer.status);
      expect(answer.message).toBe(direct.answer.message);
      expect(withoutHopHeaders(answer.headers)).toEqual(withoutHopHeaders(direct.answer.headers));
      expect(answer.body.equals(direct.answer.body)).toBe(true);
    });
  }

  test("nothing was answered by the proxy itself, and every rule but a few was asked", async () => {
    expect(tapped.size).toBeGreaterThanOrEqual(rows.length);
    const lines = proxy
      .logged()
      .split("\n")
      .filter((line) => line.includes('"proxy.access"'))
      .map((line) => JSON.parse(line));
    expect(lines.filter((line) => line.by !== "legacy")).toEqual([]);
    expect(lines.filter((line) => line.route === "shell.catch-all")).toEqual([]);
  });
});
