/** Input that the old code fed to `Convert.ToInt32` and the like without a check: the page crashes (500), as it did. */

import { AppError } from "@banyan/kernel";

export class FormatFailure extends AppError {
  constructor(name: string) {
    super({
      code: "FORMAT",
      op: "read a request value",
      message: `the value of ${name} is not in a correct format`,
      hint: "Send a value of the documented type.",
    });
  }
}

/** Integer as `Convert.ToInt32` reads it: blanks around are fine, 32 bits. @throws FormatFailure */
export function toInt32(name: string, text: string): number {
  const trimmed = text.trim();
  const value = /^[+-]?\d{1,10}$/.test(trimmed) ? Number(trimmed) : Number.NaN;
  if (!(value >= -2_147_483_648 && value <= 2_147_483_647)) throw new FormatFailure(name);
  return value;
}

/** Decimal text of a money box: `25`, `$1,025.50`, `-3`; "0" when empty. @throws FormatFailure */
export function toMoney(name: string, text: string): string {
  const bare = text
    .trim()
    .replace(/^(-?)\$/, "$1")
    .replaceAll(",", "");
  if (bare === "") return "0";
  if (!/^-?\d{1,12}(\.\d{1,4})?$/.test(bare)) throw new FormatFailure(name);
  return bare;
}
