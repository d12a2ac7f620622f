/** All of CODETBL but the sequence counters, which depend on the numbers a data set has issued. */

import { row, type Row } from "../schema.ts";
import type { WallTime } from "../wall-clock.ts";
import type { Code } from "./code.ts";
import { diagnoses } from "./diagnoses.ts";
import { drugCodes } from "./drugs.ts";
import { generalCodes } from "./general.ts";
import { labCodes } from "./laboratory.ts";
import { procedures } from "./procedures.ts";

const codeSets: Readonly<Record<string, readonly Code[]>> = {
  ...generalCodes,
  DX: diagnoses.map(({ code, text }): Code => ({ val: code, short: text.slice(0, 30), long: text })),
  PROC: procedures,
  LABTST: labCodes,
  DRUG: drugCodes,
};

export function codeRows(since: WallTime): Row<"CODETBL">[] {
  return Object.entries(codeSets).flatMap(([type, codes]) =>
    codes.map((code, index) => codeRow(type, code, index, since)),
  );
}

export function codeRow(type: string, code: Code, index: number, since: WallTime): Row<"CODETBL"> {
  return row("CODETBL", {
    CodeTyp: type,
    CodeVal: code.val,
    ShortDs: code.short,
    LongDs: code.long ?? code.short,
    NumVal: code.num ?? null,
    Flag1: code.flag ?? "N",
    SortOrd: (index + 1) * 10,
    ModDt: since,
  });
}
