/** Reads of CODETBL, the one lookup table. Values come trimmed of their padding. */

import { p, type Sql } from "./database.ts";

export type Code = {
  readonly CodeVal: string;
  readonly ShortDs: string;
  readonly LongDs: string;
  readonly NumVal: number | null;
  readonly Flag1: string;
};

/** Active codes of a type, in the order of the screens. */
export function codeList(sql: Sql, codeTyp: string): Promise<Code[]> {
  return sql.query<Code>(
    "SELECT CodeVal, ShortDs, LongDs, NumVal, Flag1 FROM CODETBL WHERE CodeTyp = @typ AND ActvYN = 'Y' ORDER BY SortOrd, CodeVal",
    { typ: p.char(6, codeTyp) },
  );
}

/** One code, active or not. */
export function findCode(sql: Sql, codeTyp: string, codeVal: string): Promise<Code | undefined> {
  return sql.first<Code>(
    "SELECT CodeVal, ShortDs, LongDs, NumVal, Flag1 FROM CODETBL WHERE CodeTyp = @typ AND CodeVal = @val",
    { typ: p.char(6, codeTyp), val: p.char(18, codeVal) },
  );
}
