import { describe, expect, it } from "vitest";
import { type ClaimText, claimBatch } from "./claim-837.ts";

const claim: ClaimText = {
  clmNo: "C000000007",
  lName: "Muñoz~O'Hara",
  fName: "José*",
  dob: new Date("1950-02-03T00:00:00.000Z"),
  sex: "F",
  addr1: "1 Elm: St",
  city: "Boston",
  state: "MA",
  zip: "021080000",
  payCd: "BCBS  ",
  payerName: "Blue Cross",
  polNo: "X1",
  grpNo: "",
  relCd: "S",
  insSeq: 1,
  totAmt: 125.5,
  dx: ["E11.9             ", "", "I10", ""],
  provName: "SMITH, JANE",
  npi: "1234567893",
  lines: [
    { procCd: "99213", mod1: "25", units: 1, extAmt: 100, dxPtr: "12  ", svcDt: new Date("2008-11-07T00:00:00Z") },
    { procCd: "81002", mod1: "  ", units: 2, extAmt: 25.5, dxPtr: "1", svcDt: new Date("2008-11-07T00:00:00Z") },
  ],
};

const batch = { batch: "20081107", createdAt: new Date("2008-11-07T14:05:00Z") };

describe("claimBatch", () => {
  const lines = claimBatch({ ...batch, claims: [claim] }).split("~\r\n");

  it("keeps the interchange header at its fixed 105 characters before the terminator", () => {
    expect(lines[0]).toHaveLength(105);
    expect(lines[0]?.slice(-1)).toBe(":");
  });

  it("counts the segments of the transaction set, ST and SE included", () => {
    const from = lines.findIndex((line) => line.startsWith("ST*"));
    const to = lines.findIndex((line) => line.startsWith("SE*"));
    expect(lines[to]).toBe(`SE*${to - from + 1}*0001`);
  });

  it("holds subscriber, claim, diagnoses and service lines", () => {
    expect(lines).toContain("NM1*IL*1*MUNOZO'HARA*JOSE****MI*X1");
    expect(lines).toContain("CLM*C000000007*125.5***11::1*Y*A*Y*Y*C");
    expect(lines).toContain("HI*BK:E119*BF:I10");
    expect(lines).toContain("SV1*HC:99213:25*100*UN*1*11**1:2");
    expect(lines).toContain("SV1*HC:81002*25.5*UN*2*11**1");
  });

  it("lets no delimiter out of a value", () => {
    expect(lines.every((line) => !line.includes("\n") && !line.includes("~"))).toBe(true);
    expect(lines).toContain("N3*1 ELM ST");
  });

  it("writes an envelope even for a batch without claims", () => {
    expect(claimBatch({ ...batch, claims: [] })).toContain("SE*11*0001~");
  });
});
