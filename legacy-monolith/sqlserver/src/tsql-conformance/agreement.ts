/** Whether a server answered as the documentation says. */

import { expect } from "vitest";
import type { Expected } from "./conformance-case.ts";
import type { Observed } from "./observe.ts";

export function agree(seen: Observed, wanted: Expected & { readonly sql: string }): void {
  const { sets, types, names, messages, errors = [] } = wanted;
  expect(
    {
      errors: seen.errors,
      ...(sets && { sets: seen.sets }),
      ...(types && { types: seen.types }),
      ...(names && { names: seen.names }),
      ...(messages && { messages: seen.messages }),
    },
    wanted.sql,
  ).toEqual({
    errors,
    ...(sets && { sets }),
    ...(types && { types }),
    ...(names && { names }),
    ...(messages && { messages }),
  });
}
