/**
 * What an error does beyond being reported. With XACT_ABORT OFF most errors end only their statement; some end the batch;
 * some end the batch and roll the transaction back. With XACT_ABORT ON every error of severity 11 and more does the last,
 * RAISERROR excepted. Sources: learn.microsoft.com "SET XACT_ABORT", "TRY...CATCH" and "THROW", and E. Sommarskog, "Error
 * and Transaction Handling in SQL Server", part two, section 3 (sommarskog.se/error_handling/Part2.html).
 */

export type ErrorEffect =
  /** The statement is undone, the batch goes on. */
  | "statement"
  /** The batch ends, the transaction stays. */
  | "batch"
  /** The batch ends and the transaction is rolled back (doomed, inside TRY). */
  | "transaction";

/** Every error that is not "statement". */
const effects: ReadonlyMap<number, ErrorEffect> = new Map([
  // Syntax and name resolution of a statement that was compiled late: the scope ends.
  [102, "batch"],
  [105, "batch"],
  [156, "batch"],
  [137, "batch"],
  [195, "batch"],
  [207, "batch"],
  [208, "batch"],
  [209, "batch"],
  [213, "batch"],
  [4104, "batch"],
  [4145, "batch"],
  // Objects that are there already or cannot be changed.
  [1785, "batch"],
  [2705, "batch"],
  [2714, "batch"],
  [40000, "batch"],
  // Conversions.
  [241, "transaction"],
  [242, "transaction"],
  [245, "transaction"],
  [248, "transaction"],
  [257, "transaction"],
  [295, "transaction"],
  [529, "transaction"],
  [8114, "transaction"],
  [8169, "transaction"],
  // Nesting, mismatching INSERT … EXEC.
  [217, "transaction"],
  [266, "statement"],
  // The engine's victims.
  [1205, "transaction"],
  [3960, "transaction"],
  [3609, "transaction"],
  [3616, "transaction"],
  [3930, "transaction"],
  [3998, "transaction"],
  [3952, "transaction"],
]);

/** @param raised the error comes from RAISERROR, which by itself ends nothing */
export function errorEffect(number: number, options: { xactAbort: boolean; raised: boolean }): ErrorEffect {
  if (options.raised) return "statement";
  const effect = effects.get(number) ?? "statement";
  return options.xactAbort ? "transaction" : effect;
}
