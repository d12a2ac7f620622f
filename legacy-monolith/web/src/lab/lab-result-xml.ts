/** Row 34: an order with its results as XML in windows-1252, for the partner's viewer. */

import { escapeXml, openPatient, type Page, xml1252 } from "../kit/index.ts";
import { findOrder, type LabOrder, type LabResult, orderResults } from "./lab-record.ts";

export const labResultXmlPage: Page = {
  path: "/xml/LabResultXml.aspx",
  module: "lab",
  kind: "xml",
  access: ["NURS", "PHYS", "LABT", "ADMN"],
  get: async (ctx) => {
    const ordNo = ctx.query("ord").trim();
    const order = ordNo === "" ? undefined : await findOrder(ctx.db, ordNo);
    if (!order) return xml1252('<Error code="NF"/>');
    const opened = await openPatient(ctx, { pid: order.PatNo });
    if (opened.kind === "answer") return opened.answer;
    return xml1252(orderXml(order, opened.patient, await orderResults(ctx.db, order.OrdNo)));
  },
};

/** Local time without offset, as the old serialiser wrote it. */
const stamp = (wall: Date | null): string => (wall === null ? "" : wall.toISOString().slice(0, 19));

function orderXml(
  order: LabOrder,
  patient: {
    readonly MRN: string;
    readonly LName: string;
    readonly FName: string;
    readonly DOB: Date;
    readonly Sex: string;
  },
  results: readonly LabResult[],
): string {
  const tag = (name: string, value: string): string => `<${name}>${escapeXml(value)}</${name}>`;
  const lines = results.map(
    (result) => `<Result seq="${result.SeqNo}" status="${escapeXml(result.ResSt)}">
${tag("TestCode", result.TestCd)}${tag("TestName", result.TestDs)}${tag("Value", result.ResVal)}${tag("Units", result.ResUnt)}${tag("Range", result.RefRng)}${tag("Flag", result.AbnFlg)}${tag("Observed", stamp(result.ObsDt))}${tag("Comment", result.ResCmt)}
</Result>
`,
  );
  return `<LabResult order="${escapeXml(order.OrdNo)}" status="${escapeXml(order.StatCd)}">
<Patient mrn="${escapeXml(patient.MRN)}">${tag("LastName", patient.LName)}${tag("FirstName", patient.FName)}${tag("DOB", stamp(patient.DOB).slice(0, 10))}${tag("Sex", patient.Sex)}</Patient>
<Panel code="${escapeXml(order.PanelCd)}">${escapeXml(order.PanelDs)}</Panel>
${tag("Provider", order.ProvID)}${tag("Accession", order.AccnNo)}${tag("Ordered", stamp(order.OrdDt))}${tag("Collected", stamp(order.CollDt))}
<Results>
${lines.join("")}</Results>
</LabResult>
`;
}
