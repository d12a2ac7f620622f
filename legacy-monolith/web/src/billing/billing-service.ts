/**
 * Row 43, first half: a claim is made of a visit's new charges. Number, header, the charges' claim number and the message
 * to the clearing house are one transaction.
 */

import {
  compactDate,
  moneyText,
  nextSeq,
  type Page,
  type PageContext,
  p,
  type Sql,
  WebMethodError,
} from "../kit/index.ts";
import { claimBatch } from "./claim-837.ts";
import { oneClaim } from "./claim-record.ts";
import { type BillingVisit, coverageOn, findVisit } from "./ledger.ts";

export const billingService: Page = {
  path: "/Services/BillingService.asmx",
  module: "bill",
  kind: "asmx",
  access: ["BILL", "ADMN"],
  service: {
    name: "BillingService",
    methods: {
      CreateClaim: {
        params: { enc: "int", insSeq: "int" },
        result: { name: "ClaimResult", fields: { ClmNo: "string", Total: "money" } },
        run: (ctx, { args }) =>
          ctx.db.transaction((tx) => createClaim(tx, ctx, { encNo: args.int("enc"), insSeq: args.int("insSeq") })),
      },
    },
  },
};

async function createClaim(
  tx: Sql,
  ctx: PageContext,
  { encNo, insSeq }: { encNo: number; insSeq: number },
): Promise<{ ClmNo: string; Total: string }> {
  const visit = await findVisit(tx, encNo, true);
  if (!visit) throw new WebMethodError("VISIT NOT FOUND");
  const policy = (await coverageOn(tx, visit.PatNo, visit.EncDt)).find((one) => one.InsSeq === insSeq);
  if (!policy) throw new WebMethodError("NO COVERAGE");
  const total = await tx.first<{ Total: string | null }>(
    `SELECT ${moneyText("SUM(ExtAmt)", "Total")} FROM CHGMST WHERE EncNo = @enc AND StatCd = 'N' AND ClmNo = ''`,
    { enc: p.int(encNo) },
  );
  if (total?.Total === null || total === undefined) throw new WebMethodError("NO CHARGES TO BILL");
  const clmNo = `C${String(await nextSeq(tx, "CLAIM")).padStart(9, "0")}`;
  const batch = batchOf(ctx.now());
  await insertClaim(tx, ctx, {
    visit,
    clmNo,
    batch,
    insSeq,
    payCd: policy.PayCd,
    polNo: policy.PolNo,
    total: total.Total,
  });
  await tx.execute("UPDATE CHGMST SET ClmNo = @clm, StatCd = 'B' WHERE EncNo = @enc AND StatCd = 'N' AND ClmNo = ''", {
    clm: p.char(10, clmNo),
    enc: p.int(encNo),
  });
  await tx.execute("UPDATE ENCMST SET BillYN = 'Y', ModUsr = @usr, ModDt = @now WHERE EncNo = @enc", {
    usr: p.char(8, ctx.user.usrId),
    now: p.datetime(ctx.now()),
    enc: p.int(encNo),
  });
  const claim = await oneClaim(tx, clmNo);
  await tx.execute(
    "INSERT INTO IFCMSG (DirCd, MsgTyp, RefTyp, RefKey, MsgTx, CrtDt) VALUES ('O', '837P', 'CLM', @clm, @msg, @now)",
    {
      clm: p.varchar(20, clmNo),
      msg: p.text(claimBatch({ batch, createdAt: ctx.now(), claims: claim ? [claim] : [] })),
      now: p.datetime(ctx.now()),
    },
  );
  return { ClmNo: clmNo, Total: total.Total };
}

/** Claims of one day go out in one batch: `00` and YYMMDD. */
const batchOf = (day: Date): string => `00${compactDate(day).slice(2)}`;

async function insertClaim(
  tx: Sql,
  ctx: PageContext,
  claim: {
    visit: BillingVisit;
    clmNo: string;
    batch: string;
    insSeq: number;
    payCd: string;
    polNo: string;
    total: string;
  },
): Promise<void> {
  const { visit } = claim;
  await tx.execute(
    `INSERT INTO CLMHDR (ClmNo, EncNo, PatNo, PatNm, InsSeq, PayCd, PolNo, Dx1, Dx2, Dx3, Dx4, TotAmt, EDIBat, ModDt)
     VALUES (@clm, @enc, @pat, @nm, @seq, @pay, @pol, @dx1, @dx2, @dx3, @dx4, CONVERT(money, @tot), @bat, @now)`,
    {
      clm: p.char(10, claim.clmNo),
      enc: p.int(visit.EncNo),
      pat: p.int(visit.PatNo),
      nm: p.varchar(60, visit.PatNm),
      seq: p.tinyint(claim.insSeq),
      pay: p.char(6, claim.payCd),
      pol: p.varchar(20, claim.polNo),
      dx1: p.char(18, visit.Dx1),
      dx2: p.char(18, visit.Dx2),
      dx3: p.char(18, visit.Dx3),
      dx4: p.char(18, visit.Dx4),
      tot: p.money(claim.total),
      bat: p.char(8, claim.batch),
      now: p.datetime(ctx.now()),
    },
  );
}
