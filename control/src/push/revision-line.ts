/** A revision as replicas get it: one line of JSON, rules as objects, so that a replica needs no YAML to go on. */

import type { Head } from "../head-state.ts";

export function revisionLine(head: Head): string {
  return `${JSON.stringify({
    type: "revision",
    revision: head.revision.number,
    files: head.files,
    modules: head.revision.modules,
  })}\n`;
}
