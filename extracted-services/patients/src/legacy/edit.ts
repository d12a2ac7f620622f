/**
 * Demographics and primary insurance of a patient. The only page with optimistic locking: the version of the record travels in
 * `hdnTS`, and a save on an older one is refused. What a rename does to the copies of other modules, legacy's own trigger
 * does when the change reaches it.
 */

import { commit, rollBack } from "@banyan/service-kit";
import { type Answer, button, hidden, html, panel, redirect } from "@banyan/service-kit/legacy";
import { coveragesOf, savePrimaryPolicy } from "../store/coverages.ts";
import { formLists } from "../store/directory.ts";
import { lockPatient } from "../store/patient-reads.ts";
import { changePatient, editToken, isCurrent, toLegacyRow } from "../store/patient-writes.ts";
import type { PatientsContext } from "./context.ts";
import {
  boxValues,
  type Demographics,
  demographicBoxes,
  demographicCodeSets,
  demographicErrors,
  fromPost,
  recordFrom,
} from "./demographics.ts";
import {
  type Insurance,
  insuranceBoxes,
  insuranceErrors,
  insuranceFromPost,
  payerCodeSet,
  policyFrom,
  primaryInsurance,
} from "./insurance.ts";
import { openRecord, subjectOf } from "./open-record.ts";

const changedByOther = "Record changed by another user";

export async function editForm(ctx: PatientsContext): Promise<Answer> {
  const opened = await openRecord(ctx, { action: "patient.edit-form" });
  if (opened.kind === "answer") return opened.answer;
  const { record } = opened.patient;
  return editPage(ctx, record.patient_no, {
    values: boxValues(record),
    insurance: primaryInsurance(await coveragesOf(ctx.store, record.patient_no), ctx.now()),
    stamp: editToken(record),
    error: "",
  });
}

export async function saveEdit(ctx: PatientsContext): Promise<Answer> {
  const opened = await openRecord(ctx, { action: "patient.edit-form" });
  if (opened.kind === "answer") return opened.answer;
  const pid = opened.patient.record.patient_no;
  const detailUrl = `/Patient/PatDetail.aspx?pid=${pid}`;
  if (ctx.hasField("btnCancel")) return redirect(detailUrl);

  const values = fromPost(ctx);
  const insurance = insuranceFromPost(ctx);
  const stamp = ctx.field("hdnTS");
  const error = [demographicErrors(values, ctx.now()), insuranceErrors(insurance)].filter(Boolean).join(" ");
  if (error) return editPage(ctx, pid, { values, insurance, stamp, error });
  const saved = await save(ctx, pid, { values, insurance, stamp });
  return saved
    ? redirect(`${detailUrl}&msg=SAVED`)
    : editPage(ctx, pid, { values, insurance, stamp, error: changedByOther });
}

type Posted = { readonly values: Demographics; readonly insurance: Insurance; readonly stamp: string };

/** False when the record is no longer the one the form was made from. */
async function save(ctx: PatientsContext, pid: number, { values, insurance, stamp }: Posted): Promise<boolean> {
  const written = await ctx.write(async (tx) => {
    const before = await lockPatient(tx.db, pid);
    const patient = before ? subjectOf(before) : { id: pid };
    tx.require({ action: "patient.edit", patient, object: { type: "Patient", id: pid } });
    if (!before || !isCurrent(before, stamp)) return rollBack(false, "CHANGED BY ANOTHER USER");
    const typed = recordFrom(values, toLegacyRow(before));
    await changePatient(tx, before, typed, { by: ctx.user.usrId, at: ctx.instant() });
    const policy = policyFrom(insurance);
    if (policy && (await savePrimaryPolicy(tx, pid, policy))) {
      tx.require({ action: "patient.edit", patient, object: { type: "Coverage", id: `${pid}/1` } });
    }
    return commit(true);
  });
  return written.value;
}

type Shown = Posted & { readonly error: string };

async function editPage(ctx: PatientsContext, pid: number, shown: Shown): Promise<Answer> {
  const lists = await formLists(ctx.store, [...demographicCodeSets, payerCodeSet]);
  const inner = html`${hidden("hdnTS", shown.stamp)}
<table class="cols" cellspacing="0"><tr><td class="col">${panel("Demographics", demographicBoxes(lists, shown.values))}</td>
<td class="col">${panel("Primary insurance", insuranceBoxes(lists, shown.insurance))}</td></tr></table>
${button("btnSave", "Save")} ${button("btnCancel", "Cancel")}`;
  const form = ctx.form(inner, { action: `/Patient/PatEdit.aspx?pid=${pid}` });
  return ctx.page({ title: "Edit Patient", error: shown.error, body: form });
}
