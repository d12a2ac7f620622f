/** Select lists that give a table's rows the names of the domain. */

/** @param columns domain name → column. @param alias of the table in the statement. */
export function selectList(columns: Readonly<Record<string, string>>, alias: string): string {
  return Object.entries(columns)
    .map(([name, column]) => `${alias}.${column} AS "${name}"`)
    .join(", ");
}
