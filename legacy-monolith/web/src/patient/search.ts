/**
 * Patient search: names by their beginning (the user's `%` and `_` work, as they always did), and when nothing begins so, by
 * sound (SOUNDEX of the last name). Twenty-five rows a page; sort and page by post-back, with the criteria in the view state.
 */

import {
  type Answer,
  button,
  eventTarget,
  grid,
  type Html,
  html,
  link,
  p,
  type PageContext,
  parseUsDate,
  type SqlParameters,
  textBox,
  toInt32,
  usDate,
} from "../kit/index.ts";
import { gridRowsMax } from "../limits.ts";

const sortColumns = { LName: "LName, FName", DOB: "DOB", MRN: "MRN", Sex: "Sex", Phone: "HmPhone" } as const;
type SortColumn = keyof typeof sortColumns;

type Criteria = {
  readonly ln: string;
  readonly fn: string;
  readonly dob: string;
  readonly mrn: string;
  readonly sort: SortColumn;
  readonly desc: boolean;
  readonly page: number;
};

export async function search(ctx: PageContext): Promise<Answer> {
  const page = ctx.queryInt("pg") ?? 1;
  return answerSearch(ctx, {
    ln: ctx.query("ln").trim(),
    fn: ctx.query("fn").trim(),
    dob: ctx.query("dob").trim(),
    mrn: ctx.query("mrn").trim(),
    sort: "LName",
    desc: false,
    page,
  });
}

export async function postSearch(ctx: PageContext): Promise<Answer> {
  const typed = {
    ln: ctx.field("txtLName").trim(),
    fn: ctx.field("txtFName").trim(),
    dob: ctx.field("txtDOB").trim(),
    mrn: ctx.field("txtMRN").trim(),
  };
  const fresh: Criteria = { ...typed, sort: "LName", desc: false, page: 1 };
  if (eventTarget(ctx) !== "gv") return answerSearch(ctx, fresh);
  const [verb = "", argument = ""] = ctx.rawField("__EVENTARGUMENT").split("$");
  const shown = { ...fresh, ...shownCriteria(ctx) };
  if (verb === "Page") return answerSearch(ctx, { ...shown, page: toInt32("page", argument) });
  if (verb === "Sort" && Object.hasOwn(sortColumns, argument)) {
    const sort = argument as SortColumn;
    return answerSearch(ctx, { ...shown, sort, desc: sort === shown.sort && !shown.desc, page: 1 });
  }
  return answerSearch(ctx, shown);
}

/** What the grid that was posted back showed; the boxes may have been typed over since. */
function shownCriteria(ctx: PageContext): Partial<Criteria> {
  const state = ctx.viewState;
  if (state["ln"] === undefined) return {};
  const sort = state["sort"] ?? "";
  return {
    ln: state["ln"],
    fn: state["fn"] ?? "",
    dob: state["dob"] ?? "",
    mrn: state["mrn"] ?? "",
    sort: Object.hasOwn(sortColumns, sort) ? (sort as SortColumn) : "LName",
    desc: state["desc"] === "1",
    page: Number(state["pg"] ?? "1"),
  };
}

async function answerSearch(ctx: PageContext, criteria: Criteria): Promise<Answer> {
  const empty = !criteria.ln && !criteria.fn && !criteria.dob && !criteria.mrn;
  const born = criteria.dob === "" ? undefined : parseUsDate(criteria.dob);
  const badDate = criteria.dob !== "" && !born;
  const error = badDate ? "Invalid date of birth." : empty && ctx.method === "POST" ? "Enter search criteria." : "";
  const result = empty || badDate ? html`` : await resultGrid(ctx, criteria, born);
  const state = {
    ln: criteria.ln,
    fn: criteria.fn,
    dob: criteria.dob,
    mrn: criteria.mrn,
    sort: criteria.sort,
    desc: criteria.desc ? "1" : "0",
    pg: String(criteria.page),
  };
  const boxes = html`<table class="dtl" cellspacing="0"><tr>
<td class="lbl">Last name</td><td>${textBox("txtLName", criteria.ln, { maxLength: 30 })}</td>
<td class="lbl">First name</td><td>${textBox("txtFName", criteria.fn, { maxLength: 20, size: 15 })}</td>
<td class="lbl">DOB</td><td>${textBox("txtDOB", criteria.dob, { maxLength: 10, size: 10 })}</td>
<td class="lbl">MRN</td><td>${textBox("txtMRN", criteria.mrn, { maxLength: 10, size: 12 })}</td>
<td>${button("btnSearch", "Search")}</td><td><a href="/Patient/PatNew.aspx">New patient</a></td></tr></table>
`;
  return ctx.page({ title: "Patient Search", error, body: ctx.form(html`${boxes}${result}`, { state }) });
}

type Found = {
  PatNo: number;
  MRN: string;
  LName: string;
  FName: string;
  MI: string;
  DOB: Date;
  Sex: string;
  HmPhone: string;
  PCPID: string;
};

async function resultGrid(ctx: PageContext, criteria: Criteria, born: Date | undefined): Promise<Html> {
  let where = byName(criteria, born, "LName LIKE @ln");
  let total = await count(ctx, where);
  const sounds = total === 0 && criteria.ln !== "";
  if (sounds) {
    where = byName(criteria, born, "SndxLN = SOUNDEX(@sx)");
    total = await count(ctx, where);
  }
  const pages = Math.max(1, Math.ceil(total / gridRowsMax));
  const page = Math.min(Math.max(criteria.page, 1), pages);
  const order = sortColumns[criteria.sort]
    .split(", ")
    .map((column) => `${column}${criteria.desc ? " DESC" : ""}`)
    .join(", ");
  const rows = await ctx.db.query<Found>(
    `SELECT PatNo, MRN, LName, FName, MI, DOB, Sex, HmPhone, PCPID FROM PATMST WHERE ${where.text}
     ORDER BY ${order}, PatNo OFFSET ${(page - 1) * gridRowsMax} ROWS FETCH NEXT ${gridRowsMax} ROWS ONLY`,
    where.parameters,
  );
  const note = sounds && total > 0 ? html`<p>No exact match. Names that sound alike:</p>` : "";
  return html`${note}<p><span id="ctl00_cph_lblCount">${total}</span> patient(s) found</p>${grid({
    id: "gv",
    columns: [
      { header: "MRN", sort: "MRN" },
      { header: "Name", sort: "LName" },
      { header: "DOB", sort: "DOB" },
      { header: "Sex", sort: "Sex" },
      { header: "Phone", sort: "Phone" },
      { header: "PCP" },
      { header: "" },
    ],
    rows: rows.map((row) => [
      row.MRN,
      link(`/Patient/PatDetail.aspx?pid=${row.PatNo}`, `${row.LName}, ${row.FName} ${row.MI}`.trim()),
      usDate(row.DOB),
      row.Sex,
      row.HmPhone,
      row.PCPID,
      link(`/Patient/Chart.aspx?pid=${row.PatNo}`, "Chart"),
    ]),
    empty: "No patients found.",
    pager: { page, pages },
  })}`;
}

type Where = { readonly text: string; readonly parameters: SqlParameters };

function byName(criteria: Criteria, born: Date | undefined, lastName: string): Where {
  const parts = ["DelYN <> 'Y'", "MrgToPat IS NULL"];
  const parameters: Record<string, SqlParameters[string]> = {};
  if (criteria.ln !== "") {
    parts.push(lastName);
    if (lastName.includes("@ln")) parameters["ln"] = p.varchar(31, `${criteria.ln.slice(0, 30)}%`);
    else parameters["sx"] = p.varchar(30, criteria.ln);
  }
  if (criteria.fn !== "") {
    parts.push("FName LIKE @fn");
    parameters["fn"] = p.varchar(21, `${criteria.fn.slice(0, 20)}%`);
  }
  if (born) {
    parts.push("DOB = @dob");
    parameters["dob"] = p.datetime(born);
  }
  if (criteria.mrn !== "") {
    parts.push("MRN = @mrn");
    parameters["mrn"] = p.varchar(20, criteria.mrn);
  }
  return { text: parts.join(" AND "), parameters };
}

async function count(ctx: PageContext, where: Where): Promise<number> {
  const row = await ctx.db.first<{ Cnt: number }>(
    `SELECT COUNT(*) AS Cnt FROM PATMST WHERE ${where.text}`,
    where.parameters,
  );
  return row?.Cnt ?? 0;
}
