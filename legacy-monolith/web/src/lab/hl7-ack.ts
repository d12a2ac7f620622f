/**
 * The acknowledgement of a received HL7 message: ACK with MSA AA (taken), AE (understood, but its content is in error)
 * or AR (not understood). Every message gets one, however broken, because senders of the time stop their line without it.
 *
 * Source: HL7 v2.3, section 2.13; condition codes of table 0357.
 */

import { component, escapeHl7, field, firstSegment, type Hl7Message, hl7Stamp, writeHl7 } from "./hl7-message.ts";

const ackConditions = {
  segmentSequence: "100^Segment sequence error",
  requiredField: "101^Required field missing",
  dataType: "102^Data type error",
  unsupportedType: "200^Unsupported message type",
  unsupportedVersion: "203^Unsupported version id",
  unknownKey: "204^Unknown key identifier",
  internal: "207^Application internal error",
} as const;

export type AckCondition = keyof typeof ackConditions;

export type AckRefusal = { readonly code: "AE" | "AR"; readonly text: string; readonly condition: AckCondition };

export type AckOutcome = { readonly code: "AA" } | AckRefusal;

export type AckContext = {
  /** The message that is answered; undefined when it could not be read at all. */
  readonly message: Hl7Message | undefined;
  readonly outcome: AckOutcome;
  /** Server-local time, in the UTC parts of the date. */
  readonly now: Date;
  /** MSH-10 of the answer, unique per answer, at most 20 characters. */
  readonly controlId: string;
};

/** @returns the text of an ACK, segments ending in CR. The sender's application and facility are answered in reverse. */
export function acknowledgement(context: AckContext): string {
  const { message, outcome } = context;
  const msh = message && firstSegment(message, "MSH");
  const own = (position: number): string => (message && msh ? escapeHl7(component(message, msh, { position })) : "");
  const event = message && msh ? escapeHl7(component(message, msh, { position: 9, component: 2 })) : "";
  const controlId = message && msh ? escapeHl7(field(message, msh, 10)) : "";
  const refusal = outcome.code === "AA" ? undefined : outcome;
  return writeHl7([
    [
      "MSH",
      "^~\\&",
      own(5) || "EHRPROD",
      own(6) || "MAIN",
      own(3),
      own(4),
      hl7Stamp(context.now),
      "",
      event === "" ? "ACK" : `ACK^${event}`,
      context.controlId,
      own(11) || "P",
      "2.3",
    ],
    [
      "MSA",
      outcome.code,
      controlId,
      escapeHl7(refusal?.text ?? ""),
      "",
      "",
      refusal ? ackConditions[refusal.condition] : "",
    ],
  ]);
}
