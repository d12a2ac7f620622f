/**
 * Row 33: messages from the laboratory and the hospital. Steps:
 * 1. key, size, characters (iso-8859-1, whatever the sender says)
 * 2. parse; what can not be read is AR
 * 3. ORU^R01 writes results, ADT is matched to a patient and kept; other types are AR
 * 4. one IFCMSG row for every message, then the ACK, whose control id is that row's number
 *
 * A refused message leaves its IFCMSG row with the error and nothing else.
 */

import { type Answer, p, type Page, type PageContext, sameSecret, type Sql, text } from "../kit/index.ts";
import { hl7BodyBytesMax, queueTextCharsMax } from "../limits.ts";
import { acknowledgement, type AckOutcome, type AckRefusal } from "./hl7-ack.ts";
import { component, firstSegment, type Hl7Message, parseHl7 } from "./hl7-message.ts";
import { patientIds, readResults, type ResultOrder } from "./hl7-result.ts";
import { type LockedOrder, lockOrder, writeOrderResults } from "./result-writer.ts";

export const hl7InPage: Page = {
  path: "/Interfaces/HL7In.ashx",
  module: "interface",
  kind: "ashx",
  access: "anonymous",
  post: async (ctx) => {
    if (!sameSecret(ctx.header("x-ifc-key"), ctx.server.interfaceKey)) return denied();
    return text(await receive(ctx), "iso-8859-1");
  },
};

/** Machines get 401: a redirect to the log-in page would be taken for success by an interface engine. */
function denied(): Answer {
  return { ...text("ACCESS DENIED\r\n", "iso-8859-1"), status: 401 };
}

type Handled = {
  readonly outcome: AckOutcome;
  /** IFCMSG.RefTyp and RefKey: what the message is about. */
  readonly ref?: { readonly type: string; readonly key: string };
};

/** @returns the text of the ACK. */
async function receive(ctx: PageContext): Promise<string> {
  const tooLong = ctx.rawBody.length > hl7BodyBytesMax;
  // NUL is no character of a message, and no `text` column holds it on every server.
  const raw = ctx.rawBody.subarray(0, hl7BodyBytesMax).toString("latin1").replaceAll("\u0000", " ");
  const parsed = tooLong ? ({ ok: false, reason: "Message is too long" } as const) : parseHl7(raw);
  const message = parsed.ok ? parsed.message : undefined;
  const now = ctx.now();
  const { outcome, msgId } = await ctx.db.transaction(async (tx) => {
    const handled: Handled = parsed.ok
      ? await handle(tx, parsed.message, now)
      : { outcome: { code: "AR", text: parsed.reason, condition: "segmentSequence" } };
    return { outcome: handled.outcome, msgId: await file(tx, { message, raw, handled, now }) };
  });
  return acknowledgement({ message, outcome, now, controlId: String(msgId) });
}

function handle(tx: Sql, message: Hl7Message, now: Date): Promise<Handled> {
  const msh = firstSegment(message, "MSH");
  const type = component(message, msh, { position: 9 });
  const event = component(message, msh, { position: 9, component: 2 });
  const version = component(message, msh, { position: 12 });
  const reject = (text: string, condition: AckRefusal["condition"]) =>
    Promise.resolve<Handled>({ outcome: { code: "AR", text, condition } });
  if (component(message, msh, { position: 10 }) === "") return reject("MSH-10 control id missing", "requiredField");
  if (!/^2\.\d/.test(version)) return reject("Unsupported version id", "unsupportedVersion");
  if (type === "ORU" && event === "R01") return takeResults(tx, message, now);
  if (type === "ADT" && /^A\d\d$/.test(event)) return takeAdt(tx, message);
  return reject("Unsupported message type", "unsupportedType");
}

/** All orders of a message are locked and checked before the first of them is written. */
async function takeResults(tx: Sql, message: Hl7Message, now: Date): Promise<Handled> {
  const read = readResults(message);
  if (!read.ok) return { outcome: { code: "AE", text: read.text, condition: read.condition } };
  const pid = firstSegment(message, "PID");
  const ids = pid ? patientIds(message, pid) : [];
  const ref = { type: "LAB", key: read.orders[0]?.ordNo ?? "" };
  const checked: { order: ResultOrder; locked: LockedOrder }[] = [];
  for (const order of read.orders.toSorted((a, b) => (a.ordNo < b.ordNo ? -1 : 1))) {
    const found = await lockOrder(tx, order.ordNo, ids);
    if ("refusal" in found) return { outcome: found.refusal, ref };
    checked.push({ order, locked: found.locked });
  }
  for (const { order, locked } of checked) await writeOrderResults(tx, order, { locked, now });
  return { outcome: { code: "AA" }, ref };
}

/** Admissions of the hospital are kept for the desk, by patient; demographics are never taken over from them. */
async function takeAdt(tx: Sql, message: Hl7Message): Promise<Handled> {
  const pid = firstSegment(message, "PID");
  if (!pid) return { outcome: { code: "AE", text: "PID segment missing", condition: "segmentSequence" } };
  for (const id of patientIds(message, pid)) {
    const patient = await tx.first<{ PatNo: number }>("SELECT PatNo FROM PATMST WHERE MRN = @mrn AND DelYN <> 'Y'", {
      mrn: p.char(10, id),
    });
    if (patient) return { outcome: { code: "AA" }, ref: { type: "PAT", key: String(patient.PatNo) } };
  }
  return { outcome: { code: "AE", text: "PATIENT NOT FOUND", condition: "unknownKey" } };
}

async function file(
  tx: Sql,
  { message, raw, handled, now }: { message: Hl7Message | undefined; raw: string; handled: Handled; now: Date },
): Promise<number> {
  const { outcome } = handled;
  return tx.insertIdentity(
    `INSERT INTO IFCMSG (DirCd, MsgTyp, RefTyp, RefKey, MsgTx, StatCd, ErrTx, CrtDt, AckDt)
     VALUES ('I', @typ, @rtyp, @rkey, @msg, @st, @err, @now, @now)`,
    {
      typ: p.char(8, messageType(message)),
      rtyp: p.char(3, handled.ref?.type ?? ""),
      rkey: p.varchar(20, handled.ref?.key ?? ""),
      msg: p.text(raw.slice(0, queueTextCharsMax)),
      st: p.char(1, outcome.code === "AA" ? "P" : "E"),
      err: p.varchar(255, outcome.code === "AA" ? "" : outcome.text),
      now: p.datetime(now),
    },
  );
}

/** `ORU^R01`; `UNKNOWN` for what has no readable MSH-9. */
function messageType(message: Hl7Message | undefined): string {
  const msh = message && firstSegment(message, "MSH");
  if (!message || !msh) return "UNKNOWN";
  const type = component(message, msh, { position: 9 });
  const event = component(message, msh, { position: 9, component: 2 });
  return `${type}${event === "" ? "" : `^${event}`}`.slice(0, 8) || "UNKNOWN";
}
