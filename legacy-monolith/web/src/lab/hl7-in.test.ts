import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createLogger, fixedClock, readConfig } from "@banyan/kernel";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Database, SqlParameters } from "../kit/index.ts";
import { createLegacyWeb, type LegacyWeb } from "../server.ts";
import { hl7InPage } from "./hl7-in.ts";

const interfaceKey = "test-interface-key";
const samples = join(
  readConfig().BANYAN_SHARED_DATA ?? resolve(import.meta.dirname, "../../../../../shared/data"),
  "hl7v2-samples",
);

type Statement = { readonly text: string; readonly values: Readonly<Record<string, unknown>> };

/** A database of one order, L08110700001 of the patient with MRN 0001000012, that remembers what was written. */
function scriptedDatabase() {
  const written: Statement[] = [];
  const note = (text: string, parameters: SqlParameters = {}): void => {
    const values = Object.fromEntries(Object.entries(parameters).map(([name, { value }]) => [name, value]));
    written.push({ text: text.trim(), values });
  };
  const rows = (text: string, parameters: SqlParameters = {}): Record<string, unknown>[] => {
    const known = parameters["ord"]?.value === "L08110700001";
    if (/FROM LABORD/.test(text)) return known ? [{ PatNo: 100001, StatCd: "SN", MRN: "0001000012" }] : [];
    if (/FROM PATMST/.test(text)) return parameters["mrn"]?.value === "0001000012" ? [{ PatNo: 100001 }] : [];
    return [];
  };
  const sql = {
    query: <Row extends object>(text: string, parameters?: SqlParameters) =>
      Promise.resolve(rows(text, parameters) as Row[]),
    first: <Row extends object>(text: string, parameters?: SqlParameters) =>
      Promise.resolve(rows(text, parameters)[0] as Row | undefined),
    execute: (text: string, parameters?: SqlParameters) => {
      note(text, parameters);
      return Promise.resolve(1);
    },
    insertIdentity: (text: string, parameters?: SqlParameters) => {
      note(text, parameters);
      return Promise.resolve(4711);
    },
  };
  const database: Database = { ...sql, transaction: (work) => work(sql), close: () => Promise.resolve() };
  return { database, written };
}

const scripted = scriptedDatabase();
let web: LegacyWeb;

beforeAll(async () => {
  web = await createLegacyWeb({
    database: scripted.database,
    machineKey: "test-machine-key-1",
    sessionKey: "test-session-key-1",
    interfaceKey,
    clock: fixedClock(new Date("2008-11-07T17:00:00Z")),
    logger: createLogger({ name: "test", level: "silent" }),
    host: "127.0.0.1",
    port: 0,
    pages: [hl7InPage],
  });
});
afterAll(() => web.close());
beforeEach(() => {
  scripted.written.length = 0;
});

async function send(body: Buffer | string, key = interfaceKey) {
  const response = await fetch(`${web.url}/interfaces/hl7in.ashx`, {
    method: "POST",
    headers: { "content-type": "text/plain; charset=iso-8859-1", "x-ifc-key": key },
    body: new Uint8Array(typeof body === "string" ? Buffer.from(body, "latin1") : body),
  });
  const text = Buffer.from(await response.arrayBuffer()).toString("latin1");
  return { status: response.status, type: response.headers.get("content-type"), text, msa: text.split("\r")[1] ?? "" };
}

const oru = (...segments: string[]): string =>
  ["MSH|^~\\&|LABSYS|INHS|EHRPROD|MAIN|20081107120000||ORU^R01|42|P|2.3", ...segments, ""].join("\r");
const order = "OBR|1|L08110700001|A77|CBC^Blood count|||200811071030";
const filed = (): Statement | undefined => scripted.written.find((one) => one.text.startsWith("INSERT INTO IFCMSG"));

describe("HL7In", () => {
  it("takes results, files the message and answers in iso-8859-1", async () => {
    const answer = await send(oru("PID|1||0001000012^^^MR", order, "OBX|1|NM|WBC^Leukozyten für alle||11|||H|||F"));
    expect(answer).toMatchObject({ status: 200, type: "text/plain; charset=iso-8859-1", msa: "MSA|AA|42" });
    expect(answer.text.split("\r")[0]).toBe("MSH|^~\\&|EHRPROD|MAIN|LABSYS|INHS|20081107120000||ACK^R01|4711|P|2.3");
    const insert = scripted.written.find((one) => one.text.startsWith("INSERT INTO LABRES"));
    expect(insert?.values).toMatchObject({ test0: "WBC", ds0: "Leukozyten für alle", val0: "11", flg0: "H", st0: "F" });
    expect(filed()?.values).toMatchObject({ typ: "ORU^R01", rtyp: "LAB", rkey: "L08110700001", st: "P" });
  });

  it("writes preliminary results before final ones, so that the trigger does not close the order early", async () => {
    await send(oru(order, "OBX|1|NM|A||1||||||F", "OBX|2|NM|B||2||||||P"));
    const insert = scripted.written.find((one) => one.text.startsWith("INSERT INTO LABRES"));
    expect([insert?.values["test0"], insert?.values["test1"]]).toEqual(["B", "A"]);
  });

  it.each([
    ["an unknown order", oru("OBR|1|L99", "OBX|1|NM|A||1"), "MSA|AE|42|ORDER NOT FOUND|||204^Unknown key identifier"],
    [
      "an order of another patient",
      oru("PID|1||0009999999", order),
      "MSA|AE|42|PATIENT DOES NOT MATCH ORDER|||204^Unknown key identifier",
    ],
    ["results without an order", oru("PID|1"), "MSA|AE|42|OBR segment missing|||100^Segment sequence error"],
    [
      "a type it does not know",
      oru().replace("ORU^R01", "SIU^S12"),
      "MSA|AR|42|Unsupported message type|||200^Unsupported message type",
    ],
    [
      "another standard's version",
      oru().replace("|2.3", "|3.0"),
      "MSA|AR|42|Unsupported version id|||203^Unsupported version id",
    ],
    ["no message", "hello", "MSA|AR||Message does not begin with MSH|||100^Segment sequence error"],
    ["nothing", "", "MSA|AR||Empty message|||100^Segment sequence error"],
  ])("refuses %s, writes nothing of it, and files it as error", async (_name, body, msa) => {
    expect((await send(body)).msa).toBe(msa);
    expect(scripted.written.map((one) => one.text.split(" (")[0])).toEqual(["INSERT INTO IFCMSG"]);
    expect(filed()?.values["st"]).toBe("E");
  });

  it("writes nothing of a message whose second order is unknown", async () => {
    const answer = await send(oru(order, "OBX|1|NM|A||1||||||F", "OBR|2|L08110700099", "OBX|1|NM|A||1||||||F"));
    expect(answer.msa).toContain("ORDER NOT FOUND");
    expect(scripted.written).toHaveLength(1);
  });

  it("keeps an ADT by its patient", async () => {
    const adt = oru("PID|1||77~0001000012^^^MR").replace("ORU^R01", "ADT^A08");
    expect((await send(adt)).msa).toBe("MSA|AA|42");
    expect(filed()?.values).toMatchObject({ typ: "ADT^A08", rtyp: "PAT", rkey: "100001", st: "P" });
  });

  it("opens to no wrong key, and writes nothing then", async () => {
    expect(await send(oru(), "wrong")).toMatchObject({ status: 401, text: "ACCESS DENIED\r\n" });
    expect(scripted.written).toEqual([]);
  });

  it("answers every public sample message with an acknowledgement", async (context) => {
    if (!existsSync(samples)) context.skip("needs data outside the repository: ../shared/data");
    const names = readdirSync(samples).filter((name) => name.endsWith(".hl7"));
    expect(names.length).toBeGreaterThan(100);
    for (const name of names) {
      const answer = await send(readFileSync(join(samples, name)));
      expect({ name, status: answer.status }).toEqual({ name, status: 200 });
      expect(answer.msa, name).toMatch(/^MSA\|A[AER]\|[^|]/);
    }
  });
});
