/** Row 45 of the URL inventory: daily production, the three exports, the nightly run. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser } from "./browser.ts";
import { formType } from "./clinic-visit.ts";
import { usDateFromToday } from "./clinic-records.ts";
import { type ContractTarget, contractTarget, rowsBehind } from "./target.ts";

let target: ContractTarget;
let reporter: Browser;

beforeAll(async () => {
  target = await contractTarget();
  reporter = await target.staff("reports");
});
afterAll(() => target?.close());

const headers = {
  AR: '"PatNo","MRN","Name","Balance","0-30","31-60","61-90","Over 90"',
  NOSHOW: '"Date","Time","ProvID","Provider","MRN","Patient","Phone","Reason"',
  LABTAT: '"OrdNo","Panel","Description","ProvID","Ordered","Collected","Reported","Hours"',
} as const;

const [month, day, year] = usDateFromToday(0).split("/");

describe("row 45: exports", () => {
  it.each(Object.entries(headers))(
    "%s is quoted CSV in windows-1252 with CRLF, as attachment of the day",
    async (name, header) => {
      const reply = await reporter.get(
        `/Reports/Export.ashx?rpt=${name.toLowerCase()}&from=01/01/2000&to=${usDateFromToday(0)}`,
      );
      expect(reply.status).toBe(200);
      expect(reply.headers.get("content-type")).toBe("text/csv; charset=windows-1252");
      expect(reply.headers.get("content-disposition")).toBe(`attachment; filename=rpt_${year}${month}${day}.csv`);
      const lines = reply.bytes.toString("latin1").split("\r\n");
      expect(lines[0]).toBe(header);
      expect(lines.at(-1)).toBe("");
      expect(lines.length).toBeGreaterThan(2);
      for (const line of lines.slice(0, -1)) expect(line).toMatch(/^"([^"]|"")*"(,"([^"]|"")*")*$/);
    },
  );

  it("ages a balance into buckets that add up to it", async () => {
    const reply = await reporter.get(`/Reports/Export.ashx?rpt=AR&from=01/01/2000&to=${usDateFromToday(0)}`);
    const rows = reply.text
      .split("\r\n")
      .slice(1, -1)
      .map((line) => line.slice(1, -1).split('","'));
    for (const row of rows) {
      const [balance = 0, ...buckets] = row.slice(-5).map(Number);
      expect(buckets.reduce((sum, bucket) => sum + bucket, 0)).toBeCloseTo(balance, 1);
    }
  });

  it("holds nothing but the header when nothing falls into the range", async () => {
    const reply = await reporter.get("/Reports/Export.ashx?rpt=NOSHOW&from=01/01/1999&to=01/02/1999");
    expect(reply.text).toBe(`${headers.NOSHOW}\r\n`);
  });

  it("answers an unknown report and a bad date with 200 and an error", async () => {
    expect(await reporter.get("/Reports/Export.ashx?rpt=NONE")).toMatchObject({
      status: 200,
      text: "ERROR: Unknown report\r\n",
    });
    expect((await reporter.get("/Reports/Export.ashx?rpt=AR&from=x")).text).toBe("ERROR: Invalid date\r\n");
    expect((await reporter.get("/Reports/Export.ashx?rpt=constructor")).text).toBe("ERROR: Unknown report\r\n");
  });

  it("leaves no audit row", async () => {
    const count = async () => (await target.rows?.("SELECT COUNT(*) AS Cnt FROM AUDITLOG"))?.[0]?.["Cnt"];
    const before = await count();
    await reporter.get("/Reports/Export.ashx?rpt=AR");
    await reporter.get("/Reports/DailyProd.aspx");
    expect(await count()).toBe(before);
  });
});

describe("row 45: daily production and the nightly run", () => {
  const previous = usDateFromToday(-5);

  it("shows a day with its totals, and no day it cannot read", async () => {
    const reply = await reporter.get(`/Reports/DailyProd.aspx?dt=${previous}&loc=`);
    expect(reply.status).toBe(200);
    expect(reply.text).toContain(`Daily Production ${previous}`);
    expect(reply.text).toMatch(/As of \d\d\/\d\d\/\d{4}/);
    expect((await reporter.get("/Reports/DailyProd.aspx?dt=tomorrow")).text).toContain("Date must be MM/DD/YYYY.");
  });

  it("computes what the data set already says of a past day, and says so in plain text", async () => {
    const admin = await target.staff("admin");
    const grid = async (): Promise<string> => {
      const { text } = await reporter.get(`/Reports/DailyProd.aspx?dt=${previous}`);
      return /id="ctl00_cph_gvProd"[\s\S]*?<\/table>/.exec(text)?.[0] ?? "";
    };
    const before = await grid();
    const run = await admin.post(`/Admin/RunNightly.ashx?dt=${previous}`, "", formType);
    expect(run.status, run.text).toBe(200);
    expect(run.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(run.text).toMatch(
      new RegExp(`^RPT_DAILY ${previous}: \\d+ row\\(s\\)\\r\\nIFCMSG purged: \\d+\\r\\nOK\\r\\n$`),
    );
    expect(await grid()).toBe(before);
  });

  it("leaves two months of the daily table as they were, because nothing drifted", async (context) => {
    const rows = rowsBehind(target, context);
    const admin = await target.staff("admin");
    const daily = () =>
      rows(
        `SELECT RptDt, LocCd, ProvID, ApptCnt, NoShCnt, CxlCnt, EncCnt, NewPtCnt, RxCnt, LabCnt, ChgAmt, PmtAmt FROM RPT_DAILY
         WHERE RptDt >= DATEADD(day, -60, GETDATE()) AND RptDt < DATEADD(day, -1, GETDATE()) ORDER BY RptDt, LocCd, ProvID`,
      );
    const before = await daily();
    expect(before.length).toBeGreaterThan(10);
    for (let ago = 1; ago <= 60; ago += 1) {
      const run = await admin.post(`/Admin/RunNightly.ashx?dt=${usDateFromToday(-ago)}`, "", formType);
      expect(run.text).toContain("OK\r\n");
    }
    expect(await daily()).toEqual(before);
  });

  it("mends what drifted, and purges old messages", async (context) => {
    const rows = rowsBehind(target, context);
    const day = "CONVERT(datetime, CONVERT(char(8), DATEADD(day, -5, GETDATE()), 112), 112)";
    const visits = async () =>
      (await rows(`SELECT SUM(EncCnt) AS Cnt FROM RPT_DAILY WHERE RptDt = ${day}`))[0]?.["Cnt"];
    const before = await visits();
    await rows(`UPDATE RPT_DAILY SET EncCnt = EncCnt + 7 WHERE RptDt = ${day}`);
    await rows("INSERT INTO IFCMSG (DirCd, MsgTyp, CrtDt) VALUES ('I', 'OLD', DATEADD(day, -400, GETDATE()))");
    const run = await (await target.staff("admin")).post(`/Admin/RunNightly.ashx?dt=${previous}`, "", formType);
    expect(Number(/purged: (\d+)/.exec(run.text)?.[1])).toBeGreaterThanOrEqual(1);
    expect(await visits()).toBe(before);
  });

  it("keeps the run to administrators and reports to those who may have them", async () => {
    expect((await reporter.post("/Admin/RunNightly.ashx", "", formType)).location).toBe(
      "/NoAccess.aspx?p=%2fAdmin%2fRunNightly.ashx",
    );
    const nurse = await target.staff("nurse");
    expect((await nurse.get("/Reports/Export.ashx?rpt=AR")).location).toBe("/NoAccess.aspx?p=%2fReports%2fExport.ashx");
  });
});
