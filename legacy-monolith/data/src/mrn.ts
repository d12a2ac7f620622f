/** Medical record numbers: `000`, the patient number, and a mod-10 (Luhn, ISO/IEC 7812-1) check digit over it. */

/** @throws RangeError when the number has more than six digits: MRN is char(10). */
export function mrnOf(patNo: number): string {
  if (!Number.isInteger(patNo) || patNo < 1 || patNo > 999_999) {
    throw new RangeError("a patient number has one to six digits");
  }
  const digits = String(patNo).padStart(6, "0");
  return `000${digits}${checkDigit(digits)}`;
}

export function hasValidCheckDigit(mrn: string): boolean {
  return /^\d{10}$/.test(mrn) && checkDigit(mrn.slice(0, 9)) === Number(mrn.charAt(9));
}

function checkDigit(digits: string): number {
  let sum = 0;
  for (const [fromRight, char] of Array.from(digits).reverse().entries()) {
    const digit = Number(char) * (fromRight % 2 === 0 ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return (10 - (sum % 10)) % 10;
}
