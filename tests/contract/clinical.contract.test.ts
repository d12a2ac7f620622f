/** Rows 25-29 of the URL inventory: visit, vitals autosave, notes on screen and on paper, problem list; and what a restricted patient asks for. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser } from "./browser.ts";
import { type ClinicVisit, formType, logInAs, openVisit, submit } from "./clinic-visit.ts";
import { type ContractTarget, contractTarget, rowsBehind } from "./target.ts";

let target: ContractTarget;
let physician: Browser;
let nurse: Browser;
let visit: ClinicVisit;

beforeAll(async () => {
  target = await contractTarget();
  physician = await target.staff("physician");
  nurse = await target.staff("nurse");
  visit = await openVisit(target);
});
afterAll(() => target?.close());

const page = (encNo: number): string => `/Clin/Encounter.aspx?enc=${encNo}`;
const note = { ddlNotTyp: "PROG", ddlSens: "N", txtNote: "Feels better.\r\nContinue." };

describe("row 25: the visit", () => {
  it("shows the editor to clinicians and only the visit's header to the desk", async () => {
    expect((await physician.get(page(visit.encNo))).text).toContain('name="ctl00$cph$txtNote"');
    const desk = await (await target.staff("frontDesk")).get(page(visit.encNo));
    expect(desk.status).toBe(200);
    expect(desk.text).toContain(`Visit ${visit.encNo}`);
    expect(desk.text).not.toContain("txtNote");
  });

  it("keeps billing out", async () => {
    const refused = await (await target.staff("billing")).get(page(visit.encNo));
    expect(refused).toMatchObject({ status: 302, location: "/NoAccess.aspx?p=%2fClin%2fEncounter.aspx" });
  });

  it("saves to itself with msg=SAVED and shows what was saved", async () => {
    const saved = await submit(physician, page(visit.encNo), {
      ...note,
      txtRsn: "Follow-up – café",
      txtDx1: "I10",
      txtHt: "70",
      txtWt: "180.5",
      txtSys: "120",
      txtDia: "80",
      btnSave: "Save",
    });
    expect(saved).toMatchObject({ status: 302, location: `${page(visit.encNo)}&msg=SAVED` });
    const shown = await physician.get(saved.location);
    expect(shown.text).toContain("Changes saved.");
    expect(shown.text).toContain("Follow-up – café");
    expect(shown.text).toContain("Feels better.");
    expect(shown.text).toContain("25.9");
  });

  it.each([
    [{ txtTemp: "999" }, "Temp must be between"],
    [{ txtDx1: "NOSUCHDX" }, "Unknown diagnosis code: NOSUCHDX"],
    [{ txtDx1: "I10", txtDx2: "i10" }, "A diagnosis is entered twice."],
  ])("answers 200 with a red label to %j", async (fields, error) => {
    const refused = await submit(physician, page(visit.encNo), { ...fields, btnSave: "Save" });
    expect(refused.status).toBe(200);
    expect(/<span id="ctl00_cph_lblErr"[^>]*>([^<]*)/.exec(refused.text)?.[1]).toContain(error);
  });

  it("lets no nurse sign, and nobody without a diagnosis", async () => {
    const fields = { ...note, btnSign: "Sign" };
    expect((await submit(nurse, page(visit.encNo), fields)).text).toContain("Only a provider may sign notes.");
    const bare = await submit(physician, page(visit.encNo), { ...fields, txtDx1: "" });
    expect(bare.text).toContain("At least one diagnosis is required to sign.");
  });

  it("signs, closes the visit and charges it", async () => {
    const signed = await submit(physician, page(visit.encNo), { ...note, txtDx1: "I10", btnSign: "Sign" });
    expect(signed).toMatchObject({ status: 302, location: `${page(visit.encNo)}&msg=SIGNED` });
    const closed = await physician.get(page(visit.encNo));
    expect(closed.text).toContain("Closed");
    expect(closed.text).toContain("btnAddendum");
    const biller = await target.staff("billing");
    const charges = await biller.get(`/Billing/ChargeEntry.aspx?enc=${visit.encNo}`);
    expect(charges.text).toContain("99213");
  });

  it("does behind the page what signing always did: charge, total, balance, appointment, last visit", async (context) => {
    const rows = rowsBehind(target, context);
    const [enc] = await rows(
      `SELECT e.StatCd, e.ChgTot, m.AcctBal, a.StatCd AS ApptSt, CASE WHEN m.LastVst = a.ApptDt THEN 1 ELSE 0 END AS Seen
       FROM ENCMST AS e INNER JOIN PATMST AS m ON m.PatNo = e.PatNo INNER JOIN tblAppointment AS a ON a.ApptID = e.ApptID
       WHERE e.EncNo = @enc`,
      { enc: visit.encNo },
    );
    expect(enc).toMatchObject({ StatCd: "C", ApptSt: "CO", Seen: 1 });
    const [charge] = await rows(
      `SELECT c.ProcCd, c.ExtAmt, p.NumVal FROM CHGMST AS c INNER JOIN CODETBL AS p ON p.CodeTyp = 'PROC' AND p.CodeVal = c.ProcCd
       WHERE c.EncNo = @enc`,
      { enc: visit.encNo },
    );
    expect(Number(charge?.["ExtAmt"])).toBe(Number(charge?.["NumVal"]) / 100);
    expect([Number(enc?.["ChgTot"]), Number(enc?.["AcctBal"])]).toEqual(Array(2).fill(Number(charge?.["ExtAmt"])));
  });

  it("takes an addendum to a signed note and nothing else", async () => {
    const added = await submit(physician, page(visit.encNo), { txtAddendum: "Phoned patient.", btnAddendum: "Save" });
    expect(added).toMatchObject({ status: 302, location: `${page(visit.encNo)}&msg=ADDEND` });
    const late = await submit(physician, page(visit.encNo), { ...note, btnSave: "Save" });
    expect(late).toMatchObject({ status: 200 });
    expect(late.text).toContain("Visit is closed. Use an addendum.");
  });

  it("answers an unknown visit with 200, a malformed number with 500, a missing view state with 500", async () => {
    const unknown = await physician.get("/clin/ENCOUNTER.aspx?ENC=1");
    expect(unknown.status).toBe(200);
    expect(unknown.text).toContain("Visit not found.");
    expect((await physician.get("/Clin/Encounter.aspx?enc=abc")).status).toBe(500);
    expect((await physician.post(page(visit.encNo), "ctl00%24cph%24btnSave=Save", formType)).status).toBe(500);
  });
});

describe("row 26: SaveVitals", () => {
  const service = "/Services/ClinService.asmx/SaveVitals";
  const vitals = { ht: "70", wt: 182, temp: null, sys: 118, dia: 76, pulse: 64, resp: "", o2: "", pain: "" };

  it("saves and answers with the measurement", async () => {
    const { encNo } = await openVisit(target);
    const reply = await nurse.call(service, { enc: encNo, ...vitals });
    expect(reply.status, reply.text).toBe(200);
    expect(reply.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(reply.text).toMatch(
      new RegExp(`^\\{"d":\\{"EncNo":${encNo},"TakenDt":"\\\\/Date\\(\\d+\\)\\\\/","BMI":"26\\.1"\\}\\}$`),
    );
  });

  it("answers errors with 500 and a Message", async () => {
    const bad = await nurse.call(service, { enc: visit.encNo, ...vitals });
    expect(bad.status).toBe(500);
    expect(JSON.parse(bad.text)).toMatchObject({ Message: "Visit is closed." });
    expect((await nurse.call(service, { enc: 1, ...vitals })).text).toContain("Visit not found.");
  });

  it("answers 401 without a ticket", async () => {
    const reply = await target.visitor().call(service, { enc: visit.encNo, ...vitals });
    expect(reply.status).toBe(401);
    expect(reply.headers.get("jsonerror")).toBe("true");
    expect(JSON.parse(reply.text)).toMatchObject({ Message: "Authentication failed." });
  });
});

describe("rows 27 and 28: reading and printing a note", () => {
  let sensitive: ClinicVisit;
  let noteId: string;

  beforeAll(async () => {
    sensitive = await openVisit(target);
    await submit(physician, page(sensitive.encNo), {
      ...note,
      ddlSens: "P",
      txtNote: "Secret matter.",
      btnSave: "Save",
    });
    const shown = await physician.get(page(sensitive.encNo));
    noteId = /NoteView\.aspx\?nid=(\d+)/.exec(shown.text)?.[1] ?? "";
    expect(noteId).not.toBe("");
  });

  it("opens a psychotherapy note to its author", async () => {
    const reply = await physician.get(`/Clin/NoteView.aspx?nid=${noteId}`);
    expect(reply.status).toBe(200);
    expect(reply.text).toContain("Secret matter.");
    expect(reply.text).toContain("DRAFT - NOT SIGNED");
  });

  it("sends another reader to break the glass, and opens it after that", async () => {
    const other = await logInAs(target, "TOBRIEN");
    expect((await other.get(page(sensitive.encNo))).text).not.toContain("Secret matter.");
    const refused = await other.get(`/Clin/NoteView.aspx?nid=${noteId}`);
    expect(refused).toMatchObject({
      status: 302,
      location: `/Patient/BreakGlass.aspx?pid=${sensitive.patNo}&ReturnUrl=%2fClin%2fNoteView.aspx%3fnid%3d${noteId}`,
    });
    expect((await other.get(`/Handlers/NotePrint.ashx?nid=${noteId}`)).status).toBe(302);
    await submit(other, refused.location, { txtReason: "Emergency", btnBreak: "Open Record" });
    expect((await other.get(`/Clin/NoteView.aspx?nid=${noteId}`)).text).toContain("Secret matter.");
  });

  it("prints a PDF into the browser", async () => {
    const reply = await physician.get(`/handlers/noteprint.ashx?nid=${noteId}&fmt=pdf`);
    expect(reply.status).toBe(200);
    expect(reply.headers.get("content-type")).toBe("application/pdf");
    expect(reply.headers.get("content-disposition")).toBe(`inline; filename=Note_${noteId}.pdf`);
    expect(reply.bytes.subarray(0, 5).toString()).toBe("%PDF-");
  });

  it("answers an unknown note with 200", async () => {
    expect((await physician.get("/Clin/NoteView.aspx?nid=0")).text).toContain("Note not found.");
    expect((await physician.get(`/Handlers/NotePrint.ashx?nid=${noteId}&fmt=doc`)).text).toBe("ERROR: Unknown format");
  });

  it("leaves an audit row for each view and print", async (context) => {
    const rows = await rowsBehind(target, context)(
      "SELECT ActCd, COUNT(*) AS Cnt FROM AUDITLOG WHERE ObjTyp = 'CLINNOTE' AND ObjKey = @nid GROUP BY ActCd ORDER BY ActCd",
      { nid: noteId },
    );
    expect(rows).toMatchObject([{ ActCd: "PRNT" }, { ActCd: "VIEW" }]);
  });
});

describe("row 29: problem list", () => {
  const list = (tab: string): string => `/Clin/ProblemList.aspx?pid=${visit.patNo}&tab=${tab}`;

  it("adds to each tab and comes back to it", async () => {
    const problem = await submit(physician, list("P"), { txtItemCd: "I10", txtItemDs: "", btnAdd: "Add" });
    expect(problem).toMatchObject({ status: 302, location: `${list("P")}&msg=ADDED` });
    const allergy = await submit(nurse, list("A"), {
      txtItemDs: "Sesam ñ",
      txtReact: "HIVES",
      ddlSev: "S",
      btnAdd: "Add",
    });
    expect(allergy.location).toBe(`${list("A")}&msg=ADDED`);
    const shown = await nurse.get(list("A"));
    expect(shown.text).toContain("Sesam ñ");
    expect(shown.text).toContain("HIVES");
    const shot = await submit(nurse, list("I"), {
      txtItemCd: "140",
      txtItemDs: "Influenza",
      txtOnset: "10/01/2020",
      btnAdd: "Add",
    });
    expect(shot.location).toBe(`${list("I")}&msg=ADDED`);
    expect((await nurse.get(list("I"))).text).toContain("10/01/2020");
  });

  it("resolves a problem by post-back", async () => {
    const before = await physician.get(list("P"));
    const argument = /Resolve\$\d+/.exec(before.text)?.[0] ?? "";
    const resolved = await submit(physician, list("P"), { __EVENTTARGET: "ctl00$cph$gv", __EVENTARGUMENT: argument });
    expect(resolved.location).toBe(`${list("P")}&msg=SAVED`);
    expect((await physician.get(list("P"))).text).not.toContain(argument);
  });

  it("refuses an empty description and a date that is none with 200", async () => {
    expect((await submit(nurse, list("A"), { btnAdd: "Add" })).text).toContain("Description is required.");
    const bad = await submit(nurse, list("A"), { txtItemDs: "X", txtOnset: "2020-01-01", btnAdd: "Add" });
    expect(bad).toMatchObject({ status: 200 });
    expect(bad.text).toContain("Date must be MM/DD/YYYY.");
  });

  it("takes the patient from the session when the query names none", async () => {
    await nurse.get(list("P"));
    expect((await nurse.get("/Clin/ProblemList.aspx")).text).toContain(visit.mrn);
  });
});

describe("a restricted patient", () => {
  it("asks for break-glass on every clinical page, once a session", async (context) => {
    const rows = rowsBehind(target, context);
    const [restricted] = await rows<{ PatNo: number; EncNo: number }>(
      `SELECT TOP (1) m.PatNo, e.EncNo FROM PATMST AS m INNER JOIN ENCMST AS e ON e.PatNo = m.PatNo
       WHERE m.RstrYN = 'Y' AND m.DelYN <> 'Y' ORDER BY e.EncNo`,
    );
    const patNo = restricted?.PatNo ?? 0;
    const pages = [
      page(restricted?.EncNo ?? 0),
      `/Clin/ProblemList.aspx?pid=${patNo}`,
      `/Lab/LabResults.aspx?pid=${patNo}`,
      `/Lab/LabOrder.aspx?enc=${restricted?.EncNo}`,
      `/Rx/RxList.aspx?pid=${patNo}`,
      `/Rx/RxNew.aspx?enc=${restricted?.EncNo}`,
    ];
    const reader = await target.staff("physician");
    const asked = [];
    for (const path of pages) asked.push((await reader.get(path)).location);
    for (const location of asked) expect(location).toMatch(`/Patient/BreakGlass.aspx?pid=${patNo}&ReturnUrl=`);
    await submit(reader, asked[0] ?? "", { txtReason: "Emergency", btnBreak: "Open Record" });
    for (const path of pages) expect((await reader.get(path)).status).toBe(200);
  });
});
