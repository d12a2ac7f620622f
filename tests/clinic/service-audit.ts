/** Who looked at a patient, told in the legacy system's words, whichever side's audit holds it. */

import type { TestDatabase } from "@banyan/service-kit/test-service";
import type sql from "mssql";

/** A row as AUDITLOG has it. */
export type AuditRow = {
  readonly UsrID: string;
  readonly ActCd: string;
  readonly ObjTyp: string;
  readonly Cmt: string | null;
};

/** Rows of AUDITLOG about a patient, in the order they were written. */
export async function legacyAudit(pool: sql.ConnectionPool, patNo: number): Promise<AuditRow[]> {
  const { recordset } = await pool
    .request()
    .input("pid", patNo)
    // Reverse shadows read legacy pages as users of their own (SHDFDSK …), at a time of their own.
    .query<AuditRow>(
      "SELECT UsrID, ActCd, ObjTyp, Cmt FROM AUDITLOG WHERE PatNo = @pid AND UsrID NOT LIKE 'SHD%' ORDER BY AudID",
    );
  return recordset.map((row) => ({ ...row, UsrID: row.UsrID.trim(), ObjTyp: row.ObjTyp.trim() }));
}

/** What the patients service's events are in AUDITLOG. Its other events have no row there: the old pages did not audit them. */
const inLegacyWords: Readonly<Record<string, Pick<AuditRow, "ActCd" | "ObjTyp">>> = {
  read: { ActCd: "VIEW", ObjTyp: "PATMST" },
  chart: { ActCd: "VIEW", ObjTyp: "CHART" },
  "break-glass": { ActCd: "BGLS", ObjTyp: "PATMST" },
};

type Event = { subtype: string; outcome: number; query: string | null; agent: { id: string } };

/** Events of the patients service about a patient that were allowed and not a shadow's. */
export async function patientsAudit(database: TestDatabase, patNo: number): Promise<AuditRow[]> {
  const rows: { event: Event }[] = await database
    .owner("kit.audit_event")
    .where({ patient: String(patNo) })
    .whereRaw("event ->> 'target' = 'service'")
    .orderBy("seq")
    .select("event");
  return rows.flatMap(({ event: { subtype, outcome, query, agent } }) => {
    const words = inLegacyWords[subtype];
    if (!words || outcome !== 0) return [];
    const asked = query === null ? "" : Buffer.from(query, "base64").toString("utf8");
    return [{ UsrID: agent.id, ...words, Cmt: /^reason=(.*)$/s.exec(asked)?.[1] ?? null }];
  });
}
