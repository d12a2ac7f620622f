/**
 * Registration. A patient with the same name and birth date is shown first; only a ticked `chkForce` registers another one.
 * The number comes from the block that legacy has set aside, and the MRN follows from it.
 */

import { commit, type WorkResult } from "@banyan/service-kit";
import {
  type Answer,
  asStored,
  button,
  checkBox,
  grid,
  type Html,
  html,
  link,
  panel,
  parseUsDate,
  redirect,
  usDate,
} from "@banyan/service-kit/legacy";
import { patientTable } from "../../mapping/patient.ts";
import type { Patient } from "../domain/patient.ts";
import { savePrimaryPolicy } from "../store/coverages.ts";
import { formLists } from "../store/directory.ts";
import { findAlike } from "../store/patient-reads.ts";
import { registerPatient } from "../store/patient-writes.ts";
import type { PatientsContext } from "./context.ts";
import {
  type Demographics,
  demographicBoxes,
  demographicCodeSets,
  demographicErrors,
  emptyDemographics,
  fromPost,
  recordFrom,
} from "./demographics.ts";
import {
  type Insurance,
  insuranceBoxes,
  insuranceErrors,
  insuranceFromPost,
  noInsurance,
  payerCodeSet,
  policyFrom,
} from "./insurance.ts";
import { inLegacyTerms } from "./terms.ts";

export async function newForm(ctx: PatientsContext): Promise<Answer> {
  return newPage(ctx, { values: emptyDemographics(ctx.user.locCd), insurance: noInsurance, error: "", above: html`` });
}

export async function saveNew(ctx: PatientsContext): Promise<Answer> {
  const values = fromPost(ctx);
  const insurance = insuranceFromPost(ctx);
  const error = [demographicErrors(values, ctx.now()), insuranceErrors(insurance)].filter(Boolean).join(" ");
  if (error) return newPage(ctx, { values, insurance, error, above: html`` });
  if (!ctx.hasField("chkForce")) {
    const alike = await duplicates(ctx, values);
    if (alike.length > 0) {
      return newPage(ctx, { values, insurance, error: "Possible duplicate patient.", above: duplicateList(alike) });
    }
  }
  const patNo = await register(ctx, values, insurance);
  return redirect(`/Patient/PatDetail.aspx?pid=${patNo}&msg=ADDED`);
}

async function register(ctx: PatientsContext, values: Demographics, insurance: Insurance): Promise<number> {
  const written = await ctx.write(async (tx): Promise<WorkResult<number>> => {
    tx.require({ action: "patient.register", object: { type: "Patient", id: "new" } });
    const details = recordFrom(values, patientTable.toLegacy({}));
    const patientNo = await registerPatient(tx, details, { by: ctx.user.usrId, at: ctx.instant() });
    const policy = policyFrom(insurance);
    if (policy) await savePrimaryPolicy(tx, patientNo, policy);
    return commit(patientNo);
  });
  return written.value;
}

function duplicates(ctx: PatientsContext, values: Demographics): Promise<Patient[]> {
  const birthDate =
    parseUsDate(values["DOB"] ?? "")
      ?.toISOString()
      .slice(0, 10) ?? "";
  return findAlike(ctx.store, {
    family: asStored(values["LName"] ?? "", 30),
    given: asStored(values["FName"] ?? "", 20),
    birthDate,
  });
}

function duplicateList(alike: readonly Patient[]): Html {
  const list = grid({
    id: "gvDup",
    columns: [{ header: "MRN" }, { header: "Name" }, { header: "DOB" }, { header: "Sex" }],
    rows: alike.map((patient) => {
      const { text, date } = inLegacyTerms(patientTable, patient);
      return [
        text("MRN"),
        link(`/Patient/PatDetail.aspx?pid=${patient.patient_no}`, `${text("LName")}, ${text("FName")}`),
        usDate(date("DOB")),
        text("Sex"),
      ];
    }),
    empty: "",
  });
  return html`${panel("Existing patients with this name and date of birth", list)}
<p>${checkBox("chkForce", false, "Register as a new patient anyway")}</p>`;
}

type Shown = {
  readonly values: Demographics;
  readonly insurance: Insurance;
  readonly error: string;
  readonly above: Html;
};

async function newPage(ctx: PatientsContext, shown: Shown): Promise<Answer> {
  const lists = await formLists(ctx.store, [...demographicCodeSets, payerCodeSet]);
  const inner = html`${shown.above}
<table class="cols" cellspacing="0"><tr><td class="col">${panel("Demographics", demographicBoxes(lists, shown.values))}</td>
<td class="col">${panel("Primary insurance", insuranceBoxes(lists, shown.insurance))}</td></tr></table>
${button("btnSave", "Save")}`;
  return ctx.page({ title: "New Patient", error: shown.error, body: ctx.form(inner) });
}
