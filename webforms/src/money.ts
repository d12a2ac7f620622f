/** How the old grids show money. */

/** Two decimals with thousands separators from money text: `$1,234.50`; negative in parentheses. */
export function dollars(money: string | null | undefined): string {
  const value = Number(money ?? 0);
  const shown = `$${Math.abs(value)
    .toFixed(2)
    .replace(/\B(?=(\d{3})+(?!\d))/g, ",")}`;
  return value < 0 ? `(${shown})` : shown;
}
