/**
 * A revision as replicas get it: one line of JSON, rules as objects, so that a replica needs no YAML to go on. It names the
 * fences of this moment too: a replica that has just connected takes them before it serves the first request by it.
 */

import type { Head } from "../head-state.ts";

/** @returns the line for given fences; what does not change with them is put into text once. */
export function revisionLine(head: Head): (fences: readonly string[]) => string {
  const revision = JSON.stringify({
    type: "revision",
    revision: head.revision.number,
    files: head.files,
    modules: head.revision.modules,
  });
  return (fences) => `${revision.slice(0, -1)},"fences":${JSON.stringify(fences)}}\n`;
}
