/** What the partner laboratory reads of a patient: windows-1252 XML, a fixed order of elements, 200 even when nobody has the MRN. */

import { type Answer, asStored, compactDate, escapeXml, xml1252 } from "@banyan/service-kit/legacy";
import { coverageTable } from "../../mapping/coverage.ts";
import { patientTable } from "../../mapping/patient.ts";
import { coveragesOf } from "../store/coverages.ts";
import { findByMrn } from "../store/patient-reads.ts";
import type { PatientsContext } from "./context.ts";
import { subjectOf } from "./open-record.ts";
import { inLegacyTerms } from "./terms.ts";

export async function patientXml(ctx: PatientsContext): Promise<Answer> {
  const mrn = asStored(ctx.query("mrn").trim(), 20);
  const patient = await findByMrn(ctx.store, mrn);
  await ctx.authorise({
    action: "patient.export",
    ...(patient ? { patient: subjectOf(patient) } : { query: `mrn=${mrn}` }),
  });
  if (!patient) return xml1252('<Error code="NF"/>');
  const { text, date } = inLegacyTerms(patientTable, patient);
  const primary = (await coveragesOf(ctx.store, patient.patient_no)).find(({ rank }) => rank === 1);
  const policy = primary && inLegacyTerms(coverageTable, primary);
  const insurance = policy
    ? `  <Insurance>\r\n${elements("    ", { PayerCode: policy.text("PayCd"), PolicyNo: policy.text("PolNo"), GroupNo: policy.text("GrpNo") })}  </Insurance>\r\n`
    : "";
  return xml1252(
    `<Patient>\r\n${elements("  ", {
      PatNo: String(patient.patient_no),
      MRN: text("MRN"),
      LastName: text("LName"),
      FirstName: text("FName"),
      MI: text("MI"),
      DOB: compactDate(date("DOB") ?? new Date(0)),
      Sex: text("Sex"),
      Address1: text("Addr1"),
      Address2: text("Addr2"),
      City: text("City"),
      State: text("StCd"),
      Zip: text("Zip"),
      Phone: text("HmPhone"),
    })}${insurance}</Patient>`,
  );
}

function elements(indent: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${indent}<${name}>${escapeXml(value)}</${name}>\r\n`)
    .join("");
}
