/**
 * A page's list of roles and the service's policy must say the same, or the audit would call an access allowed that the page
 * refused, or the reverse. Checked once, when the face opens.
 */

import { AppError } from "@banyan/kernel";
import type { PageFace } from "@banyan/webforms";
import { type Access, decide, type Policy } from "../policy.ts";
import { anonymous, type Principal, type StaffRole, staffRoles } from "../principal.ts";
import type { PageActions } from "./page.ts";

type Checked = PageFace & {
  readonly does: PageActions;
  readonly get?: unknown;
  readonly post?: unknown;
  readonly service?: { readonly methods: Readonly<Record<string, unknown>> };
};

/** @throws AppError PAGES_WITHOUT_POLICY naming every fault */
export function checkPages(pages: readonly Checked[], policy: Policy): void {
  const faults = pages.flatMap((page) => [...undeclared(page), ...differences(page, policy)]);
  if (faults.length === 0) return;
  throw new AppError({
    code: "PAGES_WITHOUT_POLICY",
    op: "open the legacy pages",
    message: faults.join("; "),
    hint: "Name an action of the policy for every method of a page, and give page and policy the same roles.",
  });
}

function undeclared({ path, does, get, post, service }: Checked): string[] {
  const faults: string[] = [];
  if ((get || service) && does.get === undefined) faults.push(`${path} names no action for GET`);
  if (post && does.post === undefined) faults.push(`${path} names no action for POST`);
  for (const method of Object.keys(service?.methods ?? {})) {
    if (does.methods?.[method] === undefined) faults.push(`${path} names no action for its method ${method}`);
  }
  return faults;
}

/** Callers as favourable to an access as can be: of the site asked for, and no chart restricted. */
function differences({ path, access, does }: Checked, policy: Policy): string[] {
  const faults: string[] = [];
  const actions = [does.get, does.post, ...Object.values(does.methods ?? {})].filter((one) => one !== undefined);
  for (const action of new Set(actions)) {
    const may = (principal: Principal): boolean => decide(policy, principal, { action, site } satisfies Access).allowed;
    for (const role of staffRoles) {
      const shown = access === "staff" || access === "anonymous" || (Array.isArray(access) && access.includes(role));
      if (shown !== may(staff(role))) faults.push(`${path} and the policy differ about ${role} and ${action}`);
    }
    if ((access === "anonymous") !== may(anonymous)) {
      faults.push(`${path} and the policy differ about callers without an identity and ${action}`);
    }
  }
  return faults;
}

const site = "MAIN";

const staff = (role: StaffRole): Principal => ({
  kind: "staff",
  user: "",
  name: "",
  role,
  site,
  provider: false,
  currentPatient: undefined,
  currentEncounter: undefined,
  breakGlassPatient: undefined,
  purpose: "care",
  epoch: 0,
  session: "",
  tokenId: undefined,
});
