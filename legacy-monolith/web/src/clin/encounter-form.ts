/** What the visit screen posts, read and checked before anything is written. */

import { p, type Sql } from "../kit/index.ts";
import type { PageContext } from "../kit/index.ts";
import { noteCharsMax } from "../limits.ts";
import type { Encounter } from "./encounter-record.ts";
import { noteTypes, sensitivities } from "./note-access.ts";
import { readVitals, type VitalName, type Vitals } from "./vitals.ts";

export const diagnosisColumns = ["Dx1", "Dx2", "Dx3", "Dx4"] as const;

/** Control of a vital sign: `txtHt`, `txtWt` … */
export function vitalControl(name: VitalName): string {
  return `txt${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

export type EncounterForm = {
  readonly reason: string;
  /** Four codes, "" where none. */
  readonly dx: readonly [string, string, string, string];
  readonly vitals: Vitals;
  readonly noteType: string;
  readonly sensitivity: string;
  readonly note: string;
};

export type EncounterFormRead =
  | { readonly ok: true; readonly form: EncounterForm }
  | { readonly ok: false; readonly error: string };

export function readEncounterForm(ctx: Pick<PageContext, "field">): EncounterFormRead {
  const vitals = readVitals((name) => ctx.field(vitalControl(name)));
  if (!vitals.ok) return vitals;
  const codes = diagnosisColumns.map((column) => ctx.field(`txt${column}`).trim().toUpperCase());
  const tooLong = codes.find((code) => code.length > 18);
  if (tooLong !== undefined) return { ok: false, error: "Diagnosis code is too long." };
  const used = codes.filter((code) => code !== "");
  if (new Set(used).size !== used.length) return { ok: false, error: "A diagnosis is entered twice." };
  const note = ctx.field("txtNote").replace(/\r\n|\r|\n/g, "\r\n");
  if (note.length > noteCharsMax) return { ok: false, error: `Note is longer than ${noteCharsMax} characters.` };
  const noteType = ctx.field("ddlNotTyp") || "PROG";
  if (!Object.hasOwn(noteTypes, noteType) || noteType === "ADDM") return { ok: false, error: "Invalid note type." };
  const sensitivity = ctx.field("ddlSens") || "N";
  if (!Object.hasOwn(sensitivities, sensitivity)) return { ok: false, error: "Invalid sensitivity." };
  const [one = "", two = "", three = "", four = ""] = codes;
  const reason = ctx.field("txtRsn").trim().slice(0, 200);
  return {
    ok: true,
    form: { reason, dx: [one, two, three, four], vitals: vitals.vitals, noteType, sensitivity, note: note.trimEnd() },
  };
}

/** Codes typed anew that the code table does not hold. Codes already on the visit stay, whatever the table says today. */
export async function unknownDiagnoses(sql: Sql, encounter: Encounter, dx: readonly string[]): Promise<string[]> {
  const before = new Set(diagnosisColumns.map((column) => encounter[column].toUpperCase()));
  const unknown: string[] = [];
  for (const code of dx.filter((value) => value !== "" && !before.has(value))) {
    const found = await sql.first("SELECT CodeVal FROM CODETBL WHERE CodeTyp = 'DX' AND CodeVal = @code", {
      code: p.char(18, code),
    });
    if (!found) unknown.push(code);
  }
  return unknown;
}
