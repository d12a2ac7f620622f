/**
 * Everything the chart's face sheet shows of a patient, in one statement: what other modules own is here as copies the sync
 * keeps. The parts come as JSON, so dates and times are text and numbers are numbers.
 */

import type { Knex } from "knex";
import { panelRowsMax } from "../limits.ts";
import { rows } from "./rows.ts";

/** A row of a copied table: the columns named in the statement, and the residue. */
export type CopiedRow = Readonly<Record<string, string | number | boolean | null>>;

export type FaceSheet = {
  readonly problems: readonly CopiedRow[];
  readonly allergies: readonly CopiedRow[];
  readonly immunizations: readonly CopiedRow[];
  readonly medications: readonly CopiedRow[];
  readonly vitals: CopiedRow | null;
  readonly labs: readonly (CopiedRow & { readonly abnormal: number })[];
  readonly visits: readonly CopiedRow[];
  readonly appointments: readonly CopiedRow[];
};

const list = (inner: string): string => `(SELECT coalesce(json_agg(r), '[]') FROM (${inner}) AS r)`;

const entries = (kind: string, order: string): string =>
  list(`SELECT entry_no, description, code, onset_on, reaction, severity, legacy_residue FROM list_entry
    WHERE patient_no = :patientNo AND kind = '${kind}' AND status = 'active' AND deleted IS NOT TRUE ORDER BY ${order}`);

/** SQL Server sorts NULL lowest. The order of immunizations was never defined. */
const statement = `SELECT
  ${entries("problem", "onset_on DESC NULLS LAST, entry_no DESC")} AS problems,
  ${entries("allergy", "entry_no")} AS allergies,
  ${entries("immunization", "entry_no")} AS immunizations,
  ${list(`SELECT drug_name, strength, instructions, started_at, legacy_residue FROM prescription
    WHERE patient_no = :patientNo AND status = 'active' ORDER BY started_at DESC NULLS LAST, prescription_no DESC`)} AS medications,
  (SELECT row_to_json(r) FROM (SELECT *, CASE WHEN height_in > 0 THEN round(703.0 * weight_lb / (height_in * height_in), 1) END AS bmi
    FROM vital_signs WHERE patient_no = :patientNo
    ORDER BY taken_on DESC, taken_time DESC, encounter_no DESC LIMIT 1) AS r) AS vitals,
  ${list(`SELECT o.order_no, o.panel_name, o.ordered_at, o.status, o.legacy_residue,
      (SELECT count(*) FROM lab_result AS l WHERE l.order_no = o.order_no AND l.abnormal_flag <> 'normal') AS abnormal
    FROM lab_order AS o WHERE o.patient_no = :patientNo
    ORDER BY o.ordered_at DESC NULLS LAST, o.order_no DESC LIMIT ${panelRowsMax}`)} AS labs,
  ${list(`SELECT encounter_no, started_at, class, provider_id, reason, status, legacy_residue FROM encounter
    WHERE patient_no = :patientNo AND status IS DISTINCT FROM 'void'
    ORDER BY started_at DESC NULLS LAST, encounter_no DESC LIMIT ${panelRowsMax}`)} AS visits,
  ${list(`SELECT appointment_no, held_on, starts_at, provider_name, type, status, legacy_residue FROM appointment
    WHERE patient_no = :patientNo AND held_on >= :today AND status IN ('scheduled', 'confirmed') AND deleted IS NOT TRUE
    ORDER BY held_on, starts_at NULLS FIRST, appointment_no LIMIT ${panelRowsMax}`)} AS appointments`;

/** @param today `YYYY-MM-DD` of the legacy server's clock: appointments from then on */
export async function faceSheet(db: Knex, patientNo: number, today: string): Promise<FaceSheet> {
  const result: { rows: FaceSheet[] } = await db.raw(statement, { patientNo, today });
  const [sheet] = result.rows;
  if (!sheet) throw new RangeError("a statement without FROM gave no row");
  return sheet;
}

/** Active allergies as they were entered: the banner of every page. */
export async function allergiesOf(db: Knex, patientNo: number): Promise<string[]> {
  const found = await rows<{ description: string | null }>(
    db,
    `SELECT description FROM list_entry WHERE patient_no = ? AND kind = 'allergy' AND status = 'active' AND deleted IS NOT TRUE
     ORDER BY entry_no`,
    [patientNo],
  );
  return found.map(({ description }) => description ?? "");
}
