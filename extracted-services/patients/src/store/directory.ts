/** Reads of the copies of the shared tables: code lists, providers, sites. One statement fills a form's lists. */

import type { Knex } from "knex";
import { rows } from "./rows.ts";

export type Choice = { readonly value: string; readonly text: string };

export type FormLists = {
  /** Active codes by set, in the order of the screens. */
  readonly codes: ReadonlyMap<string, readonly Choice[]>;
  readonly providers: readonly Choice[];
  readonly sites: readonly Choice[];
};

/** @param codeSets names of code sets, `SEX` */
export async function formLists(db: Knex, codeSets: readonly string[]): Promise<FormLists> {
  const found = await rows<{ kind: string; value: string; text: string | null }>(
    db,
    `(SELECT code_set AS kind, code AS value, short_text AS text FROM code
      WHERE code_set IN (${codeSets.map(() => "?").join(", ")}) AND active
      ORDER BY sort_order, code COLLATE legacy_ci)
     UNION ALL
     (SELECT 'provider', staff_id, name FROM staff WHERE provider AND active ORDER BY name NULLS FIRST, staff_id COLLATE legacy_ci)
     UNION ALL
     (SELECT 'site', site_code, name FROM site WHERE active ORDER BY name NULLS FIRST, site_code COLLATE legacy_ci)`,
    codeSets,
  );
  const of = (kind: string): Choice[] =>
    found.filter((row) => row.kind === kind).map(({ value, text }) => ({ value, text: text ?? "" }));
  return { codes: new Map(codeSets.map((name) => [name, of(name)])), providers: of("provider"), sites: of("site") };
}

/** Name of a member of staff; undefined when there is none of that id. */
export async function staffName(db: Knex, staffId: string): Promise<string | undefined> {
  const found = await rows<{ name: string | null }>(db, "SELECT name FROM staff WHERE staff_id = ? COLLATE legacy_ci", [
    staffId,
  ]);
  return found[0] && (found[0].name ?? "");
}
