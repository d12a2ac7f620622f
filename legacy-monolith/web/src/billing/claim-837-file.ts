/** Row 43, second half: a batch of claims as the clearing house's text file. */

import { bytes, type Page, text } from "../kit/index.ts";
import { claimBatch } from "./claim-837.ts";
import { batchClaims } from "./claim-record.ts";

export const claim837Page: Page = {
  path: "/Handlers/Claim837.ashx",
  module: "bill",
  kind: "ashx",
  access: ["BILL", "ADMN"],
  get: async (ctx) => {
    const batch = ctx.query("batch").trim();
    if (!/^\d{1,8}$/.test(batch)) return text("ERROR: Invalid batch\r\n");
    const claims = await batchClaims(ctx.db, batch);
    if (claims.length === 0) return text("ERROR: Batch not found\r\n");
    const body = Buffer.from(claimBatch({ batch, createdAt: ctx.now(), claims }), "latin1");
    return bytes(body, "text/plain; charset=us-ascii", `attachment; filename=837P_${batch}.txt`);
  },
};
