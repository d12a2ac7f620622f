import { decodeChange, type EncodedChange, type RowChange } from "@banyan/service-kit/mapping";
import {
  startTestService,
  startTestServices,
  type TestDatabase,
  type TestService,
  type TestServices,
} from "@banyan/service-kit/test-service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { patientsService } from "../index.ts";
import { filledBoxes, postedForm, seedClinic, testClinic, testMachineKey } from "../test-clinic.ts";

let services: TestServices;
let database: TestDatabase;
let service: TestService;
beforeAll(async () => {
  services = await startTestServices();
  database = await services.database("patients");
  await seedClinic(database);
  await database.open("patient", 1);
  service = await startTestService({ ...patientsService({ machineKey: testMachineKey }), databaseUrl: database.url });
});
afterAll(async () => {
  await service?.stop();
  await services?.stop();
});

const open = testClinic.tables.PATMST.filter((row) => row.RstrYN !== "Y" && row.DelYN !== "Y" && row.MrgToPat === null);
const restricted = testClinic.tables.PATMST.find((row) => row.RstrYN === "Y" && row.DelYN !== "Y")?.PatNo ?? 0;
const desk = { sub: "FDESK1", role: "FDSK" };

async function lastChanges(): Promise<RowChange[]> {
  const row: { changes: EncodedChange[] } | undefined = await database
    .owner("kit.outbox")
    .orderBy("id", "desc")
    .first("changes");
  return (row?.changes ?? []).map(decodeChange);
}

const outboxLength = async (): Promise<number> =>
  Number((await database.owner("kit.outbox").count<{ count: string }[]>())[0]?.count);

async function auditOf(response: Response) {
  const rows: { event: Record<string, unknown> }[] = await database
    .owner("kit.audit_event")
    .whereRaw("event ->> 'requestId' = ?", [response.headers.get("x-request-id") ?? ""])
    .orderBy("seq")
    .select("event");
  return rows.map(({ event }) => event);
}

async function stampOf(pid: number): Promise<string> {
  const form = await (await service.send(`/Patient/PatEdit.aspx?pid=${pid}`, desk)).text();
  return /name="ctl00\$cph\$hdnTS"[^>]*value="([0-9A-F]{16})"/.exec(form)?.[1] ?? "";
}

async function edit(
  pid: number,
  fields: Readonly<Record<string, string>>,
  init: { dryRun?: true } = {},
): Promise<Response> {
  const form = postedForm("/Patient/PatEdit.aspx", filledBoxes({ hdnTS: await stampOf(pid), ...fields }));
  return service.send(`/Patient/PatEdit.aspx?pid=${pid}`, desk, { ...form, ...init });
}

describe("an edit", () => {
  test("tells legacy the columns it changed, before and after, in legacy's own terms", async () => {
    const row = open[1] ?? expect.fail("no patient");
    await edit(row.PatNo, { txtLName: "Peña", txtMI: "q" });
    const response = await edit(row.PatNo, { txtLName: "Peña-Roe", ddlSex: "F", chkVIPYN: "on", ddlRaceCd: "AS" });
    expect(response.headers.get("location")).toBe(`/Patient/PatDetail.aspx?pid=${row.PatNo}&msg=SAVED`);
    const [change] = await lastChanges();
    expect(change).toMatchObject({
      table: "PATMST",
      key: { PatNo: row.PatNo },
      old: { LName: "PEÑA", MI: "Q", Sex: "M", RaceCd: "WH" },
      new: { LName: "PEÑA-ROE", MI: " ", Sex: "F", RaceCd: "AS", VIPYN: "Y" },
    });
    expect(Object.keys(change?.new ?? {})).not.toContain("RowVer");
    expect(change?.new?.["ModDt"]).toMatch(/\.\d\d[037]$/);
  });

  test("with a new primary policy ends the one before, both in one entry, and audits record and coverage", async () => {
    const row = open[2] ?? expect.fail("no patient");
    await edit(row.PatNo, { ddlPayCd: "BCBS", txtPolNo: "A1", txtEffDt: "01/01/2026" });
    const response = await edit(row.PatNo, {
      ddlPayCd: "AETNA",
      txtPolNo: "B2",
      txtEffDt: "11/01/2026",
      txtCopayAmt: "$25",
    });
    const changes = (await lastChanges()).filter(({ table }) => table === "PATINS");
    expect(changes).toMatchObject([
      { key: { InsSeq: 1, EffDt: "2026-01-01 00:00:00.000" }, new: { TermDt: "2026-10-31 00:00:00.000" } },
      {
        key: { PatNo: row.PatNo, InsSeq: 1, EffDt: "2026-11-01 00:00:00.000" },
        old: null,
        new: { PayCd: "AETNA ", PolNo: "B2", CopayAmt: "25.0000", TermDt: "9999-12-31 00:00:00.000", DelYN: "N" },
      },
    ]);
    const audit = await auditOf(response);
    expect(audit.map(({ subtype, patient, object }) => [subtype, patient, object])).toEqual([
      ["edit-form", String(row.PatNo), null],
      ["update", String(row.PatNo), `Patient/${row.PatNo}`],
      ["update", String(row.PatNo), `Coverage/${row.PatNo}/1`],
    ]);
  });

  test("on an older version is refused, changes nothing, and the refusal is audited", async () => {
    const row = open[3] ?? expect.fail("no patient");
    const stale = await stampOf(row.PatNo);
    await edit(row.PatNo, { txtNoteTx: "first" });
    const before = await outboxLength();
    const response = await edit(row.PatNo, { hdnTS: stale, txtNoteTx: "second" });
    expect([response.status, (await response.text()).includes("Record changed by another user")]).toEqual([200, true]);
    expect(await outboxLength()).toBe(before);
    expect((await auditOf(response)).at(-1)).toMatchObject({
      subtype: "update",
      outcome: 4,
      reason: "CHANGED BY ANOTHER USER",
    });
  });

  test("as a dry run answers what it would have answered, stale forms too, and leaves record and outbox alone", async () => {
    const row = open[4] ?? expect.fail("no patient");
    const before = await database.owner("patient").where({ patient_no: row.PatNo }).first("version", "note");
    const entries = await outboxLength();
    const dry = await edit(row.PatNo, { txtNoteTx: "dry" }, { dryRun: true });
    expect(dry.headers.get("location")).toBe(`/Patient/PatDetail.aspx?pid=${row.PatNo}&msg=SAVED`);
    const stale = await edit(row.PatNo, { hdnTS: "0000000000000000" }, { dryRun: true });
    expect(await stale.text()).toContain("Record changed by another user");
    expect(await database.owner("patient").where({ patient_no: row.PatNo }).first("version", "note")).toEqual(before);
    expect(await outboxLength()).toBe(entries);
  });

  test("with letters that legacy's code page has not is stored as legacy would store it", async () => {
    const row = open[5] ?? expect.fail("no patient");
    await edit(row.PatNo, { txtLName: "Łukasz", txtNoteTx: "€ – ✓" });
    expect(await database.owner("patient").where({ patient_no: row.PatNo }).first("family_name", "note")).toEqual({
      family_name: "?UKASZ",
      note: "€ – ?",
    });
  });

  test("of two at once from the same form, one is taken and the other refused", async () => {
    const row = open[6] ?? expect.fail("no patient");
    const hdnTS = await stampOf(row.PatNo);
    const answers = await Promise.all(["one", "two"].map((txtNoteTx) => edit(row.PatNo, { hdnTS, txtNoteTx })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 302]);
  });
});

describe("a registration", () => {
  const register = (fields: Readonly<Record<string, string>> = {}) =>
    service.send("/Patient/PatNew.aspx", desk, postedForm("/Patient/PatNew.aspx", filledBoxes(fields)));

  test("takes a number of the reserved block, makes the MRN from it, and tells legacy the whole row", async () => {
    const response = await register({ txtLName: "NEWMAN", ddlPayCd: "BCBS", txtPolNo: "N1", txtEffDt: "01/01/2026" });
    const pid = Number(/pid=(\d+)&msg=ADDED$/.exec(response.headers.get("location") ?? "")?.[1]);
    expect(pid).toBeGreaterThanOrEqual(500_001);
    const [patient, policy] = await lastChanges();
    expect(patient).toMatchObject({
      table: "PATMST",
      key: { PatNo: pid },
      old: null,
      new: {
        LName: "NEWMAN",
        DOB: "1961-02-03 00:00:00.000",
        DeathDt: "9999-12-31 00:00:00.000",
        HIPAADt: "1900-01-01 00:00:00.000",
        AcctBal: "0.0000",
        DelYN: "N",
        CrtUsr: "FDESK1  ",
      },
    });
    expect(patient?.new?.["MRN"]).toMatch(new RegExp(`^000${pid}\\d$`));
    expect(policy).toMatchObject({ table: "PATINS", key: { PatNo: pid, InsSeq: 1 }, old: null });
    expect((await auditOf(response)).at(-1)).toMatchObject({ subtype: "create", action: "C", outcome: 0 });
  });

  test("of somebody with the same name and birth date is asked about first, whatever the case of the letters", async () => {
    await register({ txtLName: "TWIN" });
    const asked = await register({ txtLName: "twin" });
    const page = await asked.text();
    expect([asked.status, page.includes("Possible duplicate patient."), page.includes("gvDup")]).toEqual([
      200,
      true,
      true,
    ]);
    expect((await register({ txtLName: "twin", chkForce: "on" })).status).toBe(302);
  });

  test("when the block is used up is 503 and leaves nothing", async () => {
    await database.owner("kit.id_block").update({ next_id: 500_101 });
    const before = await outboxLength();
    const response = await register({ txtLName: "TOOLATE" });
    expect([response.status, response.headers.get("x-banyan-refusal")]).toEqual([503, "ids-exhausted"]);
    expect(await outboxLength()).toBe(before);
    expect(await database.owner("patient").where({ family_name: "TOOLATE" })).toEqual([]);
  });
});

describe("break-glass", () => {
  const page = "/Patient/BreakGlass.aspx";
  const glass = (fields: Readonly<Record<string, string>>) =>
    service.send(`${page}?pid=${restricted}`, { sub: "NURSE1", role: "NURS" }, postedForm(page, fields));

  test("wants a reason, tells the legacy session, and keeps the reason in the audit only", async () => {
    const refused = await glass({ txtReason: " ", btnBreak: "Open Record" });
    expect([refused.status, refused.headers.get("x-banyan-break-glass-patient")]).toEqual([200, null]);
    const opened = await glass({ txtReason: "Unconscious in ER", btnBreak: "Open Record" });
    expect(opened.headers.get("location")).toBe(`/Patient/Chart.aspx?pid=${restricted}`);
    expect(opened.headers.get("x-banyan-break-glass-patient")).toBe(String(restricted));
    const query = Buffer.from("reason=Unconscious in ER").toString("base64");
    expect((await auditOf(opened)).at(-1)).toMatchObject({
      subtype: "break-glass",
      patient: String(restricted),
      query,
      outcome: 0,
    });
  });

  test("opens the chart for the one patient whose number the token carries", async () => {
    const chart = `/Patient/Chart.aspx?pid=${restricted}`;
    const shut = await service.send(chart, { sub: "NURSE1", role: "NURS" });
    expect(shut.headers.get("location")).toContain(`/Patient/BreakGlass.aspx?pid=${restricted}`);
    expect((await auditOf(shut)).at(-1)).toMatchObject({ rule: "deny:restricted", outcome: 4 });
    const open = await service.send(chart, { sub: "NURSE1", role: "NURS", btg: restricted });
    expect(open.status).toBe(200);
    expect((await auditOf(open)).at(-1)).toMatchObject({
      breakGlass: String(restricted),
      agent: { purposeOfUse: "ETREAT" },
    });
  });
});
