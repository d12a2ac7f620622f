/**
 * The rule language: one YAML file a module. This schema is the only definition of it; `routing-rules/schema.json`, which
 * editors use to complete and check the files, is made from it.
 */

import { z } from "zod";

const id = z
  .string()
  .regex(/^[a-z][a-z0-9]*([.-][a-z0-9]+)*$/, "lower-case words joined by . or -")
  .describe("stable name; logs, metrics, audit and cases refer to it");

const absolutePath = z.string().regex(/^\/[^?#]*$/, "an absolute path without query");

const path = z
  .union([
    z.strictObject({ exact: absolutePath.describe("the whole path") }),
    z.strictObject({ template: absolutePath.describe("segments, some of them {parameters}: /api/patients/{id}") }),
    z.strictObject({ prefix: absolutePath.describe("this path and everything below it, on segment boundaries") }),
  ])
  .describe(
    "what the canonical path must be; exact wins over template, template over prefix, a longer one over a shorter",
  );

const methods = z
  .array(z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]))
  .min(1)
  .describe("methods the rule takes; absent = any. HEAD is taken where GET is");

const matches = z.record(z.string().min(1), z.string()).describe("name: value, all must be there; * = any value");

const patient = z
  .union([
    z.strictObject({ query: z.string().min(1).describe("name of a query parameter, matched as the file folds case") }),
    z.strictObject({ path: z.string().min(1).describe("name of a parameter of the path's template") }),
    z.strictObject({ json: z.string().min(1).describe("name of a number or string at the top of a JSON body") }),
  ])
  .describe("where a request names the patient; the audit trail keeps a pseudonym of it");

const routeFields = {
  timeoutMs: z.number().int().min(100).max(600_000).describe("longest wait for the whole answer, in milliseconds"),
  bodyBytesMax: z.number().int().min(0).max(1_073_741_824).describe("largest request body, in bytes"),
  fallback: z
    .enum(["none", "owner"])
    .describe(
      "owner: a read that fails on the other side is asked of the owner's side instead; never for a pinned reader",
    ),
};

export const routeSchema = z.strictObject({
  id,
  path,
  methods: methods.optional(),
  query: matches.optional(),
  headers: matches.optional(),
  effect: z
    .enum(["read", "write"])
    .describe("what the request does, never inferred from the method: a GET that marks a message read is a write"),
  dryRun: z.boolean().default(false).describe("write: its service can run it and roll it back, so it may be shadowed"),
  shadow: z
    .enum(["safe", "never"])
    .default("never")
    .describe("read: may be sent a second time, to the other side, without harm"),
  serve: z
    .enum(["stage", "legacy", "service"])
    .default("stage")
    .describe("stage: follows the module's stage. legacy or service: always that side, whatever the stage"),
  timeoutMs: routeFields.timeoutMs.optional(),
  bodyBytesMax: routeFields.bodyBytesMax.optional(),
  fallback: routeFields.fallback.optional(),
  patient: patient.optional(),
  audit: z
    .boolean()
    .default(true)
    .describe(
      "false: nothing of any patient is read or written (a log-in form, a script), so the proxy keeps no audit event",
    ),
  note: z.string().optional().describe("why the rule is as it is"),
});

export const ruleFileSchema = z.strictObject({
  module: id.describe("the unit of migration"),
  service: id.describe("the extracted service that takes the module over"),
  tables: z.array(z.string().min(1)).default([]).describe("legacy tables the module owns; a table has one owner"),
  cohortSalt: z
    .string()
    .min(1)
    .optional()
    .describe("salt of the canary cohorts; absent = the module's name. Changing it draws new cohorts"),
  foldCase: z
    .boolean()
    .default(false)
    .describe("paths and query names of this file are matched without regard to case, as IIS does"),
  patient: patient
    .optional()
    .describe("where the requests of all routes name the patient, unless a route says otherwise"),
  watermarkAgeMsMax: z
    .number()
    .int()
    .min(100)
    .max(3_600_000)
    .default(10_000)
    .describe("canary reads go to the owner while the service's data are older than this, in milliseconds"),
  defaults: z
    .strictObject({
      timeoutMs: routeFields.timeoutMs.default(30_000),
      bodyBytesMax: routeFields.bodyBytesMax.default(4_194_304),
      fallback: routeFields.fallback.default("none"),
    })
    .default({ timeoutMs: 30_000, bodyBytesMax: 4_194_304, fallback: "none" }),
  routes: z.array(routeSchema).min(1),
});

export type RouteConfig = z.infer<typeof routeSchema>;
export type RuleFileConfig = z.infer<typeof ruleFileSchema>;
