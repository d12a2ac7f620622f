/**
 * What a comparison says. A difference has two parts that never mix: the finding, which holds paths and classes and may be
 * stored, counted and shown to anybody in operations; and the values, which are patient data.
 */

export const channels = [
  "status",
  "header",
  "redirect",
  "cookie",
  "content-type",
  "charset",
  "body",
  "json",
  "html",
  "form",
  "table",
  "xml",
  "csv",
  "calendar",
  "text",
  "message",
  "pdf",
  "image",
] as const;
/** Part of an answer. `message` is HL7 v2 and X12; `body` is what has no rule of its own. */
export type Channel = (typeof channels)[number];

/** `missing`: only the left side has it; `extra`: only the right; `malformed`: one side cannot be read as what it claims to be. */
export const kinds = ["missing", "extra", "value", "type", "order", "duplicate", "malformed"] as const;
export type Kind = (typeof kinds)[number];

/**
 * What turns one value into the other; it names the cause. `null-absent-empty`: two ways to say nothing; `blanked`: a value
 * on one side, nothing on the other; `none` where there is no pair of values.
 */
export const transforms = [
  "time-zone-shift",
  "rounding",
  "null-absent-empty",
  "blanked",
  "case",
  "padding",
  "trailing-zero",
  "string-number",
  "truncation",
  "encoding",
  "order",
  "date-format",
  "identifier",
  "other",
  "none",
] as const;
export type Transform = (typeof transforms)[number];

/** Holds no value of either side. */
export type Finding = {
  readonly channel: Channel;
  /** Path with positions, keys and long numbers left out: `$.d[].DOB`. */
  readonly path: string;
  readonly kind: Kind;
  readonly transform: Transform;
};

/** Patient data: never logged, stored only encrypted. `undefined` where a side has nothing. */
export type DifferingValues = {
  /** Path with positions and keys: `$.d[PatNo=100001].DOB`. */
  readonly path: string;
  readonly left: string | undefined;
  readonly right: string | undefined;
};

export type Difference = { readonly finding: Finding; readonly values: DifferingValues };

export type RuleHit = { readonly rule: string; readonly count: number };

export const incomparableReasons = {
  "time-budget": "it took longer than its time budget",
  "node-budget": "the documents have more parts than its budget allows",
  "size-budget": "a body is larger than its budget allows",
  "depth-budget": "a document is nested deeper than its budget allows",
  "content-encoding": "a body's content encoding cannot be taken off",
  "no-text": "neither document holds text that can be compared",
  crashed: "the comparison crashed its worker",
} as const;
export type IncomparableReason = keyof typeof incomparableReasons;

export type Verdict =
  | { readonly verdict: "match" }
  | { readonly verdict: "match-by-rule"; readonly hits: readonly RuleHit[] }
  | {
      readonly verdict: "different";
      /** `similar`: the same parts with the same values, only ordered or prefixed otherwise. */
      readonly level: "similar" | "different";
      readonly differences: readonly Difference[];
      /** Differences past the limit, counted only. */
      readonly more: number;
      readonly hits: readonly RuleHit[];
      /** A part of the answers could not be compared as well. */
      readonly incomplete?: IncomparableReason;
    }
  | { readonly verdict: "incomparable"; readonly why: IncomparableReason };

/** What makes two differences "the same": stable text without values. */
export function signatureOf(route: string, { channel, path, kind, transform }: Finding): string {
  return [route, channel, path, kind, transform].join(" | ");
}

/** The same finding with the sides exchanged. */
export function mirrored(finding: Finding): Finding {
  const kind = finding.kind === "missing" ? "extra" : finding.kind === "extra" ? "missing" : finding.kind;
  return { ...finding, kind };
}
