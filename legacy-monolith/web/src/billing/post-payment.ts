/**
 * Row 42: posting a payment. The form's hidden `hdnTok` becomes the batch number of the ledger row, and a patient's ledger
 * takes each web batch once: a double click, a reload or a form posted through another server finds it there.
 * Payments and adjustments are negative, refunds positive; PMTTRN is never updated.
 */

import { openPatient, p, type Page, type PageContext, parseUsDate, redirect, type Sql } from "../kit/index.ts";
import { showAccount } from "./account.ts";
import { paymentTypes } from "./ledger.ts";

export const postPaymentPage: Page = {
  path: "/Billing/PostPayment.aspx",
  module: "bill",
  kind: "html",
  access: ["FDSK", "BILL", "ADMN"],
  post: async (ctx) => {
    const opened = await openPatient(ctx, { breakGlass: false });
    if (opened.kind === "answer") return opened.answer;
    const patNo = opened.patient.PatNo;
    const read = readPayment(ctx, { role: ctx.user.role, today: ctx.now() });
    if (!read.ok) return showAccount(ctx, patNo, read.error);
    const outcome = await ctx.db.transaction((tx) => postPayment(tx, ctx, { patNo, payment: read.payment }));
    if (outcome === "claim-unknown") return showAccount(ctx, patNo, "Claim not found.");
    return redirect(`/Billing/Account.aspx?pid=${patNo}&msg=${outcome === "posted" ? "POSTED" : "DUPPOST"}`);
  },
};

type PaymentForm = {
  readonly type: string;
  /** Signed decimal text. */
  readonly amount: string;
  readonly date: Date;
  readonly checkNo: string;
  readonly card: string;
  readonly claimNo: string;
  readonly comment: string;
  readonly token: string;
};

export type PaymentRead =
  | { readonly ok: true; readonly payment: PaymentForm }
  | { readonly ok: false; readonly error: string };

export function readPayment(
  ctx: Pick<PageContext, "field">,
  { role, today }: { role: string; today: Date },
): PaymentRead {
  const refuse = (error: string): PaymentRead => ({ ok: false, error });
  const type = ctx.field("ddlTyp").trim();
  if (!Object.hasOwn(paymentTypes, type)) return refuse("Select a payment type.");
  if (role === "FDSK" && type !== "CP" && type !== "PP")
    return refuse("Front desk posts copays and patient payments only.");
  const typed = ctx.field("txtAmt").trim().replace(/^\$/, "").replaceAll(",", "");
  if (!/^\d{1,7}(\.\d{1,2})?$/.test(typed) || Number(typed) === 0) return refuse("Amount must be a positive number.");
  const date = parseUsDate(ctx.field("txtDt"));
  if (!date) return refuse("Date must be MM/DD/YYYY.");
  if (date > today) return refuse("Date may not be in the future.");
  const card = ctx.field("txtCC").trim();
  if (card !== "" && !/^\d{4}$/.test(card)) return refuse("Card number: last four digits only.");
  const token = ctx.field("hdnTok").trim().toUpperCase();
  if (!/^[A-Z0-9]{8}$/.test(token)) return refuse("The form has expired. Open the account again.");
  return {
    ok: true,
    payment: {
      type,
      amount: type === "RF" ? typed : `-${typed}`,
      date,
      checkNo: ctx.field("txtChk").trim().slice(0, 15),
      card,
      claimNo: ctx.field("ddlClm").trim().slice(0, 10),
      comment: ctx.field("txtCmt").trim().slice(0, 100),
      token,
    },
  };
}

async function postPayment(
  tx: Sql,
  ctx: PageContext,
  { patNo, payment }: { patNo: number; payment: PaymentForm },
): Promise<"posted" | "duplicate" | "claim-unknown"> {
  // The patient's row is the lock: of two clicks the second waits here and then finds the first one's batch.
  await tx.first("SELECT PatNo FROM PATMST WITH (UPDLOCK) WHERE PatNo = @pat", { pat: p.int(patNo) });
  const before = await tx.first("SELECT TOP (1) TrnID FROM PMTTRN WHERE PatNo = @pat AND BatNo = @tok", {
    pat: p.int(patNo),
    tok: p.char(8, payment.token),
  });
  if (before) return "duplicate";
  const claim =
    payment.claimNo === ""
      ? undefined
      : await tx.first<{ EncNo: number }>("SELECT EncNo FROM CLMHDR WHERE ClmNo = @clm AND PatNo = @pat", {
          clm: p.char(10, payment.claimNo),
          pat: p.int(patNo),
        });
  if (payment.claimNo !== "" && !claim) return "claim-unknown";
  await tx.execute(
    `INSERT INTO PMTTRN (PatNo, ClmNo, EncNo, TrnTyp, Amt, TrnDt, PostDt, ChkNo, CCLast4, BatNo, PostUsr, Cmt)
     VALUES (@pat, @clm, @enc, @typ, CONVERT(money, @amt), @dt, @now, @chk, @cc, @tok, @usr, @cmt)`,
    {
      pat: p.int(patNo),
      clm: p.char(10, payment.claimNo),
      enc: p.int(claim?.EncNo ?? null),
      typ: p.char(2, payment.type),
      amt: p.money(payment.amount),
      dt: p.datetime(payment.date),
      now: p.datetime(ctx.now()),
      chk: p.varchar(15, payment.checkNo),
      cc: p.char(4, payment.card),
      tok: p.char(8, payment.token),
      usr: p.char(8, ctx.user.usrId),
      cmt: p.varchar(100, payment.comment),
    },
  );
  return "posted";
}
