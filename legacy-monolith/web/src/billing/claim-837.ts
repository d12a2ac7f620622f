/**
 * Writes a batch of professional claims as the clearing house of the time took them: X12 837P, version 004010X098A1, one
 * interchange, one functional group, one transaction set, a claim loop for every claim. Elements are bare of `*`, `~` and
 * `:`, upper case, and in the basic character set, because the clearing house refused whole batches over one accent.
 *
 * Source: segment order of the public 004010X098A1 implementation outline (billing provider, subscriber, claim, service line).
 */

export type ClaimLine = {
  readonly procCd: string;
  readonly mod1: string;
  readonly units: number;
  /** Dollars. */
  readonly extAmt: number;
  /** Pointers such as `12`: diagnosis 1 and 2. */
  readonly dxPtr: string;
  /** Local date in the UTC parts. */
  readonly svcDt: Date;
};

export type ClaimText = {
  readonly clmNo: string;
  readonly lName: string;
  readonly fName: string;
  readonly dob: Date;
  readonly sex: string;
  readonly addr1: string;
  readonly city: string;
  readonly state: string;
  readonly zip: string;
  readonly payCd: string;
  readonly payerName: string;
  readonly polNo: string;
  readonly grpNo: string;
  /** PATINS.RelCd: S self, otherwise the patient depends on the subscriber. */
  readonly relCd: string;
  readonly insSeq: number;
  readonly totAmt: number;
  readonly dx: readonly string[];
  /** LAST, FIRST. */
  readonly provName: string;
  readonly npi: string;
  readonly lines: readonly ClaimLine[];
};

export type Batch = {
  /** YYYYMMDD; also the interchange's reference. */
  readonly batch: string;
  readonly createdAt: Date;
  readonly claims: readonly ClaimText[];
};

function clean(value: string, max: number): string {
  return value
    .normalize("NFD")
    .toUpperCase()
    .replace(/[^A-Z0-9 .,'/()&+-]/g, "")
    .replace(/ +/g, " ")
    .trim()
    .slice(0, max);
}

const segment = (...elements: string[]): string => elements.join("*").replace(/\*+$/, "");
const day = (date: Date): string => date.toISOString().slice(0, 10).replaceAll("-", "");
const amount = (dollars: number): string => String(Math.round(dollars * 100) / 100);
const code = (value: string): string => clean(value, 18).replace(/[ .,]/g, "");

function claimSegments(claim: ClaimText, level: number): string[] {
  const [provLast = "", provFirst = ""] = claim.provName.split(",").map((part) => clean(part, 25));
  const self = claim.relCd.trim() === "S" || claim.relCd.trim() === "";
  const dx = claim.dx.map(code).filter((value) => value !== "");
  const segments = [
    segment("HL", String(level), "1", "22", "0"),
    segment(
      "SBR",
      ["P", "S", "T"][claim.insSeq - 1] ?? "P",
      self ? "18" : "G8",
      clean(claim.grpNo, 15),
      "",
      "",
      "",
      "",
      "",
      "CI",
    ),
    segment("NM1", "IL", "1", clean(claim.lName, 35), clean(claim.fName, 25), "", "", "", "MI", clean(claim.polNo, 20)),
    segment("N3", clean(claim.addr1, 55) || "UNKNOWN"),
    segment("N4", clean(claim.city, 30), clean(claim.state, 2), clean(claim.zip, 15)),
    segment("DMG", "D8", day(claim.dob), /^[MF]$/.test(claim.sex) ? claim.sex : "U"),
    segment("NM1", "PR", "2", clean(claim.payerName, 35) || code(claim.payCd), "", "", "", "", "PI", code(claim.payCd)),
    segment("CLM", code(claim.clmNo), amount(claim.totAmt), "", "", "11::1", "Y", "A", "Y", "Y", "C"),
  ];
  if (dx.length > 0) segments.push(segment("HI", ...dx.map((value, index) => `${index === 0 ? "BK" : "BF"}:${value}`)));
  segments.push(segment("NM1", "82", "1", provLast, provFirst, "", "", "", "XX", code(claim.npi)));
  for (const [index, line] of claim.lines.entries()) {
    const procedure = ["HC", code(line.procCd), code(line.mod1)].filter((part) => part !== "").join(":");
    const pointers =
      line.dxPtr
        .replace(/[^1-4]/g, "")
        .split("")
        .join(":") || "1";
    segments.push(
      segment("LX", String(index + 1)),
      segment("SV1", procedure, amount(line.extAmt), "UN", amount(line.units), "11", "", pointers),
      segment("DTP", "472", "D8", day(line.svcDt)),
      segment("REF", "6R", `${code(claim.clmNo)}-${index + 1}`),
    );
  }
  return segments;
}

/** @returns the interchange, segments ending in `~` and CRLF. `createdAt` holds local time in its UTC parts. */
export function claimBatch({ batch, createdAt, claims }: Batch): string {
  const stamp = createdAt.toISOString();
  const time = stamp.slice(11, 16).replace(":", "");
  const control = batch.padStart(9, "0");
  const pad = (value: string): string => value.padEnd(15);
  const body = [
    segment("ST", "837", "0001"),
    segment("BHT", "0019", "00", batch, day(createdAt), time, "CH"),
    segment("REF", "87", "004010X098A1"),
    segment("NM1", "41", "2", "EHRPROD CLINICS", "", "", "", "", "46", "EHRPROD"),
    segment("PER", "IC", "BILLING OFFICE", "TE", "5555550100"),
    segment("NM1", "40", "2", "CLEARINGHOUSE", "", "", "", "", "46", "CLRHOUSE"),
    segment("HL", "1", "", "20", "1"),
    segment("NM1", "85", "2", "EHRPROD CLINICS", "", "", "", "", "XX", "1999999984"),
    segment("N3", "1 MAIN STREET"),
    segment("N4", "BOSTON", "MA", "02108"),
    ...claims.flatMap((claim, index) => claimSegments(claim, index + 2)),
  ];
  const envelope = [
    `ISA*00*${" ".repeat(10)}*00*${" ".repeat(10)}*ZZ*${pad("EHRPROD")}*ZZ*${pad("CLRHOUSE")}*${day(createdAt).slice(2)}*${time}*U*00401*${control}*0*T*:`,
    segment("GS", "HC", "EHRPROD", "CLRHOUSE", day(createdAt), time, String(Number(batch)), "X", "004010X098A1"),
    ...body,
    segment("SE", String(body.length + 1), "0001"),
    segment("GE", "1", String(Number(batch))),
    segment("IEA", "1", control),
  ];
  return envelope.map((line) => `${line}~\r\n`).join("");
}
