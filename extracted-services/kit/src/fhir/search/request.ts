/**
 * A search as the server understood it. Names it does not know are set aside and reported (FHIR's lenient handling) or refused
 * (`Prefer: handling=strict`); values it cannot read are refused always, because leaving out a condition would answer with too much.
 */

import { limits } from "../limits.ts";
import type { Preferences } from "../negotiation.ts";
import { FhirRefusal } from "../refusal.ts";
import type { Condition, Modifier, SearchValue } from "./condition.ts";
import { modifiersOf, type SearchParameter } from "./parameter.ts";
import {
  parseDate,
  parseReference,
  parseString,
  parseToken,
  refused,
  splitUnescaped,
  type TokenValue,
} from "./values.ts";

export type Pair = readonly [name: string, value: string];
export type SortKey = { readonly name: string; readonly descending: boolean };
export type Include = { readonly parameter: SearchParameter; readonly target: string | undefined };

export type SearchRequest = {
  readonly conditions: readonly Condition[];
  /** Entries wanted on a page; 0 asks for the total alone. */
  readonly count: number;
  readonly sort: readonly SortKey[];
  readonly includes: readonly Include[];
  readonly withProvenance: boolean;
  readonly withTotal: boolean;
  /** What was taken into account, for the self link. */
  readonly understood: readonly Pair[];
  /** What was not, in words without the client's own. */
  readonly setAside: readonly string[];
};

export type Searchable = {
  readonly type: string;
  readonly parameters: readonly SearchParameter[];
  readonly sorts: readonly string[];
  /** Names of reference parameters whose targets may be included. */
  readonly includes: readonly string[];
  readonly provenance: boolean;
};

type Draft = { -readonly [Key in keyof SearchRequest]: SearchRequest[Key] };

/** @param base FHIR address of this server, to know local references by. @throws FhirRefusal parameter */
export function parseSearch(
  pairs: readonly Pair[],
  searchable: Searchable,
  handling: Preferences["handling"],
  base: string,
): SearchRequest {
  if (pairs.length > limits.searchParametersMax)
    throw new FhirRefusal("parameter", `a search takes at most ${limits.searchParametersMax} parameters`);
  const draft: Draft = {
    conditions: [],
    count: limits.pageEntriesDefault,
    sort: [],
    includes: [],
    withProvenance: false,
    withTotal: true,
    understood: [],
    setAside: [],
  };
  for (const [position, pair] of pairs.entries()) {
    if (silent.has(pair[0])) continue;
    const change = readControl(pair, searchable, draft) ?? readCondition(pair, searchable, draft.conditions, base);
    if (change) Object.assign(draft, change, { understood: [...draft.understood, pair] });
    else
      draft.setAside = [
        ...draft.setAside,
        `parameter ${position + 1} is not one ${searchable.type} can be searched by`,
      ];
  }
  if (handling === "strict" && draft.setAside.length > 0)
    throw new FhirRefusal(
      "parameter",
      draft.setAside.map((text) => ({ text, code: "not-supported" })),
    );
  return draft;
}

/** They choose the form of the answer, not its content. */
const silent: ReadonlySet<string> = new Set(["_format", "_pretty"]);

/** @returns undefined when the pair is no control parameter this server has. */
function readControl([name, value]: Pair, searchable: Searchable, draft: Draft): Partial<SearchRequest> | undefined {
  switch (name) {
    case "_count":
      return { count: readCount(value) };
    case "_summary":
      return value === "count" ? { count: 0 } : value === "false" ? {} : undefined;
    case "_total":
      if (!["none", "estimate", "accurate"].includes(value)) throw refused("_total", "is none, estimate or accurate");
      return { withTotal: value !== "none" };
    case "_sort":
      return { sort: readSort(value, searchable) };
    case "_include": {
      const include = readInclude(value, searchable);
      return include && { includes: [...draft.includes, include] };
    }
    case "_revinclude":
      return searchable.provenance && value === "Provenance:target" ? { withProvenance: true } : undefined;
    default:
      return undefined;
  }
}

function readCount(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw refused("_count", "is a whole number, 0 or more");
  return Math.min(Number(value), limits.pageEntriesMax);
}

function readSort(value: string, searchable: Searchable): SortKey[] {
  const keys = value.split(",").map((key) => ({ name: key.replace(/^-/, ""), descending: key.startsWith("-") }));
  if (keys.length > limits.sortKeysMax) throw refused("_sort", `takes at most ${limits.sortKeysMax} keys`);
  if (keys.some((key) => !searchable.sorts.includes(key.name)))
    throw refused(
      "_sort",
      `takes ${searchable.sorts.join(", ")} for ${searchable.type}, each with or without a leading -`,
    );
  return keys;
}

function readInclude(value: string, searchable: Searchable): Include | undefined {
  const [source, name, target, ...rest] = value.split(":");
  if (source !== searchable.type || rest.length > 0) return undefined;
  const parameter = searchable.parameters.find((one) => one.name === name && searchable.includes.includes(one.name));
  if (!parameter || (target !== undefined && !parameter.targets?.includes(target))) return undefined;
  return { parameter, target };
}

/** @returns undefined when the name is no search parameter of the type, or has no value. */
function readCondition(
  [name, text]: Pair,
  searchable: Searchable,
  earlier: readonly Condition[],
  base: string,
): Partial<SearchRequest> | undefined {
  const [bare = "", modifier, ...rest] = name.split(":");
  const parameter = searchable.parameters.find((one) => one.name === bare);
  if (!parameter || text === "" || rest.length > 0) return undefined;
  const condition = conditionOf(parameter, modifier, text, base);
  return { conditions: [...earlier, condition] };
}

/** @param modifier without its colon; undefined for none. @throws FhirRefusal parameter */
export function conditionOf(
  parameter: SearchParameter,
  modifier: string | undefined,
  text: string,
  base: string,
): Condition {
  const { name, type } = parameter;
  if (modifier === "missing") return { kind: "missing", parameter, missing: readBoolean(text, name) };
  const named = modifier !== undefined && type === "reference" && parameter.targets?.includes(modifier);
  if (modifier !== undefined && !named && !modifiersOf[type].includes(modifier))
    throw refused(name, `takes the modifiers ${modifiersOf[type].join(", ")}`);
  const alternatives = splitUnescaped(text, ",");
  if (alternatives.length > limits.searchAlternativesMax)
    throw refused(name, `takes at most ${limits.searchAlternativesMax} alternatives`);
  const values = alternatives.map((one) => {
    const value = parseValue(parameter, one, base);
    return named && value.kind === "reference" ? { ...value, type: modifier } : value;
  });
  return { kind: "values", parameter, modifier: named ? "none" : ((modifier ?? "none") as Modifier), values };
}

function readBoolean(text: string, name: string): boolean {
  if (text !== "true" && text !== "false") throw refused(name, "with :missing is true or false");
  return text === "true";
}

function parseValue(parameter: SearchParameter, text: string, base: string): SearchValue {
  const { name, type } = parameter;
  if (text.length > limits.searchValueCharsMax) throw refused(name, `is longer than ${limits.searchValueCharsMax}`);
  if (text === "") throw refused(name, "has an empty alternative");
  // PostgreSQL holds no NUL, and no name, code or date has a control character.
  if (/\p{Cc}/u.test(text)) throw refused(name, "holds a control character");
  switch (type) {
    case "token":
      return { kind: "token", ...normalised(parseToken(text, name), parameter) };
    case "string":
      return { kind: "string", ...parseString(text, name) };
    case "reference":
      return { kind: "reference", ...parseReference(text, name, base) };
    case "date": {
      const value = parseDate(text, name);
      if (parameter.daysOnly && !value.stretch.days) throw refused(name, "is a day, without a time");
      return { kind: "date", ...value };
    }
  }
}

const normalised = (value: TokenValue, { normalise }: SearchParameter): TokenValue =>
  normalise && value.code !== undefined ? { ...value, code: normalise(value.code) } : value;
