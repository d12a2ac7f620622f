import { describe, expect, it } from "vitest";
import { acknowledgement } from "./hl7-ack.ts";
import { firstSegment, parseHl7 } from "./hl7-message.ts";
import { orderMessage } from "./hl7-order.ts";
import { patientIds, readResults } from "./hl7-result.ts";

const header = "MSH|^~\\&|LABSYS|INHS|EHRPROD|MAIN|20081107120000||ORU^R01|42|P|2.3";

function message(...segments: string[]) {
  const result = parseHl7([header, ...segments].join("\r"));
  if (!result.ok) throw new Error(result.reason);
  return result.message;
}

function firstOrder(...segments: string[]) {
  const read = readResults(message(...segments));
  if (!read.ok) throw new Error(read.text);
  const order = read.orders[0];
  if (!order) throw new Error("no order");
  return order;
}

describe("readResults", () => {
  it("reads an order with its observations and their comments", () => {
    const order = firstOrder(
      "PID|1||0001000012",
      "OBR|1|L08110700001^EHR|A77^LAB|CBC^Blood count|||200811071030",
      "OBX|1|NM|6690-2^Leukocytes^LN||11.2|10*3/uL|4.0-11.0|H|||F|||20081107103500",
      "NTE|1|L|Repeated.",
      "NTE|2|L|Phoned.",
      "OBX|2|SN|1988-5^CRP||<^5|mg/L||N|||P",
    );
    expect(order).toMatchObject({ ordNo: "L08110700001", accnNo: "A77" });
    expect(order.observations[0]).toEqual({
      testCd: "6690-2",
      seqNo: 1,
      testDs: "Leukocytes",
      resVal: "11.2",
      resUnt: "10*3/uL",
      refRng: "4.0-11.0",
      abnFlg: "H",
      resSt: "F",
      obsDt: new Date("2008-11-07T10:35:00.000Z"),
      resCmt: "Repeated. Phoned.",
    });
    expect(order.observations[1]).toMatchObject({
      resVal: "<5",
      abnFlg: "",
      resSt: "P",
      obsDt: new Date("2008-11-07T10:30:00.000Z"),
    });
  });

  it("numbers repeated tests of one order, because the table's key needs it", () => {
    const order = firstOrder("OBR|1|L1", "OBX|1|ST|BC||neg", "OBX|2|ST|BC||pos", "OBX|3|ST|WBC||1");
    expect(order.observations.map((row) => [row.testCd, row.seqNo])).toEqual([
      ["BC", 1],
      ["BC", 2],
      ["WBC", 1],
    ]);
  });

  it("shows the text of a coded value and joins repetitions", () => {
    const order = firstOrder("OBR|1|L1", "OBX|1|CWE|625-4^Culture||27268008^Salmonella^SCT~5^E. coli");
    expect(order.observations[0]?.resVal).toBe("Salmonella; E. coli");
  });

  it("cuts what LABRES cannot hold", () => {
    const order = firstOrder("OBR|1|L1", `OBX|1|TX|${"T".repeat(20)}||${"x".repeat(99)}|${"u".repeat(30)}`);
    const row = order.observations[0];
    expect([row?.testCd.length, row?.resVal.length, row?.resUnt.length]).toEqual([10, 30, 15]);
  });

  it("leaves observations about a specimen or the patient out", () => {
    const order = firstOrder("OBX|1|NM|8867-4||60", "OBR|1|L1", "OBX|1|NM|A||1", "SPM|1", "OBX|1|NM|B||2");
    expect(order.observations.map((row) => row.testCd)).toEqual(["A"]);
  });

  it("says what is missing", () => {
    expect(readResults(message("PID|1"))).toMatchObject({ ok: false, text: "OBR segment missing" });
    expect(readResults(message("OBR|1||X"))).toMatchObject({ ok: false, condition: "requiredField" });
    expect(readResults(message("OBR|1|L1", "OBX|1|NM|||5"))).toMatchObject({ text: "OBX-3 missing in observation 1" });
    const many = Array.from({ length: 101 }, (_, index) => `OBR|${index}|L1`);
    expect(readResults(message(...many))).toMatchObject({ ok: false, condition: "segmentSequence" });
  });
});

it("offers every identifier of a PID that fits an MRN, without doubles", () => {
  const pid = message("PID|1|77|0001000012^^^MR~999-99-9999999^^^SS~0001000012|ALT");
  const segment = firstSegment(pid, "PID");
  expect(segment && patientIds(pid, segment)).toEqual(["0001000012", "77", "ALT"]);
});

describe("acknowledgement", () => {
  const now = new Date("2008-11-07T12:00:01.000Z");

  it("answers the sender with its control id", () => {
    expect(acknowledgement({ message: message(), outcome: { code: "AA" }, now, controlId: "9" })).toBe(
      "MSH|^~\\&|EHRPROD|MAIN|LABSYS|INHS|20081107120001||ACK^R01|9|P|2.3\rMSA|AA|42\r",
    );
  });

  it("names the condition of an error", () => {
    const outcome = { code: "AE", text: "ORDER|NOT FOUND", condition: "unknownKey" } as const;
    expect(acknowledgement({ message: message(), outcome, now, controlId: "9" })).toContain(
      "MSA|AE|42|ORDER\\F\\NOT FOUND|||204^Unknown key identifier\r",
    );
  });

  it("answers even what could not be read", () => {
    const outcome = { code: "AR", text: "Empty message", condition: "segmentSequence" } as const;
    expect(acknowledgement({ message: undefined, outcome, now, controlId: "9" })).toBe(
      "MSH|^~\\&|EHRPROD|MAIN|||20081107120001||ACK|9|P|2.3\rMSA|AR||Empty message|||100^Segment sequence error\r",
    );
  });
});

it("writes an order that our own parser reads back", () => {
  const text = orderMessage({
    ordNo: "L08110700001",
    mrn: "0001000012",
    lName: "O'BRIEN^X",
    fName: "JOSÉ",
    mi: " ",
    dob: new Date("1950-02-03T00:00:00.000Z"),
    sex: "M",
    encNo: 5000001,
    panelCd: "CBC",
    panelDs: "Blood count & diff",
    priority: "S",
    dxCd: "E11.9",
    provId: "JSMITH",
    provName: "SMITH, JANE",
    orderedAt: new Date("2008-11-07T10:30:00.000Z"),
    fasting: true,
    locCd: "MAIN",
  });
  const read = parseHl7(text);
  expect(read.ok && read.message.segments.map((segment) => segment.name)).toEqual([
    "MSH",
    "PID",
    "PV1",
    "ORC",
    "OBR",
    "NTE",
    "DG1",
  ]);
  expect(text).toContain("|O'BRIEN\\S\\X^JOSÉ^ ||19500203|M\r");
  expect(text).toContain(
    "OBR|1|L08110700001||CBC^Blood count \\T\\ diff^L|S|20081107103000|||||||||||JSMITH^SMITH^JANE\r".replace(
      "|||||||||||",
      "||||||||||",
    ),
  );
});
