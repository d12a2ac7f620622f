/**
 * Row 39: the pharmacy network tells what became of a prescription. SOAP 1.1 only; the key is an element `Key` of the SOAP
 * header. Status: S sent, A accepted, R rejected, D dispensed (counts a refill from the second time on).
 */

import { type Page, type PageContext, p, sameSecret, WebMethodError } from "../kit/index.ts";

const statuses = ["S", "A", "R", "D"] as const;
type Status = (typeof statuses)[number];

export const rxStatusPage: Page = {
  path: "/Interfaces/RxStatus.asmx",
  module: "interface",
  kind: "asmx",
  access: "anonymous",
  service: {
    name: "RxStatus",
    protocols: ["soap"],
    methods: {
      SetStatus: {
        params: { rxNo: "int", status: "string", note: "string" },
        result: "string",
        run: async (ctx, { args, soapHeaders }) => {
          if (!sameSecret(soapHeaders["Key"] ?? "", ctx.server.interfaceKey))
            throw new WebMethodError("Access denied.");
          const given = args.string("status").trim().toUpperCase();
          const status = statuses.find((one) => one === given);
          if (!status) throw new WebMethodError("Unknown status.");
          await setStatus(ctx, { rxNo: args.int("rxNo"), status, note: args.string("note") });
          return "OK";
        },
      },
    },
  },
};

async function setStatus(ctx: PageContext, call: { rxNo: number; status: Status; note: string }): Promise<void> {
  const key = String(call.rxNo);
  await ctx.db.transaction(async (tx) => {
    const rx = await tx.first<{ RefUsed: number; RefAuth: number }>(
      "SELECT RefUsed, RefAuth FROM RXMST WITH (UPDLOCK) WHERE RxNo = @rx",
      { rx: p.int(call.rxNo) },
    );
    if (!rx) throw new WebMethodError("Prescription not found.");
    const dispensed = await tx.first(
      "SELECT TOP (1) MsgID FROM IFCMSG WHERE DirCd = 'I' AND MsgTyp = 'RXSTAT' AND RefKey = @key AND MsgTx LIKE 'D|%'",
      { key: p.varchar(20, key) },
    );
    const refill = call.status === "D" && dispensed !== undefined && rx.RefUsed < rx.RefAuth;
    await tx.execute(
      "UPDATE RXMST SET SentCd = @sent, RefUsed = RefUsed + @used, ModUsr = 'RXNET', ModDt = @now WHERE RxNo = @rx",
      {
        sent: p.char(1, call.status === "D" ? "A" : call.status),
        used: p.int(refill ? 1 : 0),
        now: p.datetime(ctx.now()),
        rx: p.int(call.rxNo),
      },
    );
    await tx.execute(
      `UPDATE IFCMSG SET StatCd = @st, AckDt = @now, ErrTx = @err
       WHERE DirCd = 'O' AND MsgTyp = 'NEWRX' AND RefKey = @key AND StatCd IN ('Q', 'S')`,
      {
        st: p.char(1, call.status === "R" ? "E" : call.status === "S" ? "S" : "A"),
        err: p.varchar(255, call.status === "R" ? call.note : ""),
        now: p.datetime(ctx.now()),
        key: p.varchar(20, key),
      },
    );
    await tx.execute(
      `INSERT INTO IFCMSG (DirCd, MsgTyp, RefTyp, RefKey, MsgTx, StatCd, CrtDt, AckDt)
       VALUES ('I', 'RXSTAT', 'RX', @key, @msg, 'P', @now, @now)`,
      { key: p.varchar(20, key), msg: p.text(`${call.status}|${call.note.slice(0, 500)}`), now: p.datetime(ctx.now()) },
    );
  });
}
