/** Reads the claims of a batch, or one claim, with everything the 837 needs. */

import { moneyText, p, type Sql } from "../kit/index.ts";
import { batchClaimsMax } from "../limits.ts";
import type { ClaimLine, ClaimText } from "./claim-837.ts";

type ClaimRow = {
  readonly ClmNo: string;
  readonly EncNo: number;
  readonly PatNo: number;
  readonly InsSeq: number;
  readonly PayCd: string;
  readonly PolNo: string;
  readonly TotAmt: string;
  readonly Dx1: string;
  readonly Dx2: string;
  readonly Dx3: string;
  readonly Dx4: string;
  readonly LName: string | null;
  readonly FName: string | null;
  readonly DOB: Date | null;
  readonly Sex: string | null;
  readonly Addr1: string | null;
  readonly City: string | null;
  readonly StCd: string | null;
  readonly Zip: string | null;
  readonly UsrNm: string | null;
  readonly NPI: string | null;
  readonly PayerNm: string | null;
};

const claimColumns = `c.ClmNo, c.EncNo, c.PatNo, c.InsSeq, c.PayCd, c.PolNo, ${moneyText("c.TotAmt")}, c.Dx1, c.Dx2, c.Dx3, c.Dx4,
    m.LName, m.FName, m.DOB, m.Sex, m.Addr1, m.City, m.StCd, m.Zip, u.UsrNm, u.NPI, k.LongDs AS PayerNm`;

const claimTables = `FROM CLMHDR AS c
    LEFT JOIN PATMST AS m ON m.PatNo = c.PatNo
    LEFT JOIN ENCMST AS e ON e.EncNo = c.EncNo
    LEFT JOIN USRMST AS u ON u.UsrID = e.ProvID
    LEFT JOIN CODETBL AS k ON k.CodeTyp = 'PAYER' AND k.CodeVal = c.PayCd`;

export async function batchClaims(sql: Sql, batch: string): Promise<ClaimText[]> {
  const rows = await sql.query<ClaimRow>(
    `SELECT TOP (${batchClaimsMax}) ${claimColumns} ${claimTables}
     WHERE c.EDIBat = @bat AND c.StatCd <> 'VD' ORDER BY c.ClmNo`,
    { bat: p.char(8, batch) },
  );
  const claims: ClaimText[] = [];
  for (const row of rows) claims.push(await claimText(sql, row));
  return claims;
}

export async function oneClaim(sql: Sql, clmNo: string): Promise<ClaimText | undefined> {
  const row = await sql.first<ClaimRow>(`SELECT ${claimColumns} ${claimTables} WHERE c.ClmNo = @clm`, {
    clm: p.char(10, clmNo),
  });
  return row && claimText(sql, row);
}

async function claimText(sql: Sql, row: ClaimRow): Promise<ClaimText> {
  const policy = await sql.first<{ GrpNo: string; RelCd: string }>(
    `SELECT TOP (1) GrpNo, RelCd FROM PATINS WHERE PatNo = @pat AND InsSeq = @seq AND DelYN <> 'Y' ORDER BY EffDt DESC`,
    { pat: p.int(row.PatNo), seq: p.tinyint(row.InsSeq) },
  );
  return {
    clmNo: row.ClmNo,
    lName: row.LName ?? "",
    fName: row.FName ?? "",
    dob: row.DOB ?? new Date(0),
    sex: row.Sex ?? "U",
    addr1: row.Addr1 ?? "",
    city: row.City ?? "",
    state: row.StCd ?? "",
    zip: row.Zip ?? "",
    payCd: row.PayCd,
    payerName: row.PayerNm ?? "",
    polNo: row.PolNo,
    grpNo: policy?.GrpNo ?? "",
    relCd: policy?.RelCd ?? "S",
    insSeq: row.InsSeq,
    totAmt: Number(row.TotAmt),
    dx: [row.Dx1, row.Dx2, row.Dx3, row.Dx4],
    provName: row.UsrNm ?? "",
    npi: row.NPI ?? "",
    lines: await claimLines(sql, row),
  };
}

async function claimLines(sql: Sql, row: ClaimRow): Promise<ClaimLine[]> {
  const lines = await sql.query<{
    ProcCd: string;
    Mod1: string;
    Units: number | string;
    ExtAmt: string;
    DxPtr: string;
    SvcDt: Date;
  }>(
    `SELECT ProcCd, Mod1, Units, ${moneyText("ExtAmt")}, DxPtr, SvcDt FROM CHGMST
     WHERE EncNo = @enc AND ClmNo = @clm AND StatCd <> 'V' ORDER BY LnNo`,
    { enc: p.int(row.EncNo), clm: p.char(10, row.ClmNo) },
  );
  return lines.map((line) => ({
    procCd: line.ProcCd,
    mod1: line.Mod1,
    units: Number(line.Units),
    extAmt: Number(line.ExtAmt),
    dxPtr: line.DxPtr,
    svcDt: line.SvcDt,
  }));
}
