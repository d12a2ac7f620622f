import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readConfig } from "@banyan/kernel";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkTables } from "../dataset-check.ts";
import { amountOf } from "../money.ts";
import { hasValidCheckDigit } from "../mrn.ts";
import { importSynthea } from "./index.ts";

const today = "2026-11-22";
const patientsCsv =
  "Id,BIRTHDATE,DEATHDATE,SSN,FIRST,LAST,SUFFIX,MAIDEN,MARITAL,RACE,ETHNICITY,GENDER,ADDRESS,CITY,STATE,ZIP\n" +
  "p1,1970-05-01,,999-11-2222,Inés12,Núñez77,,O'Neil5,M,white,hispanic,F,1 Elm St,Boston,Massachusetts,02101\n" +
  "p2,1940-01-02,2020-03-04,,Erdős1,Smith-Jones2,JR,,W,asian,nonhispanic,M,,,Massachusetts,\n";
const encountersCsv = (start = "2023-11-05T06:30:00Z") =>
  "Id,START,STOP,PATIENT,ORGANIZATION,PROVIDER,ENCOUNTERCLASS,DESCRIPTION,REASONCODE,REASONDESCRIPTION\n" +
  "e1,2023-11-05T05:30:00Z,2023-11-05T05:45:00Z,p1,o1,d1,ambulatory,Check up,195662009,Acute viral pharyngitis (disorder)\n" +
  `e2,${start},2023-11-05T07:00:00Z,p1,o1,d1,emergency,Chest pain,,\n`;
const observation = (time: string, code: string, value: string, unit: string, category = "vital-signs") =>
  `${time},p1,e1,${category},${code},Something,${value},${unit},numeric\n`;

let dir = "";
const write = (name: string, text: string) => writeFile(join(dir, `${name}.csv`), text);

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "synthea-"));
  await write("patients", patientsCsv);
  await write("encounters", encountersCsv());
  await write("organizations", "Id,NAME,ADDRESS,CITY,STATE,ZIP,PHONE\no1,Main Street Clinic,,,MA,,5551234567\n");
  await write(
    "providers",
    "Id,ORGANIZATION,NAME,SPECIALITY\nd1,o1,Víctor493 Noriega353,GENERAL PRACTICE\nd2,o1,Vera1 Noriegas2,\n",
  );
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe("import of a Synthea export", () => {
  test("missing files are named, each in a warning, and the rest is loaded", async () => {
    const data = await importSynthea({ dir, today });
    for (const name of ["payers", "claims", "observations", "medications"]) {
      expect(data.warnings).toContainEqual(expect.stringContaining(`${name}.csv is not in the export`));
    }
    expect(data.warnings.some((warning) => warning.includes("patients.csv is not"))).toBe(false);
    expect(data.tables.PATMST).toHaveLength(2);
    expect(checkTables(data.tables)).toEqual([]);
  });

  test("a folder without patients is refused", async () => {
    await rm(join(dir, "patients.csv"));
    await expect(importSynthea({ dir, today })).rejects.toMatchObject({ code: "SYNTHEA_NOT_FOUND" });
  });

  test("both instants of the repeated autumn hour become the same local time", async () => {
    const { tables } = await importSynthea({ dir, today });
    expect(tables.ENCMST.map(({ EncDt }) => EncDt)).toEqual(["2023-11-05 01:30:00", "2023-11-05 01:30:00"]);
  });

  test("two measurements an hour apart in that night stay two rows of one encounter", async () => {
    const header = "DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE\n";
    await write(
      "observations",
      header +
        observation("2023-11-05T05:30:00Z", "8867-4", "70.0", "/min") +
        observation("2023-11-05T06:30:00Z", "8867-4", "75.0", "/min"),
    );
    const { tables } = await importSynthea({ dir, today });
    expect(tables.VITALS.map(({ TakenDt, Pulse }) => [TakenDt, Pulse])).toEqual([
      ["2023-11-05 01:30:00", 70],
      ["2023-11-05 01:30:01", 75],
    ]);
  });

  test("centimetres, kilograms and degrees Celsius become inches, pounds and Fahrenheit, rounded", async () => {
    const time = "2023-11-05T05:30:00Z";
    await write(
      "observations",
      "DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE\n" +
        observation(time, "8302-2", "127.9", "cm") +
        observation(time, "29463-7", "27.8", "kg") +
        observation(time, "8310-5", "37.0", "Cel"),
    );
    const { tables } = await importSynthea({ dir, today });
    expect(tables.VITALS).toEqual([expect.objectContaining({ HtIn: "50.35", WtLb: "61.29", TempF: "98.6" })]);
  });

  test("laboratory results are grouped by encounter and date into one order, values kept as text", async () => {
    await write(
      "observations",
      "DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE\n" +
        observation("2023-11-05T05:30:00Z", "2339-0", "99.10", "mg/dL", "laboratory") +
        observation("2023-11-05T05:31:00Z", "4548-4", "5.8", "%", "laboratory") +
        observation("2023-11-06T15:00:00Z", "4548-4", "5.9", "%", "laboratory"),
    );
    const { tables } = await importSynthea({ dir, today });
    expect(tables.LABORD.map(({ OrdNo }) => OrdNo)).toEqual(["L23110500001", "L23110600002"]);
    expect(tables.LABRES.map(({ OrdNo, ResVal }) => [OrdNo, ResVal])).toEqual([
      ["L23110500001", "99.10"],
      ["L23110500001", "5.8"],
      ["L23110600002", "5.9"],
    ]);
    expect(tables.CODETBL.find(({ CodeTyp, CodeVal }) => CodeTyp === "SEQ" && CodeVal === "LABORD")?.NumVal).toBe(2);
  });

  test("names lose Synthea's numbers, keep their accents, and fit the code page", async () => {
    const { tables } = await importSynthea({ dir, today });
    expect(tables.PATMST.map(({ LName, FName }) => `${LName}, ${FName}`)).toEqual([
      "NÚÑEZ, INÉS",
      "SMITH-JONES, ERDOS",
    ]);
    expect(tables.PATMST[0]?.MaidNm).toBe("O'NEIL");
    expect(tables.PATMST[1]?.DeathDt).toBe("2020-03-04 00:00:00");
    expect(tables.USRMST.filter(({ ProvYN }) => ProvYN === "Y").map(({ UsrID, UsrNm }) => `${UsrID} ${UsrNm}`)).toEqual(
      ["VNORIEGA NORIEGA, VÍCTOR", "VNORIEG1 NORIEGAS, VERA"],
    );
  });

  test("a site takes the first four letters of its name, and another ending when they are taken", async () => {
    const { tables } = await importSynthea({ dir, today });
    expect(tables.CLINLOC.map(({ LocCd }) => LocCd)).toEqual(["MAIN", "MAI1"]);
  });

  test("an office visit has a completed appointment, an emergency none; the living get future ones", async () => {
    const { tables } = await importSynthea({ dir, today });
    const done = tables.tblAppointment.filter(({ StatCd }) => StatCd === "CO");
    expect(done.map(({ EncNo, ApptTm, DurMin }) => [EncNo, ApptTm, DurMin])).toEqual([[5_000_001, "0130", 15]]);
    const ahead = tables.tblAppointment.filter(({ ApptDt }) => ApptDt >= today);
    expect(ahead.length).toBeGreaterThan(0);
    expect(new Set(ahead.map(({ PatNo }) => PatNo))).toEqual(new Set([100_001]));
  });

  test("charges, copays, insurer and patient payments settle the account; transfers are no money", async () => {
    await write("payers", "Id,NAME\ni1,Blue Cross Blue Shield\n");
    await write(
      "claims",
      "Id,PATIENTID,PRIMARYPATIENTINSURANCEID,DIAGNOSIS1,DIAGNOSIS2,DIAGNOSIS3,DIAGNOSIS4,APPOINTMENTID,SERVICEDATE,STATUS1,LASTBILLEDDATE1,HEALTHCARECLAIMTYPEID1\n" +
        "c1,p1,i1,195662009,,,,e1,2023-11-05T05:30:00Z,CLOSED,2023-11-06T00:00:00Z,1\n",
    );
    const line = (type: string, method: string, charge: string, paid: string) =>
      `c1,${type},${method},${charge},2023-11-05T05:30:00Z,99213,,1,Visit,${charge},${paid},\n`;
    await write(
      "claims_transactions",
      "CLAIMID,TYPE,METHOD,AMOUNT,FROMDATE,PROCEDURECODE,MODIFIER1,UNITS,NOTES,UNITAMOUNT,PAYMENTS,ADJUSTMENTS\n" +
        line("CHARGE", "", "77.49", "") +
        line("TRANSFEROUT", "", "", "") +
        line("PAYMENT", "COPAY", "", "10.00") +
        line("PAYMENT", "ECHECK", "", "60.01"),
    );
    const { tables } = await importSynthea({ dir, today });
    expect(tables.PMTTRN.map(({ TrnTyp, Amt }) => [TrnTyp, Amt])).toEqual([
      ["CP", "-10.0000"],
      ["IP", "-60.0100"],
    ]);
    expect(tables.PATMST[0]?.AcctBal).toBe("7.4800");
    expect(tables.CLMHDR[0]).toMatchObject({
      ClmNo: "C000000001",
      PayCd: "BLUECR",
      TotAmt: "77.4900",
      PaidAmt: "60.0100",
      PtResp: "17.4800",
    });
  });
});

describe("malformed rows", () => {
  const refused = async (file: string, text: string | Buffer) => {
    await writeFile(join(dir, `${file}.csv`), text);
    return importSynthea({ dir, today }).then(
      () => "accepted",
      (error: Error) => error.message,
    );
  };

  test("a time that is none is named with file, line and column", async () => {
    expect(await refused("encounters", encountersCsv("2023-13-05T06:30:00Z"))).toBe(
      "encounters.csv, line 3: START is neither a date nor a UTC time",
    );
  });

  test("a row with too few fields is named", async () => {
    expect(await refused("patients", `${patientsCsv}p3,1999-01-01\n`)).toBe(
      "patients.csv, line 4: it has another number of fields than the header",
    );
  });

  test("a quotation mark that is never closed is named", async () => {
    expect(await refused("patients", `${patientsCsv}"p3,1999-01-01\n`)).toMatch(
      /^patients\.csv, line \d+: a quotation mark is never closed$/,
    );
  });

  test("a column that is missing is named", async () => {
    expect(await refused("patients", patientsCsv.replace("BIRTHDATE", "BORN"))).toBe(
      "patients.csv, line 1: column BIRTHDATE is missing",
    );
  });

  test("bytes that are not UTF-8 are named by line", async () => {
    const bytes = Buffer.concat([
      Buffer.from(patientsCsv),
      Buffer.from("p3,1999-01-01,,,Jos\xe9,X,,,,,,,,,,\n", "latin1"),
    ]);
    expect(await refused("patients", bytes)).toBe("patients.csv, line 4: it is not UTF-8 text");
  });

  test("a unit nobody measures in, and a value that is no number", async () => {
    const header = "DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE\n";
    const time = "2023-11-05T05:30:00Z";
    expect(await refused("observations", header + observation(time, "8302-2", "170", "furlong"))).toMatch(
      /line 2: UNITS is not a unit/,
    );
    expect(await refused("observations", header + observation(time, "8302-2", "tall", "cm"))).toMatch(
      /line 2: VALUE is not a number/,
    );
  });

  test("an empty value that is needed, and a patient twice", async () => {
    expect(await refused("patients", patientsCsv.replace("Núñez77", ""))).toBe("patients.csv, line 2: LAST is empty");
    expect(await refused("patients", patientsCsv.replace("p2,", "p1,"))).toBe("patients.csv, line 3: Id occurs twice");
  });

  test("rows of patients that are not in the export are left out and counted", async () => {
    await write("encounters", `${encountersCsv()}e3,2023-01-01T00:00:00Z,,nobody,o1,d1,ambulatory,x,,\n`);
    const { warnings } = await importSynthea({ dir, today });
    expect(warnings).toContainEqual("encounters.csv: rows of a patient who is not in patients.csv: 1 left out");
  });
});

const shared = readConfig().BANYAN_SHARED_DATA ?? fileURLToPath(new URL("../../../../../shared/data", import.meta.url));
const real = join(shared, "synthea-native-27");

describe("the public 27-patient export", () => {
  beforeEach((context) => {
    if (!existsSync(real)) context.skip("needs data outside the repository: ../shared/data");
  });

  test("loads whole, without a warning, and adds up", async () => {
    const { tables, warnings } = await importSynthea({ dir: real, today });
    expect(warnings).toEqual([]);
    expect(checkTables(tables)).toEqual([]);
    const lines = async (name: string) =>
      (await readFile(join(real, `${name}.csv`), "utf8")).trimEnd().split("\n").length - 1;
    expect(tables.PATMST).toHaveLength(await lines("patients"));
    expect(tables.ENCMST).toHaveLength(await lines("encounters"));
    expect(tables.CLMHDR).toHaveLength(await lines("claims"));
    expect(tables.RXMST).toHaveLength(await lines("medications"));
    expect(tables.PATMST.every(({ MRN }) => hasValidCheckDigit(MRN))).toBe(true);
    const ledger = [...tables.CHGMST.map(({ ExtAmt }) => ExtAmt), ...tables.PMTTRN.map(({ Amt }) => Amt)];
    expect(tables.PATMST.reduce((sum, { AcctBal }) => sum + amountOf(AcctBal), 0)).toBe(
      ledger.reduce((sum, text) => sum + amountOf(text), 0),
    );
    expect(tables.USRMST.some(({ UsrNm }) => UsrNm === "NORIEGA, VÍCTOR")).toBe(true);
  });

  test("is the same twice", async () => {
    const [one, two] = [await importSynthea({ dir: real, today }), await importSynthea({ dir: real, today })];
    expect(JSON.stringify(one.tables)).toBe(JSON.stringify(two.tables));
  });
});
