/** What the partner laboratory reads of a patient: windows-1252 XML, a fixed order of elements, 200 even when nobody has the MRN. */

import { type Answer, compactDate, escapeXml, p, type PageContext, xml1252 } from "../kit/index.ts";
import { policies } from "./insurance.ts";

type XmlRow = {
  PatNo: number;
  MRN: string;
  LName: string;
  FName: string;
  MI: string;
  DOB: Date;
  Sex: string;
  Addr1: string;
  Addr2: string;
  City: string;
  StCd: string;
  Zip: string;
  HmPhone: string;
};

export async function patientXml(ctx: PageContext): Promise<Answer> {
  const row = await ctx.db.first<XmlRow>(
    `SELECT PatNo, MRN, LName, FName, MI, DOB, Sex, Addr1, Addr2, City, StCd, Zip, HmPhone FROM PATMST
     WHERE MRN = @mrn AND DelYN <> 'Y' AND MrgToPat IS NULL`,
    { mrn: p.varchar(20, ctx.query("mrn").trim()) },
  );
  if (!row) return xml1252('<Error code="NF"/>');
  const primary = (await policies(ctx.db, row.PatNo)).find((policy) => policy.InsSeq === 1);
  const insurance = primary
    ? `  <Insurance>\r\n${elements("    ", { PayerCode: primary.PayCd, PolicyNo: primary.PolNo, GroupNo: primary.GrpNo })}  </Insurance>\r\n`
    : "";
  return xml1252(
    `<Patient>\r\n${elements("  ", {
      PatNo: String(row.PatNo),
      MRN: row.MRN,
      LastName: row.LName,
      FirstName: row.FName,
      MI: row.MI,
      DOB: compactDate(row.DOB),
      Sex: row.Sex,
      Address1: row.Addr1,
      Address2: row.Addr2,
      City: row.City,
      State: row.StCd,
      Zip: row.Zip,
      Phone: row.HmPhone,
    })}${insurance}</Patient>`,
  );
}

function elements(indent: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${indent}<${name}>${escapeXml(value)}</${name}>\r\n`)
    .join("");
}
