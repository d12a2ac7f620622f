/** How a policy's denial ends a page: it is thrown from wherever the policy was asked, and the face answers it. */

import { type Answer, breakGlass, jsonError, noAccess, type PageContext } from "@banyan/webforms";
import type { Access, Decision } from "../policy.ts";

type Denied = Extract<Decision, { allowed: false }>;

export class PageDenied extends Error {
  readonly decision: Denied;
  /** As the old pages: break-glass for a restricted record, the page about missing rights else. */
  readonly page: Answer;
  /** For scripts. */
  readonly script: Answer = jsonError("Access is denied.", "System.Security.SecurityException");

  constructor(decision: Denied, ctx: PageContext, access?: Access) {
    super(decision.rule);
    this.decision = decision;
    this.page =
      decision.reason === "restricted" && access?.patient
        ? breakGlass(access.patient.id, ctx.rawUrl)
        : noAccess(ctx.self.path);
  }
}
