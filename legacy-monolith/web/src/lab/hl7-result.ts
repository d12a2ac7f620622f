/**
 * Reads an ORU^R01: which order of ours each OBR group answers, and its observations cut to what the table LABRES holds.
 * Texts that are too long are cut, as the interface did from the first day; nobody was ever told.
 */

import {
  component,
  field,
  type Hl7Message,
  type Hl7Segment,
  readHl7Stamp,
  repetitions,
  unescapeHl7,
} from "./hl7-message.ts";
import type { AckCondition } from "./hl7-ack.ts";
import { hl7OrdersMax } from "../limits.ts";

/** One row of LABRES to be. `obsDt` holds local time in its UTC parts. */
export type ResultObservation = {
  readonly testCd: string;
  readonly seqNo: number;
  readonly testDs: string;
  readonly resVal: string;
  readonly resUnt: string;
  readonly refRng: string;
  readonly abnFlg: string;
  readonly resSt: "P" | "F" | "C" | "X";
  readonly obsDt: Date | undefined;
  readonly resCmt: string;
};

export type ResultOrder = {
  /** OBR-2, the number the EHR gave the order. */
  readonly ordNo: string;
  /** OBR-3, the laboratory's own number. */
  readonly accnNo: string;
  readonly collDt: Date | undefined;
  readonly observations: readonly ResultObservation[];
};

export type ResultRead =
  | { readonly ok: true; readonly orders: readonly ResultOrder[] }
  | { readonly ok: false; readonly text: string; readonly condition: AckCondition };

type Group = { obr: Hl7Segment; observations: { obx: Hl7Segment; notes: Hl7Segment[] }[] };

export function readResults(message: Hl7Message): ResultRead {
  const groups = groupByOrder(message);
  if (typeof groups === "string") return { ok: false, text: groups, condition: "segmentSequence" };
  if (groups.length === 0) return { ok: false, text: "OBR segment missing", condition: "segmentSequence" };
  if (groups.length > hl7OrdersMax) {
    return { ok: false, text: `More than ${hl7OrdersMax} OBR segments`, condition: "segmentSequence" };
  }
  const orders: ResultOrder[] = [];
  for (const group of groups) {
    const ordNo = component(message, group.obr, { position: 2 });
    if (ordNo === "") return { ok: false, text: "OBR-2 placer order number missing", condition: "requiredField" };
    const observations = readObservations(message, group);
    if (typeof observations === "string") return { ok: false, text: observations, condition: "requiredField" };
    orders.push({
      ordNo: ordNo.slice(0, 12),
      accnNo: component(message, group.obr, { position: 3 }).slice(0, 20),
      collDt: readHl7Stamp(component(message, group.obr, { position: 7 })),
      observations,
    });
  }
  return { ok: true, orders };
}

/** OBX and NTE belong to the segment before them. An OBX before the first OBR is an observation about the patient: skipped. */
function groupByOrder(message: Hl7Message): Group[] | string {
  const groups: Group[] = [];
  let specimen = false;
  for (const segment of message.segments) {
    const group = groups.at(-1);
    if (segment.name === "OBR") groups.push({ obr: segment, observations: [] });
    if (segment.name === "OBR") specimen = false;
    if (segment.name === "SPM") specimen = true;
    if (segment.name === "OBX" && !specimen) group?.observations.push({ obx: segment, notes: [] });
    if (segment.name === "NTE" && !specimen) group?.observations.at(-1)?.notes.push(segment);
  }
  return groups;
}

function readObservations(message: Hl7Message, group: Group): ResultObservation[] | string {
  const rows: ResultObservation[] = [];
  const taken = new Map<string, number>();
  for (const [index, { obx, notes }] of group.observations.entries()) {
    const testCd = component(message, obx, { position: 3 }).slice(0, 10);
    if (testCd === "") return `OBX-3 missing in observation ${index + 1}`;
    // The key of LABRES does not tell cases apart.
    const seqNo = (taken.get(testCd.toUpperCase()) ?? 0) + 1;
    taken.set(testCd.toUpperCase(), seqNo);
    rows.push({
      testCd,
      seqNo,
      testDs: (component(message, obx, { position: 3, component: 2 }) || testCd).slice(0, 100),
      resVal: readValue(message, obx).slice(0, 30),
      resUnt: component(message, obx, { position: 6 }).slice(0, 15),
      refRng: unescapeHl7(field(message, obx, 7), message.delimiters).slice(0, 25),
      abnFlg: readFlag(component(message, obx, { position: 8 })),
      resSt: readStatus(component(message, obx, { position: 11 })),
      obsDt:
        readHl7Stamp(component(message, obx, { position: 14 })) ??
        readHl7Stamp(component(message, group.obr, { position: 7 })),
      resCmt: notes
        .map((note) => component(message, note, { position: 3 }))
        .filter((text) => text !== "")
        .join(" ")
        .slice(0, 255),
    });
  }
  return rows;
}

/** OBX-5 by OBX-2: a structured number keeps its comparator, a coded value shows its text, repetitions are joined. */
function readValue(message: Hl7Message, obx: Hl7Segment): string {
  const type = component(message, obx, { position: 2 });
  const { delimiters } = message;
  const texts = repetitions(message, obx, 5).map((raw) => {
    const parts = raw.split(delimiters.component).map((part) => unescapeHl7(part, delimiters).trim());
    if (type === "SN") return parts.slice(0, 4).join("");
    if (type === "CE" || type === "CWE" || type === "CNE") return parts[1] || parts[0] || "";
    if (type === "NM" || type === "ST" || type === "TX" || type === "FT") return parts.join(" ").trim();
    return parts[0] ?? "";
  });
  return texts
    .map((text) => (text === '""' ? "" : text))
    .filter((text) => text !== "")
    .join("; ");
}

/** OBX-8: normal results carry no flag in LABRES, so that the page may print any flag in red. */
function readFlag(flag: string): string {
  return flag === "N" ? "" : flag.slice(0, 2).toUpperCase();
}

/** OBX-11 (table 0085) in the four states LABRES knows; what is neither final, corrected nor cancelled is preliminary. */
function readStatus(status: string): ResultObservation["resSt"] {
  if (status === "F" || status === "U") return "F";
  if (status === "C" || status === "W") return "C";
  if (status === "X" || status === "D") return "X";
  return "P";
}

/** Candidates for the patient's number: every PID-3 repetition's id, then PID-2 and PID-4 as v2.3 senders use them. */
export function patientIds(message: Hl7Message, pid: Hl7Segment): string[] {
  const ids = [3, 2, 4].flatMap((position) =>
    repetitions(message, pid, position).map((raw) =>
      unescapeHl7(raw.split(message.delimiters.component, 1)[0] ?? "", message.delimiters).trim(),
    ),
  );
  return [...new Set(ids.filter((id) => id !== "" && id.length <= 10))].slice(0, 10);
}
