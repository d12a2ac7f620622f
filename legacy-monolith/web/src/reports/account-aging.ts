/**
 * Ages a balance: what is open is taken to be the newest charges, because payments pay the oldest first. Money is whole
 * ten-thousandths of a dollar (the scale of the money type) as bigint, so that buckets add up to the balance exactly.
 */

export type AgedCharge = { readonly day: Date; readonly amount: bigint };

export type Aging = {
  readonly current: bigint;
  readonly days31: bigint;
  readonly days61: bigint;
  readonly over90: bigint;
};

const dayMs = 86_400_000;

/** @param charges newest first. What exceeds all charges counts as oldest. */
export function ageBalance(balance: bigint, charges: readonly AgedCharge[], asOf: Date): Aging {
  const aging = { current: 0n, days31: 0n, days61: 0n, over90: 0n };
  let open = balance;
  for (const { day, amount } of charges) {
    if (open <= 0n) break;
    if (amount <= 0n) continue;
    const part = amount < open ? amount : open;
    open -= part;
    const age = Math.floor((asOf.getTime() - day.getTime()) / dayMs);
    aging[age <= 30 ? "current" : age <= 60 ? "days31" : age <= 90 ? "days61" : "over90"] += part;
  }
  if (open > 0n) aging.over90 += open;
  return aging;
}

/** `12.5000` → 125000. */
export function toUnits(money: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d{1,4}))?$/.exec(money.trim());
  if (!match) return 0n;
  const units = BigInt(match[2] ?? "0") * 10_000n + BigInt((match[3] ?? "").padEnd(4, "0"));
  return match[1] === "-" ? -units : units;
}

/** Two decimals, half away from zero. */
export function fromUnits(units: bigint): string {
  const size = units < 0n ? -units : units;
  const cents = (size + 50n) / 100n;
  return `${units < 0n && cents > 0n ? "-" : ""}${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`;
}
