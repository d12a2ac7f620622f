/** If-Match: a change names the revision it is based on (RFC 9110 section 13.1.1; 428 is RFC 6585). */

import { Refusal } from "../refusal.ts";

/** @throws Refusal REVISION_REQUIRED */
export function basedOnOf(ifMatch: string | undefined): number {
  const match = /^\s*"?([1-9]\d{0,8})"?\s*$/.exec(ifMatch ?? "");
  if (match?.[1]) return Number(match[1]);
  throw new Refusal({
    code: "REVISION_REQUIRED",
    message: "the change was not made",
    why:
      ifMatch === undefined
        ? "it does not say which revision it is based on"
        : "If-Match is not the number of one revision",
    hint: 'Send If-Match: "<revision>", the ETag of GET /api/v1/status, so that nobody overwrites what somebody else just changed.',
  });
}
