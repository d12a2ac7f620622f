/**
 * Patient search: names by their beginning (the user's `%` and `_` work, as they always did), and when nothing begins so, by
 * sound. Twenty-five rows a page; sort and page by post-back, with the criteria in the view state.
 */

import {
  type Answer,
  asStored,
  button,
  eventTarget,
  grid,
  type Html,
  html,
  link,
  parseUsDate,
  textBox,
  toInt32,
  usDate,
} from "@banyan/service-kit/legacy";
import { patientTable } from "../../mapping/patient.ts";
import type { Patient } from "../domain/patient.ts";
import { gridRowsMax } from "../limits.ts";
import { type PatientOrder, searchPatients } from "../store/patient-reads.ts";
import type { PatientsContext } from "./context.ts";
import { inLegacyTerms } from "./terms.ts";

const orders = { LName: "name", DOB: "birthDate", MRN: "mrn", Sex: "sex", Phone: "phone" } as const satisfies Record<
  string,
  PatientOrder
>;
type SortColumn = keyof typeof orders;
const isSortColumn = (name: string): name is SortColumn => Object.hasOwn(orders, name);

type Criteria = {
  readonly ln: string;
  readonly fn: string;
  readonly dob: string;
  readonly mrn: string;
  readonly sort: SortColumn;
  readonly desc: boolean;
  readonly page: number;
};

export async function search(ctx: PatientsContext): Promise<Answer> {
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

export async function postSearch(ctx: PatientsContext): Promise<Answer> {
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
  if (verb === "Sort" && isSortColumn(argument)) {
    return answerSearch(ctx, { ...shown, sort: argument, desc: argument === shown.sort && !shown.desc, page: 1 });
  }
  return answerSearch(ctx, shown);
}

/** What the grid that was posted back showed; the boxes may have been typed over since. */
function shownCriteria(ctx: PatientsContext): Partial<Criteria> {
  const state = ctx.viewState;
  if (state["ln"] === undefined) return {};
  const sort = state["sort"] ?? "";
  return {
    ln: state["ln"],
    fn: state["fn"] ?? "",
    dob: state["dob"] ?? "",
    mrn: state["mrn"] ?? "",
    sort: isSortColumn(sort) ? sort : "LName",
    desc: state["desc"] === "1",
    page: Number(state["pg"] ?? "1"),
  };
}

async function answerSearch(ctx: PatientsContext, criteria: Criteria): Promise<Answer> {
  const empty = !criteria.ln && !criteria.fn && !criteria.dob && !criteria.mrn;
  const born = criteria.dob === "" ? undefined : parseUsDate(criteria.dob);
  const badDate = criteria.dob !== "" && !born;
  const error = badDate ? "Invalid date of birth." : empty && ctx.method === "POST" ? "Enter search criteria." : "";
  const { ln, fn, dob, mrn } = criteria;
  // Read while the audit row is being committed; nothing of it leaves before that.
  const [result] = await Promise.all([
    empty || badDate ? html`` : resultGrid(ctx, criteria, born),
    ctx.authorise({ action: "patient.search", query: new URLSearchParams({ ln, fn, dob, mrn }).toString() }),
  ]);
  const state = {
    ln,
    fn,
    dob,
    mrn,
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

async function resultGrid(ctx: PatientsContext, criteria: Criteria, born: Date | undefined): Promise<Html> {
  const found = await searchPatients(
    ctx.store,
    {
      family: asStored(criteria.ln, 30),
      given: asStored(criteria.fn, 20),
      birthDate: born?.toISOString().slice(0, 10),
      mrn: asStored(criteria.mrn, 20),
    },
    { order: orders[criteria.sort], descending: criteria.desc, page: criteria.page, rowsMax: gridRowsMax },
  );
  const note = found.by === "sound" && found.total > 0 ? html`<p>No exact match. Names that sound alike:</p>` : "";
  return html`${note}<p><span id="ctl00_cph_lblCount">${found.total}</span> patient(s) found</p>${grid({
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
    rows: found.patients.map(gridRow),
    empty: "No patients found.",
    pager: { page: found.page, pages: found.pages },
  })}`;
}

function gridRow(patient: Patient): (string | Html)[] {
  const { text, date } = inLegacyTerms(patientTable, patient);
  return [
    text("MRN"),
    link(
      `/Patient/PatDetail.aspx?pid=${patient.patient_no}`,
      `${text("LName")}, ${text("FName")} ${text("MI")}`.trim(),
    ),
    usDate(date("DOB")),
    text("Sex"),
    text("HmPhone"),
    text("PCPID"),
    link(`/Patient/Chart.aspx?pid=${patient.patient_no}`, "Chart"),
  ];
}
