/** The visit screen: header, vitals, diagnoses, note editor, the notes so far. */

import { button, details, dropDown, grid, link, panel, textArea, textBox } from "../kit/index.ts";
import { type Html, html, raw } from "../kit/index.ts";
import type { PageContext } from "../kit/index.ts";
import { usDateTime } from "../kit/index.ts";
import { diagnosisColumns, vitalControl } from "./encounter-form.ts";
import { draftOf, type Encounter, type Note } from "./encounter-record.ts";
import { mayRead, noteTypeName, noteTypes, readerOf, sensitivities } from "./note-access.ts";
import { type VitalName, vitalFields, vitalNames, type VitalsRow } from "./vitals.ts";

export type EncounterView = {
  readonly encounter: Encounter;
  readonly vitals: readonly VitalsRow[];
  readonly notes: readonly Note[];
};

const statuses: Readonly<Record<string, string>> = { O: "Open", C: "Closed", X: "Void" };

/** @param posted shows what was typed instead of what is stored, after a validation error. */
export function encounterBody(ctx: PageContext, view: EncounterView, posted: boolean): Html {
  const open = view.encounter.StatCd === "O";
  const clinical = ctx.user.role !== "FDSK";
  if (!clinical)
    return html`${header(view.encounter)}<p>The visit is open. Clinical content is not shown to this role.</p>`;
  const parts = open ? editor(ctx, view, posted) : closedVisit(ctx, view, posted);
  return html`${header(view.encounter)}${ctx.form(parts)}${open ? autosaveScript(view.encounter.EncNo) : ""}`;
}

function header(encounter: Encounter): Html {
  const enc = encounter.EncNo;
  return html`${panel(
    `Visit ${enc}`,
    details([
      ["Patient", link(`/Patient/Chart.aspx?pid=${encounter.PatNo}`, encounter.PatNm)],
      ["Date", usDateTime(encounter.EncDt)],
      ["Provider", encounter.ProvNm ?? encounter.ProvID],
      ["Location", encounter.LocCd],
      ["Type", encounter.EncTyp],
      ["Reason", encounter.RsnTx],
      ["Status", statuses[encounter.StatCd] ?? encounter.StatCd],
    ]),
  )}
<div class="links">${link(`/Clin/ProblemList.aspx?pid=${encounter.PatNo}`, "Problem List")} |
${link(`/Lab/LabOrder.aspx?enc=${enc}`, "Order Lab")} | ${link(`/Rx/RxNew.aspx?enc=${enc}`, "Prescribe")} |
${link(`/Lab/LabResults.aspx?pid=${encounter.PatNo}`, "Lab Results")}</div>
`;
}

function editor(ctx: PageContext, view: EncounterView, posted: boolean): Html {
  const draft = draftOf(view.notes, ctx.user.usrId);
  const latest = view.vitals[0];
  const shown = (control: string, stored: string): string => (posted ? ctx.field(control) : stored);
  const vitalBox = (name: VitalName): Html =>
    html`<td>${vitalFields[name].label}<br />${textBox(vitalControl(name), shown(vitalControl(name), `${latest?.[name] ?? ""}`), { size: 5, maxLength: 7 })} ${vitalFields[name].unit}</td>`;
  const dxBoxes = diagnosisColumns.map(
    (column) =>
      html`<td>${column} ${textBox(`txt${column}`, shown(`txt${column}`, view.encounter[column]), { size: 12, maxLength: 18 })}</td>`,
  );
  return html`${panel(
    "Visit",
    details([["Reason", textBox("txtRsn", shown("txtRsn", view.encounter.RsnTx), { size: 80, maxLength: 200 })]]),
  )}
${panel("Vital Signs", html`<table class="vit"><tr>${vitalNames.map(vitalBox)}</tr></table><span id="ctl00_cph_lblAuto"></span>${vitalsHistory(view.vitals)}`)}
${panel("Diagnoses", html`<table><tr>${dxBoxes}</tr></table>`)}
${panel(
  "Note",
  html`Type ${dropDown("ddlNotTyp", typeOptions, shown("ddlNotTyp", draft?.NotTyp ?? "PROG"))}
Sensitivity ${dropDown("ddlSens", sensitivityOptions, shown("ddlSens", draft?.SensCd || "N"))}<br />
${textArea("txtNote", shown("txtNote", draft?.NoteTx ?? ""), { rows: 14, cols: 100 })}`,
)}
<div class="btns">${button("btnSave", "Save")} ${button("btnSign", "Sign & Close Visit")}</div>
${panel("Notes of this visit", notesGrid(ctx, view.notes))}`;
}

function closedVisit(ctx: PageContext, view: EncounterView, posted: boolean): Html {
  const signed = view.notes.filter((note) => note.SgndYN === "Y" && note.NotTyp !== "ADDM");
  const choices = signed.map((note) => ({
    value: String(note.NoteID),
    text: `${noteTypeName(note.NotTyp)} ${usDateTime(note.NoteDt)} ${note.AuthNm}`,
  }));
  const addendum =
    view.encounter.StatCd === "C" && choices.length > 0
      ? panel(
          "Addendum",
          html`To ${dropDown("ddlAddOf", choices, posted ? ctx.field("ddlAddOf") : (choices[0]?.value ?? ""))}<br />
${textArea("txtAddendum", posted ? ctx.field("txtAddendum") : "", { rows: 5, cols: 100 })}<br />${button("btnAddendum", "Save Addendum")}`,
        )
      : "";
  const dx = diagnosisColumns.map((column) => view.encounter[column]).filter((code) => code !== "");
  return html`${panel("Vital Signs", vitalsHistory(view.vitals))}
${panel("Diagnoses", html`<p>${dx.join(", ")}</p>`)}
${panel("Notes of this visit", notesGrid(ctx, view.notes))}
${addendum}`;
}

const typeOptions = Object.entries(noteTypes)
  .filter(([value]) => value !== "ADDM")
  .map(([value, text]) => ({ value, text }));
const sensitivityOptions = Object.entries(sensitivities).map(([value, text]) => ({ value, text }));

function vitalsHistory(rows: readonly VitalsRow[]): Html {
  return grid({
    id: "gvVit",
    columns: [
      { header: "Taken" },
      ...vitalNames.map((name) => ({ header: vitalFields[name].label, align: "right" as const })),
      { header: "BMI", align: "right" },
      { header: "By" },
    ],
    rows: rows.map((row) => [
      usDateTime(row.TakenDt),
      ...vitalNames.map((name) => `${row[name] ?? ""}`),
      row.BMI,
      row.EntUsr,
    ]),
    empty: "No vital signs taken.",
  });
}

function notesGrid(ctx: PageContext, notes: readonly Note[]): Html {
  const reader = readerOf(ctx);
  return grid({
    id: "gvNote",
    columns: [
      { header: "Date" },
      { header: "Type" },
      { header: "Author" },
      { header: "Status" },
      { header: "Note" },
      { header: "" },
    ],
    rows: notes.map((note) => [
      usDateTime(note.NoteDt),
      noteTypeName(note.NotTyp),
      note.AuthNm || note.AuthID,
      note.SgndYN === "Y" ? `Signed ${usDateTime(note.SgndDt)}` : "Draft",
      mayRead(note, reader) ? firstLine(note.NoteTx ?? "") : html`<i>Sensitive note</i>`,
      link(`/Clin/NoteView.aspx?nid=${note.NoteID}`, "View"),
    ]),
    empty: "No notes.",
  });
}

function firstLine(text: string): string {
  const line = text.split(/\r\n|\r|\n/, 1)[0] ?? "";
  return line.length > 80 ? `${line.slice(0, 77)}...` : line;
}

/** Posts the vitals to ClinService when a box is left, as the page did since its 2006 release. */
function autosaveScript(encNo: number): Html {
  const ids = vitalNames.map((name) => `${name}:'ctl00_cph_${vitalControl(name)}'`).join(",");
  return raw(`<script type="text/javascript">
//<![CDATA[
(function(){var ids={${ids}};
function save(){var d={enc:${encNo}},k,x=new XMLHttpRequest();
for(k in ids){d[k]=document.getElementById(ids[k]).value;}
x.open('POST','/Services/ClinService.asmx/SaveVitals',true);
x.setRequestHeader('Content-Type','application/json; charset=utf-8');
x.onreadystatechange=function(){if(x.readyState==4){document.getElementById('ctl00_cph_lblAuto').innerHTML=x.status==200?'Vitals saved.':'';}};
x.send(JSON.stringify(d));}
for(var k in ids){document.getElementById(ids[k]).onchange=save;}})();
//]]>
</script>
`);
}
