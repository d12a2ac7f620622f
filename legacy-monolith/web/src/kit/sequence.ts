/**
 * Number sequences of the application, kept as rows of CODETBL (CodeTyp 'SEQ'). What usp_NextSeq did: the row stays locked
 * until the caller's transaction ends, so writers wait for each other, and a rollback gives the number back.
 */

import { AppError } from "@banyan/kernel";
import { p, type Sql } from "./database.ts";

/** The next number of a sequence. Call it inside a transaction. @throws AppError SEQUENCE_MISSING */
export async function nextSeq(tx: Sql, name: string): Promise<number> {
  const rows = await tx.query<{ NumVal: number }>(
    "UPDATE CODETBL SET NumVal = NumVal + 1 OUTPUT inserted.NumVal WHERE CodeTyp = 'SEQ' AND CodeVal = @name",
    { name: p.char(18, name) },
  );
  const value = rows[0]?.NumVal;
  if (typeof value === "number") return value;
  throw new AppError({
    code: "SEQUENCE_MISSING",
    op: "take the next number of a sequence",
    message: `CODETBL holds no sequence ${name}`,
    hint: "Run the migrations and load the reference data of the legacy database.",
  });
}
