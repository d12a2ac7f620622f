/** Texts of the `msg=` codes a page carries after its redirect. An unknown code shows nothing. */

const texts: Readonly<Record<string, string>> = {
  SAVED: "Changes saved.",
  ADDED: "Record added.",
  MERGED: "Patients merged.",
  CHKIN: "Patient checked in.",
  CANCEL: "Appointment cancelled.",
  NOSHOW: "Appointment marked as no-show.",
  BOOKED: "Appointment booked.",
  SIGNED: "Note signed.",
  ADDEND: "Addendum saved.",
  SENT: "Order sent to laboratory.",
  REVIEWED: "Results reviewed.",
  RELEASED: "Results reviewed and released to patient.",
  QUEUED: "Prescription queued for pharmacy.",
  PRINTED: "Controlled substance: print and sign the prescription.",
  REFILLED: "Refill approved.",
  DENIED: "Refill denied.",
  DISC: "Prescription discontinued.",
  POSTED: "Payment posted.",
  DUPPOST: "Payment was already posted.",
  VOIDED: "Charge voided.",
  REQUESTED: "Your request was sent.",
  MSGSENT: "Message sent.",
};

export function messageText(code: string): string | undefined {
  return Object.hasOwn(texts, code.toUpperCase()) ? texts[code.toUpperCase()] : undefined;
}
