/** Runs a statement and gives its rows. `Row` is the caller's word for what the select list gives. */

import type { Knex } from "knex";

export async function rows<Row>(
  db: Knex,
  statement: string,
  bindings: readonly (string | number)[] = [],
): Promise<Row[]> {
  const result: { rows: Row[] } = await db.raw(statement, bindings);
  return result.rows;
}
