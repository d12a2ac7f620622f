/**
 * An end point of the admin API as data: method, path, the role it needs, whether it changes anything, what it takes. The
 * application and the tests of roles and preconditions read the same table.
 */

import { z } from "zod";
import type { Caller } from "../access/caller.ts";
import type { Role } from "../access/role.ts";
import type { ControlContext } from "../context.ts";
import { limits } from "../limits.ts";

export type ApiRequest<Body, Query> = {
  readonly context: ControlContext;
  readonly caller: Caller;
  readonly params: Readonly<Record<string, string>>;
  readonly body: Body;
  readonly query: Query;
  /** Revision of If-Match; 0 for end points that change nothing. */
  readonly basedOn: number;
};

export type Answer = { readonly status?: number; readonly body: unknown };

export type Endpoint = {
  readonly method: "get" | "post" | "delete";
  /** Below `/api/v1`, with `:parameters`. */
  readonly path: string;
  readonly role: Role;
  /** Needs If-Match. */
  readonly changes: boolean;
  readonly body: z.ZodType | undefined;
  readonly query: z.ZodType | undefined;
  handle(request: ApiRequest<unknown, unknown>): Promise<Answer> | Answer;
};

/** Types the handler's body and query by their schemas. */
export function endpoint<B extends z.ZodType = z.ZodUndefined, Q extends z.ZodType = z.ZodUndefined>(spec: {
  readonly method: Endpoint["method"];
  readonly path: string;
  readonly role: Role;
  readonly changes?: boolean;
  readonly body?: B;
  readonly query?: Q;
  readonly handle: (request: ApiRequest<z.infer<B>, z.infer<Q>>) => Promise<Answer> | Answer;
}): Endpoint {
  return {
    ...spec,
    changes: spec.changes ?? false,
    body: spec.body,
    query: spec.query,
    handle: (request) => spec.handle(request as ApiRequest<z.infer<B>, z.infer<Q>>),
  };
}

export const nameSchema = z.string().trim().min(1).max(limits.nameCharsMax);
export const reasonSchema = z
  .string()
  .trim()
  .min(3, "say why, in at least three characters")
  .max(limits.reasonCharsMax);
export const idParameter = z.coerce.number().int().positive();
/** `before` pages on: rows below this number. */
export const pageSchema = z.strictObject({
  before: z.coerce.number().int().positive().optional(),
  limit: z.coerce.number().int().min(1).max(limits.listRowsMax).default(limits.listRowsDefault),
  module: nameSchema.optional(),
});
export const ruleFilesSchema = z
  .array(z.strictObject({ file: z.string().regex(/^[\w.-]{1,100}$/, "a file name without folder"), text: z.string() }))
  .min(1)
  .max(limits.ruleFilesMax);
