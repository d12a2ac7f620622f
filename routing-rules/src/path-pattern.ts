/** Path patterns of rules, and the name-value matches of queries and headers, in the form that matching reads. */

import type { RouteConfig } from "./rule-file.ts";

export type PathSegment =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "parameter"; readonly name: string };

export type PathPattern = {
  readonly kind: "exact" | "template" | "prefix";
  readonly segments: readonly PathSegment[];
  /** As written. */
  readonly text: string;
};

/** `value` undefined: any value will do. Names are lower case where case is folded. */
export type Matches = readonly { readonly name: string; readonly value: string | undefined }[];

export function pathPatternOf(path: RouteConfig["path"], foldCase: boolean): PathPattern {
  const [kind, text] =
    "exact" in path
      ? (["exact", path.exact] as const)
      : "template" in path
        ? (["template", path.template] as const)
        : (["prefix", path.prefix] as const);
  const segments = segmentsOf(kind === "prefix" ? text.replace(/\/$/, "") : text).map((segment): PathSegment => {
    const parameter = kind === "template" ? /^\{(\w+)\}$/.exec(segment) : null;
    if (parameter?.[1]) return { kind: "parameter", name: parameter[1] };
    return { kind: "text", text: foldCase ? segment.toLowerCase() : segment };
  });
  return { kind, segments, text };
}

/** `/a/b` is two segments, `/a/b/` three (the last empty), `/` one empty segment, the empty prefix none. */
function segmentsOf(path: string): string[] {
  return path === "" ? [] : path.slice(1).split("/");
}

export function matchesOf(matches: Readonly<Record<string, string>> | undefined, foldNames: boolean): Matches {
  return Object.entries(matches ?? {}).map(([name, value]) => ({
    name: foldNames ? name.toLowerCase() : name,
    value: value === "*" ? undefined : value,
  }));
}
