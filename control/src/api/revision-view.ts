/** A revision as the admin API shows it. */

import type { RevisionEntry } from "../store/revisions.ts";

export function revisionView(revision: RevisionEntry) {
  const { number, basedOn, kind, module, who, role, reason, forced, at, digest } = revision;
  return { revision: number, basedOn, kind, module, who, role, reason, forced, at, digest };
}
