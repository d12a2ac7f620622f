/** Policies of a patient. Registration and the edit page write the primary one; all else of the table is billing's. */

import { saveRow } from "@banyan/service-kit/mapping";
import type { WriteTransaction } from "@banyan/service-kit";
import type { Knex } from "knex";
import { coverageTable } from "../../mapping/coverage.ts";
import { type Coverage, dayBefore, isSamePolicy, type PrimaryPolicy } from "../domain/coverage.ts";
import { rows } from "./rows.ts";

const columns = Object.keys(coverageTable.targetColumns).join(", ");
const midnight = "00:00:00";

/** Policies that are not deleted, primary first, newest first. */
export function coveragesOf(db: Knex, patientNo: number): Promise<Coverage[]> {
  return rows(
    db,
    `SELECT ${columns} FROM coverage WHERE patient_no = ? AND deleted IS NOT TRUE
     ORDER BY rank, effective_on DESC, effective_time DESC`,
    [patientNo],
  );
}

/**
 * Writes the primary policy: changes the one that begins on the same day, or ends the one before and adds a new one.
 * @returns whether anything was written
 */
export async function savePrimaryPolicy(
  tx: WriteTransaction,
  patientNo: number,
  policy: PrimaryPolicy,
): Promise<boolean> {
  const primary = await rows<Coverage>(
    tx.db,
    `SELECT ${columns} FROM coverage WHERE patient_no = ? AND rank = 1 ORDER BY effective_on, effective_time FOR UPDATE`,
    [patientNo],
  );
  const same = primary.find((row) => row.effective_on === policy.effective_on && row.effective_time === midnight);
  if (same) return isSamePolicy(same, policy) ? false : saveRow(tx, coverageTable, same, { ...policy, deleted: false });
  const begins = policy.effective_on;
  for (const row of primary) {
    const stillRuns = row.terminates_on === null || row.terminates_on >= begins;
    if (row.deleted || row.effective_on >= begins || !stillRuns) continue;
    await saveRow(tx, coverageTable, row, { terminates_on: dayBefore(begins) });
  }
  return saveRow<Coverage>(tx, coverageTable, null, {
    ...policy,
    patient_no: patientNo,
    rank: 1,
    effective_time: midnight,
    terminates_on: null,
    subscriber_birth_date: null,
    verified_on: null,
    deleted: false,
    legacy_residue: null,
  });
}
