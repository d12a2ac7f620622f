/**
 * Row 25 of the inventory: the visit screen. Front desk lands here after check-in and sees the visit's header only; nurses
 * and physicians write; only a provider signs.
 */

import { type Answer, html, openPatient, type Page, type PageContext, redirect, SqlFailure } from "../kit/index.ts";
import { type EncounterForm, readEncounterForm, unknownDiagnoses } from "./encounter-form.ts";
import { type Encounter, findEncounter, visitNotes } from "./encounter-record.ts";
import { addAddendum, saveVisit, signNote } from "./encounter-save.ts";
import { encounterBody } from "./encounter-view.ts";
import { visitVitals } from "./vitals.ts";

const title = "Encounter";

export const encounterPage: Page = {
  path: "/Clin/Encounter.aspx",
  module: "clin",
  kind: "html",
  access: ["FDSK", "NURS", "PHYS", "ADMN"],
  get: (ctx) => withEncounter(ctx, (encounter) => show(ctx, encounter)),
  post: async (ctx) => {
    if (ctx.user.role === "FDSK") return redirect("/NoAccess.aspx?p=%2fClin%2fEncounter.aspx");
    return withEncounter(ctx, (encounter) => post(ctx, encounter));
  },
};

/** Finds the visit of `enc`, or of the session, and opens its patient. */
async function withEncounter(ctx: PageContext, then: (encounter: Encounter) => Promise<Answer>): Promise<Answer> {
  const encNo = ctx.queryInt("enc") ?? ctx.session.CurEncNo;
  const encounter = encNo === undefined ? undefined : await findEncounter(ctx.db, encNo);
  if (!encounter) {
    return ctx.page({ title, body: html``, error: encNo === undefined ? "No visit selected." : "Visit not found." });
  }
  const opened = await openPatient(ctx, { pid: encounter.PatNo });
  if (opened.kind === "answer") return opened.answer;
  ctx.setCurrent(encounter.PatNo, encounter.EncNo);
  return then(encounter);
}

async function show(ctx: PageContext, encounter: Encounter, error?: string): Promise<Answer> {
  const vitals = await visitVitals(ctx.db, encounter.EncNo);
  const notes = await visitNotes(ctx.db, encounter.EncNo);
  const body = encounterBody(ctx, { encounter, vitals, notes }, error !== undefined);
  return ctx.page({ title, body, ...(error === undefined ? {} : { error }) });
}

/** `error` goes in red onto the same page, with nothing written. */
type Outcome = { readonly msg: string } | { readonly error: string };

async function post(ctx: PageContext, encounter: Encounter): Promise<Answer> {
  const outcome = await press(ctx, encounter);
  if ("error" in outcome) return show(ctx, encounter, outcome.error);
  return redirect(`/Clin/Encounter.aspx?enc=${encounter.EncNo}&msg=${outcome.msg}`);
}

async function press(ctx: PageContext, encounter: Encounter): Promise<Outcome> {
  try {
    if (ctx.hasField("btnAddendum")) return await addendum(ctx, encounter);
    return await saveOrSign(ctx, encounter);
  } catch (error) {
    // NOTE IS SIGNED and SLOT TAKEN come from triggers: fixed texts that the old page showed as they are.
    if (error instanceof SqlFailure && error.raised !== undefined) return { error: error.raised };
    throw error;
  }
}

async function saveOrSign(ctx: PageContext, encounter: Encounter): Promise<Outcome> {
  if (encounter.StatCd !== "O") return { error: "Visit is closed. Use an addendum." };
  const read = readEncounterForm(ctx);
  if (!read.ok) return { error: read.error };
  const { form } = read;
  const unknown = await unknownDiagnoses(ctx.db, encounter, form.dx);
  if (unknown.length > 0) return { error: `Unknown diagnosis code: ${unknown.join(", ")}` };
  const signing = ctx.hasField("btnSign");
  const refusal = signing ? signRefusal(ctx, form) : undefined;
  if (refusal !== undefined) return { error: refusal };
  await ctx.db.transaction(async (tx) => {
    const noteId = await saveVisit(tx, ctx, { encounter, form });
    if (signing && noteId !== undefined) await signNote(tx, ctx, { encounter, noteId });
  });
  return { msg: signing ? "SIGNED" : "SAVED" };
}

function signRefusal(ctx: PageContext, form: EncounterForm): string | undefined {
  if (!ctx.user.provider) return "Only a provider may sign notes.";
  if (form.note.trim() === "") return "Note is empty.";
  if (form.dx.every((code) => code === "")) return "At least one diagnosis is required to sign.";
  return undefined;
}

async function addendum(ctx: PageContext, encounter: Encounter): Promise<Outcome> {
  const text = ctx.field("txtAddendum").trim();
  if (text === "") return { error: "Addendum is empty." };
  const notes = await visitNotes(ctx.db, encounter.EncNo);
  const addOf = notes.find((note) => String(note.NoteID) === ctx.field("ddlAddOf") && note.SgndYN === "Y");
  if (!addOf) return { error: "Addenda are for signed notes only." };
  await ctx.db.transaction((tx) => addAddendum(tx, ctx, { encounter, addOf, text }));
  return { msg: "ADDEND" };
}
