/**
 * The language of comparison rules, one YAML file a concern. This schema is its only definition; `comparer/schema.json`, which
 * editors use to complete and check the files, is made from it. The language cannot say "ignore this": a rule has to say
 * how the values on both sides must look, and can cover changed values and changed order only, never what is missing.
 */

import { z } from "zod";
import { patternCharsMax } from "../limits.ts";
import { channels, transforms } from "../verdict.ts";

const id = z.string().regex(/^[a-z][a-z0-9]*([.-][a-z0-9]+)*$/, "lower-case words joined by . or -");
const day = z.string().regex(/^\d{4}-\d\d-\d\d$/, "a day, YYYY-MM-DD");
const expression = z.string().min(1).max(patternCharsMax).refine(isExpression, "not a regular expression");

const where = {
  routes: z
    .array(z.string().min(1))
    .min(1)
    .default(["*"])
    .describe("ids of routing rules, * for any part: patient.*, reporting.export"),
  channel: z.enum(channels).describe("the part of the answer the path belongs to"),
  path: z.string().min(1).describe("path as differences show it; * within a step, ** across steps"),
};

const ruleSchema = z.strictObject({
  id: id.describe("stable name; verdicts, counts and audit refer to it"),
  ...where,
  kind: z
    .enum(["value", "order"])
    .describe("what may differ: a value, or the order of a list whose items are all there"),
  both: expression
    .optional()
    .describe("value: both values must match this expression, whole; for tokens and generated numbers"),
  mask: expression
    .optional()
    .describe(
      "value: matches of this expression may differ, everything around them may not; for captions with a clock",
    ),
  skewSecondsMax: z
    .number()
    .int()
    .min(0)
    .max(86_400)
    .optional()
    .describe("with mask: the masked moments may be so far apart, in seconds, and no farther"),
  transforms: z
    .array(z.enum(transforms))
    .min(1)
    .optional()
    .describe("value: the difference must be of one of these classes, for example trailing-zero"),
  oneToOne: id
    .optional()
    .describe(
      "value: numbers each side issues itself; each left value must always meet the same right value, within this group",
    ),
  owner: z.string().min(1).describe("who answers for the rule"),
  reason: z.string().min(10).describe("why the difference does not matter, for the person who asks in a year"),
  expires: day.describe("the first day on which the rule no longer applies"),
});

export const ruleFileSchema = z.strictObject({
  rules: z.array(ruleSchema).default([]),
  arrays: z
    .array(z.strictObject({ ...where, key: z.string().min(1).describe("member that tells the items apart") }))
    .default([])
    .describe("lists whose items have a known key; the others are matched by a key found in them, else by content"),
  clinical: z
    .array(
      z.strictObject({
        routes: where.routes,
        channel: where.channel,
        paths: z.array(z.string().min(1)).min(1),
        why: z.string().min(1),
      }),
    )
    .default([])
    .describe("paths of clinical values: no rule may cover a changed value there"),
  headers: z
    .array(z.string().regex(/^[a-z0-9-]+$/))
    .default([])
    .describe("headers that matter, beside the built-in ones"),
  cookieValues: z.array(z.string().min(1)).default([]).describe("cookies whose values scripts read: compared as well"),
  words: z
    .array(z.string().min(1))
    .default([])
    .describe("headings and labels of pages and exports that may stand in a path; others may hold names and become *"),
});

export type RuleConfig = z.infer<typeof ruleSchema>;
export type ComparisonConfig = z.infer<typeof ruleFileSchema>;

function isExpression(source: string): boolean {
  try {
    return new RegExp(source, "su") instanceof RegExp;
  } catch {
    // What is wrong with it is said by the schema's message.
    return false;
  }
}
