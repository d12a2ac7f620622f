/** Writes the ORM^O01 that tells the laboratory of a new order; the interface engine takes it from IFCMSG. */

import { escapeHl7, hl7Stamp, writeHl7 } from "./hl7-message.ts";

export type LabOrderMessage = {
  readonly ordNo: string;
  readonly mrn: string;
  readonly lName: string;
  readonly fName: string;
  readonly mi: string;
  /** Dates hold local time in their UTC parts. */
  readonly dob: Date;
  readonly sex: string;
  readonly encNo: number | null;
  readonly panelCd: string;
  readonly panelDs: string;
  readonly priority: "R" | "S";
  readonly dxCd: string;
  readonly provId: string;
  /** LAST, FIRST as in USRMST. */
  readonly provName: string;
  readonly orderedAt: Date;
  readonly fasting: boolean;
  readonly locCd: string;
};

/** @returns HL7 v2.3, segments ending in CR. The message's control id is the order number. */
export function orderMessage(order: LabOrderMessage): string {
  const [provLast = "", provFirst = ""] = order.provName.split(",").map((part) => escapeHl7(part.trim()));
  const provider = `${escapeHl7(order.provId)}^${provLast}^${provFirst}`;
  const stamp = hl7Stamp(order.orderedAt);
  const segments = [
    [
      "MSH",
      "^~\\&",
      "EHRPROD",
      escapeHl7(order.locCd),
      "LABSYS",
      "INHS",
      stamp,
      "",
      "ORM^O01",
      order.ordNo,
      "P",
      "2.3",
    ],
    [
      "PID",
      "1",
      "",
      escapeHl7(order.mrn),
      "",
      `${escapeHl7(order.lName)}^${escapeHl7(order.fName)}^${escapeHl7(order.mi)}`.replace(/\^+$/, ""),
      "",
      hl7Stamp(order.dob).slice(0, 8),
      escapeHl7(order.sex),
    ],
    [
      "PV1",
      "1",
      "O",
      escapeHl7(order.locCd),
      "",
      "",
      "",
      provider,
      ...Array<string>(11).fill(""),
      `${order.encNo ?? ""}`,
    ],
    ["ORC", "NW", order.ordNo, "", "", "", "", "", "", stamp, "", "", provider],
    [
      "OBR",
      "1",
      order.ordNo,
      "",
      `${escapeHl7(order.panelCd)}^${escapeHl7(order.panelDs)}^L`,
      order.priority,
      stamp,
      ...Array<string>(9).fill(""),
      provider,
    ],
  ];
  if (order.fasting) segments.push(["NTE", "1", "P", "PATIENT FASTING"]);
  if (order.dxCd !== "") segments.push(["DG1", "1", "I9", escapeHl7(order.dxCd)]);
  return writeHl7(segments);
}
