/**
 * What a case of the differential file is: T-SQL, what SQL Server documents that it does, and where. Expected values are
 * taken from Microsoft's documentation (the `source` names the page, "Transact-SQL" left out of its title) and never from
 * what the simulator answered, so that the same file tells whether a real server and the simulator agree.
 */

/** As the client library gives values: bigint as string, decimal and money as number, dates as `Date` in UTC, binary as hex. */
export type ExpectedValue = string | number | boolean | null;

export type Expected = {
  /** Rows of each result set, values in column order. */
  readonly sets?: readonly (readonly (readonly ExpectedValue[])[])[];
  /** Types of the first set's columns, as declared: `decimal(10,2)`, `varchar(30)`, `int`. */
  readonly types?: readonly string[];
  /** Names of the first set's columns. */
  readonly names?: readonly string[];
  /** Numbers of the errors above severity 10, in order. None means that none may come. */
  readonly errors?: readonly number[];
  /** Texts of the messages up to severity 10, in order; not looked at when left out. */
  readonly messages?: readonly string[];
};

export type ConformanceCase = Expected & {
  /** A sentence that says what holds. */
  readonly title: string;
  /** Batches run before, each on the same connection; none may fail. */
  readonly setup?: readonly string[];
  /** A batch that another connection runs before and whose transaction it keeps open meanwhile. */
  readonly beside?: string;
  readonly sql: string;
  /** A batch that undoes what dropping the case's tables does not. */
  readonly cleanup?: string;
  readonly source: string;
  /** Why the simulator refuses this, with its own error 40000; a real server has to agree all the same. */
  readonly refusedBySimulator?: string;
};

/** Cases that share a documentation page. */
export function documented(source: string, cases: readonly Omit<ConformanceCase, "source">[]): ConformanceCase[] {
  return cases.map((one) => ({ ...one, source }));
}

/** `SELECT <expressions>`: one row. */
export function selects(
  source: string,
  rows: readonly (readonly [title: string, expressions: string, ...values: ExpectedValue[]])[],
): ConformanceCase[] {
  return rows.map(([title, expressions, ...values]) => ({
    title,
    sql: `SELECT ${expressions}`,
    sets: [[values]],
    source,
  }));
}

/** `SELECT <expression>`: the type of the one column. */
export function typed(
  source: string,
  rows: readonly (readonly [expression: string, type: string])[],
): ConformanceCase[] {
  return rows.map(([expression, type]) => ({
    title: `${expression} is ${type}`,
    sql: `SELECT ${expression}`,
    types: [type],
    source,
  }));
}

/** A batch that gives just these errors. */
export function fails(
  source: string,
  rows: readonly (readonly [title: string, sql: string, ...errors: number[]])[],
): ConformanceCase[] {
  return rows.map(([title, sql, ...errors]) => ({ title, sql, errors, source }));
}
