/** Where a request names its patient, as the rule says. What is found leaves this process as a pseudonym only. */

import type { PatientSource, RuleModel } from "@banyan/routing-rules";
import type { RequestBody } from "../forward/exchange.ts";
import { limits } from "../limits.ts";
import type { CanonicalTarget } from "../pipeline/canonical.ts";

/** @returns undefined when the rule does not say where, or the request names nobody there. */
export function patientOf(rule: RuleModel, target: CanonicalTarget, body: RequestBody | undefined): string | undefined {
  const found = rule.patient && valueAt(rule.patient, rule.module.foldCase, target, body);
  const value = found?.trim();
  return value && value.length <= limits.auditedValueCharsMax ? value : undefined;
}

function valueAt(
  source: PatientSource,
  foldCase: boolean,
  target: CanonicalTarget,
  body: RequestBody | undefined,
): string | undefined {
  switch (source.kind) {
    case "query":
      return queryValue(target.search, source.name, foldCase);
    case "path":
      return decoded(target.path.split("/", source.segment + 2)[source.segment + 1] ?? "");
    case "json":
      return body?.kind === "whole" ? jsonValue(body.bytes, source.name) : undefined;
  }
}

/** The first value of a name; a query is taken apart no further than that. */
function queryValue(search: string, name: string, foldCase: boolean): string | undefined {
  for (let start = 1; start < search.length; ) {
    const and = search.indexOf("&", start);
    const end = and < 0 ? search.length : and;
    const equals = search.indexOf("=", start);
    if (equals > 0 && equals < end) {
      const key = search.slice(start, equals);
      if (key === name || (foldCase && key.toLowerCase() === name)) return decoded(search.slice(equals + 1, end));
    }
    start = end + 1;
  }
  return undefined;
}

function decoded(text: string): string {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    // An escape that is none: what was sent is the name then.
    return text;
  }
}

function jsonValue(bytes: Buffer, name: string): string | undefined {
  try {
    const value = (JSON.parse(bytes.toString("utf8")) as Record<string, unknown> | null)?.[name];
    return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
  } catch {
    // Not JSON: the target will say so, and nobody is named.
    return undefined;
  }
}
