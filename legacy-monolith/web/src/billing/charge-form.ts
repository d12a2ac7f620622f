/** The lines of the charge screen: up to five, an empty procedure ends none of the others. */

import type { PageContext } from "../kit/index.ts";

export const formLines = [1, 2, 3, 4, 5] as const;

export type ChargeLine = {
  readonly procCd: string;
  readonly mod1: string;
  /** Decimal with one place. */
  readonly units: number;
  /** Decimal text; "" takes the price list's. */
  readonly unitAmt: string;
  readonly dxPtr: string;
};

export type ChargeLinesRead =
  | { readonly ok: true; readonly lines: readonly ChargeLine[] }
  | { readonly ok: false; readonly error: string };

export function readChargeLines(ctx: Pick<PageContext, "field">): ChargeLinesRead {
  const lines: ChargeLine[] = [];
  for (const number of formLines) {
    const procCd = ctx.field(`txtProc${number}`).trim().toUpperCase();
    if (procCd === "") continue;
    const refuse = (error: string): ChargeLinesRead => ({ ok: false, error: `Line ${number}: ${error}` });
    const mod1 = ctx.field(`txtMod${number}`).trim().toUpperCase();
    const unitText = ctx.field(`txtUnits${number}`).trim() || "1";
    const amount = ctx.field(`txtAmt${number}`).trim().replace(/^\$/, "").replaceAll(",", "");
    const dxPtr = ctx.field(`txtDx${number}`).trim() || "1";
    if (procCd.length > 18) return refuse("procedure code is too long.");
    if (mod1 !== "" && !/^[A-Z0-9]{2}$/.test(mod1)) return refuse("modifier must have two characters.");
    if (!/^\d{1,3}(\.\d)?$/.test(unitText) || Number(unitText) === 0) return refuse("units must be a positive number.");
    if (amount !== "" && !/^\d{1,7}(\.\d{1,2})?$/.test(amount)) return refuse("amount is not a number.");
    if (!/^[1-4]{1,4}$/.test(dxPtr) || new Set(dxPtr).size !== dxPtr.length) {
      return refuse("diagnosis pointer holds digits 1 to 4.");
    }
    lines.push({ procCd, mod1, units: Number(unitText), unitAmt: amount, dxPtr });
  }
  return lines.length === 0 ? { ok: false, error: "Enter at least one charge." } : { ok: true, lines };
}
