/** The twelve indexes of the legacy schema. There is none on CHGMST.PatNo or PORTAL_MSG.PatNo: the original had none either. */

import type { Knex } from "knex";

const indexes = [
  { name: "UX_PATMST_MRN", table: "PATMST", columns: "MRN", unique: true },
  { name: "IX_PATMST_NM", table: "PATMST", columns: "LName, FName, DOB" },
  { name: "IX_PATMST_SX", table: "PATMST", columns: "SndxLN" },
  { name: "IX_PATLIST", table: "PATLIST", columns: "PatNo, LstTyp" },
  { name: "IX_APPT_PROV", table: "tblAppointment", columns: "ProvID, ApptDt, ApptTm" },
  { name: "IX_ENC_PAT", table: "ENCMST", columns: "PatNo, EncDt" },
  { name: "IX_NOTE_PAT", table: "CLINNOTE", columns: "PatNo, NoteDt" },
  { name: "IX_LABORD_PAT", table: "LABORD", columns: "PatNo, OrdDt" },
  { name: "IX_IFC_Q", table: "IFCMSG", columns: "StatCd, DirCd, MsgID" },
  { name: "IX_RX_PAT", table: "RXMST", columns: "PatNo, StatCd" },
  { name: "IX_CLM_PAT", table: "CLMHDR", columns: "PatNo, StatCd" },
  { name: "IX_PMT_PAT", table: "PMTTRN", columns: "PatNo, TrnDt" },
] as const;

export async function up(knex: Knex): Promise<void> {
  for (const index of indexes) {
    const kind = "unique" in index ? "UNIQUE INDEX" : "INDEX";
    await knex.raw(`CREATE ${kind} ${index.name} ON ${index.table} (${index.columns})`);
  }
}

export async function down(knex: Knex): Promise<void> {
  for (const index of indexes.toReversed()) await knex.raw(`DROP INDEX ${index.name} ON ${index.table}`);
}
