/** An end point of the adapter's API as data: method, path, what it takes, what it does. */

import type { z } from "zod";
import type { AdapterActions } from "./adapter-actions.ts";

export type Route = {
  readonly method: "get" | "post";
  readonly path: string;
  readonly body?: z.ZodType;
  readonly handle: (
    actions: AdapterActions,
    ask: {
      readonly params: Readonly<Record<string, string>>;
      readonly body: unknown;
      readonly query: Readonly<Record<string, unknown>>;
    },
  ) => Promise<unknown>;
};

/** Types a route's body by its schema. */
export function route<B extends z.ZodType = z.ZodUndefined>(spec: {
  readonly method: Route["method"];
  readonly path: string;
  readonly body?: B;
  readonly handle: (
    actions: AdapterActions,
    ask: {
      readonly params: Readonly<Record<string, string>>;
      readonly body: z.infer<B>;
      readonly query: Readonly<Record<string, unknown>>;
    },
  ) => Promise<unknown>;
}): Route {
  return { ...spec, handle: (actions, ask) => spec.handle(actions, { ...ask, body: ask.body as z.infer<B> }) };
}
