/** A patient's policy with a payer. Rank 1 is primary. The record is billing's; registration and the edit page change it too. */

export type Coverage = {
  readonly patient_no: number;
  readonly rank: number;
  readonly effective_on: string;
  /** Part of the key and midnight, but for rows that somebody else wrote. */
  readonly effective_time: string;
  readonly terminates_on: string | null;
  readonly payer_code: string | null;
  readonly plan_name: string | null;
  readonly policy_no: string | null;
  readonly group_no: string | null;
  readonly subscriber_name: string | null;
  readonly subscriber_birth_date: string | null;
  readonly relationship: string | null;
  readonly copay: string;
  readonly verified_on: string | null;
  readonly deleted: boolean;
  readonly legacy_residue: unknown;
};

/** What the front desk writes of a primary policy. */
export type PrimaryPolicy = Pick<
  Coverage,
  "effective_on" | "payer_code" | "plan_name" | "policy_no" | "group_no" | "subscriber_name" | "relationship" | "copay"
>;

const told = ["payer_code", "plan_name", "policy_no", "group_no", "subscriber_name", "relationship"] as const;

/** Whether a stored policy says what the desk says, compared as the legacy collation does. */
export function isSamePolicy(stored: Coverage, written: PrimaryPolicy): boolean {
  return (
    !stored.deleted &&
    told.every((name) => comparable(stored[name]) === comparable(written[name])) &&
    Number(stored.copay) === Number(written.copay)
  );
}

const comparable = (text: string | null): string => (text ?? "").trimEnd().toLowerCase();

/** The last day of the policy before one that begins on a day. */
export function dayBefore(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
}
