/**
 * The index of terms (`fhir.term`): what can be searched in documents, and in the parts of a row's resource that the row has no
 * column for. Written in the transaction of the resource; says the same as `condition.ts` on the resource itself.
 */

import type { Resource } from "fhir/r4.js";
import type { Knex } from "knex";
import type { Condition, Modifier, SearchValue } from "../search/condition.ts";
import { widened } from "../search/dates.ts";
import type { SearchParameter } from "../search/parameter.ts";
import { type Term, termsOf } from "../search/terms.ts";
import type { DateValue } from "../search/values.ts";
import { allOf, anyOf, nothing, partPattern, prefixPattern, type Sql, sql } from "./fragment.ts";

/** Replaces the terms of a resource. @param resource what is to be found; undefined: nothing any more */
export async function writeTerms(
  db: Knex.Transaction,
  { type, id }: { readonly type: string; readonly id: string },
  parameters: readonly SearchParameter[],
  resource: Resource | undefined,
): Promise<void> {
  await db("fhir.term").where({ type, id }).delete();
  const rows = resource
    ? parameters.flatMap((parameter) =>
        termsOf(parameter, resource).map((term) => ({ type, id, parameter: parameter.name, ...columnsOf(term) })),
      )
    : [];
  if (rows.length > 0) await db("fhir.term").insert(rows);
}

function columnsOf(term: Term): Record<string, string | number> {
  switch (term.kind) {
    case "string":
      return { folded: term.folded, exact: term.exact };
    case "token":
      return { system: term.system, code: term.code };
    case "date":
      return { from_ms: finite(term.fromMs), until_ms: finite(term.untilMs) };
    case "reference":
      return { target_type: term.type, target_id: term.id, url: term.url };
  }
}

/** How PostgreSQL reads an open end. */
const finite = (ms: number): number | string =>
  ms === Number.POSITIVE_INFINITY ? "Infinity" : ms === Number.NEGATIVE_INFINITY ? "-Infinity" : ms;

/** `SELECT t.id …` of the resources with a term that fits. Negations are the caller's. */
export function termIds(type: string, condition: Extract<Condition, { kind: "values" }>, nowMs: number): Sql {
  const { parameter, values, modifier } = condition;
  const fits = anyOf(values.map((value) => termFits(value, modifier, nowMs)));
  return sql`SELECT t.id FROM fhir.term AS t WHERE t.type = ${type} AND t.parameter = ${parameter.name} AND ${fits}`;
}

/** `SELECT t.id …` of the resources with any term of the parameter. */
export const termIdsPresent = (type: string, parameter: SearchParameter): Sql =>
  sql`SELECT t.id FROM fhir.term AS t WHERE t.type = ${type} AND t.parameter = ${parameter.name}`;

function termFits(value: SearchValue, modifier: Modifier, nowMs: number): Sql {
  switch (value.kind) {
    case "string":
      if (modifier === "exact") return sql`t.exact = ${value.exact}`;
      return sql`t.folded LIKE ${modifier === "contains" ? partPattern(value.folded) : prefixPattern(value.folded)}`;
    case "token":
      return allOf([
        ...(value.system === undefined ? [] : [sql`t.system = ${value.system}`]),
        value.code === undefined ? sql`t.code IS NOT NULL` : sql`t.code = ${value.code}`,
      ]);
    case "date":
      return dateFits(value, nowMs);
    case "reference":
      if (value.url !== undefined) return sql`t.url = ${value.url}`;
      return allOf([
        sql`t.target_id = ${value.id}`,
        ...(value.type === undefined ? [] : [sql`t.target_type = ${value.type}`]),
      ]);
    default:
      return nothing;
  }
}

/** `lies` of dates.ts, in SQL. */
function dateFits({ prefix, stretch }: DateValue, nowMs: number): Sql {
  const { fromMs, untilMs } = prefix === "ap" ? widened(stretch, nowMs) : stretch;
  const [start, end] = [finite(fromMs), finite(untilMs)];
  const within = sql`(t.from_ms >= ${start} AND t.until_ms <= ${end})`;
  switch (prefix) {
    case "eq":
      return within;
    case "ne":
      return sql`NOT ${within}`;
    case "gt":
      return sql`t.until_ms > ${end}`;
    case "lt":
      return sql`t.from_ms < ${start}`;
    case "ge":
      return anyOf([within, sql`t.until_ms > ${end}`]);
    case "le":
      return anyOf([within, sql`t.from_ms < ${start}`]);
    case "sa":
      return sql`t.from_ms >= ${end}`;
    case "eb":
      return sql`t.until_ms <= ${start}`;
    case "ap":
      return sql`(t.from_ms < ${end} AND t.until_ms > ${start})`;
  }
}
