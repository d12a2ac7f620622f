/** One row of AUDITLOG, the legacy system's only audit. Pages call it where the inventory says AUDITLOG and nowhere else. */

import { p, type Sql } from "./database.ts";
import type { PageContext } from "./page.ts";

export type AuditEntry = {
  readonly act: "LOGN" | "LOGF" | "LOGO" | "VIEW" | "CREA" | "UPDT" | "DELE" | "PRNT" | "EXPT" | "BGLS";
  /** ObjTyp, 8 characters: the table or page. */
  readonly obj: string;
  readonly key?: string | number;
  readonly patNo?: number | null;
  readonly usrId?: string;
  readonly old?: string;
  readonly new?: string;
  readonly comment?: string;
};

export async function audit(sql: Sql, ctx: PageContext, entry: AuditEntry): Promise<void> {
  await sql.execute(
    `INSERT INTO AUDITLOG (AudDt, UsrID, PatNo, ActCd, ObjTyp, ObjKey, IPAddr, OldVal, NewVal, Cmt)
     VALUES (@dt, @usr, @pat, @act, @obj, @key, @ip, @old, @new, @cmt)`,
    {
      dt: p.datetime(ctx.now()),
      usr: p.char(8, entry.usrId ?? ctx.userIfAny?.usrId ?? ""),
      pat: p.int(entry.patNo ?? null),
      act: p.char(4, entry.act),
      obj: p.char(8, entry.obj),
      key: p.varchar(20, String(entry.key ?? "")),
      ip: p.varchar(15, ctx.ipAddress),
      old: p.varchar(255, entry.old ?? null),
      new: p.varchar(255, entry.new ?? null),
      cmt: p.varchar(100, entry.comment ?? null),
    },
  );
}
