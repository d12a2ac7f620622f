/**
 * Row 29: problems, allergies and immunizations, three tabs over the one table PATLIST. Rows are never removed: a wrong
 * one becomes "entered in error" and leaves the screen.
 */

import {
  type Answer,
  button,
  codeList,
  dropDown,
  eventTarget,
  grid,
  type Html,
  html,
  link,
  type Option,
  openPatient,
  p,
  type Page,
  type PageContext,
  panel,
  parseUsDate,
  postBackLink,
  redirect,
  type Sql,
  textBox,
  usDate,
} from "../kit/index.ts";

const title = "Problem List";
const path = "/Clin/ProblemList.aspx";

const tabs = { P: "Problems", A: "Allergies", I: "Immunizations" } as const;
type Tab = keyof typeof tabs;

const statuses: Readonly<Record<string, string>> = { A: "Active", I: "Inactive", R: "Resolved", E: "Entered in error" };
const severities: readonly Option[] = [
  { value: " ", text: "" },
  { value: "M", text: "Mild" },
  { value: "O", text: "Moderate" },
  { value: "S", text: "Severe" },
];

type Item = {
  readonly ListID: number;
  readonly ItemCd: string;
  readonly ItemDs: string;
  readonly OnsetDt: Date | null;
  readonly EndDt: Date | null;
  readonly ReactDs: string;
  readonly SevCd: string;
  readonly StatCd: string;
  readonly EntUsr: string;
};

export const problemListPage: Page = {
  path,
  module: "clin",
  kind: "html",
  access: ["NURS", "PHYS", "ADMN"],
  get: (ctx) => withPatient(ctx, (patNo) => show(ctx, patNo)),
  post: (ctx) => withPatient(ctx, (patNo) => post(ctx, patNo)),
};

async function withPatient(ctx: PageContext, then: (patNo: number) => Promise<Answer>): Promise<Answer> {
  const opened = await openPatient(ctx);
  return opened.kind === "answer" ? opened.answer : then(opened.patient.PatNo);
}

function tabOf(ctx: PageContext): Tab {
  const asked = ctx.query("tab").toUpperCase();
  return asked === "A" || asked === "I" ? asked : "P";
}

const selfUrl = (patNo: number, tab: Tab): string => `${path}?pid=${patNo}&tab=${tab}`;

/** Immunizations come without ORDER BY, as the old page read them. */
function items(sql: Sql, patNo: number, tab: Tab): Promise<Item[]> {
  return sql.query<Item>(
    `SELECT ListID, ItemCd, ItemDs, OnsetDt, EndDt, ReactDs, SevCd, StatCd, EntUsr FROM PATLIST
     WHERE PatNo = @pat AND LstTyp = @typ AND StatCd <> 'E' AND DelYN <> 'Y'${tab === "I" ? "" : " ORDER BY StatCd, ItemDs, ListID"}`,
    { pat: p.int(patNo), typ: p.char(1, tab) },
  );
}

async function show(ctx: PageContext, patNo: number, error?: string): Promise<Answer> {
  const tab = tabOf(ctx);
  const rows = await items(ctx.db, patNo, tab);
  const list = tab === "P" ? await codeList(ctx.db, "DX") : [];
  const codes = list
    .slice(0, 200)
    .map((code) => ({ value: code.CodeVal, text: `${code.CodeVal} ${code.ShortDs || code.LongDs}` }));
  const body = html`<div class="links">${(Object.keys(tabs) as Tab[]).map((key) =>
    key === tab ? html`<b>${tabs[key]}</b> ` : html`${link(selfUrl(patNo, key), tabs[key])} `,
  )}</div>
${ctx.form(html`${listGrid(tab, rows)}${addPanel(ctx, tab, codes, error !== undefined)}`, { action: selfUrl(patNo, tab) })}`;
  return ctx.page({ title, body, ...(error === undefined ? {} : { error }) });
}

function listGrid(tab: Tab, rows: readonly Item[]): Html {
  const allergy = tab === "A";
  return grid({
    id: "gv",
    columns: [
      { header: "Code" },
      { header: tabs[tab] },
      { header: tab === "I" ? "Given" : "Onset" },
      ...(allergy ? [{ header: "Reaction" }, { header: "Severity" }] : []),
      { header: "Status" },
      { header: "Entered by" },
      { header: "" },
    ],
    rows: rows.map((row) => [
      row.ItemCd,
      row.ItemDs,
      usDate(row.OnsetDt),
      ...(allergy ? [row.ReactDs, severities.find((one) => one.value === row.SevCd)?.text ?? row.SevCd] : []),
      row.StatCd === "R" && row.EndDt ? `Resolved ${usDate(row.EndDt)}` : (statuses[row.StatCd] ?? row.StatCd),
      row.EntUsr,
      html`${row.StatCd === "A" && tab !== "I" ? postBackLink("gv", `Resolve$${row.ListID}`, "Resolve") : ""}
${postBackLink("gv", `Error$${row.ListID}`, "Entered in error")}`,
    ]),
    empty: tab === "A" ? "No known allergies recorded." : `No ${tabs[tab].toLowerCase()} recorded.`,
  });
}

function addPanel(ctx: PageContext, tab: Tab, codes: readonly Option[], posted: boolean): Html {
  const typed = (name: string): string => (posted ? ctx.field(name) : "");
  return panel(
    `Add to ${tabs[tab]}`,
    html`${codes.length > 0 ? html`From list ${dropDown("ddlItem", codes, typed("ddlItem"), "")}<br />` : ""}
Code ${textBox("txtItemCd", typed("txtItemCd"), { size: 12, maxLength: 18 })}
Description ${textBox("txtItemDs", typed("txtItemDs"), { size: 50, maxLength: 100 })}
${tab === "I" ? "Given" : "Onset"} ${textBox("txtOnset", typed("txtOnset"), { size: 10, maxLength: 10 })}
${
  tab === "A"
    ? html`Reaction ${textBox("txtReact", typed("txtReact"), { size: 25, maxLength: 60 })} Severity ${dropDown("ddlSev", severities, typed("ddlSev") || " ")}`
    : ""
} ${button("btnAdd", "Add")}`,
  );
}

async function post(ctx: PageContext, patNo: number): Promise<Answer> {
  const tab = tabOf(ctx);
  const command = /^(Resolve|Error)\$(\d{1,9})$/.exec(ctx.rawField("__EVENTARGUMENT"));
  const outcome =
    eventTarget(ctx) === "gv" && command
      ? await changeStatus(ctx, patNo, { listId: Number(command[2]), status: command[1] === "Resolve" ? "R" : "E" })
      : await add(ctx, patNo, tab);
  if ("error" in outcome) return show(ctx, patNo, outcome.error);
  return redirect(`${selfUrl(patNo, tab)}&msg=${outcome.msg}`);
}

type Outcome = { readonly msg: string } | { readonly error: string };

async function changeStatus(
  ctx: PageContext,
  patNo: number,
  change: { listId: number; status: "R" | "E" },
): Promise<Outcome> {
  const changed = await ctx.db.execute(
    "UPDATE PATLIST SET StatCd = @st, EndDt = @end WHERE ListID = @id AND PatNo = @pat AND StatCd <> 'E' AND DelYN <> 'Y'",
    {
      st: p.char(1, change.status),
      end: p.datetime(ctx.now()),
      id: p.int(change.listId),
      pat: p.int(patNo),
    },
  );
  return changed === 0 ? { error: "Entry not found." } : { msg: "SAVED" };
}

async function add(ctx: PageContext, patNo: number, tab: Tab): Promise<Outcome> {
  const code = (ctx.field("txtItemCd").trim() || ctx.field("ddlItem").trim()).toUpperCase();
  if (code.length > 18) return { error: "Code is too long." };
  const known =
    tab === "P" && code !== ""
      ? await ctx.db.first<{ LongDs: string; ShortDs: string }>(
          "SELECT LongDs, ShortDs FROM CODETBL WHERE CodeTyp = 'DX' AND CodeVal = @code",
          { code: p.char(18, code) },
        )
      : undefined;
  const description = ctx.field("txtItemDs").trim() || known?.LongDs || known?.ShortDs || "";
  if (description === "") return { error: "Description is required." };
  const typedOnset = ctx.field("txtOnset").trim();
  const onset = typedOnset === "" ? null : parseUsDate(typedOnset);
  if (onset === undefined) return { error: "Date must be MM/DD/YYYY." };
  if (onset && onset > ctx.now()) return { error: "Date may not be in the future." };
  const severity = ctx.field("ddlSev") || " ";
  if (!severities.some((one) => one.value === severity)) return { error: "Invalid severity." };
  await ctx.db.execute(
    `INSERT INTO PATLIST (PatNo, LstTyp, ItemCd, ItemDs, OnsetDt, ReactDs, SevCd, EncNo, EntUsr, EntDt)
     VALUES (@pat, @typ, @code, @ds, @onset, @react, @sev, @enc, @usr, @now)`,
    {
      pat: p.int(patNo),
      typ: p.char(1, tab),
      code: p.char(18, code),
      ds: p.varchar(100, description),
      onset: p.datetime(onset),
      react: p.varchar(60, tab === "A" ? ctx.field("txtReact").trim() : ""),
      sev: p.char(1, tab === "A" ? severity : " "),
      enc: p.int(ctx.session.CurEncNo ?? null),
      usr: p.char(8, ctx.user.usrId),
      now: p.datetime(ctx.now()),
    },
  );
  return { msg: "ADDED" };
}
