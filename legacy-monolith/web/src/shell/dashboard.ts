/** The home page: what waits for the user today. It reads scheduling, clinical, lab, prescribing, portal and patient tables at once. */

import {
  addDays,
  type Answer,
  type Html,
  grid,
  html,
  link,
  p,
  type PageContext,
  panel,
  usDate,
  usTime,
  wallMidnight,
} from "../kit/index.ts";

/** Rows of a list on the dashboard; the rest is behind the link below it. */
const listRowsMax = 15;

export async function dashboard(ctx: PageContext): Promise<Answer> {
  const [appointments, notes, labs, refills, messages] = await Promise.all([
    todaysAppointments(ctx),
    unsignedNotes(ctx),
    unreviewedLabs(ctx),
    refillRequests(ctx),
    unreadMessages(ctx),
  ]);
  const body = html`<table class="cols" cellspacing="0"><tr><td class="col">
${panel(`Today's appointments - ${usDate(ctx.now())}`, appointments)}
${panel("Refill requests", refills)}
</td><td class="col">
${panel("Unsigned notes", notes)}
${panel("Unreviewed lab results", labs)}
${panel("Messages", html`<span id="ctl00_cph_lblMsgCnt">${messages}</span> unread patient message(s)`)}
</td></tr></table>`;
  return ctx.page({ title: "Home", body });
}

type ApptRow = {
  ApptID: number;
  PatNo: number;
  ApptTm: string;
  PatNm: string;
  ProvNm: string;
  ApTypCd: string;
  StatCd: string;
};

/** A provider's own; everyone else sees the site's. */
async function todaysAppointments(ctx: PageContext): Promise<Html> {
  const own = ctx.user.provider ? "ProvID = @usr" : "LocCd = @loc";
  const rows = await ctx.db.query<ApptRow>(
    `SELECT TOP (${listRowsMax}) ApptID, PatNo, ApptTm, PatNm, ProvNm, ApTypCd, StatCd FROM tblAppointment
     WHERE ApptDt = @today AND ${own} AND PatNo IS NOT NULL AND DelYN <> 'Y' AND StatCd <> 'CX' ORDER BY ApptTm, ApptID`,
    {
      today: p.datetime(wallMidnight(ctx.now())),
      ...(ctx.user.provider ? { usr: p.char(8, ctx.user.usrId) } : { loc: p.char(4, ctx.user.locCd) }),
    },
  );
  return grid({
    id: "gvAppt",
    columns: [
      { header: "Time" },
      { header: "Patient" },
      { header: "Provider" },
      { header: "Type" },
      { header: "Status" },
    ],
    rows: rows.map((row) => [
      link(`/Sched/ApptEdit.aspx?aid=${row.ApptID}`, usTime(row.ApptTm)),
      link(`/Patient/Chart.aspx?pid=${row.PatNo}`, row.PatNm),
      row.ProvNm,
      row.ApTypCd,
      row.StatCd,
    ]),
    empty: "No appointments today.",
  });
}

type NoteRow = { NoteID: number; EncNo: number; PatNm: string; NoteDt: Date; NotTyp: string };

async function unsignedNotes(ctx: PageContext): Promise<Html> {
  const rows = await ctx.db.query<NoteRow>(
    `SELECT TOP (${listRowsMax}) n.NoteID, n.EncNo, e.PatNm, n.NoteDt, n.NotTyp FROM CLINNOTE AS n
     INNER JOIN ENCMST AS e ON e.EncNo = n.EncNo
     WHERE n.AuthID = @usr AND n.SgndYN <> 'Y' AND n.DelYN <> 'Y' ORDER BY n.NoteDt, n.NoteID`,
    { usr: p.char(8, ctx.user.usrId) },
  );
  return grid({
    id: "gvNote",
    columns: [{ header: "Date" }, { header: "Patient" }, { header: "Type" }],
    rows: rows.map((row) => [link(`/Clin/Encounter.aspx?enc=${row.EncNo}`, usDate(row.NoteDt)), row.PatNm, row.NotTyp]),
    empty: "No unsigned notes.",
  });
}

type LabRow = { OrdNo: string; PatNo: number; LName: string; FName: string; PanelDs: string; OrdDt: Date };

async function unreviewedLabs(ctx: PageContext): Promise<Html> {
  const rows = await ctx.db.query<LabRow>(
    `SELECT TOP (${listRowsMax}) l.OrdNo, l.PatNo, m.LName, m.FName, l.PanelDs, l.OrdDt FROM LABORD AS l
     INNER JOIN PATMST AS m ON m.PatNo = l.PatNo
     WHERE l.ProvID = @usr AND l.StatCd IN ('FI', 'CO') AND l.RevYN <> 'Y' ORDER BY l.OrdDt, l.OrdNo`,
    { usr: p.char(8, ctx.user.usrId) },
  );
  return grid({
    id: "gvLab",
    columns: [{ header: "Order" }, { header: "Patient" }, { header: "Panel" }, { header: "Ordered" }],
    rows: rows.map((row) => [
      link(`/Lab/LabResults.aspx?pid=${row.PatNo}&ord=${row.OrdNo}`, row.OrdNo),
      `${row.LName}, ${row.FName}`,
      row.PanelDs,
      usDate(row.OrdDt),
    ]),
    empty: "No results to review.",
  });
}

type RxRow = { RxNo: number; PatNm: string; DrugNm: string; RxDt: Date };

async function refillRequests(ctx: PageContext): Promise<Html> {
  const own = ctx.user.provider ? "AND ProvID = @usr" : "";
  const rows = await ctx.db.query<RxRow>(
    `SELECT TOP (${listRowsMax}) RxNo, PatNm, DrugNm, RxDt FROM RXMST WHERE RefReqYN = 'Y' ${own} ORDER BY RxDt, RxNo`,
    ctx.user.provider ? { usr: p.char(8, ctx.user.usrId) } : {},
  );
  return grid({
    id: "gvRx",
    columns: [{ header: "Rx" }, { header: "Patient" }, { header: "Drug" }, { header: "Written" }],
    rows: rows.map((row) => [
      link(`/Rx/RxRefill.aspx?rx=${row.RxNo}`, String(row.RxNo)),
      row.PatNm,
      row.DrugNm,
      usDate(row.RxDt),
    ]),
    empty: "No refill requests.",
  });
}

/** Messages of patients (FromType 'P') to this user or to the practice at large, of the last 90 days. */
async function unreadMessages(ctx: PageContext): Promise<number> {
  const row = await ctx.db.first<{ Cnt: number }>(
    `SELECT COUNT(*) AS Cnt FROM PORTAL_MSG
     WHERE FromType = 'P' AND IsRead = 0 AND IsDeleted = 0 AND (ToId = @usr OR ToId = '') AND SentOn >= @since`,
    { usr: p.varchar(20, ctx.user.usrId), since: p.datetime(addDays(wallMidnight(ctx.now()), -90)) },
  );
  return row?.Cnt ?? 0;
}
