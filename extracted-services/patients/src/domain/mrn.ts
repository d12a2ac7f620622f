/** Medical record numbers: `000`, the patient number in six digits, and its mod-10 (Luhn) check digit. */

import { AppError } from "@banyan/kernel";

/** @throws AppError MRN_FULL when the patient number has more than six digits: the legacy column has room for ten characters */
export function mrnOf(patientNo: number): string {
  if (!Number.isInteger(patientNo) || patientNo < 1 || patientNo > 999_999) {
    throw new AppError({
      code: "MRN_FULL",
      op: "make a medical record number",
      message: "a medical record number holds six digits of the patient number, and they are used up",
      hint: "Widen the legacy column and this rule before more patients are registered.",
    });
  }
  const digits = String(patientNo).padStart(6, "0");
  let sum = 0;
  for (const [fromRight, char] of digits.split("").toReversed().entries()) {
    const digit = Number(char) * (fromRight % 2 === 0 ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return `000${digits}${(10 - (sum % 10)) % 10}`;
}
